// Reads a ModelProto that arrives in pieces, fields in any order, and lays each weight straight into its own memory.
//
// Push pieces as they come, then Finish. Weights in other files are listed by external(): give their bytes to FillExternal
// before the model is used. Nothing of a file is trusted: lengths, offsets, counts, nesting and shapes are checked first.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace webinfer {

// A tensor whose elements are in another file.
struct ExternalTensor {
  std::string tensor;    // its name, for messages
  std::string location;  // path as the model gives it, relative to the model
  uint64_t offset = 0;
  uint64_t length = 0;
  uint8_t* data = nullptr;  // where the elements belong: `length` bytes
};

class OnnxReader {
 public:
  OnnxReader();
  ~OnnxReader();

  Status Push(std::span<const uint8_t> bytes);
  // After the last piece: builds the graph (functions inlined, captured values of bodies made inputs, operators as written,
  // Node::opset set). Ends with SortAndVerify.
  Result<std::unique_ptr<Model>> Finish();
  // Valid after Finish, as long as the model.
  const std::vector<ExternalTensor>& external() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A single TensorProto / SequenceProto / OptionalProto, as in test data.
Status ReadTensorProto(std::span<const uint8_t> bytes, StringPool& strings, RuntimeValue* value);

}  // namespace webinfer
