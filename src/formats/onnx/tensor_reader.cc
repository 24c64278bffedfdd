#include "formats/onnx/tensor_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "formats/onnx/schema.h"
#include "formats/onnx/text.h"

namespace webinfer::onnx {

namespace {

constexpr uint64_t kTensorOverhead = sizeof(Tensor) + 2 * kAlignment + kReadSlack;

// The field that holds elements of `dtype` when raw_data does not.
uint32_t TypedField(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kComplex64: return tensor_field::kFloatData;
    case DType::kFloat64:
    case DType::kComplex128: return tensor_field::kDoubleData;
    case DType::kInt64: return tensor_field::kInt64Data;
    case DType::kUint32:
    case DType::kUint64: return tensor_field::kUint64Data;
    case DType::kString: return tensor_field::kStringData;
    default: return tensor_field::kInt32Data;
  }
}

bool IsFixedField(uint32_t field) { return field == tensor_field::kFloatData || field == tensor_field::kDoubleData; }

// Bytes that one integer of int32_data, int64_data or uint64_data gives; types below a byte come as whole bytes.
size_t StoredBytes(DType dtype) { return std::max<size_t>(1, DTypeBytes(dtype)); }

void NormalizeBools(Tensor* tensor) {
  if (tensor->dtype != DType::kBool) return;
  auto* elements = tensor->As<uint8_t>();
  for (int64_t i = 0; i < tensor->shape.Elements(); ++i) elements[i] = elements[i] != 0;
}

Result<uint64_t> ParseNumber(std::string_view text, std::string_view tensor) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return Error(Code::kInvalidModel, "The external data of tensor \"%.*s\" has a malformed offset or length",
               WEBINFER_TEXT(tensor))
      .Actual("\"%.*s\"", WEBINFER_TEXT(text));
}

}  // namespace

struct TensorReader::Header {
  std::string_view name;
  DType dtype = DType::kUndefined;
  Shape shape;
  uint64_t elements = 0, bytes = 0;
  bool external = false, segmented = false, raw = false;
  uint32_t data_field = 0;                             // raw_data or the typed one
  size_t occurrences = 0, moved_count = 0, moved = 0;  // of that field; in the splitter's buffers; the first of those
  std::string_view location, offset, length;
};

Bytes TensorReader::DataOf(const ProtoReader& reader) const {
  if (reader.wire() != WireType::kMoved) return reader.bytes();
  const uint64_t index = reader.moved_index();
  return index < data_.size() ? Bytes(data_[index].data(), data_[index].size()) : Bytes();
}

