// com.microsoft.GridSample: ONNX's GridSample under its older names of modes.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::string_view mode = ctx.attributes().String("mode", "bilinear");
  ctx.Return(0, ctx.Add("GridSample", {ctx.Input(0), ctx.Input(1)}));
  Attributes& attributes = ctx.Last().attributes;
  attributes.SetString("mode", mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode);
  attributes.SetString("padding_mode", ctx.attributes().String("padding_mode", "zeros"));
  attributes.SetInt("align_corners", ctx.attributes().Int("align_corners", 0));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GridSample) {
  return {.name = "GridSample", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
