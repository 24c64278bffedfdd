// Lays out the values of one binding in one block of memory: offsets are taken and given back in execution order.
#pragma once

#include <cstdint>

#include "base/memory.h"

namespace webinfer {

class ArenaLayout {
 public:
  // The offset of `bytes` bytes (64-byte aligned, with read slack behind), from the smallest gap that holds them.
  Result<uint64_t> Take(uint64_t bytes);
  // Gives back what Take returned for the same number of bytes.
  Status GiveBack(uint64_t offset, uint64_t bytes);
  // The size the block must have.
  uint64_t size() const { return size_; }
  void Reset();

 private:
  struct Gap {
    uint64_t offset, bytes;
  };
  Array<Gap> gaps_;  // by offset, never adjacent
  uint64_t end_ = 0;
  uint64_t size_ = 0;
};

}  // namespace webinfer
