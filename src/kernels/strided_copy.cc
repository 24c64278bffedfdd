#include "kernels/strided_copy.h"

#include <cstring>

#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

// dst[c][r] = src[r][c] for 4x4 elements of 4 bytes; strides in bytes.
void TransposeTile(const uint8_t* src, int64_t src_stride, uint8_t* dst, int64_t dst_stride) {
  Vec a = Load(src), b = Load(src + src_stride), c = Load(src + 2 * src_stride), d = Load(src + 3 * src_stride);
  Transpose4x4(a, b, c, d);
  Store(dst, a);
  Store(dst + dst_stride, b);
  Store(dst + 2 * dst_stride, c);
  Store(dst + 3 * dst_stride, d);
}

template <int N>
void TransposeScalar(const uint8_t* src, int64_t src_stride, uint8_t* dst, int64_t dst_stride, int64_t rows, int64_t cols) {
  for (int64_t c = 0; c < cols; ++c) {
    for (int64_t r = 0; r < rows; ++r) {
      std::memcpy(dst + c * dst_stride + r * N, src + r * src_stride + c * N, N);
    }
  }
}

// dst[c][r] = src[r][c]; strides in bytes. Tiles keep a cache line of both sides in use.
template <int N>
void Transpose2D(const uint8_t* src, int64_t src_stride, uint8_t* dst, int64_t dst_stride, int64_t rows, int64_t cols) {
  constexpr int64_t kTile = N >= 4 ? 16 : 32;
  for (int64_t c0 = 0; c0 < cols; c0 += kTile) {
    const int64_t tile_cols = cols - c0 < kTile ? cols - c0 : kTile;
    for (int64_t r0 = 0; r0 < rows; r0 += kTile) {
      const int64_t tile_rows = rows - r0 < kTile ? rows - r0 : kTile;
      const uint8_t* from = src + r0 * src_stride + c0 * N;
      uint8_t* to = dst + c0 * dst_stride + r0 * N;
      int64_t full_rows = 0, full_cols = 0;
      if constexpr (N == 4) {
        full_rows = tile_rows & ~int64_t{3};
        full_cols = tile_cols & ~int64_t{3};
        for (int64_t c = 0; c < full_cols; c += 4) {
          for (int64_t r = 0; r < full_rows; r += 4) {
            TransposeTile(from + r * src_stride + c * N, src_stride, to + c * dst_stride + r * N, dst_stride);
          }
        }
        TransposeScalar<N>(from + full_rows * src_stride, src_stride, to + full_rows * N, dst_stride, tile_rows - full_rows,
                           full_cols);
      }
      TransposeScalar<N>(from + full_cols * N, src_stride, to + full_cols * dst_stride, dst_stride, tile_rows,
                         tile_cols - full_cols);
    }
  }
}

template <int N>
void StridedRow(const uint8_t* src, int64_t src_stride, uint8_t* dst, int64_t dst_stride, int64_t count) {
  if (dst_stride == N && src_stride == 0) return FillElements(dst, src, N, count);
  for (int64_t i = 0; i < count; ++i) std::memcpy(dst + i * dst_stride, src + i * src_stride, N);
}

// The innermost loops of a copy; strides in bytes.
enum class Inner { kElement, kMemcpy, kRow, kTranspose };

template <int N>
void Run(const StridedCopy& copy, const uint8_t* src, uint8_t* dst) {
  int outer[kMaxCopyRank];
  int outer_rank = 0, row_axis = -1;
  const int last = copy.rank - 1;
  Inner inner = Inner::kElement;
  if (copy.rank > 0) {
    const bool dense = copy.dst_strides[last] == 1;
    inner = dense && copy.src_strides[last] == 1 ? Inner::kMemcpy : Inner::kRow;
    if (dense && inner == Inner::kRow) {
      for (int i = 0; i < last; ++i) {
        if (copy.src_strides[i] == 1 && copy.dims[i] > 1) row_axis = i;
      }
      if (row_axis >= 0) inner = Inner::kTranspose;
    }
    for (int i = 0; i < last; ++i) {
      if (i != row_axis) outer[outer_rank++] = i;
    }
  }
  int64_t index[kMaxCopyRank] = {};
  while (true) {
    switch (inner) {
      case Inner::kElement: std::memcpy(dst, src, N); break;
      case Inner::kMemcpy: std::memcpy(dst, src, static_cast<size_t>(copy.dims[last]) * N); break;
      case Inner::kRow: StridedRow<N>(src, copy.src_strides[last] * N, dst, copy.dst_strides[last] * N, copy.dims[last]); break;
      case Inner::kTranspose:
        Transpose2D<N>(src, copy.src_strides[last] * N, dst, copy.dst_strides[row_axis] * N, copy.dims[last],
                       copy.dims[row_axis]);
        break;
    }
    int i = outer_rank - 1;
    for (; i >= 0; --i) {
      const int axis = outer[i];
      src += copy.src_strides[axis] * N;
      dst += copy.dst_strides[axis] * N;
      if (++index[axis] < copy.dims[axis]) break;
      src -= copy.src_strides[axis] * copy.dims[axis] * N;
      dst -= copy.dst_strides[axis] * copy.dims[axis] * N;
      index[axis] = 0;
    }
    if (i < 0) return;
  }
}

