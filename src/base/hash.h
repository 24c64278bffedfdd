// A checksum that keeps up with memory: finds damage, and tells one file from another. Not made against forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace webinfer {

// Takes bytes piece by piece; every piece but the last has a multiple of kBlock bytes.
class Hasher {
 public:
  static constexpr size_t kBlock = 32;

  void Update(std::span<const uint8_t> bytes) {
    bytes_ += bytes.size();
    size_t at = 0;
    for (; at + kBlock <= bytes.size(); at += kBlock) {
      for (size_t lane = 0; lane < 4; ++lane) Mix(lanes_[lane], bytes.data() + at + 8 * lane);
    }
    if (at == bytes.size()) return;
    uint8_t rest[kBlock] = {};
    std::memcpy(rest, bytes.data() + at, bytes.size() - at);
    for (size_t lane = 0; lane < 4; ++lane) Mix(lanes_[lane], rest + 8 * lane);
  }

  uint64_t Finish() const {
    uint64_t hash = bytes_ * kMultiplier;
    for (uint64_t lane : lanes_) {
      hash = (hash ^ lane) * kMultiplier;
      hash ^= hash >> 29;
    }
    return hash;
  }

 private:
  static constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;

  // Bijective in the lane and in the word, so that no single changed word goes unseen.
  static void Mix(uint64_t& lane, const uint8_t* from) {
    uint64_t word;
    std::memcpy(&word, from, sizeof(word));
    lane = (lane ^ word) * kMultiplier;
    lane ^= lane >> 32;
  }

  uint64_t lanes_[4] = {1, 2, 3, 4};
  uint64_t bytes_ = 0;
};

inline uint64_t HashBytes(std::span<const uint8_t> bytes) {
  Hasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

}  // namespace webinfer
