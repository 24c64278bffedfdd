#include "formats/onnx/reader.h"

#include <algorithm>
#include <cstring>

#include "formats/onnx/graph_builder.h"
#include "formats/onnx/schema.h"
#include "formats/onnx/tensor_reader.h"
#include "formats/wire/protobuf.h"

namespace webinfer {

using namespace onnx;  // NOLINT: this file is that namespace's door

struct OnnxReader::Impl {
  Impl(uint64_t total_bytes, OnnxContent c) : content(c), splitter(kSchema, kModelProto, total_bytes, c == OnnxContent::kAll) {}

  Status ReadModelFields(Model& model);

  OnnxContent content;
  ProtoSplitter splitter;
  std::vector<ExternalTensor> external;
  std::map<std::pair<std::string, std::string>, int64_t> operators;
  std::vector<Bytes> graphs, functions;
};

namespace {

constexpr size_t kMaxText = 1 << 16;

Status ReadEntry(Bytes entry_proto, std::vector<std::pair<std::string, std::string>>* entries) {
  std::string_view key, value;
  ProtoReader reader(entry_proto);
  while (reader.Next()) {
    if (reader.field() == entry_field::kKey) key = reader.text();
    if (reader.field() == entry_field::kValue) value = reader.text();
  }
  entries->emplace_back(key, value);
  return reader.status();
}

Status ReadValue(Bytes proto, ValueKind kind, TensorReader& tensors, StringPool& strings, RuntimeValue* value, int depth);

// Reads MapProto: keys, and a sequence of as many scalars.
Status ReadMap(Bytes proto, TensorReader& tensors, StringPool& strings, RuntimeValue* value, int depth) {
  std::vector<int64_t> numbers;
  std::vector<const StringData*> texts;
  RuntimeValue scalars;
  ProtoReader reader(proto);
  while (reader.Next()) {
    if (reader.field() == map_field::kKeys) {
      WEBINFER_TRY(reader.ForEachInteger([&](int64_t key) -> Status {
        numbers.push_back(key);
        return OkStatus();
      }));
    } else if (reader.field() == map_field::kStringKeys) {
      WEBINFER_ASSIGN(const StringData* text, strings.Add(reader.text()));
      texts.push_back(text);
    } else if (reader.field() == map_field::kValues) {
      WEBINFER_TRY(ReadValue(reader.bytes(), ValueKind::kSequence, tensors, strings, &scalars, depth + 1));
    }
  }
  WEBINFER_TRY(reader.status());
  const size_t count = std::max(numbers.size(), texts.size());
  if (scalars.elements.size() != count) return Error(Code::kInvalidModel, "A map has not as many values as keys");
  const DType dtype = count > 0 ? scalars.elements[0].tensor.dtype : DType::kFloat32;
  const size_t bytes = DTypeBytes(dtype);
  WEBINFER_TRY(value->ResizeMap(texts.empty() ? DType::kInt64 : DType::kString, dtype, static_cast<int64_t>(count)));
  for (size_t i = 0; i < count; ++i) {
    const Tensor& scalar = scalars.elements[i].tensor;
    if (scalar.dtype != dtype || !scalar.shape.known() || scalar.shape.Elements() != 1) {
      return Error(Code::kInvalidModel, "The values of a map are not all scalars of one type");
    }
    if (texts.empty()) {
      value->map_keys().As<int64_t>()[i] = numbers[i];
    } else {
      value->map_keys().As<const StringData*>()[i] = texts[i];
    }
    std::memcpy(value->map_values().As<uint8_t>() + i * bytes, scalar.buffer.data(), bytes);
  }
  return OkStatus();
}

// Reads TensorProto, SequenceProto, OptionalProto or MapProto into `value`.
Status ReadValue(Bytes proto, ValueKind kind, TensorReader& tensors, StringPool& strings, RuntimeValue* value, int depth) {
  constexpr int kMaxDepth = 8;
  if (depth > kMaxDepth) return Error(Code::kInvalidModel, "Sequences are nested too deeply");
  if (kind == ValueKind::kTensor) {
    WEBINFER_ASSIGN(NamedTensor named, tensors.Read(proto));
    return value->CopyFrom(named.tensor->view());
  }
  if (kind == ValueKind::kMap) return ReadMap(proto, tensors, strings, value, depth);
  value->kind = kind;
  value->present = kind == ValueKind::kSequence;
  ProtoReader reader(proto);
  while (reader.Next()) {
    ValueKind element_kind;
    switch (reader.field()) {
      case container_field::kTensor: element_kind = ValueKind::kTensor; break;
      case container_field::kSequence: element_kind = ValueKind::kSequence; break;
      case container_field::kMap: element_kind = ValueKind::kMap; break;
      case container_field::kOptional: element_kind = ValueKind::kOptional; break;
      default: continue;
    }
    RuntimeValue element;
    WEBINFER_TRY(ReadValue(reader.bytes(), element_kind, tensors, strings, &element, depth + 1));
    if (kind == ValueKind::kSequence) {
      value->elements.push_back(std::move(element));
    } else {
      *value = std::move(element);  // an optional that is there is the value itself
    }
  }
  return reader.status();
}

}  // namespace

OnnxReader::OnnxReader(uint64_t total_bytes, OnnxContent content) : impl_(std::make_unique<Impl>(total_bytes, content)) {}
OnnxReader::~OnnxReader() = default;

Status OnnxReader::Push(std::span<const uint8_t> bytes) { return impl_->splitter.Push(bytes); }

Status OnnxReader::Impl::ReadModelFields(Model& model) {
  ProtoReader reader(splitter.skeleton());
  while (reader.Next()) {
    switch (reader.field()) {
      case model_field::kIrVersion: model.ir_version = reader.integer(); break;
      case model_field::kProducerName: model.producer = reader.text().substr(0, kMaxText); break;
      case model_field::kDocString: model.description = reader.text().substr(0, kMaxText); break;
      case model_field::kOpsetImport: WEBINFER_TRY(ReadOpsetImport(reader.bytes(), &model.opsets)); break;
      case model_field::kMetadata: WEBINFER_TRY(ReadEntry(reader.bytes(), &model.metadata)); break;
      case model_field::kGraph: graphs.push_back(reader.bytes()); break;
      case model_field::kFunctions: functions.push_back(reader.bytes()); break;
      default: break;
    }
  }
  WEBINFER_TRY(reader.status());
  if (!graphs.empty()) return OkStatus();
  return Error(Code::kInvalidModel, splitter.size() == 0 ? "The model is empty" : "The file is no ONNX model: it has no graph")
      .Expected("a ModelProto")
      .Actual("%llu bytes", static_cast<unsigned long long>(splitter.size()))
      .Hint("Check that the address is right and that the file was downloaded, not a pointer to it or a web page.");
}

Result<std::unique_ptr<Model>> OnnxReader::Finish() {
  WEBINFER_TRY(impl_->splitter.Finish());
  auto model = std::make_unique<Model>();
  WEBINFER_TRY(impl_->ReadModelFields(*model));
  Budget budget(impl_->splitter.size());
  TensorReader tensors(impl_->splitter.data(), model->strings, budget, impl_->external, impl_->content);
  GraphBuilder builder(*model, tensors, budget);
  for (Bytes function : impl_->functions) WEBINFER_TRY(builder.AddFunction(function));
  WEBINFER_TRY(builder.Build(impl_->graphs));
  impl_->operators = builder.operators();
  WEBINFER_TRY(SortAndVerify(model->graph));
  return model;
}

const std::vector<ExternalTensor>& OnnxReader::external() const { return impl_->external; }
const std::map<std::pair<std::string, std::string>, int64_t>& OnnxReader::operators() const { return impl_->operators; }

Status ReadOnnxValue(std::span<const uint8_t> bytes, ValueKind kind, StringPool& strings, RuntimeValue* value) {
  Budget budget(bytes.size());
  std::vector<Buffer> no_data;
  std::vector<ExternalTensor> external;
  TensorReader tensors(no_data, strings, budget, external);
  WEBINFER_TRY(ReadValue(bytes, kind, tensors, strings, value, 0));
  if (!external.empty()) return Error(Code::kUnsupported, "A value outside of a model cannot have external data");
  return OkStatus();
}

}  // namespace webinfer
