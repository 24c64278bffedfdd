// Products of float matrices: C[m x n] = epilogue(A[m x k] B[k x n]).
//
// B is read in panels of 8 columns, [ceil(n / 8)][k][8], zero behind the last column. Constant B is packed once; B that comes
// with the run is packed into scratch, or read in place when there are few rows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/epilogue.h"

namespace webinfer::kernels {

inline constexpr int kPanelColumns = 8;

// Floats of the packed form.
inline size_t PackedFloats(int k, int n) {
  return static_cast<size_t>((n + kPanelColumns - 1) / kPanelColumns) * static_cast<size_t>(k) * kPanelColumns;
}

// Packs alpha * b, where b[i, j] lies at i * k_stride + j * n_stride.
void PackB(const float* b, size_t k_stride, size_t n_stride, int k, int n, float alpha, float* packed);

// The right-hand side: packed panels, or a row-major matrix in place (step: its row stride, stride: 8).
struct Panels {
  const float* data = nullptr;
  size_t step = kPanelColumns, stride = 0;
};
inline Panels Packed(const float* data, int k) { return {data, kPanelColumns, static_cast<size_t>(k) * kPanelColumns}; }
inline Panels InPlace(const float* data, size_t row_stride) { return {data, row_stride, kPanelColumns}; }

struct Gemm {
  const float* a = nullptr;
  size_t a_stride = 0;
  Panels b;
  float* c = nullptr;
  size_t c_stride = 0;
  int m = 0, n = 0, k = 0;
  Epilogue epilogue;
};

void RunGemm(const Gemm& gemm, ThreadPool& pool);
void RunGemm(const Gemm& gemm);  // in the calling thread

// What is below serves kernels that bring rows of their own (convolutions, attention).

inline constexpr int kMostBlockRows = 96;  // rows that pass over one panel together; a multiple of every tile height

// A block of rows whose pointers are in `table`: tile after tile in the heights of NextTileRows, [taps][tile rows] each.
struct RowBlock {
  const float* const* table = nullptr;
  int taps = 1, depth = 0;
  int rows = 0, columns = 0;
  Panels b;
  float* c = nullptr;
  size_t c_stride = 0;
  Epilogue epilogue;  // its pointers are those of the block's first row and column
};
void RunRowBlock(const RowBlock& block);

// How a contraction of m x k x n is cut for `threads` threads: blocks of `rows` rows by `columns` columns. The rows of a block
// take at most half a megabyte, a quarter of the second-level cache.
struct Blocking {
  int rows, columns;
  int row_blocks, column_blocks;
  int tasks() const { return row_blocks * column_blocks; }
};
Blocking ChooseBlocking(int m, int n, int64_t k, int threads, int most_rows = kMostBlockRows);

}  // namespace webinfer::kernels