Status TensorReader::ReadHeader(Bytes proto, Header* header) const {
  int64_t dtype = 0;
  size_t rank = 0;
  ProtoReader reader(proto);
  while (reader.Next()) {
    switch (reader.field()) {
      case tensor_field::kDims:
        WEBINFER_TRY(reader.ForEachInteger([&](int64_t dim) -> Status {
          if (++rank <= kMaxRank) header->shape.Append(dim);
          return OkStatus();
        }));
        break;
      case tensor_field::kDataType: dtype = reader.integer(); break;
      case tensor_field::kName: header->name = reader.text(); break;
      case tensor_field::kRawData: header->raw = true; break;
      case tensor_field::kSegment: header->segmented = true; break;
      case tensor_field::kDataLocation: header->external = reader.integer() == 1; break;
      case tensor_field::kExternalData: {
        std::string_view key, value;
        ProtoReader entry(reader.bytes());
        while (entry.Next()) {
          if (entry.field() == entry_field::kKey) key = entry.text();
          if (entry.field() == entry_field::kValue) value = entry.text();
        }
        WEBINFER_TRY(entry.status());
        if (key == "location") header->location = value;
        if (key == "offset") header->offset = value;
        if (key == "length") header->length = value;
        break;
      }
      default: break;
    }
  }
  WEBINFER_TRY(reader.status());
  const auto named = [&](Error error) { return error.Node("%.*s", WEBINFER_TEXT(header->name)); };
  if (dtype <= 0 || dtype >= kDTypeCount) {
    return named(Error(Code::kInvalidModel, "The tensor \"%.*s\" has an unknown element type", WEBINFER_TEXT(header->name))
                     .Expected("1 to %d", kDTypeCount - 1)
                     .Actual("%lld", static_cast<long long>(dtype)));
  }
  if (rank > kMaxRank) {
    return named(Error(Code::kUnsupported, "The tensor \"%.*s\" has too many dimensions", WEBINFER_TEXT(header->name))
                     .Expected("rank <= %d", kMaxRank)
                     .Actual("rank %zu", rank));
  }
  header->dtype = static_cast<DType>(dtype);
  const Result<int64_t> elements = header->shape.CheckedElements();
  if (!elements.ok()) {
    return named(Error(Code::kInvalidModel, "The tensor \"%.*s\" has absurd dimensions", WEBINFER_TEXT(header->name))
                     .Actual("%s", ShapeText(header->shape).text));
  }
  header->elements = static_cast<uint64_t>(*elements);
  header->bytes = BytesOf(header->dtype, header->elements);
  header->raw &= header->dtype != DType::kString;
  header->data_field = header->raw ? uint32_t{tensor_field::kRawData} : TypedField(header->dtype);
  if (header->segmented) return named(Error(Code::kUnsupported, "Tensors in segments are not supported"));
  ProtoReader counter(proto);
  while (counter.Next()) {
    if (counter.field() != header->data_field) continue;
    ++header->occurrences;
    if (counter.wire() == WireType::kMoved && counter.moved_index() < data_.size() && header->moved_count++ == 0) {
      header->moved = counter.moved_index();
    }
  }
  return OkStatus();
}

bool TensorReader::LeftOut(const Header& header) const {
  if (content_ == OnnxContent::kAll) return false;
  return header.external || (header.moved_count > 0 && data_[header.moved].data() == nullptr);
}

// Moves the one buffer that already is the tensor's content.
bool TensorReader::TakeBuffer(const Header& header, Tensor* tensor) {
  if (!header.raw && !IsFixedField(header.data_field)) return false;
  if (header.moved_count != 1 || header.occurrences != 1 || data_[header.moved].size() != header.bytes) return false;
  tensor->buffer = std::move(data_[header.moved]);
  return true;
}

template <typename OnBytes, typename OnInteger>
Status TensorReader::VisitData(Bytes proto, const Header& header, OnBytes on_bytes, OnInteger on_integer) const {
  Bytes raw;
  ProtoReader reader(proto);
  while (reader.Next()) {
    if (reader.field() != header.data_field) continue;
    if (header.raw) {
      raw = DataOf(reader);  // of a singular field the last occurrence counts
    } else if (reader.wire() == WireType::kBytes || reader.wire() == WireType::kMoved) {
      const Bytes data = DataOf(reader);
      if (IsFixedField(header.data_field)) {
        WEBINFER_TRY(on_bytes(data));
        continue;
      }
      const uint8_t *p = data.data(), *end = p + data.size();
      while (p < end) {
        uint64_t value;
        p = ReadVarint(p, end, &value);
        if (p == nullptr)
          return Error(Code::kInvalidModel, "The data of a tensor is malformed").Node("%.*s", WEBINFER_TEXT(header.name));
        WEBINFER_TRY(on_integer(static_cast<int64_t>(value)));
      }
    } else if (header.data_field == tensor_field::kFloatData) {
      WEBINFER_TRY(
          reader.ForEachFixed<float>([&](float value) { return on_bytes(Bytes(reinterpret_cast<uint8_t*>(&value), 4)); }));
    } else if (header.data_field == tensor_field::kDoubleData) {
      WEBINFER_TRY(
          reader.ForEachFixed<double>([&](double value) { return on_bytes(Bytes(reinterpret_cast<uint8_t*>(&value), 8)); }));
    } else if (reader.wire() == WireType::kVarint) {
      WEBINFER_TRY(on_integer(reader.integer()));
    }
  }
  return raw.empty() ? OkStatus() : on_bytes(raw);
}

