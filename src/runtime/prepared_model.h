// What a session is made of: a model after all passes, and what the file said of its inputs and outputs before them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace webinfer {

struct ValueMetadata {
  std::string name;
  ValueType type;
  std::vector<std::string> symbols;  // per dimension, "" where it has no name
  bool optional = false;             // an input with a default value (an initializer of the same name)
};

struct PreparedModel {
  std::unique_ptr<Model> model;
  std::vector<ValueMetadata> inputs, outputs;
  std::vector<std::shared_ptr<const Tensor>> defaults;  // of inputs with an initializer
};

}  // namespace webinfer
