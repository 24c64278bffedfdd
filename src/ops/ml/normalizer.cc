// Normalizer: each row divided by its largest element, by the sum of its magnitudes or by its length; gives float32.
//
// The largest element is not the largest magnitude, and a row of zeros stays as it is: as in onnxruntime.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::string_view norm = ctx.attributes().String("norm", "MAX");
  const bool max = norm == "MAX";
  if (!max && norm != "L1" && norm != "L2") {
    return Error(Code::kInvalidModel, "norm is unknown")
        .Expected("MAX, L1 or L2")
        .Actual("%.*s", static_cast<int>(norm.size() < 40 ? norm.size() : 40), norm.data());
  }
  const ValueId x = ctx.Add("Cast", {ctx.Input(0)});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kFloat32));
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({-1}));
  const ValueId norms = ctx.Add(max ? "ReduceMax" : norm == "L1" ? "ReduceL1" : "ReduceL2", {x, axes});
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kFloat32, 0));
  WEBINFER_ASSIGN(const ValueId one, ctx.Scalar(DType::kFloat32, 1));
  const ValueId empty = ctx.Add("Equal", {norms, zero});
  ctx.Return(0, ctx.Add("Div", {x, ctx.Add("Where", {empty, one, norms})}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_Normalizer) { return {.name = "Normalizer", .domain = "ai.onnx.ml", .lower = webinfer::ops::Lower}; }