Status TensorReader::CopyData(Bytes proto, const Header& header, Tensor* tensor) const {
  const size_t stored = StoredBytes(header.dtype);
  uint64_t available = 0;  // counted first, so that dims alone allocate nothing
  WEBINFER_TRY(VisitData(
      proto, header,
      [&](Bytes bytes) {
        available += bytes.size();
        return OkStatus();
      },
      [&](int64_t) {
        available += stored;
        return OkStatus();
      }));
  if (available != header.bytes) {
    return Error(Code::kInvalidModel, "The tensor \"%.*s\" has %s data than its dimensions say", WEBINFER_TEXT(header.name),
                 available < header.bytes ? "less" : "more")
        .Node("%.*s", WEBINFER_TEXT(header.name))
        .Expected("%llu bytes for %s %s", static_cast<unsigned long long>(header.bytes), DTypeName(header.dtype),
                  ShapeText(header.shape).text)
        .Actual("%llu bytes", static_cast<unsigned long long>(available));
  }
  WEBINFER_TRY(tensor->buffer.Allocate(header.bytes, "weights"));
  uint8_t* out = tensor->buffer.data();
  const auto put = [&](const void* bytes, size_t count) {
    std::memcpy(out, bytes, count);
    out += count;
    return OkStatus();
  };
  return VisitData(
      proto, header, [&](Bytes bytes) { return bytes.empty() ? OkStatus() : put(bytes.data(), bytes.size()); },
      [&](int64_t value) { return put(&value, stored); });  // little-endian: the low bytes come first
}

Status TensorReader::ReadStrings(Bytes proto, const Header& header, Tensor* tensor) {
  uint64_t count = 0;
  ProtoReader counter(proto);
  while (counter.Next()) count += counter.field() == tensor_field::kStringData && counter.wire() == WireType::kBytes;
  if (count != header.elements) {
    return Error(Code::kInvalidModel, "The tensor \"%.*s\" has another number of strings than its dimensions say",
                 WEBINFER_TEXT(header.name))
        .Node("%.*s", WEBINFER_TEXT(header.name))
        .Expected("%llu", static_cast<unsigned long long>(header.elements))
        .Actual("%llu", static_cast<unsigned long long>(count));
  }
  WEBINFER_TRY(budget_.Charge(count * (sizeof(void*) + sizeof(StringData))));
  WEBINFER_TRY(tensor->buffer.Allocate(header.bytes, "strings"));
  const StringData** out = tensor->As<const StringData*>();
  ProtoReader reader(proto);
  while (reader.Next()) {
    if (reader.field() != tensor_field::kStringData || reader.wire() != WireType::kBytes) continue;
    WEBINFER_ASSIGN(*out++, strings_.Add(reader.text()));
  }
  return OkStatus();
}

Status TensorReader::ReadExternal(const Header& header, Tensor* tensor) {
  ExternalTensor external;
  external.tensor = header.name;
  external.location = header.location;
  external.length = header.bytes;
  if (header.dtype == DType::kString || header.location.empty()) {
    return Error(Code::kInvalidModel, "The external data of tensor \"%.*s\" %s", WEBINFER_TEXT(header.name),
                 header.location.empty() ? "names no file" : "cannot be strings")
        .Node("%.*s", WEBINFER_TEXT(header.name));
  }
  if (!header.offset.empty()) {
    WEBINFER_ASSIGN(external.offset, ParseNumber(header.offset, header.name));
  }
  if (!header.length.empty()) {
    WEBINFER_ASSIGN(const uint64_t length, ParseNumber(header.length, header.name));
    if (length != header.bytes) {
      return Error(Code::kInvalidModel, "The external data of tensor \"%.*s\" has another size than its dimensions say",
                   WEBINFER_TEXT(header.name))
          .Node("%.*s", WEBINFER_TEXT(header.name))
          .Expected("%llu bytes", static_cast<unsigned long long>(header.bytes))
          .Actual("%llu bytes", static_cast<unsigned long long>(length));
    }
  }
  WEBINFER_TRY(tensor->buffer.Allocate(header.bytes, "external weights"));
  external.data = tensor->buffer.data();
  if (header.bytes > 0) external_.push_back(std::move(external));
  return OkStatus();
}

