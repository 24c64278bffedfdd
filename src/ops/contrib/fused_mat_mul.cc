// com.microsoft.FusedMatMul: webinfer.MatMul under another name.
#include "ops/nn/matrix_product.h"

namespace webinfer::ops {
namespace {

Status LowerFusedMatMul(LowerContext& ctx, bool*) {
  for (const char* name : {"transBatchA", "transBatchB"}) {
    if (ctx.attributes().Int(name, 0) != 0) return Error(Code::kUnsupported, "FusedMatMul with %s", name);
  }
  const ValueId product = ctx.Add("MatMul", {ctx.Input(0), ctx.Input(1)}, "webinfer");
  for (const char* name : {"transA", "transB"}) ctx.Last().attributes.SetInt(name, ctx.attributes().Int(name, 0));
  ctx.Last().attributes.SetFloat("alpha", ctx.attributes().Float("alpha", 1));
  ctx.Return(0, product);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_FusedMatMul) {
  using namespace webinfer::ops;
  return {.name = "FusedMatMul",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = InferMatrixProduct,
          .lower = LowerFusedMatMul};
}
