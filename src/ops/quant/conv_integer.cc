// ConvInteger (ONNX 10): the convolution of 8-bit images in 32 bits.
#include "ops/nn/convolution.h"
#include "ops/quant/integer.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape out, ConvOutputShape(ctx, 1, {false}));
  return ctx.SetOutput(0, DType::kInt32, out);
}

Status Lower(LowerContext& ctx, bool*) {
  const int rank = ctx.In(1).shape.rank();
  if (rank < 3) return Error(Code::kUnsupported, "ConvInteger needs weights of known rank");
  const ValueId y = ctx.Add(
      "IntegerConv", {ToChannelsLast(ctx, ctx.Input(0), rank), ctx.Input(1), kNoValue, ctx.Input(2), kNoValue, ctx.Input(3)},
      "webinfer");
  CopyAttributes(ctx);
  ctx.Return(0, FromChannelsLast(ctx, y, rank));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ConvInteger) {
  using namespace webinfer;
  return {.name = "ConvInteger", .since = 10, .min_inputs = 2, .max_inputs = 4, .infer = ops::Infer, .lower = ops::Lower};
}
