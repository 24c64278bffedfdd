// Rfft: the one-sided Fourier transform of real signals along the last signal_ndim axes, as [..., size / 2 + 1, 2].
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

// The transform over axis `axis` of complex numbers [..., 2] (or of [..., 1], real ones).
Result<ValueId> Transform(LowerContext& ctx, ValueId x, int64_t axis, bool onesided) {
  WEBINFER_ASSIGN(const ValueId at, ctx.Scalar(DType::kInt64, static_cast<double>(axis)));
  const ValueId y = ctx.Add("DFT", {x, kNoValue, at});
  ctx.Last().attributes.SetInt("onesided", onesided);
  return y;
}

Status Lower(LowerContext& ctx, bool*) {
  const int64_t axes = ctx.attributes().Int("signal_ndim", 1);
  const int rank = ctx.In(0).shape.rank();
  if (rank < 1 || axes < 1 || axes > rank || ctx.attributes().Int("onesided", 1) == 0 ||
      ctx.attributes().Int("normalized", 0) != 0) {
    return Error(Code::kUnsupported, "Rfft of this kind").Expected("onesided, not normalized, a known rank");
  }
  WEBINFER_ASSIGN(ValueId y, OnAxes(ctx, "Unsqueeze", ctx.Input(0), {-1}));
  WEBINFER_ASSIGN(y, Transform(ctx, y, rank - 1, true));
  for (int64_t i = 1; i < axes; ++i) {
    WEBINFER_ASSIGN(y, Transform(ctx, y, rank - 1 - i, false));
  }
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_Rfft) { return {.name = "Rfft", .domain = "com.microsoft", .lower = webinfer::ops::Lower}; }
