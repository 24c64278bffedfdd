// com.microsoft.nchwc.Conv: FusedConv whose weights lie in blocks of output channels, [O / b, I, h, w, b], and with a block of
// input channels or more in blocks of both, [O / b, I / b, h, w, b input, b output].
#include "ops/contrib/nchwc.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kWeights, kBias, kSum };

Result<ValueId> PlainWeights(LowerContext& ctx) {
  WEBINFER_TRY(NeedShape(ctx, kWeights, 4));
  const Shape& w = ctx.In(kWeights).shape;
  const int64_t block = NchwcBlock(ctx.graph());
  const bool both = w[1] >= block;
  if (w[0] % block != 0 || (both && w[1] % block != 0)) {
    return Error(Code::kUnsupported, "The weights are not in whole blocks")
        .Expected("a multiple of %lld channels", static_cast<long long>(block))
        .Actual("%s", ShapeText(w).text);
  }
  ValueId plain;
  if (both) {
    WEBINFER_ASSIGN(plain, Reshaped(ctx, ctx.Input(kWeights), {w[0] / block, w[1] / block, w[2], w[3], block, block}));
    plain = Transposed(ctx, plain, {0, 5, 1, 4, 2, 3});
  } else {
    WEBINFER_ASSIGN(plain, Reshaped(ctx, ctx.Input(kWeights), {w[0] / block, w[1], w[2], w[3], block}));
    plain = Transposed(ctx, plain, {0, 4, 1, 2, 3});
  }
  return Reshaped(ctx, plain, {w[0], w[1], w[2], w[3]});
}

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId weights, PlainWeights(ctx));
  std::vector<ValueId> inputs = {ctx.Input(kX), weights, ctx.HasInput(kBias) ? ctx.Input(kBias) : kNoValue};
  if (ctx.HasInput(kSum)) inputs.push_back(ctx.Input(kSum));
  const ValueId y = ctx.Add("FusedConv", std::move(inputs), "com.microsoft");
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Nchwc_Conv) {
  return {.name = "Conv", .domain = "com.microsoft.nchwc", .min_inputs = 2, .max_inputs = 4, .lower = webinfer::ops::Lower};
}
