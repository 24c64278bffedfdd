#include "formats/wire/protobuf_writer.h"

#include <algorithm>
#include <cstring>

#include "formats/wire/protobuf.h"

namespace webinfer {

namespace {

constexpr size_t kWriteBytes = 1 << 20;  // that a sink gets at once

constexpr uint32_t Wire(WireType type) { return static_cast<uint32_t>(type); }

Status WriteInPieces(ByteSink& sink, std::span<const uint8_t> bytes) {
  for (size_t at = 0; at < bytes.size(); at += kWriteBytes) {
    WEBINFER_TRY(sink.Write(bytes.subspan(at, std::min(kWriteBytes, bytes.size() - at))));
  }
  return OkStatus();
}

}  // namespace

void ProtoMessage::Append(const void* bytes, size_t count) {
  if (!status_.ok() || count == 0) return;
  const size_t at = own_.size();
  status_ = own_.Resize(at + count);
  if (status_.ok()) std::memcpy(own_.data() + at, bytes, count);
}

void ProtoMessage::Varint(uint64_t value) {
  uint8_t bytes[10];
  size_t count = 0;
  for (; value > 127; value >>= 7) bytes[count++] = static_cast<uint8_t>(value | 128);
  bytes[count++] = static_cast<uint8_t>(value);
  Append(bytes, count);
}

void ProtoMessage::Int(uint32_t field, int64_t value) {
  Tag(field, Wire(WireType::kVarint));
  Varint(static_cast<uint64_t>(value));
}

void ProtoMessage::Float(uint32_t field, float value) {
  Tag(field, Wire(WireType::kFixed32));
  Append(&value, sizeof(value));
}

void ProtoMessage::Text(uint32_t field, std::string_view text) {
  Tag(field, Wire(WireType::kBytes));
  Varint(text.size());
  Append(text.data(), text.size());
}

void ProtoMessage::Borrow(uint32_t field, std::span<const uint8_t> bytes) {
  Tag(field, Wire(WireType::kBytes));
  Varint(bytes.size());
  borrowed_.push_back({own_.size(), bytes});
  borrowed_bytes_ += bytes.size();
}

void ProtoMessage::Message(uint32_t field, const ProtoMessage& message) {
  Tag(field, Wire(WireType::kBytes));
  Varint(message.size());
  Append(message);
}

void ProtoMessage::Append(const ProtoMessage& fields) {
  if (status_.ok()) status_ = fields.status_;
  for (const Borrowed& borrowed : fields.borrowed_) borrowed_.push_back({own_.size() + borrowed.at, borrowed.bytes});
  borrowed_bytes_ += fields.borrowed_bytes_;
  Append(fields.own_.data(), fields.own_.size());
}

void ProtoMessage::PackedInts(uint32_t field, std::span<const int64_t> values) {
  ProtoMessage packed;
  for (int64_t value : values) packed.Varint(static_cast<uint64_t>(value));
  Message(field, packed);
}

void ProtoMessage::PackedFloats(uint32_t field, std::span<const float> values) {
  Text(field, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

Status ProtoMessage::WriteTo(ByteSink& sink) const {
  WEBINFER_TRY(status_);
  const std::span<const uint8_t> own(own_.data(), own_.size());
  size_t written = 0;
  for (const Borrowed& borrowed : borrowed_) {
    WEBINFER_TRY(WriteInPieces(sink, own.subspan(written, borrowed.at - written)));
    WEBINFER_TRY(WriteInPieces(sink, borrowed.bytes));
    written = borrowed.at;
  }
  return WriteInPieces(sink, own.subspan(written));
}

}  // namespace webinfer
