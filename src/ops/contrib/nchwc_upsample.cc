// com.microsoft.nchwc.Upsample: Resize by whole numbers.
#include "ops/contrib/nchwc.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  std::vector<float> factors;
  for (const int64_t scale : ctx.attributes().Ints("scales")) factors.push_back(static_cast<float>(scale));
  WEBINFER_ASSIGN(const ValueId scales, ctx.Floats(factors, Shape({static_cast<int64_t>(factors.size())})));
  ctx.Return(0, ctx.Add("Resize", {ctx.Input(0), kNoValue, scales}));
  Attributes& attributes = ctx.Last().attributes;
  attributes.SetString("mode", ctx.attributes().String("mode", "nearest"));
  attributes.SetString("coordinate_transformation_mode", ctx.attributes().String("coordinate_transformation_mode", "asymmetric"));
  attributes.SetString("nearest_mode", "floor");
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Nchwc_Upsample) { return {.name = "Upsample", .domain = "com.microsoft.nchwc", .lower = webinfer::ops::Lower}; }
