// OneHot: along a new axis of `depth` entries, values[1] where the index points and values[0] elsewhere.
#include <cstring>

#include "base/visit_dtype.h"
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct OneHotParams {
  int64_t outer, inner;  // index elements before and behind the new axis
};

Result<int64_t> DepthOf(const ValueInfo& in) {
  int64_t depth = 0;
  if (in.shape.Elements() != 1)
    return Error(Code::kShapeMismatch, "depth is not one number").Actual("%s", ShapeText(in.shape).text);
  WEBINFER_TRY(VisitNumeric(in.dtype, [&]<typename T>(T) {
    depth = static_cast<int64_t>(*static_cast<const T*>(in.known));
    return OkStatus();
  }));
  if (depth < 0) return Error(Code::kInvalidModel, "OneHot has a negative depth").Actual("%lld", static_cast<long long>(depth));
  return depth;
}

Status Infer(InferContext& ctx) {
  const Shape& indices = ctx.In(0).shape;
  int64_t depth = kUnknownDim;
  if (ctx.In(1).known == nullptr || !ctx.In(1).shape.known()) {
    ctx.NeedValue(1);
  } else {
    WEBINFER_ASSIGN(depth, DepthOf(ctx.In(1)));
  }
  if (ctx.In(2).shape.known() && ctx.In(2).shape.Elements() != 2) {
    return Error(Code::kShapeMismatch, "values are not two elements")
        .Expected("[2]")
        .Actual("%s", ShapeText(ctx.In(2).shape).text);
  }
  if (!indices.rank_known()) return ctx.SetOutput(0, ctx.In(2).dtype, Shape::UnknownRank());
  if (indices.rank() == kMaxRank)
    return Error(Code::kUnsupported, "A tensor has too many dimensions").Expected("rank < %d", kMaxRank);
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.attributes().Int("axis", -1), indices.rank() + 1));
  Shape out = indices;
  out.Insert(axis, depth);
  return ctx.SetOutput(0, ctx.In(2).dtype, out);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<OneHotParams>();
  const Operand& out = step.out[0];
  const auto bytes = static_cast<int>(DTypeBytes(out.dtype));
  const auto* values = step.in[2].As<uint8_t>();
  const int64_t count = params.outer * params.inner;
  if (count == 0 || out.elements() == 0) return OkStatus();
  const int64_t depth = out.elements() / count;
  kernels::FillElements(out.data, values, bytes, out.elements());
  return VisitNumeric(step.in[0].dtype, [&]<typename T>(T) {
    for (int64_t i = 0; i < count; ++i) {
      auto index = static_cast<int64_t>(step.in[0].As<T>()[i]);
      if (index < 0) index += depth;
      if (index < 0 || index >= depth) continue;
      const int64_t place = (i / params.inner * depth + index) * params.inner + i % params.inner;
      std::memcpy(out.As<uint8_t>() + place * bytes, values + bytes, static_cast<size_t>(bytes));
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 2));
  const Shape& indices = ctx.In(0).shape;
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.attributes().Int("axis", -1), indices.rank() + 1));
  WEBINFER_ASSIGN(OneHotParams * params, ctx.Params<OneHotParams>());
  params->outer = indices.Elements(0, axis);
  params->inner = indices.Elements(axis, indices.rank());
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(OneHot) {
  return {.name = "OneHot",
          .since = 11,
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
