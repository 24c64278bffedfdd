#include "kernels/scan.h"

#include <algorithm>
#include <type_traits>

#include "kernels/elements.h"
#include "kernels/reduce.h"

namespace webinfer::kernels {

namespace {

constexpr int64_t kBlock = 64;  // elements along `inner` handled together

// Calls f.template operator()<T>() with the type elements of `dtype` are computed in.
template <typename F>
void WithType(DType dtype, const F& f) {
  ScalarType type;
  if (!ScalarTypeOf(dtype, &type)) return;
  switch (type) {
    case ScalarType::kFloat32: return f.template operator()<float>();
    case ScalarType::kFloat64: return f.template operator()<double>();
    case ScalarType::kInt32: return f.template operator()<int32_t>();
    case ScalarType::kInt64: return f.template operator()<int64_t>();
    case ScalarType::kUint64: return f.template operator()<uint64_t>();
    case ScalarType::kBool: return f.template operator()<uint8_t>();
  }
}

// A contiguous float row: the extreme by vectors, then its place.
int64_t ArgLargestRow(const float* x, int64_t length, bool last) {
  const float largest = LargestOf(x, length);
  const auto matches = [&](int64_t i) { return x[i] == largest || (largest != largest && x[i] != x[i]); };
  int64_t at = last ? length - 1 : 0;
  while (!matches(at) && at != (last ? 0 : length - 1)) at += last ? -1 : 1;
  return at;
}

template <typename T>
bool Beats(T candidate, T best, bool largest, bool last) {
  if (best != best) return last && candidate != candidate;
  if (candidate != candidate) return true;
  if (candidate == best) return last;
  return largest ? candidate > best : candidate < best;
}

}  // namespace

void ArgExtreme(DType dtype, const void* input, const AxisView& view, bool largest, bool last, int64_t* out, ThreadPool& pool) {
  const auto run = [&]<typename T>() {
    const int tasks = static_cast<int>(std::min<int64_t>(view.outer, int64_t{pool.size()} * 4));
    pool.ParallelFor(tasks, [&](int task, int) {
      for (int64_t o = view.outer * task / tasks; o < view.outer * (task + 1) / tasks; ++o) {
        if (dtype == DType::kFloat32 && view.inner == 1 && largest) {
          out[o] = ArgLargestRow(static_cast<const float*>(input) + o * view.length, view.length, last);
          continue;
        }
        for (int64_t column = 0; column < view.inner; column += kBlock) {
          const int64_t count = std::min(kBlock, view.inner - column);
          T row[kBlock], best[kBlock];
          int64_t* index = out + o * view.inner + column;
          for (int64_t k = 0; k < view.length; ++k) {
            LoadElements(dtype, input, (o * view.length + k) * view.inner + column, count, row);
            for (int64_t i = 0; i < count; ++i) {
              if (k > 0 && !Beats(row[i], best[i], largest, last)) continue;
              best[i] = row[i];
              index[i] = k;
            }
          }
        }
      }
    });
  };
  WithType(dtype, run);
}

namespace {

// What a running sum or product of elements of type T is kept in.
template <typename T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, std::conditional_t<std::is_signed_v<T>, T, uint64_t>>;

template <typename T>
Wide<T> Next(Wide<T> total, T element, bool product) {
  const auto wide = static_cast<Wide<T>>(element);
  if constexpr (std::is_integral_v<T>) {  // wraps
    const auto a = static_cast<uint64_t>(total), b = static_cast<uint64_t>(wide);
    return static_cast<Wide<T>>(product ? a * b : a + b);
  } else {
    return product ? total * wide : total + wide;
  }
}

// One contiguous row, a block at a time.
template <typename T>
void CumulateRow(DType dtype, const void* input, int64_t first, int64_t length, const CumulativeOptions& options, void* out) {
  T block[kBlock];
  Wide<T> total = options.product ? 1 : 0;
  for (int64_t done = 0; done < length; done += kBlock) {
    const int64_t count = std::min(kBlock, length - done);
    const int64_t at = first + (options.reverse ? length - done - count : done);
    LoadElements(dtype, input, at, count, block);
    for (int64_t i = 0; i < count; ++i) {
      T& element = block[options.reverse ? count - 1 - i : i];
      const Wide<T> before = total;
      total = Next(total, element, options.product);
      element = static_cast<T>(options.exclusive ? before : total);
    }
    StoreElements(dtype, block, at, count, out);
  }
}

}  // namespace

void Cumulate(DType dtype, const void* input, const AxisView& view, const CumulativeOptions& options, void* out) {
  const auto run = [&]<typename T>() {
    if (view.inner == 1) {
      for (int64_t o = 0; o < view.outer; ++o) CumulateRow<T>(dtype, input, o * view.length, view.length, options, out);
      return;
    }
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t column = 0; column < view.inner; column += kBlock) {
        const int64_t count = std::min(kBlock, view.inner - column);
        T row[kBlock];
        Wide<T> total[kBlock];
        std::fill(total, total + count, options.product ? Wide<T>{1} : Wide<T>{0});
        for (int64_t step = 0; step < view.length; ++step) {
          const int64_t k = options.reverse ? view.length - 1 - step : step;
          const int64_t at = (o * view.length + k) * view.inner + column;
          LoadElements(dtype, input, at, count, row);
          for (int64_t i = 0; i < count; ++i) {
            const Wide<T> before = total[i];
            total[i] = Next(before, row[i], options.product);
            row[i] = static_cast<T>(options.exclusive ? before : total[i]);
          }
          StoreElements(dtype, row, at, count, out);
        }
      }
    }
  };
  WithType(dtype, run);
}

}  // namespace webinfer::kernels
