// GlobalLpPool (ONNX 22): the p-norm over the spatial axes.
#include "ops/nn/pooling.h"

namespace webinfer::ops {
namespace {

Status LowerGlobalLpPool(LowerContext& ctx, bool*) {
  const int64_t p = ctx.attributes().Int("p", 2);
  if (p == 1 || p == 2) return LowerGlobalPool(ctx, p == 1 ? "ReduceL1" : "ReduceL2");
  const DType dtype = ctx.In(0).dtype;
  std::vector<int64_t> spatial;
  for (int i = 2; i < ctx.In(0).shape.rank(); ++i) spatial.push_back(i);
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints(spatial));
  WEBINFER_ASSIGN(const ValueId power, ctx.Scalar(dtype, static_cast<double>(p)));
  WEBINFER_ASSIGN(const ValueId root, ctx.Scalar(dtype, 1.0 / static_cast<double>(p)));
  const ValueId powers = ctx.Add("Pow", {ctx.Add("Abs", {ctx.Input(0)}), power});
  ctx.Return(0, ctx.Add("Pow", {ctx.Add("ReduceSum", {powers, axes}), root}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(GlobalLpPool) {
  using namespace webinfer::ops;
  return {.name = "GlobalLpPool", .since = 22, .infer = InferGlobalPool, .lower = LowerGlobalLpPool};
}
