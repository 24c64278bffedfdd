// The engine's only way to memory whose size comes from a file or a shape: it can fail, it is counted, and it can be limited.
//
// Every block is 64-byte aligned and has kReadSlack readable bytes behind it, so kernels may load whole vectors at a tail.
// Failure can be injected (tests) to prove that "out of memory" is an error and never a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "base/status.h"

namespace webinfer {

inline constexpr size_t kAlignment = 64;
inline constexpr size_t kReadSlack = 64;

struct MemoryStats {
  uint64_t live = 0;         // bytes held now
  uint64_t peak = 0;         // most bytes ever held
  uint64_t allocations = 0;  // calls that returned memory
  uint64_t limit = 0;        // bytes that may be held; 0 = no limit
};

// Zero-initialised memory is not promised. nullptr if the limit, the system or an injected failure says no.
void* TryAllocate(size_t bytes);
void Free(void* block);

MemoryStats GetMemoryStats();
void ResetMemoryPeak();
void SetMemoryLimit(uint64_t bytes);
// The `first`-th allocation from now on fails (1 = the next), and every `every`-th after it (0 = none). 0, 0 switches it off.
void InjectAllocationFailure(uint64_t first, uint64_t every);

// Says that `bytes` could not be had, with the limit and what is in use.
Status OutOfMemory(uint64_t bytes, const char* what);

// Owns one block.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      Reset();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~Buffer() { Reset(); }

  // Replaces the content by `bytes` uninitialised bytes. On failure the buffer is empty.
  Status Allocate(uint64_t bytes, const char* what);
  // Grows to at least `bytes`, keeping nothing of the content when it has to move.
  Status Reserve(uint64_t bytes, const char* what);
  void Reset();

  uint8_t* data() { return static_cast<uint8_t*>(data_); }
  const uint8_t* data() const { return static_cast<const uint8_t*>(data_); }
  size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

// A growing array of plain elements in fallible memory: for sizes that come from a file or a shape.
template <typename T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Status Reserve(size_t count) {
    if (count <= capacity_) return OkStatus();
    const size_t wanted = count > capacity_ * 2 ? count : capacity_ * 2;
    Buffer bigger;
    WEBINFER_TRY(bigger.Allocate(uint64_t{wanted} * sizeof(T), "array"));
    if (size_ > 0) __builtin_memcpy(bigger.data(), buffer_.data(), size_ * sizeof(T));
    buffer_ = std::move(bigger);
    capacity_ = wanted;
    return OkStatus();
  }
  Status Resize(size_t count) {
    WEBINFER_TRY(Reserve(count));
    size_ = count;
    return OkStatus();
  }
  Status Append(const T& value) {
    WEBINFER_TRY(Reserve(size_ + 1));
    data()[size_++] = value;
    return OkStatus();
  }
  void Clear() { size_ = 0; }
  T* data() { return reinterpret_cast<T*>(buffer_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(buffer_.data()); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }

 private:
  Buffer buffer_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace webinfer
