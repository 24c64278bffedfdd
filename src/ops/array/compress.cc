// Compress: the entries of an axis (or of the flattened tensor) where the condition is true.
#include <algorithm>
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  WEBINFER_TRY(ctx.ExpectRank(1, 1));
  if (ctx.In(1).dtype != DType::kBool && ctx.In(1).dtype != DType::kUndefined) {
    return Error(Code::kTypeMismatch, "The condition has the wrong type")
        .Expected("bool")
        .Actual("%s", DTypeName(ctx.In(1).dtype));
  }
  if (!ctx.attributes().Has("axis")) return ctx.SetOutput(0, ctx.In(0).dtype, Shape({kUnknownDim}));
  Shape out = in;
  if (in.rank_known()) {
    WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, 0));
    out[axis] = kUnknownDim;
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Kernel(const Step& step, RunContext& run) {
  const Operand &in = step.in[0], &condition = step.in[1];
  Shape shape({in.elements()});
  int axis = 0;
  if (step.node->attributes.Has("axis")) {
    shape = in.shape;
    WEBINFER_ASSIGN(axis, NormalizeAxis(step.node->attributes.Int("axis", 0), in.shape.rank()));
  }
  const int64_t outer = shape.Elements(0, axis), dim = shape[axis];
  const int64_t block = shape.Elements(axis + 1, shape.rank()) * static_cast<int64_t>(DTypeBytes(in.dtype));
  const bool* keep = condition.As<bool>();
  const int64_t checked = std::min(dim, condition.elements());
  shape[axis] = std::count(keep, keep + checked, true);
  WEBINFER_TRY(run.Resize(step.out[0], in.dtype, shape));
  auto* dst = step.out[0].As<uint8_t>();
  for (int64_t i = 0; i < outer; ++i) {
    const auto* src = in.As<uint8_t>() + i * dim * block;
    for (int64_t k = 0; k < checked; ++k) {
      if (!keep[k]) continue;
      std::memcpy(dst, src + k * block, static_cast<size_t>(block));
      dst += block;
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Compress) {
  return {.name = "Compress",
          .since = 11,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
