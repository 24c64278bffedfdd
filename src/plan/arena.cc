#include "plan/arena.h"

#include <cstring>

namespace webinfer {

namespace {

// Kernels read up to kReadSlack bytes behind a value; what they see there must merely be readable, and inside the block it is.
uint64_t Rounded(uint64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Result<uint64_t> ArenaLayout::Take(uint64_t bytes) {
  const uint64_t wanted = Rounded(bytes);
  size_t best = gaps_.size();
  for (size_t i = 0; i < gaps_.size(); ++i) {
    if (gaps_[i].bytes >= wanted && (best == gaps_.size() || gaps_[i].bytes < gaps_[best].bytes)) best = i;
  }
  if (best < gaps_.size()) {
    Gap& gap = gaps_[best];
    const uint64_t offset = gap.offset;
    gap.offset += wanted;
    gap.bytes -= wanted;
    if (gap.bytes == 0) {
      std::memmove(&gap, &gap + 1, (gaps_.size() - best - 1) * sizeof(Gap));
      WEBINFER_TRY(gaps_.Resize(gaps_.size() - 1));
    }
    return offset;
  }
  const uint64_t offset = end_;
  end_ += wanted;
  if (end_ > size_) size_ = end_;
  return offset;
}

Status ArenaLayout::GiveBack(uint64_t offset, uint64_t bytes) {
  const uint64_t given = Rounded(bytes);
  if (given == 0) return OkStatus();
  size_t next = 0;
  while (next < gaps_.size() && gaps_[next].offset < offset) ++next;
  const bool joins_before = next > 0 && gaps_[next - 1].offset + gaps_[next - 1].bytes == offset;
  const bool joins_after = next < gaps_.size() && offset + given == gaps_[next].offset;
  if (joins_before) {
    gaps_[next - 1].bytes += given + (joins_after ? gaps_[next].bytes : 0);
    if (joins_after) {
      std::memmove(&gaps_[next], &gaps_[next] + 1, (gaps_.size() - next - 1) * sizeof(Gap));
      WEBINFER_TRY(gaps_.Resize(gaps_.size() - 1));
    }
  } else if (joins_after) {
    gaps_[next].offset = offset;
    gaps_[next].bytes += given;
  } else {
    WEBINFER_TRY(gaps_.Resize(gaps_.size() + 1));
    std::memmove(&gaps_[next] + 1, &gaps_[next], (gaps_.size() - next - 1) * sizeof(Gap));
    gaps_[next] = {offset, given};
  }
  if (const Gap& last = gaps_[gaps_.size() - 1]; last.offset + last.bytes == end_) {
    end_ = last.offset;
    WEBINFER_TRY(gaps_.Resize(gaps_.size() - 1));
  }
  return OkStatus();
}

void ArenaLayout::Reset() {
  gaps_.Clear();
  end_ = size_ = 0;
}

}  // namespace webinfer
