// ImageScaler (experimental, in models of 2017 to 2019): an image [N, C, h, w] times `scale`, plus one `bias` for each channel.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::span<const float> bias = ctx.attributes().Floats("bias");
  const DType dtype = ctx.In(0).dtype;
  WEBINFER_ASSIGN(const ValueId scaled, WithNumber(ctx, "Mul", ctx.Input(0), dtype, ctx.attributes().Float("scale", 1)));
  WEBINFER_ASSIGN(const ValueId added, ctx.Floats(bias, Shape({static_cast<int64_t>(bias.size()), 1, 1})));
  ctx.Return(0, ctx.Add("Add", {scaled, dtype == DType::kFloat32 ? added : CastTo(ctx, added, dtype)}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ImageScaler) { return {.name = "ImageScaler", .lower = webinfer::ops::Lower}; }