Result<NamedTensor> TensorReader::Read(Bytes proto) {
  Header header;
  WEBINFER_TRY(ReadHeader(proto, &header));
  read_.resize(data_.size());
  if (header.moved_count > 0 && read_[header.moved] != nullptr) return NamedTensor{header.name, read_[header.moved]};
  WEBINFER_TRY(budget_.Charge(kTensorOverhead));
  auto tensor = std::make_shared<Tensor>();
  tensor->dtype = header.dtype;
  tensor->shape = header.shape;
  if (LeftOut(header)) return NamedTensor{header.name, std::move(tensor)};
  if (header.external) {
    WEBINFER_TRY(ReadExternal(header, tensor.get()));
  } else if (header.dtype == DType::kString) {
    WEBINFER_TRY(ReadStrings(proto, header, tensor.get()));
  } else if (!TakeBuffer(header, tensor.get())) {
    WEBINFER_TRY(CopyData(proto, header, tensor.get()));
  }
  if (!header.external) NormalizeBools(tensor.get());
  if (header.moved_count > 0) {
    read_[header.moved] = tensor;
    data_[header.moved].Reset();
  }
  return NamedTensor{header.name, std::move(tensor)};
}

Result<NamedTensor> TensorReader::ReadSparse(Bytes proto) {
  NamedTensor values, indices;
  Shape shape;
  int rank = 0;
  ProtoReader reader(proto);
  while (reader.Next()) {
    if (reader.field() == sparse_field::kValues || reader.field() == sparse_field::kIndices) {
      WEBINFER_ASSIGN((reader.field() == sparse_field::kValues ? values : indices), Read(reader.bytes()));
    }
    if (reader.field() != sparse_field::kDims) continue;
    WEBINFER_TRY(reader.ForEachInteger([&](int64_t dim) -> Status {
      if (++rank <= kMaxRank) shape.Append(dim);
      return OkStatus();
    }));
  }
  WEBINFER_TRY(reader.status());
  const auto invalid = [&](const char* what) {
    return Error(Code::kInvalidModel, "The sparse tensor \"%.*s\" %s", WEBINFER_TEXT(values.name), what)
        .Node("%.*s", WEBINFER_TEXT(values.name));
  };
  if (values.tensor == nullptr || indices.tensor == nullptr || rank == 0 || rank > kMaxRank) return invalid("is incomplete");
  const Tensor &v = *values.tensor, &at = *indices.tensor;
  const size_t width = DTypeBytes(v.dtype);
  if (v.shape.rank() != 1 || at.dtype != DType::kInt64 || width == 0 || v.dtype == DType::kString) {
    return invalid("has values or indices of a wrong type");
  }
  const int64_t count = v.shape[0];
  const bool linear = at.shape.rank() == 1;
  if (at.shape[0] != count || (!linear && (at.shape.rank() != 2 || at.shape[1] != rank)))
    return invalid("has indices of a wrong shape");
  const Result<int64_t> elements = shape.CheckedElements();
  if (!elements.ok()) return invalid("has absurd dimensions");
  WEBINFER_TRY(budget_.Charge(static_cast<uint64_t>(*elements) * width));
  if (content_ == OnnxContent::kStructure) {
    auto without = std::make_shared<Tensor>();
    without->dtype = v.dtype;
    without->shape = shape;
    return NamedTensor{values.name, std::move(without)};
  }
  WEBINFER_ASSIGN(Tensor dense, Tensor::Create(v.dtype, shape));
  std::memset(dense.buffer.data(), 0, dense.buffer.size());
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = 0;
    for (int axis = 0; axis < (linear ? 1 : rank); ++axis) {
      const int64_t index = at.As<int64_t>()[linear ? i : i * rank + axis], size = linear ? *elements : shape[axis];
      if (index < 0 || index >= size) return invalid("has an index out of range");
      position = position * size + index;
    }
    std::memcpy(dense.buffer.data() + static_cast<size_t>(position) * width, v.buffer.data() + static_cast<size_t>(i) * width,
                width);
  }
  return NamedTensor{values.name, std::make_shared<Tensor>(std::move(dense))};
}

}  // namespace webinfer::onnx
