// Unique: the distinct elements (or the distinct slices along `axis`), with first positions, inverse and counts; sorted or
// in order of appearance. Sizes are only known in the run.
#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <type_traits>

#include "base/visit_dtype.h"
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct UniqueParams {
  int64_t outer, dim, inner;  // dim: entries that are compared
  int32_t axis;               // -1: flattened
  bool sorted;
};

using Compare = int (*)(const void* a, const void* b);

template <typename T>
int CompareNumbers(const void* a, const void* b) {
  const T x = *static_cast<const T*>(a), y = *static_cast<const T*>(b);
  const bool x_nan = x != x, y_nan = y != y;
  if (x_nan || y_nan) return static_cast<int>(x_nan) - static_cast<int>(y_nan);
  return x < y ? -1 : x > y ? 1 : 0;
}

// By the real part, then the imaginary one.
template <typename T>
int CompareComplex(const void* a, const void* b) {
  const auto *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  const int real = CompareNumbers<T>(x, y);
  return real != 0 ? real : CompareNumbers<T>(x + 1, y + 1);
}

int CompareStrings(const void* a, const void* b) {
  return (*static_cast<const StringData* const*>(a))->view().compare((*static_cast<const StringData* const*>(b))->view());
}

Status CompareOf(DType dtype, Compare* compare) {
  if (dtype == DType::kString) {
    *compare = CompareStrings;
    return OkStatus();
  }
  if (dtype == DType::kComplex64 || dtype == DType::kComplex128) {
    *compare = dtype == DType::kComplex64 ? CompareComplex<float> : CompareComplex<double>;
    return OkStatus();
  }
  return VisitNumeric(dtype, [&]<typename T>(T) {
    *compare = CompareNumbers<T>;
    return OkStatus();
  });
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  Shape out({kUnknownDim});
  if (ctx.attributes().Has("axis")) {
    out = in;
    if (in.rank_known()) {
      WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, 0));
      out[axis] = kUnknownDim;
    }
  }
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(0).dtype, out));
  for (int i = 1; i < 4 && i < ctx.output_count(); ++i) WEBINFER_TRY(ctx.SetOutput(i, DType::kInt64, Shape({kUnknownDim})));
  return OkStatus();
}

// A number that orders as the element does: NaN last, minus zero as zero.
template <typename T>
uint64_t KeyOf(T element) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<uint64_t>(static_cast<int64_t>(element)) ^ (std::is_signed_v<T> ? uint64_t{1} << 63 : 0);
  } else {
    const auto number = static_cast<double>(element);
    if (number != number) return ~uint64_t{0};
    const auto bits = std::bit_cast<uint64_t>(number + 0.0);
    return bits >> 63 != 0 ? ~bits : bits | uint64_t{1} << 63;
  }
}

struct Keyed {
  uint64_t key;
  int64_t at;
};

// Sorts single numbers into `order`; faster than by comparing where they lie. False if elements have no such key.
bool SortNumbers(const Operand& in, int64_t count, Keyed* keyed, int64_t* order) {
  const Status status = VisitNumeric(in.dtype, [&]<typename T>(T) {
    for (int64_t i = 0; i < count; ++i) keyed[i] = {KeyOf(in.As<T>()[i]), i};
    return OkStatus();
  });
  if (!status.ok()) return false;
  std::sort(keyed, keyed + count, [](const Keyed& a, const Keyed& b) { return a.key != b.key ? a.key < b.key : a.at < b.at; });
  for (int64_t i = 0; i < count; ++i) order[i] = keyed[i].at;
  return true;
}

