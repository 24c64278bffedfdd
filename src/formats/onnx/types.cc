#include "formats/onnx/types.h"

#include <algorithm>

#include "formats/onnx/schema.h"
#include "formats/onnx/text.h"

namespace webinfer::onnx {

namespace {

constexpr int kMaxTypeDepth = 8;
constexpr size_t kMaxSymbolLength = 256;

Status ReadShape(Bytes shape_proto, ValueType* type, std::vector<std::string>* symbols) {
  Shape shape;
  std::vector<std::string> names;
  ProtoReader reader(shape_proto);
  while (reader.Next()) {
    if (reader.field() != type_field::kDim) continue;
    if (shape.rank() == kMaxRank) return Error(Code::kUnsupported, "A value has more than %d dimensions", kMaxRank);
    int64_t size = kUnknownDim;
    std::string_view symbol;
    ProtoReader dim(reader.bytes());
    while (dim.Next()) {
      // A size below 0 is how some exporters write "unknown".
      if (dim.field() == type_field::kDimValue) size = std::max<int64_t>(kUnknownDim, dim.integer());
      if (dim.field() == type_field::kDimParam) symbol = dim.text();
    }
    WEBINFER_TRY(dim.status());
    shape.Append(size);
    names.emplace_back(size < 0 ? symbol.substr(0, kMaxSymbolLength) : std::string_view());
  }
  WEBINFER_TRY(reader.status());
  type->shape = shape;
  if (symbols != nullptr) *symbols = std::move(names);
  return OkStatus();
}

Status ReadTensorType(Bytes tensor_type, ValueType* type, std::vector<std::string>* symbols) {
  ProtoReader reader(tensor_type);
  while (reader.Next()) {
    if (reader.field() == type_field::kElemType) {
      const int64_t dtype = reader.integer();
      if (dtype < 0 || dtype >= kDTypeCount) {
        return Error(Code::kInvalidModel, "A value has an unknown element type").Actual("%lld", static_cast<long long>(dtype));
      }
      type->dtype = static_cast<DType>(dtype);
    } else if (reader.field() == type_field::kShape) {
      WEBINFER_TRY(ReadShape(reader.bytes(), type, symbols));
    }
  }
  return reader.status();
}

Status ReadMapType(Bytes map_type, ValueType* type, int depth) {
  ValueType value;
  int64_t key = 0;
  ProtoReader reader(map_type);
  while (reader.Next()) {
    if (reader.field() == type_field::kKeyType) key = reader.integer();
    if (reader.field() == type_field::kValueType) WEBINFER_TRY(ReadTypeProto(reader.bytes(), &value, nullptr, depth + 1));
  }
  WEBINFER_TRY(reader.status());
  const bool known_key = key == static_cast<int64_t>(DType::kInt64) || key == static_cast<int64_t>(DType::kString);
  if (!known_key || value.kind != ValueKind::kTensor) {
    return Error(Code::kUnsupported, "A map has keys or values of a type that no operator knows")
        .Expected("int64 or string to tensors")
        .Actual("type %lld to a %s", static_cast<long long>(key), ValueKindName(value.kind));
  }
  *type = {ValueKind::kMap, value.dtype, Shape::UnknownRank(), static_cast<DType>(key)};
  return OkStatus();
}

}  // namespace

Status ReadTypeProto(Bytes type_proto, ValueType* type, std::vector<std::string>* symbols, int depth) {
  if (depth > kMaxTypeDepth) return Error(Code::kInvalidModel, "A type is nested too deeply");
  ProtoReader reader(type_proto);
  while (reader.Next()) {
    switch (reader.field()) {
      case type_field::kTensor: WEBINFER_TRY(ReadTensorType(reader.bytes(), type, symbols)); break;
      case type_field::kSequence:
      case type_field::kOptional: {
        ValueType element;
        ProtoReader inner(reader.bytes());
        while (inner.Next()) {
          if (inner.field() == type_field::kElemType) WEBINFER_TRY(ReadTypeProto(inner.bytes(), &element, nullptr, depth + 1));
        }
        WEBINFER_TRY(inner.status());
        *type = element;
        type->kind = reader.field() == type_field::kSequence ? ValueKind::kSequence : ValueKind::kOptional;
        break;
      }
      case type_field::kMap: WEBINFER_TRY(ReadMapType(reader.bytes(), type, depth)); break;
      case type_field::kSparseTensor: return Error(Code::kUnsupported, "Sparse tensors are not supported as inputs and outputs");
      default: break;
    }
  }
  return reader.status();
}

Status ReadValueInfo(Bytes value_info_proto, ValueInfoFields* fields) {
  ProtoReader reader(value_info_proto);
  Bytes type;
  while (reader.Next()) {
    if (reader.field() == value_info_field::kName) fields->name = reader.text();
    if (reader.field() == value_info_field::kType) type = reader.bytes();
  }
  WEBINFER_TRY(reader.status());
  return At(ReadTypeProto(type, &fields->type, &fields->symbols), "", fields->name);
}

}  // namespace webinfer::onnx
