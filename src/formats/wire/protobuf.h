// Protocol-buffer wire format, for files that arrive in pieces and are not trusted.
//
// Two halves. ProtoSplitter takes the pieces as they come, cut anywhere, and sorts the bytes: long data fields (weights) go
// straight into a buffer of their own, everything else is kept as one small valid message, the skeleton. ProtoReader then
// walks the skeleton, or any other contiguous message, field by field. So the meaning of a message is read with its bytes at
// hand, in any field order and as often as needed, and no weight is copied twice.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/memory.h"

namespace webinfer {

inline constexpr int kMaxProtoDepth = 100;

// kMoved is not on any wire: the field's bytes are in ProtoSplitter::data().
enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5, kMoved = 7 };

// Where a splitter descends and what it moves out: field `field` of message `message` is a message `child`, or data.
// Messages are numbered by the schema's owner.
struct ProtoSchemaField {
  static constexpr uint8_t kData = 255;
  uint8_t message;
  uint8_t field;
  uint8_t child;
};

class ProtoSplitter {
 public:
  // Data fields shorter than this stay in the skeleton.
  static constexpr uint64_t kInlineBytes = 512;

  // Without data, fields from this size on are passed over: shapes and the like stay.
  static constexpr uint64_t kLeftOutBytes = 1 << 16;

  // `total_bytes` is the size of the whole file, 0 if unknown: data buffers then grow with the bytes that really arrive.
  ProtoSplitter(std::span<const ProtoSchemaField> schema, uint8_t root, uint64_t total_bytes, bool with_data = true);

  Status Push(std::span<const uint8_t> bytes);
  // Fails if the file ends inside of a field.
  Status Finish() const;

  uint64_t size() const { return position_; }
  // The message without its long data fields, which a ProtoReader sees as kMoved.
  std::span<const uint8_t> skeleton() const { return {skeleton_.data(), skeleton_.size()}; }
  std::vector<Buffer>& data() { return data_; }

 private:
  enum class State : uint8_t { kTag, kVarint, kLength, kCopy, kData };
  struct Frame {
    uint8_t message;
    uint64_t end;      // position in the file behind its last byte
    size_t length_at;  // where the skeleton has its length
  };

  Status Fail(const char* what) const;
  Status Copy(const uint8_t* bytes, size_t count);
  Status CopyVarint(uint64_t value);
  Status TakeVarintByte(uint8_t byte, bool* complete);
  Status OnTag();
  Status OnLength();
  Status EndField();
  Status GrowData();
  const ProtoSchemaField* FindField(uint32_t field) const;

  std::span<const ProtoSchemaField> schema_;
  std::vector<Frame> frames_;
  uint64_t position_ = 0;
  bool size_known_, with_data_;
  State state_ = State::kTag;
  uint64_t varint_ = 0;
  int varint_bytes_ = 0;
  uint32_t field_ = 0;
  uint64_t remaining_ = 0;  // of the payload being copied
  uint64_t data_length_ = 0;
  bool left_out_ = false;  // the data field that is being read
  Array<uint8_t> skeleton_;
  std::vector<Buffer> data_;
};

// Reads one varint from [p, end); nullptr if it is malformed or cut off.
const uint8_t* ReadVarint(const uint8_t* p, const uint8_t* end, uint64_t* value);

// Walks the fields of a message in contiguous memory:
//   ProtoReader reader(bytes);
//   while (reader.Next()) switch (reader.field()) { case 1: name = reader.text(); break; ... }
//   WEBINFER_TRY(reader.status());
// A value asked for as something that its wire type cannot be is empty or 0, as protobuf ignores such fields.
class ProtoReader {
 public:
  explicit ProtoReader(std::span<const uint8_t> bytes) : p_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool Next();
  Status status() const;

  uint32_t field() const { return field_; }
  WireType wire() const { return wire_; }
  int64_t integer() const { return wire_ == WireType::kVarint ? static_cast<int64_t>(value_) : 0; }
  // Of a kMoved field: which of ProtoSplitter::data() it is.
  uint64_t moved_index() const { return value_; }
  float float32() const;
  std::span<const uint8_t> bytes() const { return wire_ == WireType::kBytes ? bytes_ : std::span<const uint8_t>(); }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes().data()), bytes().size()}; }

  // Calls Status f(int64_t) for each element of a repeated integer field, packed or not.
  template <typename F>
  Status ForEachInteger(F f) const {
    if (wire_ == WireType::kVarint) return f(integer());
    const uint8_t *p = bytes().data(), *end = p + bytes().size();
    while (p < end) {
      uint64_t value;
      p = ReadVarint(p, end, &value);
      if (p == nullptr) return Malformed("a packed integer is cut off");
      WEBINFER_TRY(f(static_cast<int64_t>(value)));
    }
    return OkStatus();
  }
  // Calls Status f(T) for each element of a repeated float or double field, packed or not.
  template <typename T, typename F>
  Status ForEachFixed(F f) const {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8);
    std::span<const uint8_t> source = bytes();
    if (wire_ == (sizeof(T) == 4 ? WireType::kFixed32 : WireType::kFixed64)) {
      source = {reinterpret_cast<const uint8_t*>(&value_), sizeof(T)};
    }
    if (source.size() % sizeof(T) != 0) return Malformed("a packed number is cut off");
    for (size_t i = 0; i < source.size(); i += sizeof(T)) {
      T value;
      std::memcpy(&value, source.data() + i, sizeof(T));
      WEBINFER_TRY(f(value));
    }
    return OkStatus();
  }

 private:
  static Status Malformed(const char* what);

  const uint8_t* p_;
  const uint8_t* end_;
  const char* problem_ = nullptr;
  uint32_t field_ = 0;
  WireType wire_ = WireType::kVarint;
  uint64_t value_ = 0;
  std::span<const uint8_t> bytes_;
};

}  // namespace webinfer
