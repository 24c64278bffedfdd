#include "base/memory.h"

#include <atomic>
#include <cstdlib>

namespace webinfer {

namespace {

// In front of each block; as large as the alignment so that the block itself stays aligned.
struct alignas(kAlignment) Header {
  size_t bytes;
};

std::atomic<uint64_t> live{0};
std::atomic<uint64_t> peak{0};
std::atomic<uint64_t> allocations{0};
std::atomic<uint64_t> limit{0};
std::atomic<uint64_t> attempts{0};
std::atomic<uint64_t> fail_at{0};
std::atomic<uint64_t> fail_every{0};

bool FailureInjected() {
  if (fail_at.load(std::memory_order_relaxed) == 0) return false;
  const uint64_t attempt = ++attempts;
  const uint64_t first = fail_at, every = fail_every;
  return attempt == first || (every != 0 && attempt > first && (attempt - first) % every == 0);
}

}  // namespace

void* TryAllocate(size_t bytes) {
  const size_t total = bytes + sizeof(Header) + kReadSlack;
  if (total < bytes || FailureInjected()) return nullptr;
  const uint64_t cap = limit.load(std::memory_order_relaxed);
  if (cap != 0 && live.load(std::memory_order_relaxed) + bytes > cap) return nullptr;
  const size_t rounded = (total + kAlignment - 1) / kAlignment * kAlignment;
  auto* header = static_cast<Header*>(std::aligned_alloc(kAlignment, rounded));
  if (header == nullptr) return nullptr;
  header->bytes = bytes;
  ++allocations;
  const uint64_t now = live += bytes;
  if (now > peak) peak = now;
  return header + 1;
}

void Free(void* block) {
  if (block == nullptr) return;
  auto* header = static_cast<Header*>(block) - 1;
  live -= header->bytes;
  std::free(header);
}

MemoryStats GetMemoryStats() { return {live, peak, allocations, limit}; }
void ResetMemoryPeak() { peak = live.load(); }
void SetMemoryLimit(uint64_t bytes) { limit = bytes; }

void InjectAllocationFailure(uint64_t first, uint64_t every) {
  attempts = 0;
  fail_every = every;
  fail_at = first;
}

Status OutOfMemory(uint64_t bytes, const char* what) {
  const MemoryStats stats = GetMemoryStats();
  Error error(Code::kOutOfMemory, "Out of memory: %llu bytes for %s", static_cast<unsigned long long>(bytes), what);
  if (stats.limit != 0) error.Expected("at most %llu bytes in use", static_cast<unsigned long long>(stats.limit));
  error.Actual("%llu bytes in use", static_cast<unsigned long long>(stats.live));
  return error.Hint("Release sessions that are no longer needed, use smaller inputs, or raise maxMemory.");
}

Status Buffer::Allocate(uint64_t bytes, const char* what) {
  Reset();
  if (bytes > SIZE_MAX / 2) return OutOfMemory(bytes, what);
  data_ = TryAllocate(static_cast<size_t>(bytes));
  if (data_ == nullptr) return OutOfMemory(bytes, what);
  size_ = static_cast<size_t>(bytes);
  return OkStatus();
}

Status Buffer::Reserve(uint64_t bytes, const char* what) {
  return bytes <= size_ && data_ != nullptr ? OkStatus() : Allocate(bytes, what);
}

void Buffer::Reset() {
  Free(data_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace webinfer
