#include "kernels/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/elements.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

constexpr int64_t kBlock = 512;  // elements widened, or results accumulated, at once
constexpr int64_t kParallelWork = 1 << 16;
constexpr uint64_t kThreadScratch = 2 * kBlock * 8;

// One walk over merged axes.
struct Odometer {
  const int64_t *dims, *strides;
  int rank;
  int64_t at[ReducePlan::kRank] = {};
  int64_t offset = 0;

  void Seek(int64_t index) {
    offset = 0;
    for (int i = rank - 1; i >= 0; --i) {
      at[i] = index % dims[i];
      index /= dims[i];
      offset += at[i] * strides[i];
    }
  }
  void Next() {
    for (int i = rank - 1; i >= 0; --i) {
      offset += strides[i];
      if (++at[i] < dims[i]) return;
      offset -= strides[i] * dims[i];
      at[i] = 0;
    }
  }
};

template <typename T>
auto Unsigned(T x) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<std::make_unsigned_t<T>>(x);
  } else {
    return x;
  }
}

template <Map map, typename T>
T MapOne(T x) {
  if constexpr (map == Map::kSquare) return static_cast<T>(Unsigned(x) * Unsigned(x));
  if constexpr (map == Map::kAbs && std::is_signed_v<T>) return x < 0 ? static_cast<T>(-Unsigned(x)) : x;
  return x;
}

template <Combine combine, typename T>
T CombineTwo(T a, T b) {
  if constexpr (combine == Combine::kSum) return static_cast<T>(Unsigned(a) + Unsigned(b));
  if constexpr (combine == Combine::kProduct) return static_cast<T>(Unsigned(a) * Unsigned(b));
  if (a != a) return a;
  if constexpr (combine == Combine::kMax) return b != b || b > a ? b : a;
  return b != b || b < a ? b : a;
}

template <Combine combine, typename T>
T Neutral() {
  if constexpr (combine == Combine::kSum) return 0;
  if constexpr (combine == Combine::kProduct) return 1;
  using Limits = std::numeric_limits<T>;
  if constexpr (combine == Combine::kMax) return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  return Limits::has_infinity ? Limits::infinity() : Limits::max();
}

template <Map map>
WEBINFER_INLINE Vec MapVec(Vec x) {
  if constexpr (map == Map::kSquare) return Mul(x, x);
  if constexpr (map == Map::kAbs) return wasm_f32x4_abs(x);
  return x;
}
template <Combine combine>
WEBINFER_INLINE Vec CombineVec(Vec a, Vec b) {
  if constexpr (combine == Combine::kSum) return Add(a, b);
  if constexpr (combine == Combine::kProduct) return Mul(a, b);
  if constexpr (combine == Combine::kMax) return wasm_f32x4_max(a, b);
  return wasm_f32x4_min(a, b);
}

// acc combined with `count` contiguous elements.
template <Map map, Combine combine, typename T>
T Along(const T* x, int64_t count, T acc) {
  int64_t i = 0;
  if constexpr (std::is_same_v<T, float>) {
    if (count >= 16) {
      Vec a = Splat(Neutral<combine, float>()), b = a, c = a, d = a;
      WEBINFER_NO_UNROLL for (; i + 16 <= count; i += 16) {
        a = CombineVec<combine>(a, MapVec<map>(Load(x + i)));
        b = CombineVec<combine>(b, MapVec<map>(Load(x + i + 4)));
        c = CombineVec<combine>(c, MapVec<map>(Load(x + i + 8)));
        d = CombineVec<combine>(d, MapVec<map>(Load(x + i + 12)));
      }
      alignas(16) float lanes[4];
      Store(lanes, CombineVec<combine>(CombineVec<combine>(a, b), CombineVec<combine>(c, d)));
      const float low = CombineTwo<combine>(lanes[0], lanes[1]), high = CombineTwo<combine>(lanes[2], lanes[3]);
      acc = CombineTwo<combine>(acc, CombineTwo<combine>(low, high));
    }
  }
  WEBINFER_NO_UNROLL for (; i < count; ++i) acc = CombineTwo<combine>(acc, MapOne<map>(x[i]));
  return acc;
}

