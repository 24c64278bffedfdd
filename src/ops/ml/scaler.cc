// Scaler: (x - offset) * scale, with one number for all features or one each; gives float32.
#include "ops/ml/scores.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  // float64 is subtracted and scaled as such; integers become float32 first.
  const bool wide = ctx.In(0).dtype == DType::kFloat64;
  const auto cast = [&](ValueId value, DType to) {
    value = ctx.Add("Cast", {value});
    ctx.Last().attributes.SetInt("to", static_cast<int64_t>(to));
    return value;
  };
  ValueId x = wide ? ctx.Input(0) : cast(ctx.Input(0), DType::kFloat32);
  const Shape& shape = ctx.In(0).shape;
  for (const char* name : {"offset", "scale"}) {
    const std::span<const float> numbers = ctx.attributes().Floats(name);
    if (numbers.empty()) continue;
    const int64_t count = std::ssize(numbers);
    if (count > 1 && shape.rank() > 0 && shape[shape.rank() - 1] >= 0) {
      WEBINFER_TRY(ExpectLength(name, count, shape[shape.rank() - 1]));
    }
    WEBINFER_ASSIGN(ValueId constant, ctx.Floats(numbers, Shape({count})));
    if (wide) constant = cast(constant, DType::kFloat64);
    x = ctx.Add(name[0] == 'o' ? "Sub" : "Mul", {x, constant});
  }
  ctx.Return(0, wide ? cast(x, DType::kFloat32) : x);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_Scaler) { return {.name = "Scaler", .domain = "ai.onnx.ml", .lower = webinfer::ops::Lower}; }
