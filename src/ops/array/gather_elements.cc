// GatherElements: out[i][j][k] = data[index[i][j][k]][j][k], for axis 0.
#include <cstring>

#include "ops/array/elements_along.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(CheckAlong(ctx));
  const Shape& indices = ctx.In(1).shape;
  return ctx.SetOutput(0, ctx.In(0).dtype,
                       indices.rank_known() || !ctx.In(0).shape.rank_known() ? indices : Shape::Unknown(ctx.In(0).shape.rank()));
}

template <int N>
Status Kernel(const Step& step, RunContext&) {
  const auto* src = step.in[0].As<uint8_t>();
  auto* dst = step.out[0].As<uint8_t>();
  return ForEachAlong(step.Params<AlongParams>(), step.in[1],
                      [&](int64_t i, int64_t place) { std::memcpy(dst + i * N, src + place * N, N); });
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  WEBINFER_ASSIGN(AlongParams * params, ctx.Params<AlongParams>());
  WEBINFER_TRY(FillAlong(ctx, params));
  switch (DTypeBytes(ctx.In(0).dtype)) {
    case 1: ctx.SetKernel(Kernel<1>); break;
    case 2: ctx.SetKernel(Kernel<2>); break;
    case 4: ctx.SetKernel(Kernel<4>); break;
    case 8: ctx.SetKernel(Kernel<8>); break;
    default: ctx.SetKernel(Kernel<16>); break;
  }
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(GatherElements) {
  return {.name = "GatherElements",
          .since = 13,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
