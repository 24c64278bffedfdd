// One untrusted model through the whole engine: read, prepared and run on small inputs.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"
#include "runtime/session.h"

namespace webinfer::fuzz {

struct Limits {
  uint64_t memory = 256 << 20;
  int milliseconds = 300;  // then the run is aborted
};

// The first error, or Ok. Whatever the bytes are, it returns.
Status RunModel(std::span<const uint8_t> bytes, const Limits& limits);

// A run of a session that has been fed, aborted after `milliseconds`.
Status RunWatched(Session& session, int milliseconds);

}  // namespace webinfer::fuzz
