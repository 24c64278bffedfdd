// Field numbers of onnx.proto (ONNX 1.23), only the ones that are read, and where the file's large data is.
#pragma once

#include <cstdint>

#include "formats/wire/protobuf.h"

namespace webinfer::onnx {

// clang-format off
namespace model_field {
enum : uint32_t {
  kIrVersion = 1, kProducerName = 2, kProducerVersion = 3, kDocString = 6, kGraph = 7, kOpsetImport = 8, kMetadata = 14, kFunctions = 25
};
}
namespace opset_field {
enum : uint32_t { kDomain = 1, kVersion = 2 };
}
namespace entry_field {  // StringStringEntryProto
enum : uint32_t { kKey = 1, kValue = 2 };
}
namespace graph_field {
enum : uint32_t { kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12, kSparseInitializer = 15 };
}
namespace node_field {
enum : uint32_t { kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5, kDomain = 7, kOverload = 8 };
}
namespace function_field {
enum : uint32_t { kName = 1, kInput = 4, kOutput = 5, kNode = 7, kOpsetImport = 9, kDomain = 10, kAttributeProto = 11, kOverload = 13 };
}
namespace attribute_field {
enum : uint32_t {
  kName = 1, kFloat = 2, kInt = 3, kString = 4, kTensor = 5, kGraph = 6, kFloats = 7, kInts = 8, kStrings = 9, kTensors = 10, kGraphs = 11,
  kTypeProto = 14, kTypeProtos = 15, kType = 20, kRefAttrName = 21, kSparseTensor = 22, kSparseTensors = 23
};
}
namespace tensor_field {
enum : uint32_t {
  kDims = 1, kDataType = 2, kSegment = 3, kFloatData = 4, kInt32Data = 5, kStringData = 6, kInt64Data = 7, kName = 8, kRawData = 9,
  kDoubleData = 10, kUint64Data = 11, kExternalData = 13, kDataLocation = 14
};
}
namespace sparse_field {
enum : uint32_t { kValues = 1, kIndices = 2, kDims = 3 };
}
namespace value_info_field {
enum : uint32_t { kName = 1, kType = 2 };
}
namespace type_field {
enum : uint32_t { kTensor = 1, kSequence = 4, kMap = 5, kSparseTensor = 8, kOptional = 9 };
enum : uint32_t { kElemType = 1, kShape = 2 };     // of each of the others
enum : uint32_t { kKeyType = 1, kValueType = 2 };  // of a map
enum : uint32_t { kDim = 1 };                      // of a shape
enum : uint32_t { kDimValue = 1, kDimParam = 2 };
}
namespace container_field {  // SequenceProto and OptionalProto
enum : uint32_t { kElemType = 2, kTensor = 3, kSequence = 5, kMap = 6, kOptional = 7 };
}
namespace map_field {
enum : uint32_t { kKeyType = 2, kKeys = 3, kStringKeys = 4, kValues = 5 };
}
namespace optional_type {
enum : int64_t { kTensor = 1, kSequence = 3, kOptional = 5 };
}

// clang-format on

enum Message : uint8_t {
  kModelProto,
  kGraphProto,
  kNodeProto,
  kAttributeProto,
  kTensorProto,
  kSparseTensorProto,
  kFunctionProto
};

inline constexpr ProtoSchemaField kSchema[] = {
    {kModelProto, model_field::kGraph, kGraphProto},
    {kModelProto, model_field::kFunctions, kFunctionProto},
    {kGraphProto, graph_field::kNode, kNodeProto},
    {kGraphProto, graph_field::kInitializer, kTensorProto},
    {kGraphProto, graph_field::kSparseInitializer, kSparseTensorProto},
    {kFunctionProto, function_field::kNode, kNodeProto},
    {kFunctionProto, function_field::kAttributeProto, kAttributeProto},
    {kNodeProto, node_field::kAttribute, kAttributeProto},
    {kAttributeProto, attribute_field::kTensor, kTensorProto},
    {kAttributeProto, attribute_field::kGraph, kGraphProto},
    {kAttributeProto, attribute_field::kSparseTensor, kSparseTensorProto},
    {kSparseTensorProto, sparse_field::kValues, kTensorProto},
    {kSparseTensorProto, sparse_field::kIndices, kTensorProto},
    {kTensorProto, tensor_field::kRawData, ProtoSchemaField::kData},
    {kTensorProto, tensor_field::kFloatData, ProtoSchemaField::kData},
    {kTensorProto, tensor_field::kInt32Data, ProtoSchemaField::kData},
    {kTensorProto, tensor_field::kInt64Data, ProtoSchemaField::kData},
    {kTensorProto, tensor_field::kDoubleData, ProtoSchemaField::kData},
    {kTensorProto, tensor_field::kUint64Data, ProtoSchemaField::kData},
};

}  // namespace webinfer::onnx
