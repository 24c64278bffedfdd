// Products of 8-bit matrices in 32-bit sums, sum over k of (a[i, k] - a_zero) * (b[k, j] - b_zero[j]), and what is done to a sum:
// it is kept, scaled to float32, or requantised to 8 bits.
//
// Bytes of either sign are taken. Inside, b is signed (unsigned weights minus 128), and a is what the machine's dot product
// wants:
//   kWiden     i32x4.dot_i16x8: a is widened to 16 bits, a block of rows at a time
//   kUnsigned  relaxed dot whose second operand is unsigned and which does not saturate: a is unsigned
//   kSigned    relaxed dot with two signed operands: a is signed
// Rows whose bytes are of the other sign are copied with their top bits flipped. Zero points never enter the inner loop: they
// are corrections by the sums of columns (known with the weights) and of rows (only where b_zero is not 0).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/epilogue.h"

namespace webinfer::kernels {

enum class Int8Dot : uint8_t { kWiden, kUnsigned, kSigned };

// What this machine's relaxed dot does, found out once. kWiden if it saturates, or in the build without relaxed SIMD.
Int8Dot ProbeInt8Dot();

// Packed b: panels of 8 columns, then the sum of each column.
struct Int8Weights {
  const int8_t* panels = nullptr;
  const int32_t* column_sums = nullptr;  // of the bytes as they are stored
  Int8Dot dot = Int8Dot::kWiden;
};
size_t PackedInt8Bytes(int k, int n);
// Where b[i, j] lies: at i / inner * outer_stride + i % inner * inner_stride + j * n_stride.
struct ByteMatrix {
  const void* data = nullptr;
  bool is_signed = true;
  int inner = 1;
  size_t outer_stride = 0, inner_stride = 0, n_stride = 0;
};
void PackInt8(const ByteMatrix& b, int k, int n, Int8Dot dot, void* packed);  // `packed` is 16-byte aligned
Int8Weights Int8WeightsAt(const void* packed, int k, int n, Int8Dot dot);

// What happens to the sums. Arrays have one entry per column.
struct Int8Output {
  enum class Kind : uint8_t { kInt32, kFloat, kByte } kind = Kind::kInt32;
  const int32_t* bias = nullptr;  // kInt32, kByte: added before scaling
  const float* scale = nullptr;   // kFloat, kByte: times the sum; one for all if not per_column
  bool per_column = false;
  const float* float_bias = nullptr;          // kFloat: added after scaling
  Activation activation = Activation::kNone;  // kFloat
  float alpha = 0, beta = 0;
  bool is_signed = false;  // kByte
  int zero_point = 0;
  int low = 0, high = 255;  // kByte: bounds of the result counted from the least byte (-128 or 0)
};

struct Int8Gemm {
  const void* a = nullptr;
  bool a_signed = false;
  size_t a_stride = 0;
  int a_zero = 0;
  Int8Weights b;
  bool b_signed = true;
  const void* b_zero = nullptr;  // like b: one, or one per column; nullptr: 0
  bool b_zero_per_column = false;
  void* c = nullptr;
  size_t c_stride = 0;
  int m = 0, n = 0, k = 0;
  Int8Output output;
};

size_t Int8GemmScratch(int m, int n, int k, int threads);  // bytes
void RunInt8Gemm(const Int8Gemm& gemm, void* scratch, ThreadPool& pool);

// What is below serves convolutions, which gather rows of their own.

// Output for one run with everything that follows from zero points worked out, for columns padded to a multiple of 8.
struct Int8Stage {
  const Int8Output* output;
  const int32_t* offset;      // added to a column's sums
  const int32_t* row_factor;  // times the sum of a's row, added too; nullptr: none
  const float* scale;
  const float* bias;  // kFloat
  bool clamp;         // sums may be too large for the magic number that rounds
};
size_t Int8StageBytes(int n);
// `gemm`'s a, c and m do not matter. `k` products at most make a sum.
Int8Stage PrepareInt8Stage(const Int8Gemm& gemm, void* memory);

// How bytes of a become what `dot` multiplies: XORed with `flip`, or widened.
uint8_t Int8Flip(Int8Dot dot, bool is_signed);
inline int Int8Depth(int k) { return (k + 3) / 4 * 4; }
inline size_t Int8RowBytes(int k, Int8Dot dot) { return static_cast<size_t>(Int8Depth(k)) * (dot == Int8Dot::kWiden ? 2 : 1); }
void ConvertInt8Row(const uint8_t* from, int k, Int8Dot dot, bool is_signed, void* to);
int32_t SumInt8Row(const void* row, int k, Int8Dot dot);

inline constexpr int kMostInt8Rows = 48;

// A block of at most kMostInt8Rows rows, ready to be multiplied, over columns [column, column + columns) (column % 8 == 0).
struct Int8Block {
  const uint8_t* a;
  size_t a_stride;  // bytes
  const int32_t* row_sums;
  int rows, k, column, columns;
  Int8Weights b;
  uint8_t* c;  // of the first row and column 0
  size_t c_stride;
};
void RunInt8Block(const Int8Block& block, const Int8Stage& stage);

// The end of every kernel: `rows` x `columns` sums, rows `sums_stride` apart, become outputs from column `column` on.
void FinishInt8(const Int8Stage& stage, const int32_t* sums, size_t sums_stride, const int32_t* row_sums, int rows, int column,
                int columns, uint8_t* c, size_t c_stride);

}  // namespace webinfer::kernels
