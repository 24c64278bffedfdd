// StringConcat: elementwise concatenation with broadcasting.
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct ConcatParams {
  int32_t rank;
  int64_t dims[kMaxRank], strides[2][kMaxRank];
};

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape out, Broadcast(ctx.In(0).shape, ctx.In(1).shape));
  return ctx.SetOutput(0, DType::kString, out);
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<ConcatParams>();
  auto* out = step.out[0].As<const StringData*>();
  std::string text;
  for (int64_t i = 0; i < step.out[0].elements(); ++i) {
    int64_t rest = i, places[2] = {};
    for (int axis = params.rank - 1; axis >= 0; --axis) {
      const int64_t index = rest % params.dims[axis];
      rest /= params.dims[axis];
      for (int k = 0; k < 2; ++k) places[k] += index * params.strides[k][axis];
    }
    text = step.in[0].As<const StringData*>()[places[0]]->view();
    text += step.in[1].As<const StringData*>()[places[1]]->view();
    WEBINFER_ASSIGN(out[i], run.strings().Add(text));
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Shape& out = ctx.Out(0).shape;
  WEBINFER_ASSIGN(ConcatParams * params, ctx.Params<ConcatParams>());
  params->rank = out.rank();
  for (int k = 0; k < 2; ++k) {
    const Shape& in = ctx.In(k).shape;
    if (ctx.In(k).dtype != DType::kString)
      return Error(Code::kTypeMismatch, "StringConcat takes strings").Actual("%s", DTypeName(ctx.In(k).dtype));
    const Strides strides(in);
    for (int i = 0; i < in.rank(); ++i) params->strides[k][out.rank() - in.rank() + i] = in[i] == 1 ? 0 : strides[i];
  }
  for (int i = 0; i < out.rank(); ++i) params->dims[i] = out[i];
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(StringConcat) {
  return {.name = "StringConcat",
          .since = 20,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