// acc[i] combined with x[i].
template <Map map, Combine combine, typename T>
void Across(const T* x, int64_t count, T* acc) {
  int64_t i = 0;
  if constexpr (std::is_same_v<T, float>) {
    WEBINFER_NO_UNROLL for (; i + 8 <= count; i += 8) {
      Store(acc + i, CombineVec<combine>(Load(acc + i), MapVec<map>(Load(x + i))));
      Store(acc + i + 4, CombineVec<combine>(Load(acc + i + 4), MapVec<map>(Load(x + i + 4))));
    }
  }
  WEBINFER_NO_UNROLL for (; i < count; ++i) acc[i] = CombineTwo<combine>(acc[i], MapOne<map>(x[i]));
}

// Thirty-two columns of `rows` rows, `stride` floats apart, accumulated in registers.
template <Map map, Combine combine>
void Columns32(const float* x, int64_t rows, int64_t stride, float* acc) {
  Vec a0 = Splat(Neutral<combine, float>()), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
  WEBINFER_NO_UNROLL for (; rows > 0; --rows, x += stride) {
    a0 = CombineVec<combine>(a0, MapVec<map>(Load(x)));
    a1 = CombineVec<combine>(a1, MapVec<map>(Load(x + 4)));
    a2 = CombineVec<combine>(a2, MapVec<map>(Load(x + 8)));
    a3 = CombineVec<combine>(a3, MapVec<map>(Load(x + 12)));
    a4 = CombineVec<combine>(a4, MapVec<map>(Load(x + 16)));
    a5 = CombineVec<combine>(a5, MapVec<map>(Load(x + 20)));
    a6 = CombineVec<combine>(a6, MapVec<map>(Load(x + 24)));
    a7 = CombineVec<combine>(a7, MapVec<map>(Load(x + 28)));
  }
  Store(acc, a0), Store(acc + 4, a1), Store(acc + 8, a2), Store(acc + 12, a3);
  Store(acc + 16, a4), Store(acc + 20, a5), Store(acc + 24, a6), Store(acc + 28, a7);
}

// What differs between reductions: the innermost loops.
template <typename T>
struct Loops {
  T neutral;
  T (*along)(const T* x, int64_t count, T acc);
  void (*across)(const T* x, int64_t count, T* acc);
  void (*columns)(const T* x, int64_t rows, int64_t stride, T* acc);  // thirty-two columns; float32 only
};

template <Map map, Combine combine, typename T>
Loops<T> MakeLoops() {
  Loops<T> loops = {Neutral<combine, T>(), &Along<map, combine, T>, &Across<map, combine, T>, nullptr};
  if constexpr (std::is_same_v<T, float>) loops.columns = &Columns32<map, combine>;
  return loops;
}

template <typename T>
Loops<T> LoopsOf(const Reduction& reduction) {
  switch (reduction.combine) {
    case Combine::kProduct: return MakeLoops<Map::kIdentity, Combine::kProduct, T>();
    case Combine::kMax: return MakeLoops<Map::kIdentity, Combine::kMax, T>();
    case Combine::kMin: return MakeLoops<Map::kIdentity, Combine::kMin, T>();
    default: break;
  }
  switch (reduction.map) {
    case Map::kAbs: return MakeLoops<Map::kAbs, Combine::kSum, T>();
    case Map::kSquare: return MakeLoops<Map::kSquare, Combine::kSum, T>();
    default: return MakeLoops<Map::kIdentity, Combine::kSum, T>();
  }
}

