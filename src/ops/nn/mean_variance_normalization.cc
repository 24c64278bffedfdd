// MeanVarianceNormalization: (x - mean) / (deviation + 1e-9) over `axes` (default all but the channels).
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::span<const int64_t> given = ctx.attributes().Ints("axes");
  const std::vector<int64_t> standard = {0, 2, 3};
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints(given.empty() ? std::span<const int64_t>(standard) : given));
  WEBINFER_ASSIGN(const ValueId epsilon, ctx.Scalar(ctx.In(0).dtype, 1e-9));
  const ValueId difference = ctx.Add("Sub", {ctx.Input(0), ctx.Add("ReduceMean", {ctx.Input(0), axes})});
  const ValueId variance = ctx.Add("ReduceMean", {ctx.Add("Mul", {difference, difference}), axes});
  ctx.Return(0, ctx.Add("Div", {difference, ctx.Add("Add", {ctx.Add("Sqrt", {variance}), epsilon})}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(MeanVarianceNormalization) {
  using namespace webinfer;
  return {.name = "MeanVarianceNormalization",
          .since = 13,
          .infer = [](InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape); },
          .lower = ops::Lower};
}
