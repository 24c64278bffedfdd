// Imputer: replaces one number (often NaN) by a given one, for all features or for each.
#include <cmath>

#include "ops/ml/scores.h"

namespace webinfer::ops {
namespace {

// The replacements as a constant of the input's type.
Result<ValueId> Replacements(LowerContext& ctx, bool integers) {
  const Attributes& attributes = ctx.attributes();
  const std::span<const float> floats = attributes.Floats("imputed_value_floats");
  const std::span<const int64_t> ints = attributes.Ints("imputed_value_int64s");
  const int64_t count = integers ? std::ssize(ints) : std::ssize(floats);
  const Shape& shape = ctx.In(0).shape;
  if (count == 0) {
    return Error(Code::kInvalidModel, "Imputer has nothing to put in")
        .Expected(integers ? "attribute imputed_value_int64s" : "attribute imputed_value_floats");
  }
  if (count > 1 && shape.rank() > 0 && shape[shape.rank() - 1] >= 0) {
    WEBINFER_TRY(ExpectLength("imputed_value", count, shape[shape.rank() - 1]));
  }
  return integers ? ctx.Ints(ints) : ctx.Floats(floats, Shape({count}));
}

Status Lower(LowerContext& ctx, bool*) {
  const DType dtype = ctx.In(0).dtype;
  const bool integers = IsInteger(dtype);
  WEBINFER_ASSIGN(ValueId replacement, Replacements(ctx, integers));
  if (dtype != DType::kInt64 && dtype != DType::kFloat32) {
    replacement = ctx.Add("Cast", {replacement});
    ctx.Last().attributes.SetInt("to", static_cast<int64_t>(dtype));
  }
  const float replaced = ctx.attributes().Float("replaced_value_float", 0);
  ValueId missing;
  if (integers) {
    const int64_t number = ctx.attributes().Int("replaced_value_int64", 0);
    // Beyond int32 there is nothing to replace.
    if (dtype == DType::kInt32 && number != static_cast<int32_t>(number)) {
      ctx.Return(0, ctx.Add("Identity", {ctx.Input(0)}));
      return OkStatus();
    }
    WEBINFER_ASSIGN(ValueId wanted, ctx.Ints({number}));
    if (dtype == DType::kInt32) {
      wanted = ctx.Add("Cast", {wanted});
      ctx.Last().attributes.SetInt("to", static_cast<int64_t>(dtype));
    }
    missing = ctx.Add("Equal", {ctx.Input(0), wanted});
  } else if (std::isnan(replaced)) {
    missing = ctx.Add("IsNaN", {ctx.Input(0)});
  } else {
    WEBINFER_ASSIGN(const ValueId wanted, ctx.Scalar(dtype, static_cast<double>(replaced)));
    missing = ctx.Add("Equal", {ctx.Input(0), wanted});
  }
  ctx.Return(0, ctx.Add("Where", {missing, replacement, ctx.Input(0)}));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_Imputer) { return {.name = "Imputer", .domain = "ai.onnx.ml", .lower = webinfer::ops::Lower}; }