// Puts the group of each entry into `group` and the first entry of each group into `first`; returns the number of groups.
// `order` holds the entries sorted by value, then position.
template <typename Less>
int64_t Group(const UniqueParams& params, const Less& less, int64_t* order, int64_t* group, int64_t* first) {
  int64_t groups = 0;
  for (int64_t i = 0; i < params.dim; ++i) {
    if (i == 0 || less(order[i - 1], order[i])) first[groups++] = order[i];
    group[order[i]] = groups - 1;
  }
  if (params.sorted) return groups;
  // Renumber by first appearance; `order` becomes old number -> new number.
  int64_t next = 0;
  for (int64_t i = 0; i < params.dim; ++i) {
    if (first[group[i]] == i) order[group[i]] = next++;
  }
  for (int64_t i = 0; i < params.dim; ++i) group[i] = order[group[i]];
  for (int64_t i = params.dim - 1; i >= 0; --i) first[group[i]] = i;
  return groups;
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<UniqueParams>();
  const Operand& in = step.in[0];
  Compare compare = nullptr;
  WEBINFER_TRY(CompareOf(in.dtype, &compare));
  const auto bytes = static_cast<int64_t>(DTypeBytes(in.dtype));
  const auto* src = in.As<uint8_t>();
  const auto less = [&](int64_t a, int64_t b) {
    for (int64_t outer = 0; outer < params.outer; ++outer) {
      for (int64_t inner = 0; inner < params.inner; ++inner) {
        const int64_t base = outer * params.dim * params.inner + inner;
        const int order = compare(src + (base + a * params.inner) * bytes, src + (base + b * params.inner) * bytes);
        if (order != 0) return order < 0;
      }
    }
    return false;
  };
  auto* order = reinterpret_cast<int64_t*>(step.scratch);
  int64_t *group = order + params.dim, *first = group + params.dim;
  const bool single = params.outer == 1 && params.inner == 1;
  if (!single || !SortNumbers(in, params.dim, reinterpret_cast<Keyed*>(first + params.dim), order)) {
    std::iota(order, order + params.dim, 0);
    std::sort(order, order + params.dim, [&](int64_t a, int64_t b) { return less(a, b) || (!less(b, a) && a < b); });
  }
  const int64_t groups = Group(params, less, order, group, first);

  Shape shape({groups});
  if (params.axis >= 0) {
    shape = in.shape;
    shape[params.axis] = groups;
  }
  WEBINFER_TRY(run.Resize(step.out[0], in.dtype, shape));
  const int64_t block = params.inner * bytes;
  for (int64_t outer = 0; outer < params.outer && step.HasOutput(0); ++outer) {
    for (int64_t i = 0; i < groups; ++i) {
      std::memcpy(step.out[0].As<uint8_t>() + (outer * groups + i) * block, src + (outer * params.dim + first[i]) * block,
                  static_cast<size_t>(block));
    }
  }
  const int64_t sizes[4] = {0, groups, params.dim, groups};
  for (int i = 1; i < 4; ++i) {
    if (!step.HasOutput(i)) continue;
    WEBINFER_TRY(run.Resize(step.out[i], DType::kInt64, Shape({sizes[i]})));
    auto* out = step.out[i].As<int64_t>();
    if (i == 1) std::copy(first, first + groups, out);
    if (i == 2) std::copy(group, group + params.dim, out);
    if (i == 3) {
      std::fill(out, out + groups, 0);
      for (int64_t k = 0; k < params.dim; ++k) ++out[group[k]];
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  WEBINFER_ASSIGN(UniqueParams * params, ctx.Params<UniqueParams>());
  params->sorted = ctx.attributes().Int("sorted", 1) != 0;
  params->axis = -1;
  params->outer = params->inner = 1;
  params->dim = in.Elements();
  if (ctx.attributes().Has("axis")) {
    WEBINFER_ASSIGN(params->axis, AxisAttribute(ctx, 0, 0));
    params->outer = in.Elements(0, params->axis);
    params->dim = in[params->axis];
    params->inner = in.Elements(params->axis + 1, in.rank());
  }
  const uint64_t entry = 3 * sizeof(int64_t) + (params->outer * params->inner == 1 ? sizeof(Keyed) : 0);
  ctx.SetScratch(static_cast<uint64_t>(params->dim) * entry);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Unique) {
  return {.name = "Unique",
          .since = 11,
          .min_outputs = 1,
          .max_outputs = 4,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
