// TopK: the k largest (or smallest) entries along an axis with their positions; equal values keep the lower position first.
#include <algorithm>
#include <bit>
#include <type_traits>

#include "base/visit_dtype.h"
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct TopKParams {
  int64_t outer, dim, inner, k;
  bool largest, sorted;
};

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  IntList count;
  const bool known = ctx.KnownInts(1, &count);
  if (!known) ctx.NeedValue(1);
  if (known && count.size != 1) return Error(Code::kShapeMismatch, "K is not one number").Actual("%d numbers", count.size);
  Shape out = in;
  if (in.rank_known()) {
    WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, -1));
    out[axis] = known ? count[0] : kUnknownDim;
    if (known && (count[0] < 0 || (in[axis] >= 0 && count[0] > in[axis]))) {
      return Error(Code::kOutOfRange, "K is larger than the axis, or negative")
          .Expected("0..%lld", static_cast<long long>(in[axis]))
          .Actual("%lld", static_cast<long long>(count[0]));
    }
  }
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(0).dtype, out));
  return ctx.SetOutput(1, DType::kInt64, out);
}

struct Entry {
  uint64_t key;  // in the order of the values, smaller first
  int64_t position;
};

// Bits that sort as the value does; NaN is the largest of all.
template <typename T>
uint64_t KeyOf(T value) {
  if constexpr (std::is_integral_v<T>) {
    return std::is_signed_v<T> ? static_cast<uint64_t>(static_cast<int64_t>(value)) ^ (uint64_t{1} << 63)
                               : static_cast<uint64_t>(value);
  } else {
    auto wide = static_cast<double>(value);
    if (wide != wide) return UINT64_MAX;
    if (wide == 0) wide = 0;  // -0 is no smaller
    const auto bits = std::bit_cast<uint64_t>(wide);
    return bits >> 63 != 0 ? ~bits : bits | uint64_t{1} << 63;
  }
}

// Puts the first k entries in front; among equal keys the lower position comes first.
void SelectFirst(const TopKParams& params, Entry* entries) {
  const auto before = [](const Entry& a, const Entry& b) { return a.key != b.key ? a.key < b.key : a.position < b.position; };
  if (params.k < params.dim) std::nth_element(entries, entries + params.k, entries + params.dim, before);
  if (params.sorted) {
    std::sort(entries, entries + params.k, before);
  } else {
    std::sort(entries, entries + params.k, [](const Entry& a, const Entry& b) { return a.position < b.position; });
  }
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<TopKParams>();
  auto* entries = reinterpret_cast<Entry*>(step.scratch);
  return VisitNumeric(step.in[0].dtype, [&]<typename T>(T) {
    for (int64_t i = 0; i < params.outer * params.inner; ++i) {
      const int64_t outer = i / params.inner, inner = i % params.inner;
      const T* src = step.in[0].As<T>() + outer * params.dim * params.inner + inner;
      for (int64_t k = 0; k < params.dim; ++k) {
        const uint64_t key = KeyOf(src[k * params.inner]);
        entries[k] = {params.largest ? ~key : key, k};
      }
      SelectFirst(params, entries);
      for (int64_t k = 0; k < params.k; ++k) {
        const int64_t to = (outer * params.k + k) * params.inner + inner;
        if (step.HasOutput(0)) step.out[0].As<T>()[to] = src[entries[k].position * params.inner];
        if (step.HasOutput(1)) step.out[1].As<int64_t>()[to] = entries[k].position;
      }
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, -1));
  WEBINFER_ASSIGN(TopKParams * params, ctx.Params<TopKParams>());
  params->outer = in.Elements(0, axis);
  params->dim = in[axis];
  params->inner = in.Elements(axis + 1, in.rank());
  ctx.KnownInt(1, &params->k);
  params->largest = ctx.attributes().Int("largest", 1) != 0;
  params->sorted = ctx.attributes().Int("sorted", 1) != 0;
  ctx.SetScratch(static_cast<uint64_t>(params->dim) * sizeof(Entry));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(TopK) {
  return {.name = "TopK",
          .since = 24,
          .min_inputs = 2,
          .max_inputs = 2,
          .min_outputs = 1,
          .max_outputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
