// The integer contractions of ops/quant/integer.h as ONNX's: MatMulInteger and ConvInteger where they give integers, else the
// float operator between DequantizeLinear and QuantizeLinear, which other runtimes turn into their own integer kernels.
#include "ops/quant/integer.h"
#include "passes/standardize.h"

namespace webinfer::standardize {

namespace {

using namespace ops;  // NOLINT: the inputs' names

// A scale or zero point as DequantizeLinear takes it: a scalar, or one per column.
Result<ValueId> PerTensorOrColumn(Context& ctx, int i) {
  if (!ctx.HasInput(i)) return kNoValue;
  const Shape& shape = ctx.In(i).shape;
  if (shape.rank() == 0 || (shape.rank() == 1 && shape[0] != 1)) return ctx.Input(i);
  return shape.known() && shape.Elements() == 1 ? ctx.Reshape(ctx.Input(i), {}) : ctx.Reshape(ctx.Input(i), {-1});
}

// As many columns as the inputs that are there say; 1 if none has several.
Result<ValueId> Spread(Context& ctx, ValueId value, int i, int other) {
  const int64_t own = ctx.HasInput(i) ? ctx.In(i).shape.Elements() : 1;
  const int64_t wanted = ctx.HasInput(other) ? ctx.In(other).shape.Elements() : 1;
  if (value == kNoValue || own != 1 || wanted <= 1) return value;
  WEBINFER_ASSIGN(const ValueId columns, ctx.Ints({wanted}));
  return ctx.Add("Expand", {value, columns});
}

Result<ValueId> ScaleOf(Context& ctx, int i) {
  if (!ctx.HasInput(i)) return ctx.Scalar(DType::kFloat32, 1);
  WEBINFER_ASSIGN(const ValueId scale, PerTensorOrColumn(ctx, i));
  return ctx.In(i).dtype == DType::kFloat32 ? scale : ctx.Cast(scale, DType::kFloat32);
}

Result<ValueId> Dequantize(Context& ctx, ValueId value, int scale_input, int zero_input, int64_t axis) {
  WEBINFER_ASSIGN(ValueId scale, ScaleOf(ctx, scale_input));
  WEBINFER_ASSIGN(scale, Spread(ctx, scale, scale_input, zero_input));
  std::vector<ValueId> inputs{value, scale};
  WEBINFER_ASSIGN(ValueId zero, PerTensorOrColumn(ctx, zero_input));
  WEBINFER_ASSIGN(zero, Spread(ctx, zero, zero_input, scale_input));
  if (zero != kNoValue) inputs.push_back(zero);
  return ctx.AddWith("DequantizeLinear", std::move(inputs), "axis", axis);
}

// Quantises `y`, then keeps it within [low, high], counted from the type's least value.
Result<ValueId> Quantize(Context& ctx, ValueId y, int scale_input, int zero_input, DType dtype) {
  WEBINFER_ASSIGN(const ValueId scale, ScaleOf(ctx, scale_input));
  std::vector<ValueId> inputs{y, scale};
  WEBINFER_ASSIGN(const ValueId zero, PerTensorOrColumn(ctx, zero_input));
  if (zero != kNoValue) inputs.push_back(zero);
  y = ctx.AddWith("QuantizeLinear", std::move(inputs), "axis", 1);
  const int64_t low = ctx.attributes().Int("low", 0), high = ctx.attributes().Int("high", 255);
  if (low <= 0 && high >= 255) return y;
  const int64_t least = dtype == DType::kInt8 ? -128 : 0;
  WEBINFER_ASSIGN(const ValueId from, ctx.Scalar(dtype, static_cast<double>(least + low)));
  WEBINFER_ASSIGN(const ValueId to, ctx.Scalar(dtype, static_cast<double>(least + high)));
  return ctx.Add("Clip", {y, from, to});
}

struct Contraction {
  std::string_view integer_op, float_op;
  ValueId x, w;
  int64_t column_axis;  // of w
  bool is_conv;
};

ValueId AddContraction(Context& ctx, const Contraction& c, std::string_view op, std::vector<ValueId> inputs) {
  return c.is_conv ? ctx.AddLike(op, std::move(inputs)) : ctx.Add(op, std::move(inputs));
}

// A bias along the channels of a channels-first image, or along the last axis.
Result<ValueId> BiasOf(Context& ctx, const Contraction& c, ValueId bias, int rank) {
  if (!c.is_conv || bias == kNoValue) return bias;
  std::vector<int64_t> shape(static_cast<size_t>(rank), 1);
  shape[1] = -1;
  WEBINFER_ASSIGN(const ValueId sizes, ctx.Ints(shape));
  return ctx.Add("Reshape", {bias, sizes});
}

Result<ValueId> Contract(Context& ctx, const Contraction& c) {
  const int rank = ctx.In(kX).shape.rank();
  ValueId bias = ctx.InputOrNone(kIntegerBias);
  if (!ctx.HasInput(kXScale) && !ctx.HasInput(kWScale)) {
    std::vector<ValueId> inputs{c.x, c.w};
    WEBINFER_ASSIGN(const ValueId x_zero, PerTensorOrColumn(ctx, kXZero));
    WEBINFER_ASSIGN(const ValueId w_zero, PerTensorOrColumn(ctx, kWZero));
    if (x_zero != kNoValue || w_zero != kNoValue) inputs.push_back(x_zero);
    if (w_zero != kNoValue) inputs.push_back(w_zero);
    const ValueId sum = AddContraction(ctx, c, c.integer_op, std::move(inputs));
    WEBINFER_ASSIGN(bias, BiasOf(ctx, c, bias, rank));
    return bias == kNoValue ? sum : ctx.Add("Add", {sum, bias});
  }
  WEBINFER_ASSIGN(const ValueId x, Dequantize(ctx, c.x, kXScale, kXZero, 1));
  WEBINFER_ASSIGN(const ValueId w, Dequantize(ctx, c.w, kWScale, kWZero, c.column_axis));
  const bool quantized = ctx.HasInput(kYScale);
  if (quantized && bias != kNoValue) {
    WEBINFER_ASSIGN(const ValueId x_scale, ScaleOf(ctx, kXScale));
    WEBINFER_ASSIGN(const ValueId w_scale, ScaleOf(ctx, kWScale));
    bias = ctx.AddWith("DequantizeLinear", {bias, ctx.Add("Mul", {x_scale, w_scale})}, "axis", 0);
  }
  const ValueId sum = AddContraction(ctx, c, c.float_op, {x, w});
  WEBINFER_ASSIGN(bias, BiasOf(ctx, c, bias, rank));
  WEBINFER_ASSIGN(const ValueId y, ctx.Epilogue(sum, bias, kNoValue));
  return quantized ? Quantize(ctx, y, kYScale, kYZero, IntegerOutputType(ctx)) : y;
}

}  // namespace

Status IntegerMatMul(Context& ctx) {
  const int rank = ctx.In(kW).shape.rank();
  const bool flip = ctx.attributes().Int("transB", 0) != 0;
  const ValueId w = flip ? ctx.TransposeMatrix(ctx.Input(kW), rank) : ctx.Input(kW);
  WEBINFER_ASSIGN(const ValueId y, Contract(ctx, {"MatMulInteger", "MatMul", ctx.Input(kX), w, rank - 1, false}));
  ctx.Return(0, y);
  return OkStatus();
}

Status IntegerConv(Context& ctx) {
  WEBINFER_ASSIGN(const ValueId y, Contract(ctx, {"ConvInteger", "Conv", ctx.ChannelsFirst(kX), ctx.Input(kW), 0, true}));
  ctx.ReturnChannelsLast(y, ctx.In(kX).shape.rank());
  return OkStatus();
}

Status IntegerAdd(Context& ctx) {
  enum Input : int { kA, kB, kAScale, kAZero, kBScale, kBZero, kYScale, kYZero };
  WEBINFER_ASSIGN(const ValueId a, Dequantize(ctx, ctx.Input(kA), kAScale, kAZero, 1));
  WEBINFER_ASSIGN(const ValueId b, Dequantize(ctx, ctx.Input(kB), kBScale, kBZero, 1));
  const DType dtype = ctx.HasInput(kYZero) ? ctx.In(kYZero).dtype : DType::kUint8;
  WEBINFER_ASSIGN(const ValueId y, Quantize(ctx, ctx.Add("Add", {a, b}), kYScale, kYZero, dtype));
  ctx.Return(0, y);
  return OkStatus();
}

Status IntegerLookup(Context& ctx) {
  const ValueId bytes = ctx.In(0).dtype == DType::kUint8 ? ctx.Input(0) : ctx.Cast(ctx.Input(0), DType::kUint8);
  ctx.Return(0, ctx.AddWith("Gather", {ctx.Input(1), ctx.Cast(bytes, DType::kInt32)}, "axis", 0));
  return OkStatus();
}

}  // namespace webinfer::standardize
