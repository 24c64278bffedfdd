// BatchNormalization: x * a + b per channel, with a = scale / sqrt(var + epsilon) and b = bias - mean a, which fold to constants.
// All of it is computed in float32, or in float64 if an input has that type. In training mode mean and variance are those of the
// batch, and the running ones come out updated.
#include <algorithm>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape));
  for (int i = 1; i < ctx.output_count(); ++i) WEBINFER_TRY(ctx.SetOutput(i, ctx.In(i + 2).dtype, ctx.In(i + 2).shape));
  return OkStatus();
}

DType ComputeType(const LowerContext& ctx) {
  const bool wide =
      std::any_of(ctx.ins().begin(), ctx.ins().end(), [](const ValueInfo& in) { return in.dtype == DType::kFloat64; });
  return wide ? DType::kFloat64 : DType::kFloat32;
}

ValueId As(LowerContext& ctx, ValueId value, DType from, DType to) {
  if (from == to) return value;
  const ValueId result = ctx.Add("Cast", {value});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(to));
  return result;
}

// Input i in the type that is computed in.
ValueId Wide(LowerContext& ctx, int i) { return As(ctx, ctx.Input(i), ctx.In(i).dtype, ComputeType(ctx)); }

// running * momentum + batch * (1 - momentum), in the running value's type
Result<ValueId> Blend(LowerContext& ctx, int running, ValueId batch) {
  const DType dtype = ComputeType(ctx);
  const double momentum = ctx.attributes().Float("momentum", 0.9f);
  WEBINFER_ASSIGN(const ValueId keep, ctx.Scalar(dtype, momentum));
  WEBINFER_ASSIGN(const ValueId take, ctx.Scalar(dtype, 1 - momentum));
  const ValueId blended = ctx.Add("Add", {ctx.Add("Mul", {Wide(ctx, running), keep}), ctx.Add("Mul", {batch, take})});
  return As(ctx, blended, dtype, ctx.In(running).dtype);
}

struct Statistics {
  ValueId mean, variance;
};

Result<Statistics> BatchStatistics(LowerContext& ctx, ValueId x, int rank) {
  std::vector<int64_t> axes = {0};
  for (int i = 2; i < rank; ++i) axes.push_back(i);
  WEBINFER_ASSIGN(const ValueId axes_value, ctx.Ints(axes));
  const ValueId centre = ctx.Add("ReduceMean", {x, axes_value});
  const ValueId difference = ctx.Add("Sub", {x, centre});
  const auto reduce = [&](ValueId of) {
    const ValueId result = ctx.Add("ReduceMean", {of, axes_value});
    ctx.Last().attributes.SetInt("keepdims", 0);
    return result;
  };
  const Statistics statistics = {reduce(x), reduce(ctx.Add("Mul", {difference, difference}))};
  WEBINFER_ASSIGN(const ValueId mean, Blend(ctx, 3, statistics.mean));
  WEBINFER_ASSIGN(const ValueId variance, Blend(ctx, 4, statistics.variance));
  ctx.Return(1, mean);
  ctx.Return(2, variance);
  return statistics;
}

Status Lower(LowerContext& ctx, bool*) {
  const Shape& shape = ctx.In(0).shape;
  if (!shape.rank_known()) return Error(Code::kUnsupported, "BatchNormalization of a tensor whose rank is not known");
  const int rank = shape.rank();
  const DType dtype = ComputeType(ctx);
  const ValueId x = Wide(ctx, 0);
  Statistics statistics;
  if (ctx.attributes().Int("training_mode", 0) != 0) {
    WEBINFER_ASSIGN(statistics, BatchStatistics(ctx, x, rank));
  } else {
    statistics = {Wide(ctx, 3), Wide(ctx, 4)};
  }
  WEBINFER_ASSIGN(const ValueId epsilon, ctx.Scalar(dtype, ctx.attributes().Float("epsilon", 1e-5f)));
  const ValueId deviation = ctx.Add("Sqrt", {ctx.Add("Add", {statistics.variance, epsilon})});
  ValueId factor = ctx.Add("Div", {Wide(ctx, 1), deviation});
  ValueId offset = ctx.Add("Sub", {Wide(ctx, 2), ctx.Add("Mul", {statistics.mean, factor})});
  if (rank > 2) {
    std::vector<int64_t> axes;
    for (int i = 1; i < rank - 1; ++i) axes.push_back(i);
    WEBINFER_ASSIGN(const ValueId trailing, ctx.Ints(axes));
    factor = ctx.Add("Unsqueeze", {factor, trailing});
    offset = ctx.Add("Unsqueeze", {offset, trailing});
  }
  const ValueId y = ctx.Add("Add", {ctx.Add("Mul", {x, factor}), offset});
  ctx.Return(0, As(ctx, y, dtype, ctx.In(0).dtype));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(BatchNormalization) {
  return {.name = "BatchNormalization",
          .since = 15,
          .min_inputs = 5,
          .max_inputs = 5,
          .max_outputs = 3,
          .infer = webinfer::ops::Infer,
          .lower = webinfer::ops::Lower};
}
