// Damages files the way that hurts parsers: bits, bytes, cuts, moved and doubled stretches, absurd numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "formats/proto_writer.h"
#include "formats/wire/protobuf.h"

namespace webinfer::test {

class Mutator {
 public:
  explicit Mutator(std::vector<std::string> corpus, uint64_t seed = 20240101) : corpus_(std::move(corpus)), random_(seed) {}

  std::string Next() {
    std::string bytes = corpus_[Below(corpus_.size())];
    // Half of the files stay well-formed protocol buffers: what a model says is wrong, not how it is written.
    if (Below(2) == 0) {
      for (size_t rounds = 1 + Below(3); rounds > 0; --rounds) bytes = RewriteOne(bytes, 0);
      return bytes;
    }
    for (size_t rounds = 1 + Below(4); rounds > 0 && !bytes.empty(); --rounds) Mutate(bytes);
    return bytes;
  }

 private:
  size_t Below(size_t limit) { return static_cast<size_t>(random_()) % limit; }

  void Mutate(std::string& bytes) {
    const size_t at = Below(bytes.size()), length = std::min(bytes.size() - at, size_t{1} << Below(8));
    switch (Below(7)) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8))); break;
      case 1: bytes[at] = static_cast<char>(random_()); break;
      case 2: bytes.resize(at); break;
      case 3: bytes.erase(at, length); break;
      case 4: bytes.insert(Below(bytes.size()), bytes.substr(at, length)); break;
      case 5: {  // swaps two stretches, often whole fields
        const std::string stretch = bytes.substr(at, length);
        bytes.erase(at, length);
        bytes.insert(bytes.empty() ? 0 : Below(bytes.size()), stretch);
        break;
      }
      default: {  // a varint of any size: lengths, dimensions, counts
        bytes.replace(at, 1, Proto().Varint(random_() >> Below(64)).str());
        break;
      }
    }
  }

  // The message with one field, at any depth, changed, doubled, moved or dropped, and all lengths right.
  std::string RewriteOne(const std::string& message, int depth) {
    std::vector<Proto> fields;
    std::vector<uint32_t> numbers;
    ProtoReader reader({reinterpret_cast<const uint8_t*>(message.data()), message.size()});
    std::vector<std::string> contents;  // of the byte fields, "" for others
    while (reader.Next()) {
      contents.emplace_back(reader.text());
      Proto field;
      switch (reader.wire()) {
        case WireType::kVarint: field.Int(reader.field(), reader.integer()); break;
        case WireType::kFixed32: field.Float(reader.field(), reader.float32()); break;
        case WireType::kFixed64:
          static_cast<void>(reader.ForEachFixed<double>([&](double value) {
            field.Double(reader.field(), value);
            return OkStatus();
          }));
          break;
        default: field.Bytes(reader.field(), reader.text()); break;
      }
      fields.push_back(std::move(field));
      numbers.push_back(reader.field());
    }
    if (!reader.status().ok() || fields.empty()) return RandomBytes(message);
    const size_t at = Below(fields.size());
    if (!contents[at].empty() && depth < 20 && Below(8) != 0) {
      fields[at] = Proto().Bytes(numbers[at], RewriteOne(contents[at], depth + 1));
    } else {
      switch (Below(6)) {
        case 0: fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at)); break;
        case 1: fields.push_back(fields[at]); break;
        case 2: std::swap(fields[at], fields[Below(fields.size())]); break;
        case 3: fields[at] = Proto().Bytes(numbers[at], contents[Below(contents.size())]); break;
        case 4: fields[at] = Proto().Int(numbers[at], static_cast<int64_t>(Below(30)) - 3); break;
        default: fields[at] = Proto().Int(numbers[at], static_cast<int64_t>(random_() >> Below(64))); break;
      }
    }
    Proto out;
    for (const Proto& field : fields) out.Append(field);
    return out.str();
  }

  std::string RandomBytes(std::string bytes) {
    for (char& byte : bytes) {
      if (Below(8) == 0) byte = static_cast<char>(random_());
    }
    return bytes;
  }

  std::vector<std::string> corpus_;
  std::mt19937_64 random_;
};

}  // namespace webinfer::test