template <typename T>
T FinishOne(Finish finish, T x, int64_t count) {
  switch (finish) {
    case Finish::kMean:
      if constexpr (std::is_integral_v<T>) {
        return count == 0 ? T{0} : static_cast<T>(x / static_cast<T>(count));
      } else {
        return x / static_cast<T>(count);
      }
    case Finish::kSqrt: return static_cast<T>(std::sqrt(static_cast<double>(x)));
    case Finish::kLog:
      if constexpr (std::is_floating_point_v<T>) return std::log(x);
      return x > 0 ? static_cast<T>(std::log(static_cast<double>(x))) : T{0};
    default: return x;
  }
}

template <typename T>
class Reducer {
 public:
  Reducer(const ReducePlan& plan, const void* input, void* output, uint8_t* scratch)
      : plan_(plan),
        loops_(LoopsOf<T>(plan.reduction)),
        input_(input),
        output_(output),
        widened_(reinterpret_cast<T*>(scratch)),
        acc_(reinterpret_cast<T*>(scratch + kThreadScratch / 2)),
        direct_(IsDirect(plan.dtype)) {}

  // Groups [first, last).
  void Run(int64_t first, int64_t last) {
    Odometer kept{plan_.kept_dims, plan_.kept_strides, plan_.kept_rank};
    kept.Seek(first);
    for (int64_t group = first; group < last; ++group, kept.Next()) {
      if (plan_.inner_reduced) {
        acc_[0] = FinishOne(plan_.reduction.finish, ReduceAlong(kept.offset), plan_.reduced);
        if (direct_) {
          static_cast<T*>(output_)[group] = acc_[0];
        } else {
          StoreElements(plan_.dtype, acc_, group, 1, output_);
        }
      } else {
        for (int64_t column = 0; column < plan_.inner; column += kBlock) {
          const int64_t count = std::min(kBlock, plan_.inner - column);
          ReduceAcross(kept.offset + column, count);
          if (plan_.reduction.finish != Finish::kNone) {
            for (int64_t i = 0; i < count; ++i) acc_[i] = FinishOne(plan_.reduction.finish, acc_[i], plan_.reduced);
          }
          StoreElements(plan_.dtype, acc_, group * plan_.inner + column, count, output_);
        }
      }
    }
  }

 private:
  static bool IsDirect(DType dtype) {
    return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kInt32 || dtype == DType::kInt64 ||
           dtype == DType::kUint64;
  }

  const T* Elements(int64_t offset, int64_t count) {
    if (direct_) return static_cast<const T*>(input_) + offset;
    LoadElements(plan_.dtype, input_, offset, count, widened_);
    return widened_;
  }

  T ReduceAlong(int64_t offset) {
    Odometer reduced{plan_.reduced_dims, plan_.reduced_strides, plan_.reduced_rank};
    T acc = loops_.neutral;
    const int64_t step = direct_ ? plan_.inner : std::min(plan_.inner, kBlock);
    for (int64_t row = 0; row < plan_.rows; ++row, reduced.Next()) {
      for (int64_t done = 0; done < plan_.inner; done += step) {
        const int64_t count = std::min(step, plan_.inner - done);
        acc = loops_.along(Elements(offset + reduced.offset + done, count), count, acc);
      }
    }
    return acc;
  }

  void ReduceAcross(int64_t offset, int64_t count) {
    int64_t done = 0;
    if (loops_.columns != nullptr && direct_ && plan_.reduced_rank == 1) {
      const T* x = static_cast<const T*>(input_) + offset;
      for (; done + 32 <= count; done += 32) loops_.columns(x + done, plan_.rows, plan_.reduced_strides[0], acc_ + done);
    }
    if (done == count) return;
    std::fill(acc_ + done, acc_ + count, loops_.neutral);
    Odometer reduced{plan_.reduced_dims, plan_.reduced_strides, plan_.reduced_rank};
    for (int64_t row = 0; row < plan_.rows; ++row, reduced.Next()) {
      loops_.across(Elements(offset + reduced.offset + done, count - done), count - done, acc_ + done);
    }
  }

