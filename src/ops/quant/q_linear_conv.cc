// QLinearConv (ONNX 10): the convolution of quantised images, quantised.
#include "ops/nn/convolution.h"
#include "ops/quant/integer.h"

namespace webinfer::ops {
namespace {

// x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, bias
Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape out, ConvOutputShape(ctx, 3, {false}));
  return ctx.SetOutput(0, ctx.In(7).dtype, out);
}

Status Lower(LowerContext& ctx, bool*) {
  const int rank = ctx.In(3).shape.rank();
  if (rank < 3) return Error(Code::kUnsupported, "QLinearConv needs weights of known rank");
  const ValueId y = ctx.Add("IntegerConv",
                            {ToChannelsLast(ctx, ctx.Input(0), rank), ctx.Input(3), ctx.Input(1), ctx.Input(2), ctx.Input(4),
                             ctx.Input(5), ctx.Input(6), ctx.Input(7), ctx.Input(8)},
                            "webinfer");
  CopyAttributes(ctx);
  ctx.Return(0, FromChannelsLast(ctx, y, rank));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(QLinearConv) {
  using namespace webinfer;
  return {.name = "QLinearConv", .since = 10, .min_inputs = 8, .max_inputs = 9, .infer = ops::Infer, .lower = ops::Lower};
}
