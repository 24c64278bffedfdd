// AttributeProto -> Attribute, and Constant nodes, whose attributes are their value.
#include <cstring>

#include "formats/onnx/graph_builder.h"
#include "formats/onnx/schema.h"
#include "formats/onnx/text.h"
#include "formats/onnx/types.h"

namespace webinfer::onnx {

namespace {

using Kind = Attribute::Kind;

// AttributeProto.AttributeType; kNone for the kinds no operator has.
Kind KindOf(int64_t type) {
  constexpr Kind kKinds[] = {Kind::kNone,   Kind::kFloat, Kind::kInt,     Kind::kString, Kind::kTensor, Kind::kGraph,
                             Kind::kFloats, Kind::kInts,  Kind::kStrings, Kind::kNone,   Kind::kNone,   Kind::kTensor};
  if (type == 13) return Kind::kTypeProto;
  return type >= 0 && type < static_cast<int64_t>(std::size(kKinds)) ? kKinds[type] : Kind::kNone;
}

// Lists of tensors, graphs, sparse tensors or types: no operator takes them, so they are read past.
bool IsUnusedType(int64_t type) { return type == 9 || type == 10 || type == 12 || type == 14; }

}  // namespace

Status GraphBuilder::ReadAttribute(Bytes attribute_proto, Attribute* attribute, std::vector<Bytes>* graphs,
                                   std::string_view* reference) {
  WEBINFER_TRY(budget_.Charge(sizeof(Attribute)));
  int64_t type = 0;
  Kind seen = Kind::kNone;
  bool unused = false;
  ProtoReader reader(attribute_proto);
  while (reader.Next()) {
    Kind kind = Kind::kNone;
    switch (reader.field()) {
      case attribute_field::kName: attribute->name = reader.text().substr(0, 256); break;
      case attribute_field::kType: type = reader.integer(); break;
      case attribute_field::kRefAttrName: *reference = reader.text(); break;
      case attribute_field::kFloat:
        attribute->f = reader.float32();
        kind = Kind::kFloat;
        break;
      case attribute_field::kInt:
        attribute->i = reader.integer();
        kind = Kind::kInt;
        break;
      case attribute_field::kString:
        WEBINFER_TRY(budget_.Charge(reader.text().size()));
        attribute->s = reader.text();
        kind = Kind::kString;
        break;
      case attribute_field::kTensor:
      case attribute_field::kSparseTensor: {
        const bool sparse = reader.field() == attribute_field::kSparseTensor;
        WEBINFER_ASSIGN(NamedTensor named, sparse ? tensors_.ReadSparse(reader.bytes()) : tensors_.Read(reader.bytes()));
        attribute->tensor = std::move(named.tensor);
        kind = Kind::kTensor;
        break;
      }
      case attribute_field::kGraph:
        graphs->push_back(reader.bytes());
        kind = Kind::kGraph;
        break;
      case attribute_field::kFloats:
        WEBINFER_TRY(reader.ForEachFixed<float>([&](float value) -> Status {
          WEBINFER_TRY(budget_.Charge(2 * sizeof(value)));
          attribute->floats.push_back(value);
          return OkStatus();
        }));
        kind = Kind::kFloats;
        break;
      case attribute_field::kInts:
        WEBINFER_TRY(reader.ForEachInteger([&](int64_t value) -> Status {
          WEBINFER_TRY(budget_.Charge(2 * sizeof(value)));
          attribute->ints.push_back(value);
          return OkStatus();
        }));
        kind = Kind::kInts;
        break;
      case attribute_field::kStrings:
        WEBINFER_TRY(budget_.Charge(2 * sizeof(std::string) + reader.text().size()));
        attribute->strings.emplace_back(reader.text());
        kind = Kind::kStrings;
        break;
      case attribute_field::kTypeProto: {
        ValueType value;
        WEBINFER_TRY(ReadTypeProto(reader.bytes(), &value, nullptr));
        attribute->s = ValueKindName(value.kind);
        attribute->i = static_cast<int64_t>(value.dtype);
        kind = Kind::kTypeProto;
        break;
      }
      case attribute_field::kTensors:
      case attribute_field::kGraphs:
      case attribute_field::kSparseTensors:
      case attribute_field::kTypeProtos: unused = true; break;
      default: break;
    }
    if (kind != Kind::kNone) seen = kind;
  }
  WEBINFER_TRY(reader.status());
  attribute->kind = KindOf(type);
  if (type == 0) attribute->kind = seen;  // models older than IR version 2 do not say it
  const bool empty_list = attribute->kind == Kind::kInts || attribute->kind == Kind::kFloats || attribute->kind == Kind::kStrings;
  const bool scalar = attribute->kind == Kind::kInt || attribute->kind == Kind::kFloat || attribute->kind == Kind::kString;
  if (!reference->empty()) return OkStatus();
  if (unused || IsUnusedType(type)) {
    attribute->kind = Kind::kNone;
    return OkStatus();
  }
  if (attribute->kind == Kind::kNone || (attribute->kind != seen && !empty_list && !scalar)) {
    return Error(Code::kInvalidModel, "The attribute \"%s\" has no value", attribute->name.c_str());
  }
  return OkStatus();
}

Status GraphBuilder::ReadAttributes(Scope& scope, const NodeFields& fields, Attributes* attributes, Node* node) {
  const auto fail = [&](Code code, const char* what, const std::string& name) {
    return Error(code, "The attribute \"%s\" %s", name.c_str(), what)
        .Op("%.*s", WEBINFER_TEXT(fields.op))
        .Node("%.*s", WEBINFER_TEXT(fields.name));
  };
  std::vector<std::unique_ptr<Scope>> bodies;
  for (Bytes proto : fields.attributes) {
    Attribute attribute;
    std::vector<Bytes> graphs;
    std::string_view reference;
    WEBINFER_TRY(At(ReadAttribute(proto, &attribute, &graphs, &reference), fields.op, fields.name));
    if (!reference.empty()) {
      const Attribute* argument = scope.arguments == nullptr ? nullptr : scope.arguments->Find(reference);
      if (scope.arguments == nullptr)
        return fail(Code::kInvalidModel, "refers to an attribute outside of a function", attribute.name);
      if (argument == nullptr) continue;  // neither given nor with a default: the operator's own default
      WEBINFER_TRY(budget_.Charge(argument->s.size() + sizeof(int64_t) * argument->ints.size() +
                                  sizeof(float) * argument->floats.size() + sizeof(std::string) * argument->strings.size()));
      std::string name = std::move(attribute.name);
      attribute = *argument;
      attribute.name = std::move(name);
    }
    if (attribute.kind == Kind::kNone) continue;
    if (attributes->Has(attribute.name)) return fail(Code::kInvalidModel, "is there twice", attribute.name);
    if (attribute.kind == Kind::kGraph) {
      if (node == nullptr) return fail(Code::kUnsupported, "is a graph given to a function", attribute.name);
      attribute.graph = static_cast<int>(node->bodies.size());
      WEBINFER_TRY(BuildBody(scope, graphs, *node, bodies));
    }
    attributes->Set(std::move(attribute));
  }
  return bodies.empty() ? OkStatus() : JoinCaptures(*node, bodies);
}

Status GraphBuilder::DeclareConstant(Scope& scope, const NodeFields& fields, ValueId id) {
  Attributes attributes;
  WEBINFER_TRY(ReadAttributes(scope, fields, &attributes, nullptr));
  const auto invalid = [&] {
    return Error(Code::kInvalidModel, "A Constant has no value").Op("Constant").Node("%.*s", WEBINFER_TEXT(fields.name));
  };
  if (attributes.all().size() != 1) return invalid();
  const Attribute& a = attributes.all()[0];
  std::shared_ptr<const Tensor> constant = a.tensor;
  const auto make = [&](DType dtype, const Shape& shape, const void* elements) -> Status {
    WEBINFER_TRY(budget_.Charge(sizeof(Tensor) + 3 * kAlignment));
    WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(dtype, shape));
    if (tensor.buffer.size() > 0) std::memcpy(tensor.buffer.data(), elements, tensor.view().bytes());
    constant = std::make_shared<Tensor>(std::move(tensor));
    return OkStatus();
  };
  const auto make_strings = [&](const Shape& shape, std::span<const std::string> strings) -> Status {
    Array<const StringData*> pointers;
    for (const std::string& text : strings) {
      WEBINFER_ASSIGN(const StringData* string, model_.strings.Add(text));
      WEBINFER_TRY(pointers.Append(string));
    }
    return make(DType::kString, shape, pointers.data());
  };
  const auto length = [](const auto& list) { return Shape{static_cast<int64_t>(list.size())}; };
  switch (a.kind) {
    case Kind::kTensor: break;
    case Kind::kInt: WEBINFER_TRY(make(DType::kInt64, {}, &a.i)); break;
    case Kind::kFloat: WEBINFER_TRY(make(DType::kFloat32, {}, &a.f)); break;
    case Kind::kInts: WEBINFER_TRY(make(DType::kInt64, length(a.ints), a.ints.data())); break;
    case Kind::kFloats: WEBINFER_TRY(make(DType::kFloat32, length(a.floats), a.floats.data())); break;
    case Kind::kString: WEBINFER_TRY(make_strings({}, {&a.s, 1})); break;
    case Kind::kStrings: WEBINFER_TRY(make_strings(length(a.strings), a.strings)); break;
    default: return invalid();
  }
  Value& value = scope.graph->values[id];
  value.type = {ValueKind::kTensor, constant->dtype, constant->shape};
  value.constant = std::move(constant);
  return OkStatus();
}

}  // namespace webinfer::onnx