  const ReducePlan& plan_;
  const Loops<T> loops_;
  const void* input_;
  void* output_;
  T *widened_, *acc_;
  bool direct_;
};

template <typename T>
void RunAs(const ReducePlan& plan, const void* input, void* output, uint8_t* scratch, ThreadPool& pool) {
  if (plan.groups == 0) return;
  const int64_t work = plan.groups * plan.rows * plan.inner;
  if (pool.size() == 1 || plan.groups == 1 || work < kParallelWork || DTypeBits(plan.dtype) < 8) {
    return Reducer<T>(plan, input, output, scratch).Run(0, plan.groups);
  }
  const int tasks = static_cast<int>(std::min<int64_t>(plan.groups, int64_t{pool.size()} * 4));
  pool.ParallelFor(tasks, [&](int task, int thread) {
    Reducer<T>(plan, input, output, scratch + kThreadScratch * static_cast<uint64_t>(thread))
        .Run(plan.groups * task / tasks, plan.groups * (task + 1) / tasks);
  });
}

}  // namespace

ReducePlan MakeReducePlan(Reduction reduction, DType dtype, std::span<const int64_t> dims, std::span<const bool> reduced) {
  ReducePlan plan = {};
  plan.reduction = reduction;
  plan.dtype = dtype;
  int64_t sizes[ReducePlan::kRank], strides[ReducePlan::kRank];
  bool gone[ReducePlan::kRank];
  int rank = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    if (rank > 0 && gone[rank - 1] == reduced[i]) {
      sizes[rank - 1] *= dims[i];
    } else {
      sizes[rank] = dims[i];
      gone[rank++] = reduced[i];
    }
  }
  int64_t stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= sizes[i];
  }
  plan.inner = 1;
  if (rank > 0) {
    plan.inner = sizes[--rank];
    plan.inner_reduced = gone[rank];
  }
  plan.groups = plan.rows = 1;
  for (int i = 0; i < rank; ++i) {
    if (gone[i]) {
      plan.reduced_dims[plan.reduced_rank] = sizes[i];
      plan.reduced_strides[plan.reduced_rank++] = strides[i];
      plan.rows *= sizes[i];
    } else {
      plan.kept_dims[plan.kept_rank] = sizes[i];
      plan.kept_strides[plan.kept_rank++] = strides[i];
      plan.groups *= sizes[i];
    }
  }
  plan.reduced = plan.inner_reduced ? plan.rows * plan.inner : plan.rows;
  return plan;
}

uint64_t ReduceScratchBytes(const ReducePlan&, int threads) {
  return kThreadScratch * static_cast<uint64_t>(threads < 1 ? 1 : threads);
}

void RunReduce(const ReducePlan& plan, const void* input, void* output, uint8_t* scratch, ThreadPool& pool) {
  ScalarType type;
  if (!ScalarTypeOf(plan.dtype, &type)) return;
  switch (type) {
    case ScalarType::kFloat32: return RunAs<float>(plan, input, output, scratch, pool);
    case ScalarType::kFloat64: return RunAs<double>(plan, input, output, scratch, pool);
    case ScalarType::kInt32: return RunAs<int32_t>(plan, input, output, scratch, pool);
    case ScalarType::kInt64: return RunAs<int64_t>(plan, input, output, scratch, pool);
    case ScalarType::kUint64: return RunAs<uint64_t>(plan, input, output, scratch, pool);
    case ScalarType::kBool: return RunAs<uint8_t>(plan, input, output, scratch, pool);
  }
}

float SumOf(const float* x, int64_t count) { return Along<Map::kIdentity, Combine::kSum>(x, count, 0.0f); }
float LargestOf(const float* x, int64_t count) {
  return Along<Map::kIdentity, Combine::kMax>(x, count, -std::numeric_limits<float>::infinity());
}

}  // namespace webinfer::kernels
