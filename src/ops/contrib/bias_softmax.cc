// BiasSoftmax: Softmax(data + bias) over all axes from axis on; the bias broadcasts along the inner or the outer batch axes.
#include "ops/contrib/compose.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const int rank = ctx.In(0).shape.rank(), bias_rank = ctx.In(1).shape.rank();
  if (rank < 1 || bias_rank < 0) return Error(Code::kUnsupported, "BiasSoftmax of tensors whose rank is not known");
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.attributes().Int("axis", 1), rank));
  ValueId bias = ctx.Input(1);
  if (ctx.attributes().Int("is_inner_broadcast", 0) != 0 && bias_rank < rank) {
    // [a, b, softmax axes...] is repeated along the batch axes between b and the softmax axes.
    const int behind = rank - axis;
    std::vector<int64_t> axes;
    for (int i = bias_rank - behind; i < axis; ++i) axes.push_back(i);
    WEBINFER_ASSIGN(const ValueId list, ctx.Ints(axes));
    bias = ctx.Add("Unsqueeze", {bias, list});
  }
  const ValueId sum = ctx.Add("Add", {ctx.Input(0), bias});
  if (axis == rank - 1) {
    ctx.Return(0, ctx.Add("Softmax", {sum}));
    return OkStatus();
  }
  const ValueId flat = ctx.Add("Flatten", {sum});
  ctx.Last().attributes.SetInt("axis", axis);
  const ValueId normal = ctx.Add("Softmax", {flat});
  ctx.Return(0, ctx.Add("Reshape", {normal, ctx.Add("Shape", {sum})}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_BiasSoftmax) {
  return {.name = "BiasSoftmax", .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 2, .lower = webinfer::ops::Lower};
}
