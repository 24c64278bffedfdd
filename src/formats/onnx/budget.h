// Holds what a model's structure may take against what its file has: a small file must not grow into a large graph (repeated
// inlining, empty messages by the million, dense forms of sparse tensors).
#pragma once

#include <cstdint>

#include "base/status.h"

namespace webinfer::onnx {

class Budget {
 public:
  static constexpr uint64_t kPerFileByte = 4;
  static constexpr uint64_t kFree = 16 << 20;

  explicit Budget(uint64_t file_bytes) : limit_(kPerFileByte * file_bytes + kFree) {}

  Status Charge(uint64_t bytes) {
    if (bytes <= limit_ - used_) {
      used_ += bytes;
      return OkStatus();
    }
    return Error(Code::kInvalidModel, "The model would take far more memory than its file")
        .Expected("at most %llu bytes", static_cast<unsigned long long>(limit_))
        .Actual("%llu bytes more than the %llu so far", static_cast<unsigned long long>(bytes),
                static_cast<unsigned long long>(used_));
  }

 private:
  uint64_t limit_;
  uint64_t used_ = 0;
};

}  // namespace webinfer::onnx
