// Reads a ModelProto that arrives in pieces, fields in any order, and lays each weight straight into its own memory.
//
// Push pieces as they come, then Finish. Weights in other files are listed by external(): their bytes must be copied to where
// it says before the model is used. Nothing of a file is trusted: lengths, offsets, counts, nesting and shapes are checked
// first, and what is made of a file stays within 4 times its size + 16 MB (integers written as varints and external weights
// aside: their elements take what they take).
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
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

enum class OnnxContent : uint8_t {
  kAll,
  // Large weights are passed over and external ones not asked for: they become constants with a type and without elements.
  kStructure
};

class OnnxReader {
 public:
  // `total_bytes`: the file's size if it is known; weights then never move.
  explicit OnnxReader(uint64_t total_bytes = 0, OnnxContent content = OnnxContent::kAll);
  ~OnnxReader();

  Status Push(std::span<const uint8_t> bytes);
  // After the last piece: builds the graph. Functions are inlined, captured values of bodies are inputs, old operators are
  // lifted to the newest semantics (adapters/), Constant nodes are constants. Values inside of the graph carry no types: what a
  // file says of them is often stale. Ends with SortAndVerify.
  Result<std::unique_ptr<Model>> Finish();
  // Valid after Finish, as long as the model.
  const std::vector<ExternalTensor>& external() const;
  // How often each operator (domain, name) stands in the file, before anything is lifted: in bodies and called functions too.
  const std::map<std::pair<std::string, std::string>, int64_t>& operators() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A TensorProto, SequenceProto or OptionalProto on its own, as in test data. Strings live in `strings`.
Status ReadOnnxValue(std::span<const uint8_t> bytes, ValueKind kind, StringPool& strings, RuntimeValue* value);

}  // namespace webinfer
