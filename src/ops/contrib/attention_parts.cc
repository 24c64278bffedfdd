#include "ops/contrib/attention_parts.h"

namespace webinfer::ops {

Result<ValueId> CombineMasks(LowerContext& ctx, int key_mask, int bias) {
  if (!ctx.HasInput(key_mask)) return ctx.HasInput(bias) ? ctx.Input(bias) : kNoValue;
  const Shape& shape = ctx.In(key_mask).shape;
  if (shape.rank() != 2) {
    return Error(Code::kUnsupported, "Attention with this form of key mask")
        .Expected("[batch, keys]")
        .Actual("%s", ShapeText(shape).text);
  }
  const ValueId counts = ctx.Add("Cast", {ctx.Input(key_mask)});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kBool));
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({1, 2}));
  const ValueId wide = ctx.Add("Unsqueeze", {counts, axes});
  WEBINFER_ASSIGN(const ValueId otherwise,
                  ctx.Scalar(ctx.In(0).dtype, static_cast<double>(ctx.attributes().Float("mask_filter_value", -10000))));
  if (ctx.HasInput(bias)) return ctx.Add("Where", {wide, ctx.Input(bias), otherwise});
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(ctx.In(0).dtype, 0));
  return ctx.Add("Where", {wide, zero, otherwise});
}

}  // namespace webinfer::ops
