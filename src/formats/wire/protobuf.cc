#include "formats/wire/protobuf.h"

#include <algorithm>

namespace webinfer {

namespace {

constexpr int kMaxVarintBytes = 10;
// Lengths in the skeleton are patched once a message is complete: varints padded to a fixed width, which protobuf allows.
constexpr int kPaddedLengthBytes = 5;
constexpr uint64_t kFirstDataBlock = 1 << 20;
// Marks a field number in the skeleton: the field is an index into data(). No format has numbers as large.
constexpr uint32_t kMovedBit = 1u << 28;

void PutPaddedLength(uint8_t* at, uint64_t value) {
  for (int i = 0; i < kPaddedLengthBytes; ++i) {
    at[i] = static_cast<uint8_t>((value >> (7 * i)) & 0x7f) | (i + 1 < kPaddedLengthBytes ? 0x80 : 0);
  }
}

bool ValidWireType(uint32_t wire) { return wire <= 2 || wire == 5; }

}  // namespace

ProtoSplitter::ProtoSplitter(std::span<const ProtoSchemaField> schema, uint8_t root, uint64_t total_bytes, bool with_data)
    : schema_(schema), size_known_(total_bytes != 0), with_data_(with_data) {
  frames_.push_back({root, size_known_ ? total_bytes : UINT64_MAX, 0});
}

Status ProtoSplitter::Fail(const char* what) const {
  return Error(Code::kInvalidModel, "The file is damaged or of another format: %s", what)
      .Actual("at byte %llu", static_cast<unsigned long long>(position_))
      .Hint("Check that the download is complete and that the file is a protocol buffer.");
}

Status ProtoSplitter::Copy(const uint8_t* bytes, size_t count) {
  const size_t at = skeleton_.size();
  WEBINFER_TRY(skeleton_.Resize(at + count));
  std::memcpy(skeleton_.data() + at, bytes, count);
  return OkStatus();
}

Status ProtoSplitter::CopyVarint(uint64_t value) {
  uint8_t bytes[kMaxVarintBytes];
  int count = 0;
  do {
    bytes[count] = static_cast<uint8_t>(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
    value >>= 7;
    ++count;
  } while (value != 0);
  return Copy(bytes, static_cast<size_t>(count));
}

const ProtoSchemaField* ProtoSplitter::FindField(uint32_t field) const {
  for (const ProtoSchemaField& entry : schema_) {
    if (entry.message == frames_.back().message && entry.field == field) return &entry;
  }
  return nullptr;
}

Status ProtoSplitter::TakeVarintByte(uint8_t byte, bool* complete) {
  if (++varint_bytes_ > kMaxVarintBytes || (varint_bytes_ == kMaxVarintBytes && byte > 1)) return Fail("a number is too long");
  if (position_ > frames_.back().end) return Fail("a field reaches beyond its message");
  varint_ |= static_cast<uint64_t>(byte & 0x7f) << (7 * (varint_bytes_ - 1));
  *complete = (byte & 0x80) == 0;
  if (*complete) varint_bytes_ = 0;
  return OkStatus();
}

Status ProtoSplitter::OnTag() {
  const uint64_t tag = std::exchange(varint_, 0);
  const auto wire = static_cast<uint32_t>(tag & 7);
  if (tag >> 3 >= kMovedBit || tag >> 3 == 0 || !ValidWireType(wire)) return Fail("no field has such a tag");
  field_ = static_cast<uint32_t>(tag >> 3);
  if (wire == 2) {
    state_ = State::kLength;  // what stands in the skeleton depends on the length
    return OkStatus();
  }
  WEBINFER_TRY(CopyVarint(tag));
  if (wire == 0) {
    state_ = State::kVarint;
    return OkStatus();
  }
  remaining_ = wire == 1 ? 8 : 4;
  if (remaining_ > frames_.back().end - position_) return Fail("a field reaches beyond its message");
  state_ = State::kCopy;
  return OkStatus();
}

Status ProtoSplitter::OnLength() {
  const uint64_t length = std::exchange(varint_, 0);
  if (length > frames_.back().end - position_) return Fail("a field reaches beyond its message");
  const ProtoSchemaField* entry = FindField(field_);
  if (entry != nullptr && entry->child == ProtoSchemaField::kData && length >= kInlineBytes) {
    WEBINFER_TRY(CopyVarint(uint64_t{field_ | kMovedBit} << 3));
    WEBINFER_TRY(CopyVarint(data_.size()));
    data_.emplace_back();
    data_length_ = remaining_ = length;
    left_out_ = !with_data_ && length >= kLeftOutBytes;
    if (size_known_ && !left_out_) WEBINFER_TRY(data_.back().Allocate(length, "weights"));
    state_ = State::kData;
    return OkStatus();
  }
  WEBINFER_TRY(CopyVarint((uint64_t{field_} << 3) | 2));
  if (entry == nullptr || entry->child == ProtoSchemaField::kData) {
    WEBINFER_TRY(CopyVarint(length));
    remaining_ = length;
    state_ = State::kCopy;
    return remaining_ == 0 ? EndField() : OkStatus();
  }
  if (frames_.size() > kMaxProtoDepth) {
    return Error(Code::kInvalidModel, "Messages are nested too deeply").Expected("at most %d levels", kMaxProtoDepth);
  }
  frames_.push_back({entry->child, position_ + length, skeleton_.size()});
  WEBINFER_TRY(skeleton_.Resize(skeleton_.size() + kPaddedLengthBytes));
  state_ = State::kTag;
  return length == 0 ? EndField() : OkStatus();
}

// A field is complete, and with it every message that ends here.
Status ProtoSplitter::EndField() {
  state_ = State::kTag;
  while (frames_.size() > 1 && position_ == frames_.back().end) {
    const size_t at = frames_.back().length_at;
    const size_t length = skeleton_.size() - at - kPaddedLengthBytes;
    if (uint64_t{length} >> (7 * kPaddedLengthBytes) != 0) return Fail("a message is too large");
    PutPaddedLength(skeleton_.data() + at, length);
    frames_.pop_back();
  }
  return OkStatus();
}

// A length is only a claim: of an unknown file size, memory follows the bytes that have arrived, at most 4 times as much.
Status ProtoSplitter::GrowData() {
  Buffer& buffer = data_.back();
  const uint64_t arrived = data_length_ - remaining_;
  Buffer bigger;
  WEBINFER_TRY(bigger.Allocate(std::min(data_length_, std::max(kFirstDataBlock, 3 * arrived)), "weights"));
  if (arrived > 0) std::memcpy(bigger.data(), buffer.data(), arrived);
  buffer = std::move(bigger);
  return OkStatus();
}

Status ProtoSplitter::Push(std::span<const uint8_t> bytes) {
  const uint8_t *p = bytes.data(), *end = p + bytes.size();
  while (p < end) {
    if (state_ == State::kCopy || state_ == State::kData) {
      uint64_t count = std::min<uint64_t>(remaining_, static_cast<uint64_t>(end - p));
      if (state_ == State::kCopy) {
        WEBINFER_TRY(Copy(p, static_cast<size_t>(count)));
      } else if (!left_out_) {
        const uint64_t arrived = data_length_ - remaining_;
        if (arrived == data_.back().size()) WEBINFER_TRY(GrowData());
        count = std::min<uint64_t>(count, data_.back().size() - arrived);
        std::memcpy(data_.back().data() + arrived, p, static_cast<size_t>(count));
      }
      p += count;
      position_ += count;
      remaining_ -= count;
      if (remaining_ == 0) WEBINFER_TRY(EndField());
      continue;
    }
    const uint8_t byte = *p++;
    ++position_;
    if (state_ == State::kVarint) WEBINFER_TRY(Copy(&byte, 1));
    bool complete = false;
    WEBINFER_TRY(TakeVarintByte(byte, &complete));
    if (!complete) continue;
    if (state_ == State::kTag) {
      WEBINFER_TRY(OnTag());
    } else if (state_ == State::kLength) {
      WEBINFER_TRY(OnLength());
    } else {
      varint_ = 0;
      WEBINFER_TRY(EndField());
    }
  }
  return OkStatus();
}

Status ProtoSplitter::Finish() const {
  if (frames_.size() > 1 || state_ != State::kTag || varint_bytes_ != 0) return Fail("it ends inside of a field");
  if (size_known_ && position_ != frames_[0].end) return Fail("it is shorter than announced");
  return OkStatus();
}

const uint8_t* ReadVarint(const uint8_t* p, const uint8_t* end, uint64_t* value) {
  uint64_t result = 0;
  for (int i = 0; i < kMaxVarintBytes && p < end; ++i) {
    const uint8_t byte = *p++;
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      *value = result;
      return p;
    }
  }
  return nullptr;
}

bool ProtoReader::Next() {
  if (p_ == end_ || problem_ != nullptr) return false;
  const auto fail = [&](const char* problem) {
    problem_ = problem;
    return false;
  };
  uint64_t tag;
  p_ = ReadVarint(p_, end_, &tag);
  if (p_ == nullptr || tag >> 32 != 0 || tag >> 3 == 0 || !ValidWireType(tag & 7)) return fail("no field has such a tag");
  field_ = static_cast<uint32_t>(tag >> 3) & ~kMovedBit;
  wire_ = tag >> 3 == field_ ? static_cast<WireType>(tag & 7) : WireType::kMoved;
  if (wire_ == WireType::kFixed32 || wire_ == WireType::kFixed64) {
    const size_t size = wire_ == WireType::kFixed32 ? 4 : 8;
    if (static_cast<size_t>(end_ - p_) < size) return fail("a number is cut off");
    value_ = 0;
    std::memcpy(&value_, p_, size);
    p_ += size;
    return true;
  }
  p_ = ReadVarint(p_, end_, &value_);
  if (p_ == nullptr) return fail("a number is cut off");
  if (wire_ != WireType::kBytes) return true;
  if (value_ > static_cast<uint64_t>(end_ - p_)) return fail("a field reaches beyond its message");
  bytes_ = {p_, static_cast<size_t>(value_)};
  p_ += value_;
  return true;
}

Status ProtoReader::Malformed(const char* what) {
  return Error(Code::kInvalidModel, "The file is damaged or of another format: %s", what)
      .Hint("Check that the download is complete and that the file is a protocol buffer.");
}

Status ProtoReader::status() const { return problem_ == nullptr ? OkStatus() : Malformed(problem_); }

float ProtoReader::float32() const {
  float value = 0;
  if (wire_ == WireType::kFixed32) std::memcpy(&value, &value_, sizeof(value));
  return value;
}

}  // namespace webinfer
