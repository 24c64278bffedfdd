// Operators that the host brings along (JavaScript's registerOperator): their shape rule and kernel are calls back to it.
//
// They live beside the generated registry, for as long as the process; a session keeps those it was made with, also when they
// are hidden later. One thread at a time.
#pragma once

#include <string_view>

#include "ops/op.h"
#include "ops/step.h"

namespace webinfer {

class CustomOperatorHost {
 public:
  // What OpDef's infer and kernel do, for operator `id`.
  virtual Status Infer(int id, InferContext& ctx) = 0;
  virtual Status Run(int id, const Step& step, RunContext& run) = 0;

 protected:
  ~CustomOperatorHost() = default;
};

// `host` must outlive all that runs. A later operator of the same name takes the place of an earlier one.
void AddCustomOperator(std::string_view domain, std::string_view name, int id, CustomOperatorHost& host);
// New sessions do not find it any more.
void HideCustomOperator(int id);

const OpDef* FindCustomOperator(std::string_view domain, std::string_view name);

}  // namespace webinfer
