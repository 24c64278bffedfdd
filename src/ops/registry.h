// The registry as subset builds see it (js/src/subset): which operators there are, and which ones models have asked for.
#pragma once

#include <span>
#include <string_view>

#include "ops/op.h"

namespace webinfer {

struct RegisteredOp {
  OpDef (*make)() = nullptr;  // null: left out of this build
  bool asked_for = false;     // FindOp has returned it
};

// In the order of the list of makers, which is where a tool takes entries out of a finished binary.
std::span<const RegisteredOp> RegisteredOps();

}  // namespace webinfer
