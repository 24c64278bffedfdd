// Protocol buffers to be written: what messages are made of, and where their bytes go.
//
// A message holds its small fields; the large ones (weights) it borrows, so that a model is written from where its weights
// are, and in one pass, although each message stands behind its length. Borrowed bytes must stay until WriteTo is done.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/memory.h"

namespace webinfer {

// Takes bytes as they come: a file, a buffer, a page.
class ByteSink {
 public:
  virtual Status Write(std::span<const uint8_t> bytes) = 0;

 protected:
  ~ByteSink() = default;
};

// Fields in the order of the calls. A call that found no memory is remembered: status() tells, and WriteTo fails.
class ProtoMessage {
 public:
  void Int(uint32_t field, int64_t value);
  void Float(uint32_t field, float value);
  void Text(uint32_t field, std::string_view text);
  // `bytes` are not copied.
  void Borrow(uint32_t field, std::span<const uint8_t> bytes);
  void Message(uint32_t field, const ProtoMessage& message);
  void Append(const ProtoMessage& fields);
  void PackedInts(uint32_t field, std::span<const int64_t> values);
  void PackedFloats(uint32_t field, std::span<const float> values);

  uint64_t size() const { return own_.size() + borrowed_bytes_; }
  Status status() const { return status_; }
  Status WriteTo(ByteSink& sink) const;

 private:
  struct Borrowed {
    size_t at;  // of the own bytes, before which these come
    std::span<const uint8_t> bytes;
  };

  void Append(const void* bytes, size_t count);
  void Varint(uint64_t value);
  void Tag(uint32_t field, uint32_t wire) { Varint(uint64_t{field} << 3 | wire); }

  Array<uint8_t> own_;
  std::vector<Borrowed> borrowed_;
  uint64_t borrowed_bytes_ = 0;
  Status status_;
};

}  // namespace webinfer
