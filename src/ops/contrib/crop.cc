// Crop (experimental, in models of 2017 to 2019): images [N, C, h, w] without `border` [left, top, right, bottom], or the `scale`
// [height, width] behind its left and top.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::span<const int64_t> border = ctx.attributes().Ints("border"), scale = ctx.attributes().Ints("scale");
  bool valid = border.size() == 4 && (scale.empty() || scale.size() == 2);
  for (const int64_t size : border) valid = valid && size >= 0 && size <= INT32_MAX;
  for (const int64_t size : scale) valid = valid && size >= 0 && size <= INT32_MAX;
  if (!valid) return Error(Code::kInvalidModel, "Crop's border is not four sizes, or its scale not two");
  const auto end = [&](size_t axis) { return border[3 - axis] == 0 ? kToEnd : -border[3 - axis]; };
  WEBINFER_ASSIGN(const ValueId starts, ctx.Ints({border[1], border[0]}));
  WEBINFER_ASSIGN(const ValueId ends,
                  scale.empty() ? ctx.Ints({end(0), end(1)}) : ctx.Ints({border[1] + scale[0], border[0] + scale[1]}));
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({2, 3}));
  ctx.Return(0, ctx.Add("Slice", {ctx.Input(0), starts, ends, axes}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Crop) { return {.name = "Crop", .lower = webinfer::ops::Lower}; }
