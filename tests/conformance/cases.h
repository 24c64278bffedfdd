// Test cases on disk: ONNX's backend test data, or anything laid out like it (unpack-zoo makes such folders).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "runtime/session.h"
#include "tensor/tensor.h"

namespace webinfer::conformance {

struct Tolerance {
  double rtol = 1e-3;
  double atol = 1e-7;
  bool scaled = false;  // atol is relative to the largest expected magnitude
};

struct Case {
  std::string name, model;
  std::vector<std::string> data_sets;  // folders of input_*.pb and output_*.pb
  std::string light_output;            // light models: inputs are generated, this is output 0
  Tolerance tolerance;
};

// A value of a data set; the name is the file's own and may mean nothing.
struct NamedValue {
  std::string name;
  RuntimeValue value;
};

// All cases below `folder`, or the one that it is, sorted by name.
std::vector<Case> FindCases(const std::string& folder);

bool ReadFile(const std::string& path, std::string* bytes);
// Reads the model and its external data.
Result<std::unique_ptr<Model>> LoadModel(const std::string& path);
// Writes the model and reads what was written, which `bytes` keeps.
Result<std::unique_ptr<Model>> Rewrite(std::unique_ptr<Model> model, bool optimize, std::string* bytes);
// Reads prefix_0.pb, prefix_1.pb, ... as values of the kinds that `metadata` says.
Result<std::vector<NamedValue>> LoadValues(const std::string& prefix, const std::vector<ValueMetadata>& metadata,
                                           StringPool& strings);
// float32 `arange(n) / n` of each input's shape, as the ONNX runner feeds light models.
Result<std::vector<NamedValue>> LightInputs(const std::vector<ValueMetadata>& metadata);
// Which of `metadata` value `i` of `count` is: by name, else by position among the required ones, else by position.
int MatchValue(const std::vector<ValueMetadata>& metadata, const std::vector<NamedValue>& values, size_t i);

}  // namespace webinfer::conformance
