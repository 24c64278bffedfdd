// Writes protocol buffers and small ONNX models for tests: what a file holds is said next to what is expected of it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/dtype.h"
#include "formats/onnx/schema.h"

namespace webinfer::test {

// One message; fields are written in the order of the calls.
class Proto {
 public:
  Proto& Int(uint32_t field, int64_t value) {
    Varint(uint64_t{field} << 3);
    return Varint(static_cast<uint64_t>(value));
  }
  Proto& Bytes(uint32_t field, std::string_view bytes) {
    Varint((uint64_t{field} << 3) | 2);
    Varint(bytes.size());
    out_.append(bytes);
    return *this;
  }
  Proto& Message(uint32_t field, const Proto& message) { return Bytes(field, message.out_); }
  Proto& Float(uint32_t field, float value) {
    Varint((uint64_t{field} << 3) | 5);
    return Raw(value);
  }
  Proto& Double(uint32_t field, double value) {
    Varint((uint64_t{field} << 3) | 1);
    return Raw(value);
  }
  Proto& PackedInts(uint32_t field, const std::vector<int64_t>& values) {
    Proto packed;
    for (int64_t value : values) packed.Varint(static_cast<uint64_t>(value));
    return Bytes(field, packed.out_);
  }
  template <typename T>
  Proto& PackedFixed(uint32_t field, const std::vector<T>& values) {
    return Bytes(field, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
  }
  // Without a field around it.
  Proto& Varint(uint64_t value) {
    for (; value > 127; value >>= 7) out_ += static_cast<char>(value | 128);
    out_ += static_cast<char>(value);
    return *this;
  }
  Proto& Append(const Proto& fields) {
    out_ += fields.out_;
    return *this;
  }
  const std::string& str() const { return out_; }

 private:
  template <typename T>
  Proto& Raw(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  std::string out_;
};

// ONNX's messages.

inline Proto TensorHead(std::string_view name, DType dtype, const std::vector<int64_t>& dims) {
  Proto tensor;
  tensor.PackedInts(onnx::tensor_field::kDims, dims).Int(onnx::tensor_field::kDataType, static_cast<int64_t>(dtype));
  return tensor.Bytes(onnx::tensor_field::kName, name);
}

template <typename T>
Proto RawTensor(std::string_view name, DType dtype, const std::vector<int64_t>& dims, const std::vector<T>& values) {
  return TensorHead(name, dtype, dims).PackedFixed(onnx::tensor_field::kRawData, values);
}

inline Proto FloatTensor(std::string_view name, const std::vector<int64_t>& dims, const std::vector<float>& values) {
  return RawTensor(name, DType::kFloat32, dims, values);
}

inline Proto Int64Tensor(std::string_view name, const std::vector<int64_t>& values) {
  return RawTensor(name, DType::kInt64, {static_cast<int64_t>(values.size())}, values);
}

// A dimension is a size, or a name where the size is negative.
struct Dim {
  Dim(int64_t s) : size(s) {}                // NOLINT
  Dim(const char* n) : size(-1), name(n) {}  // NOLINT
  int64_t size;
  std::string name;
};

inline Proto TensorType(DType dtype, const std::vector<Dim>& dims) {
  Proto shape;
  for (const Dim& dim : dims) {
    Proto entry;
    if (dim.size >= 0) entry.Int(onnx::type_field::kDimValue, dim.size);
    if (!dim.name.empty()) entry.Bytes(onnx::type_field::kDimParam, dim.name);
    shape.Message(onnx::type_field::kDim, entry);
  }
  Proto tensor;
  tensor.Int(onnx::type_field::kElemType, static_cast<int64_t>(dtype)).Message(onnx::type_field::kShape, shape);
  return Proto().Message(onnx::type_field::kTensor, tensor);
}

inline Proto ValueInfo(std::string_view name, DType dtype = DType::kFloat32, const std::vector<Dim>& dims = {}) {
  return Proto().Bytes(onnx::value_info_field::kName, name).Message(onnx::value_info_field::kType, TensorType(dtype, dims));
}

inline Proto IntAttribute(std::string_view name, int64_t value) {
  return Proto()
      .Bytes(onnx::attribute_field::kName, name)
      .Int(onnx::attribute_field::kInt, value)
      .Int(onnx::attribute_field::kType, 2);
}

inline Proto IntsAttribute(std::string_view name, const std::vector<int64_t>& values) {
  return Proto()
      .Bytes(onnx::attribute_field::kName, name)
      .PackedInts(onnx::attribute_field::kInts, values)
      .Int(onnx::attribute_field::kType, 7);
}

inline Proto FloatAttribute(std::string_view name, float value) {
  return Proto()
      .Bytes(onnx::attribute_field::kName, name)
      .Float(onnx::attribute_field::kFloat, value)
      .Int(onnx::attribute_field::kType, 1);
}

inline Proto StringAttribute(std::string_view name, std::string_view value) {
  return Proto()
      .Bytes(onnx::attribute_field::kName, name)
      .Bytes(onnx::attribute_field::kString, value)
      .Int(onnx::attribute_field::kType, 3);
}

inline Proto TensorAttribute(std::string_view name, const Proto& tensor) {
  return Proto()
      .Bytes(onnx::attribute_field::kName, name)
      .Message(onnx::attribute_field::kTensor, tensor)
      .Int(onnx::attribute_field::kType, 4);
}

inline Proto GraphAttribute(std::string_view name, const Proto& graph) {
  return Proto()
      .Bytes(onnx::attribute_field::kName, name)
      .Message(onnx::attribute_field::kGraph, graph)
      .Int(onnx::attribute_field::kType, 5);
}

inline Proto ReferenceAttribute(std::string_view name, std::string_view reference, int64_t type) {
  return Proto()
      .Bytes(onnx::attribute_field::kName, name)
      .Bytes(onnx::attribute_field::kRefAttrName, reference)
      .Int(onnx::attribute_field::kType, type);
}

inline Proto NodeProto(std::string_view op, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                       const std::vector<Proto>& attributes = {}, std::string_view domain = "") {
  Proto node;
  for (const std::string& name : inputs) node.Bytes(onnx::node_field::kInput, name);
  for (const std::string& name : outputs) node.Bytes(onnx::node_field::kOutput, name);
  node.Bytes(onnx::node_field::kName, "node of " + std::string(op)).Bytes(onnx::node_field::kOpType, op);
  for (const Proto& attribute : attributes) node.Message(onnx::node_field::kAttribute, attribute);
  if (!domain.empty()) node.Bytes(onnx::node_field::kDomain, domain);
  return node;
}

struct GraphParts {
  std::vector<Proto> nodes, initializers, inputs, outputs;
};

inline Proto GraphProto(const GraphParts& parts) {
  Proto graph;
  for (const Proto& node : parts.nodes) graph.Message(onnx::graph_field::kNode, node);
  graph.Bytes(onnx::graph_field::kName, "graph");
  for (const Proto& tensor : parts.initializers) graph.Message(onnx::graph_field::kInitializer, tensor);
  for (const Proto& input : parts.inputs) graph.Message(onnx::graph_field::kInput, input);
  for (const Proto& output : parts.outputs) graph.Message(onnx::graph_field::kOutput, output);
  return graph;
}

inline Proto OpsetProto(std::string_view domain, int64_t version) {
  return Proto().Bytes(onnx::opset_field::kDomain, domain).Int(onnx::opset_field::kVersion, version);
}

struct FunctionParts {
  std::string domain, name;
  std::vector<std::string> inputs, outputs;
  std::vector<Proto> nodes, defaults;
  int64_t opset = 21;
};

inline Proto FunctionProto(const FunctionParts& parts) {
  Proto function;
  function.Bytes(onnx::function_field::kName, parts.name).Bytes(onnx::function_field::kDomain, parts.domain);
  for (const std::string& name : parts.inputs) function.Bytes(onnx::function_field::kInput, name);
  for (const std::string& name : parts.outputs) function.Bytes(onnx::function_field::kOutput, name);
  for (const Proto& node : parts.nodes) function.Message(onnx::function_field::kNode, node);
  for (const Proto& attribute : parts.defaults) function.Message(onnx::function_field::kAttributeProto, attribute);
  return function.Message(onnx::function_field::kOpsetImport, OpsetProto("", parts.opset));
}

inline Proto ModelProto(const Proto& graph, int64_t opset = 21, const std::vector<Proto>& functions = {},
                        int64_t ir_version = 10) {
  Proto model;
  model.Int(onnx::model_field::kIrVersion, ir_version).Bytes(onnx::model_field::kProducerName, "webinfer tests");
  model.Message(onnx::model_field::kGraph, graph).Message(onnx::model_field::kOpsetImport, OpsetProto("", opset));
  for (const Proto& function : functions) model.Message(onnx::model_field::kFunctions, function);
  return model;
}

}  // namespace webinfer::test
