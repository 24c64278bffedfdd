// The operators of a model that this build does not have: all of them, told at once.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ops/op.h"

namespace webinfer {

struct MissingOperator {
  std::string domain, op;  // domain as the file has it, "ai.onnx" for the default one
  int opset = 0;
  std::vector<std::string> nodes;
  std::vector<std::string> types;  // of the first node's inputs; "" where unknown
  std::string suggestion;          // the nearest operator that is there; "" if none is near

  std::string Name() const { return domain + "." + op; }
};

// An operator that may have been meant: of the same name elsewhere, or of nearly the same name.
std::string NearestOperator(std::string_view domain, std::string_view op);

class MissingOperators {
 public:
  MissingOperators();
  bool empty() const { return list_.empty(); }
  void Add(const Node& node, std::span<const ValueInfo> inputs);
  // Ok if nothing is missing. Else an error that lists as much as it holds, and LastMissingOperators the rest.
  Status Report() const;

 private:
  std::vector<MissingOperator> list_;
};

// Of the model that was imported last, on this thread.
const std::vector<MissingOperator>& LastMissingOperators();

}  // namespace webinfer
