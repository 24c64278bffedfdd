// What the movement operators share: an output as a strided view of an input, copied by kernels/strided_copy.h or, where no
// byte changes place, not copied at all. Works on element bytes, so every type is served at once.
#pragma once

#include "kernels/strided_copy.h"
#include "ops/op.h"

namespace webinfer::ops {

// Strides, in elements, of a dense row-major tensor.
struct Strides {
  int64_t values[kMaxRank];
  explicit Strides(const Shape& shape) {
    int64_t stride = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
      values[i] = stride;
      stride *= shape[i];
    }
  }
  int64_t operator[](int axis) const { return values[axis]; }
};

// Output `out` is, in its own dense order, the elements of input `in` that `copy` names, from element `src_offset` on.
// `copy` covers the whole output; its element size is filled in here.
Status BindMove(BindContext& ctx, int in, int out, kernels::StridedCopy copy, int64_t src_offset = 0);

// Runs a simplified copy, over the pool's threads when it is worth it.
void RunMove(const kernels::StridedCopy& copy, const void* src, void* dst, ThreadPool& pool);

// One byte per element <-> packed elements of `bits` (1, 2 or 4) bits, low bits first.
void UnpackBits(const uint8_t* packed, int bits, int64_t count, uint8_t* bytes);
void PackBits(const uint8_t* bytes, int bits, int64_t count, uint8_t* packed);

// What stands where nothing is copied to: zeros, or empty strings.
class Blank {
 public:
  Status Make(DType dtype, RunContext& run);
  void Fill(void* to, int64_t count) const;

 private:
  size_t bytes_ = 0;
  const StringData* empty_ = nullptr;
};

// `lower` of operators that move whole bytes one by one: narrower elements take the next wider type on the way.
Status LowerPacked(LowerContext& ctx, bool* done);
// An error if elements are narrower than a byte: for operators that move them one by one.
Status ExpectWholeBytes(const InferContext& ctx, int in);

// Attribute `axis`, normalised for input `in`, whose rank is known.
Result<int> AxisAttribute(const InferContext& ctx, int in, int64_t otherwise);

// "An index is out of range": for every operator that reads indices from data.
Status IndexError(int64_t index, int64_t size, int axis);

// Element `i` of an int32 or int64 tensor.
inline int64_t IndexAt(const void* data, DType dtype, int64_t i) {
  return dtype == DType::kInt32 ? static_cast<const int32_t*>(data)[i] : static_cast<const int64_t*>(data)[i];
}
Status ExpectIndexType(const InferContext& ctx, int in);

}  // namespace webinfer::ops
