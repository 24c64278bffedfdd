// TopK: the k largest (or smallest) entries along an axis with their positions; equal values keep the lower position first.
#include <algorithm>

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

template <typename T>
void TopKLane(const TopKParams& params, const T* src, int64_t stride, int64_t* order, T* values, int64_t* positions) {
  for (int64_t i = 0; i < params.dim; ++i) order[i] = i;
  const auto before = [&](int64_t a, int64_t b) {
    const T x = src[a * stride], y = src[b * stride];
    const bool x_nan = x != x, y_nan = y != y;  // NaN counts as the largest
    if (x_nan || y_nan) return x_nan == y_nan ? a < b : params.largest == x_nan;
    if (x == y) return a < b;
    return params.largest ? x > y : x < y;
  };
  if (params.k < params.dim) std::nth_element(order, order + params.k, order + params.dim, before);
  if (params.sorted) {
    std::sort(order, order + params.k, before);
  } else {
    std::sort(order, order + params.k);
  }
  for (int64_t i = 0; i < params.k; ++i) {
    if (values != nullptr) values[i * stride] = src[order[i] * stride];
    if (positions != nullptr) positions[i * stride] = order[i];
  }
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<TopKParams>();
  auto* order = reinterpret_cast<int64_t*>(step.scratch);
  return VisitNumeric(step.in[0].dtype, [&]<typename T>(T) {
    const T* src = step.in[0].As<T>();
    T* values = step.HasOutput(0) ? step.out[0].As<T>() : nullptr;
    int64_t* positions = step.HasOutput(1) ? step.out[1].As<int64_t>() : nullptr;
    for (int64_t i = 0; i < params.outer * params.inner; ++i) {
      const int64_t outer = i / params.inner, inner = i % params.inner;
      const int64_t to = outer * params.k * params.inner + inner;
      TopKLane(params, src + outer * params.dim * params.inner + inner, params.inner, order,
               values == nullptr ? nullptr : values + to, positions == nullptr ? nullptr : positions + to);
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
  ctx.SetScratch(static_cast<uint64_t>(params->dim) * sizeof(int64_t));
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
