#include "kernels/softmax.h"

#include <algorithm>
#include <cmath>

#include "kernels/elements.h"
#include "kernels/reduce.h"
#include "kernels/vmath.h"

namespace webinfer::kernels {

namespace {

constexpr int64_t kColumns = 32;  // columns handled together when the axis is not the last
constexpr int64_t kParallelWork = 1 << 14;

// exp(x) for x <= 0, exactly 0 where it underflows.
WEBINFER_INLINE Vec ExpOrZero(Vec x, const MathConstants& k) {
  return wasm_v128_andnot(ExpFast(x, k), wasm_f32x4_lt(x, Load(k.exp_low)));
}

// The sum of exp(x - largest); the exponentials go to `y` unless it is null.
float ExpSum(const float* x, int64_t length, float largest, float* y) {
  const MathConstants& k = GetMathConstants();
  const Vec shift = Splat(largest);
  Vec sum0 = Zero(), sum1 = Zero();
  int64_t i = 0;
  WEBINFER_NO_UNROLL for (; i + 8 <= length; i += 8) {
    const Vec a = ExpOrZero(Sub(Load(x + i), shift), k), b = ExpOrZero(Sub(Load(x + i + 4), shift), k);
    if (y != nullptr) {
      Store(y + i, a);
      Store(y + i + 4, b);
    }
    sum0 = Add(sum0, a);
    sum1 = Add(sum1, b);
  }
  float sum = HorizontalSum(Add(sum0, sum1));
  for (; i < length; i += 4) {
    const int count = static_cast<int>(std::min<int64_t>(4, length - i));
    alignas(16) float lanes[4];
    Store(lanes, ExpOrZero(Sub(LoadPartial(x + i, count), shift), k));
    for (int lane = 0; lane < count; ++lane) sum += lanes[lane];
    if (y != nullptr) StorePartial(y + i, Load(lanes), count);
  }
  return sum;
}

void Scale(float* y, int64_t length, float factor) {
  const Vec f = Splat(factor);
  int64_t i = 0;
  WEBINFER_NO_UNROLL for (; i + 8 <= length; i += 8) {
    Store(y + i, Mul(Load(y + i), f));
    Store(y + i + 4, Mul(Load(y + i + 4), f));
  }
  for (; i < length; ++i) y[i] *= factor;
}

template <typename T>
void HardmaxRow(const T* x, int64_t length, T* y) {
  int64_t at = 0;
  for (int64_t i = 1; i < length; ++i) {
    if (x[i] > x[at]) at = i;
  }
  for (int64_t i = 0; i < length; ++i) y[i] = i == at;
}

void Row(const float* x, int64_t length, SoftmaxKind kind, float* y) {
  const float largest = LargestOf(x, length);
  if (kind == SoftmaxKind::kHardmax && largest == largest) {
    int64_t at = 0;
    while (x[at] != largest) ++at;
    std::fill(y, y + length, 0.0f);
    y[at] = 1;
    return;
  }
  if (kind == SoftmaxKind::kHardmax) return HardmaxRow(x, length, y);
  if (kind == SoftmaxKind::kSoftmax) return Scale(y, length, 1 / ExpSum(x, length, largest, y));
  const float log_sum = std::log(ExpSum(x, length, largest, nullptr));
  for (int64_t i = 0; i < length; ++i) y[i] = x[i] - largest - log_sum;
}

void Row(const double* x, int64_t length, SoftmaxKind kind, double* y) {
  if (kind == SoftmaxKind::kHardmax) return HardmaxRow(x, length, y);
  double largest = x[0], sum = 0;
  for (int64_t i = 1; i < length; ++i) largest = x[i] > largest || x[i] != x[i] ? x[i] : largest;
  for (int64_t i = 0; i < length; ++i) sum += std::exp(x[i] - largest);
  const double log_sum = std::log(sum);
  for (int64_t i = 0; i < length; ++i) {
    y[i] = kind == SoftmaxKind::kSoftmax ? std::exp(x[i] - largest) / sum : x[i] - largest - log_sum;
  }
}

// `count` <= kColumns neighbouring columns whose elements are `inner` floats apart.
void Columns(const float* x, const AxisView& view, int64_t count, SoftmaxKind kind, float* y) {
  const MathConstants& k = GetMathConstants();
  alignas(16) float largest[kColumns], sum[kColumns], row[kColumns];
  const auto load = [&](const float* from) {
    if (count == kColumns) return from;
    std::copy(from, from + count, row);
    return static_cast<const float*>(row);
  };
  std::fill(row, row + kColumns, 0.0f);
  std::fill(largest, largest + kColumns, -INFINITY);
  std::fill(sum, sum + kColumns, 0.0f);
  for (int64_t r = 0; r < view.length; ++r) {
    const float* from = load(x + r * view.inner);
    for (int i = 0; i < kColumns; i += 4) Store(largest + i, wasm_f32x4_max(Load(largest + i), Load(from + i)));
  }
  for (int64_t r = 0; r < view.length; ++r) {
    const float* from = load(x + r * view.inner);
    for (int i = 0; i < kColumns; i += 4) {
      const Vec e = ExpOrZero(Sub(Load(from + i), Load(largest + i)), k);
      Store(sum + i, Add(Load(sum + i), e));
    }
  }
  for (int i = 0; i < kColumns; ++i) sum[i] = kind == SoftmaxKind::kSoftmax ? 1 / sum[i] : std::log(sum[i]);
  for (int64_t r = 0; r < view.length; ++r) {
    const float* from = load(x + r * view.inner);
    float* to = y + r * view.inner;
    alignas(16) float result[kColumns];
    for (int i = 0; i < kColumns; i += 4) {
      const Vec shifted = Sub(Load(from + i), Load(largest + i));
      Store(result + i, kind == SoftmaxKind::kSoftmax ? Mul(ExpOrZero(shifted, k), Load(sum + i)) : Sub(shifted, Load(sum + i)));
    }
    std::copy(result, result + count, to);
  }
}

// A row of any type, its elements `inner` apart, through `block`.
template <typename T>
void WidenedRow(DType dtype, const void* input, const AxisView& view, int64_t start, SoftmaxKind kind, void* output, T* block) {
  if (view.inner == 1) {
    LoadElements(dtype, input, start, view.length, block);
    Row(block, view.length, kind, block);
    return StoreElements(dtype, block, start, view.length, output);
  }
  for (int64_t i = 0; i < view.length; ++i) LoadElements(dtype, input, start + i * view.inner, 1, block + i);
  Row(block, view.length, kind, block);
  for (int64_t i = 0; i < view.length; ++i) StoreElements(dtype, block + i, start + i * view.inner, 1, output);
}

bool RunsDirectly(DType dtype, const AxisView& view, SoftmaxKind kind) {
  return dtype == DType::kFloat32 && (view.inner == 1 || kind != SoftmaxKind::kHardmax);
}

uint64_t RowScratch(const AxisView& view) { return (static_cast<uint64_t>(view.length) * 8 + 63) / 64 * 64; }

}  // namespace

void SoftmaxRow(const float* x, int64_t length, float* y) { Row(x, length, SoftmaxKind::kSoftmax, y); }

uint64_t SoftmaxScratchBytes(DType dtype, const AxisView& view, SoftmaxKind kind, int threads) {
  return RunsDirectly(dtype, view, kind) ? 0 : RowScratch(view) * static_cast<uint64_t>(threads < 1 ? 1 : threads);
}

void RunSoftmax(DType dtype, const void* input, const AxisView& view, SoftmaxKind kind, void* output, uint8_t* scratch,
                ThreadPool& pool) {
  if (view.length == 0) return;
  const bool direct = RunsDirectly(dtype, view, kind);
  const int64_t columns = direct ? kColumns : 1;
  const int64_t groups = view.inner == 1 ? 1 : (view.inner + columns - 1) / columns, units = view.outer * groups;
  const auto unit = [&](int64_t u, int thread) {
    const int64_t column = u % groups * columns, start = u / groups * view.length * view.inner + column;
    uint8_t* block = scratch + RowScratch(view) * static_cast<uint64_t>(thread);
    if (!direct && dtype == DType::kFloat64) {
      WidenedRow(dtype, input, view, start, kind, output, reinterpret_cast<double*>(block));
    } else if (!direct) {
      WidenedRow(dtype, input, view, start, kind, output, reinterpret_cast<float*>(block));
    } else {
      const float* x = static_cast<const float*>(input) + start;
      float* y = static_cast<float*>(output) + start;
      if (view.inner == 1) {
        Row(x, view.length, kind, y);
      } else {
        Columns(x, view, std::min(columns, view.inner - column), kind, y);
      }
    }
  };
  if (pool.size() == 1 || view.outer * view.length * view.inner < kParallelWork || DTypeBits(dtype) < 8) {
    for (int64_t u = 0; u < units; ++u) unit(u, 0);
    return;
  }
  const int tasks = static_cast<int>(std::min<int64_t>(units, int64_t{pool.size()} * 4));
  pool.ParallelFor(tasks, [&](int task, int thread) {
    for (int64_t u = units * task / tasks; u < units * (task + 1) / tasks; ++u) unit(u, thread);
  });
}

}  // namespace webinfer::kernels
