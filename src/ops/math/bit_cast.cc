// BitCast: the same bits read as another type of the same width.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const auto to = static_cast<DType>(ctx.attributes().Int("to", 0));
  if (DTypeBits(to) == 0 || (ctx.In(0).dtype != DType::kUndefined && DTypeBits(to) != DTypeBits(ctx.In(0).dtype))) {
    return Error(Code::kInvalidModel, "BitCast needs types of the same width")
        .Expected("%d bits", DTypeBits(ctx.In(0).dtype))
        .Actual("%s", DTypeName(to));
  }
  return ctx.SetOutput(0, to, ctx.In(0).shape);
}

Status Bind(BindContext& ctx) {
  ctx.SetView(0, 0);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(BitCast) { return {.name = "BitCast", .since = 26, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind}; }
