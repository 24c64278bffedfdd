// The one way elements are moved: transpose, slice, expand, concat, split, tile, depth-to-space and every layout change are a
// copy between two strided index spaces, whatever the type of the elements.
//
// A copy is described once (Append its dimensions, then Simplify) and run many times. Strides count elements and may be
// zero (source only) or negative (source only). Elements have 1, 2, 4, 8 or 16 bytes and need no alignment.
#pragma once

#include <cstdint>

namespace webinfer::kernels {

inline constexpr int kMaxCopyRank = 16;  // tiling a tensor of rank 8 takes 16 loops

struct StridedCopy {
  int32_t element_bytes = 0;
  int32_t rank = 0;
  int64_t dims[kMaxCopyRank];
  int64_t src_strides[kMaxCopyRank];
  int64_t dst_strides[kMaxCopyRank];

  // The caller keeps rank below kMaxCopyRank.
  void Append(int64_t dim, int64_t src_stride, int64_t dst_stride) {
    dims[rank] = dim;
    src_strides[rank] = src_stride;
    dst_strides[rank++] = dst_stride;
  }
  int64_t Bytes() const;
  // After Simplify: the copy is one memcpy (or nothing at all).
  bool IsContiguous() const;
};

// Brings a copy into the form that runs fastest: no dimensions of size 1, the destination's order, neighbours merged that
// are contiguous on both sides, short contiguous rows as one wider element.
void Simplify(StridedCopy* copy);

// `copy` has been simplified; `src` and `dst` point at the element with all indices zero.
void RunStridedCopy(const StridedCopy& copy, const void* src, void* dst);

// The part of the copy whose index along its first dimension is in [first, last): for threads.
void RunStridedCopyPart(const StridedCopy& copy, const void* src, void* dst, int64_t first, int64_t last);

// Fills `count` elements of `element_bytes` with the element at `value`.
void FillElements(void* dst, const void* value, int element_bytes, int64_t count);

}  // namespace webinfer::kernels