void RemoveDim(StridedCopy* copy, int axis) {
  for (int i = axis; i + 1 < copy->rank; ++i) {
    copy->dims[i] = copy->dims[i + 1];
    copy->src_strides[i] = copy->src_strides[i + 1];
    copy->dst_strides[i] = copy->dst_strides[i + 1];
  }
  --copy->rank;
}

void SortByDestination(StridedCopy* copy) {
  for (int i = 1; i < copy->rank; ++i) {
    const int64_t dim = copy->dims[i], src = copy->src_strides[i], dst = copy->dst_strides[i];
    int k = i;
    for (; k > 0 && copy->dst_strides[k - 1] < dst; --k) {
      copy->dims[k] = copy->dims[k - 1];
      copy->src_strides[k] = copy->src_strides[k - 1];
      copy->dst_strides[k] = copy->dst_strides[k - 1];
    }
    copy->dims[k] = dim;
    copy->src_strides[k] = src;
    copy->dst_strides[k] = dst;
  }
}

// A contiguous row of 2, 4, 8 or 16 bytes becomes one element where all other strides allow it.
void Widen(StridedCopy* copy) {
  const int last = copy->rank - 1;
  if (last < 1 || copy->src_strides[last] != 1 || copy->dst_strides[last] != 1) return;
  const int64_t row = copy->dims[last];
  const int64_t bytes = row * copy->element_bytes;
  if (bytes != 2 && bytes != 4 && bytes != 8 && bytes != 16) return;
  for (int i = 0; i < last; ++i) {
    if (copy->src_strides[i] % row != 0 || copy->dst_strides[i] % row != 0) return;
  }
  for (int i = 0; i < last; ++i) {
    copy->src_strides[i] /= row;
    copy->dst_strides[i] /= row;
  }
  copy->element_bytes = static_cast<int32_t>(bytes);
  --copy->rank;
}

}  // namespace

int64_t StridedCopy::Bytes() const {
  int64_t bytes = element_bytes;
  for (int i = 0; i < rank; ++i) bytes *= dims[i];
  return bytes;
}

bool StridedCopy::IsContiguous() const {
  return rank == 0 || (rank == 1 && (dims[0] == 0 || (src_strides[0] == 1 && dst_strides[0] == 1)));
}

void Simplify(StridedCopy* copy) {
  for (int i = 0; i < copy->rank; ++i) {
    if (copy->dims[i] != 0) continue;
    copy->rank = 0;
    copy->Append(0, 1, 1);
    return;
  }
  for (int i = copy->rank - 1; i >= 0; --i) {
    if (copy->dims[i] == 1) RemoveDim(copy, i);
  }
  SortByDestination(copy);
  for (int i = copy->rank - 2; i >= 0; --i) {
    if (copy->src_strides[i] != copy->src_strides[i + 1] * copy->dims[i + 1] ||
        copy->dst_strides[i] != copy->dst_strides[i + 1] * copy->dims[i + 1]) {
      continue;
    }
    copy->dims[i + 1] *= copy->dims[i];
    RemoveDim(copy, i);
  }
  Widen(copy);
}

void RunStridedCopy(const StridedCopy& copy, const void* src, void* dst) {
  if (copy.rank > 0 && copy.dims[0] == 0) return;
  const auto* from = static_cast<const uint8_t*>(src);
  auto* to = static_cast<uint8_t*>(dst);
  switch (copy.element_bytes) {
    case 1: return Run<1>(copy, from, to);
    case 2: return Run<2>(copy, from, to);
    case 4: return Run<4>(copy, from, to);
    case 8: return Run<8>(copy, from, to);
    case 16: return Run<16>(copy, from, to);
    default: return;
  }
}

void RunStridedCopyPart(const StridedCopy& copy, const void* src, void* dst, int64_t first, int64_t last) {
  if (first >= last) return;
  StridedCopy part = copy;
  part.dims[0] = last - first;
  RunStridedCopy(part, static_cast<const uint8_t*>(src) + first * copy.src_strides[0] * copy.element_bytes,
                 static_cast<uint8_t*>(dst) + first * copy.dst_strides[0] * copy.element_bytes);
}

void FillElements(void* dst, const void* value, int element_bytes, int64_t count) {
  auto* to = static_cast<uint8_t*>(dst);
  if (count <= 0) return;
  if (element_bytes == 1) {
    std::memset(to, *static_cast<const uint8_t*>(value), static_cast<size_t>(count));
    return;
  }
  // The filled part doubles until it is everything.
  const size_t bytes = static_cast<size_t>(count) * static_cast<size_t>(element_bytes);
  std::memcpy(to, value, static_cast<size_t>(element_bytes));
  for (size_t filled = static_cast<size_t>(element_bytes); filled < bytes;) {
    size_t step = filled < bytes - filled ? filled : bytes - filled;
    if (step > 4096) step = 4096 / static_cast<size_t>(element_bytes) * static_cast<size_t>(element_bytes);
    std::memcpy(to + filled, to, step);
    filled += step;
  }
}

}  // namespace webinfer::kernels
