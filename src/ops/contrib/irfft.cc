// Irfft: real signals from their one-sided Fourier transform [..., size / 2 + 1, 2], the inverse of Rfft; not divided by the
// size, as onnxruntime's.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const int64_t axes = ctx.attributes().Int("signal_ndim", 1);
  const int rank = ctx.In(0).shape.rank();
  if (rank < 2 || axes < 1 || axes >= rank || ctx.attributes().Int("onesided", 1) == 0 ||
      ctx.attributes().Int("normalized", 0) != 0) {
    return Error(Code::kUnsupported, "Irfft of this kind").Expected("onesided, not normalized, a known rank");
  }
  const auto transform = [&](ValueId x, int64_t axis, bool onesided) -> Result<ValueId> {
    WEBINFER_ASSIGN(const ValueId at, ctx.Scalar(DType::kInt64, static_cast<double>(axis)));
    const ValueId y = ctx.Add("DFT", {x, kNoValue, at});
    ctx.Last().attributes.SetInt("inverse", 1);
    ctx.Last().attributes.SetInt("onesided", onesided);
    return y;
  };
  ValueId y = ctx.Input(0);
  for (int64_t i = axes - 1; i >= 1; --i) {
    WEBINFER_ASSIGN(y, transform(y, rank - 2 - i, false));
  }
  WEBINFER_ASSIGN(y, transform(y, rank - 2, true));
  WEBINFER_ASSIGN(y, OnAxes(ctx, "Squeeze", y, {-1}));
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Irfft) { return {.name = "Irfft", .domain = "com.microsoft", .lower = webinfer::ops::Lower}; }
