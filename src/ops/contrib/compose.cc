#include "ops/contrib/compose.h"

#include <string>

namespace webinfer::ops {

Result<ValueId> Reshaped(LowerContext& ctx, ValueId x, std::initializer_list<int64_t> dims) {
  WEBINFER_ASSIGN(const ValueId shape, ctx.Ints(dims));
  return ctx.Add("Reshape", {x, shape});
}

Result<ValueId> Sliced(LowerContext& ctx, ValueId x, int64_t axis, int64_t first, int64_t last) {
  WEBINFER_ASSIGN(const ValueId starts, ctx.Ints({first}));
  WEBINFER_ASSIGN(const ValueId ends, ctx.Ints({last}));
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({axis}));
  return ctx.Add("Slice", {x, starts, ends, axes});
}

Result<ValueId> OnAxes(LowerContext& ctx, std::string_view op, ValueId x, std::initializer_list<int64_t> axes) {
  WEBINFER_ASSIGN(const ValueId list, ctx.Ints(axes));
  return ctx.Add(op, {x, list});
}

Result<ValueId> WithNumber(LowerContext& ctx, std::string_view op, ValueId x, DType dtype, double number) {
  WEBINFER_ASSIGN(const ValueId scalar, ctx.Scalar(dtype, number));
  return ctx.Add(op, {x, scalar});
}

ValueId SizesOf(LowerContext& ctx, ValueId x, int64_t first, int64_t last) {
  const ValueId sizes = ctx.Add("Shape", {x});
  ctx.Last().attributes.SetInt("start", first);
  ctx.Last().attributes.SetInt("end", last);
  return sizes;
}

ValueId Activated(LowerContext& ctx, ValueId x) {
  const std::string_view name = ctx.attributes().String("activation", "");
  if (name.empty()) return x;
  const ValueId y = ctx.Add(name, {x});
  for (const char* attribute : {"alpha", "beta", "gamma"}) {
    const std::string given = std::string("activation_") + attribute;
    if (ctx.attributes().Has(given)) ctx.Last().attributes.SetFloat(attribute, ctx.attributes().Float(given, 0));
  }
  if (ctx.attributes().Has("activation_axis")) ctx.Last().attributes.SetInt("axis", ctx.attributes().Int("activation_axis", -1));
  return y;
}

Status NeedRank(const LowerContext& ctx, int i, int rank) {
  if (ctx.HasInput(i) && ctx.In(i).shape.rank_known() && ctx.In(i).shape.rank() == rank) return OkStatus();
  return Error(Code::kUnsupported, "Input %d of %s does not have the rank it needs", i, ctx.node().op.c_str())
      .Expected("rank %d, known when the model is loaded", rank)
      .Actual("%s", ctx.HasInput(i) ? ShapeText(ctx.In(i).shape).text : "none");
}

Status NeedShape(const LowerContext& ctx, int i, int rank) {
  WEBINFER_TRY(NeedRank(ctx, i, rank));
  if (ctx.In(i).shape.known()) return OkStatus();
  return Error(Code::kUnsupported, "Input %d of %s does not have a fixed shape", i, ctx.node().op.c_str())
      .Expected("sizes known when the model is loaded")
      .Actual("%s", ShapeText(ctx.In(i).shape).text);
}

}  // namespace webinfer::ops
