#include "ops/quant/integer.h"

#include "kernels/elements.h"
#include "ops/nn/fused.h"

namespace webinfer::ops {
namespace {

constexpr const char* kInputNames[] = {
    "x", "w", "x_scale", "x_zero_point", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "bias"};

bool IsByte(DType dtype) { return dtype == DType::kInt8 || dtype == DType::kUint8; }

Status CheckType(const InferContext& ctx, int i, bool valid, const char* expected) {
  if (!ctx.HasInput(i) || valid) return OkStatus();
  return Error(Code::kTypeMismatch, "%s has a type that this operator does not take", kInputNames[i])
      .Expected("%s", expected)
      .Actual("%s", DTypeName(ctx.In(i).dtype));
}

Status CheckCount(const InferContext& ctx, int i, int64_t most) {
  if (!ctx.HasInput(i)) return OkStatus();
  const int64_t count = ctx.In(i).shape.Elements();
  if (count == 1 || count == most) return OkStatus();
  return Error(Code::kShapeMismatch, "%s does not fit", kInputNames[i])
      .Expected(most == 1 ? "one number" : "one number, or one for each of %lld columns", static_cast<long long>(most))
      .Actual("%s", ShapeText(ctx.In(i).shape).text);
}

float ScaleAt(const Step& step, int input, int64_t i) {
  if (!step.HasInput(input)) return 1;
  float scale = 1;
  kernels::LoadFloats(step.in[input].dtype, step.in[input].data, i, 1, &scale);
  return scale;
}

}  // namespace

DType IntegerOutputType(const InferContext& ctx) {
  if (ctx.HasInput(kYScale)) return ctx.HasInput(kYZero) ? ctx.In(kYZero).dtype : DType::kUint8;
  return ctx.HasInput(kXScale) ? DType::kFloat32 : DType::kInt32;
}

Status ReadIntegerOperands(const InferContext& ctx, int64_t columns, IntegerOperands* operands) {
  for (const auto& [value, zero] : {std::pair{kX, kXZero}, std::pair{kW, kWZero}}) {
    WEBINFER_TRY(CheckType(ctx, value, IsByte(ctx.In(value).dtype), "int8 or uint8"));
    WEBINFER_TRY(
        CheckType(ctx, zero, ctx.HasInput(zero) && ctx.In(zero).dtype == ctx.In(value).dtype, "the type it is the zero of"));
  }
  for (int i : {kXScale, kWScale, kYScale}) {
    WEBINFER_TRY(CheckType(ctx, i, ctx.HasInput(i) && IsFloat(ctx.In(i).dtype), "a float type"));
  }
  WEBINFER_TRY(CheckType(ctx, kYZero, ctx.HasInput(kYZero) && IsByte(ctx.In(kYZero).dtype), "int8 or uint8"));
  for (int i : {kXScale, kXZero, kYScale, kYZero}) WEBINFER_TRY(CheckCount(ctx, i, 1));
  for (int i : {kWScale, kWZero}) WEBINFER_TRY(CheckCount(ctx, i, columns));
  const DType type = IntegerOutputType(ctx);
  if (ctx.HasInput(kIntegerBias)) {
    const DType bias = type == DType::kFloat32 ? DType::kFloat32 : DType::kInt32;
    WEBINFER_TRY(CheckType(ctx, kIntegerBias, ctx.In(kIntegerBias).dtype == bias, DTypeName(bias)));
    if (ctx.In(kIntegerBias).shape.Elements() != columns) {
      return Error(Code::kShapeMismatch, "The bias does not fit")
          .Expected("%lld numbers", static_cast<long long>(columns))
          .Actual("%s", ShapeText(ctx.In(kIntegerBias).shape).text);
    }
  }
  using Kind = kernels::Int8Output::Kind;
  kernels::Int8Output& output = operands->output;
  output = kernels::Int8Output();
  output.kind = type == DType::kInt32 ? Kind::kInt32 : type == DType::kFloat32 ? Kind::kFloat : Kind::kByte;
  output.is_signed = type == DType::kInt8;
  output.low = static_cast<int>(ctx.attributes().Int("low", 0));
  output.high = static_cast<int>(ctx.attributes().Int("high", 255));
  kernels::Epilogue epilogue;
  WEBINFER_TRY(ReadActivation(ctx.attributes(), &epilogue));
  output.activation = epilogue.activation;
  output.alpha = epilogue.alpha;
  output.beta = epilogue.beta;
  operands->x_signed = ctx.In(kX).dtype == DType::kInt8;
  operands->w_signed = ctx.In(kW).dtype == DType::kInt8;
  operands->w_zero_per_column = ctx.HasInput(kWZero) && ctx.In(kWZero).shape.Elements() != 1;
  operands->scale_per_column = ctx.HasInput(kWScale) && ctx.In(kWScale).shape.Elements() != 1;
  return OkStatus();
}

kernels::Int8Output IntegerOutputOf(const Step& step, const IntegerOperands& operands, int columns, float* scales) {
  using Kind = kernels::Int8Output::Kind;
  kernels::Int8Output output = operands.output;
  if (output.kind == Kind::kFloat) {
    if (step.HasInput(kIntegerBias)) output.float_bias = step.in[kIntegerBias].As<float>();
  } else if (step.HasInput(kIntegerBias)) {
    output.bias = step.in[kIntegerBias].As<int32_t>();
  }
  if (output.kind == Kind::kInt32) return output;
  if (output.kind == Kind::kByte && step.HasInput(kYZero)) output.zero_point = IntegerZeroOf(step, kYZero);
  const float x_scale = ScaleAt(step, kXScale, 0), y_scale = ScaleAt(step, kYScale, 0);
  output.per_column = operands.scale_per_column;
  output.scale = scales;
  for (int i = 0; i < (output.per_column ? columns : 1); ++i) scales[i] = x_scale * ScaleAt(step, kWScale, i) / y_scale;
  return output;
}

int IntegerZeroOf(const Step& step, IntegerInput input) {
  if (!step.HasInput(input)) return 0;
  const Operand& zero = step.in[input];
  return zero.dtype == DType::kInt8 ? *zero.As<int8_t>() : *zero.As<uint8_t>();
}

}  // namespace webinfer::ops
