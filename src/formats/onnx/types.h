// ValueInfoProto and TypeProto -> name, type and symbolic dimensions; sequences and optionals of test data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/tensor_reader.h"
#include "graph/graph.h"

namespace webinfer::onnx {

struct ValueInfoFields {
  std::string_view name;
  ValueType type;
  std::vector<std::string> symbols;  // per dimension, "" where it has no name
};

// Fails for types the engine has no value for (maps of sequences, tensors of too many dimensions), naming the value.
Status ReadValueInfo(Bytes value_info_proto, ValueInfoFields* fields);
// `symbols` may be nullptr.
Status ReadTypeProto(Bytes type_proto, ValueType* type, std::vector<std::string>* symbols, int depth = 0);

}  // namespace webinfer::onnx
