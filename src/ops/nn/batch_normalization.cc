// BatchNormalization: x * a + b per channel, with a = scale / sqrt(var + epsilon) and b = bias - mean a, which fold to constants.
// In training mode mean and variance are those of the batch, and the running ones come out updated.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape));
  for (int i = 1; i < ctx.output_count(); ++i) WEBINFER_TRY(ctx.SetOutput(i, ctx.In(i + 2).dtype, ctx.In(i + 2).shape));
  return OkStatus();
}

// running * momentum + batch * (1 - momentum)
Result<ValueId> Blend(LowerContext& ctx, int running, ValueId batch) {
  const double momentum = ctx.attributes().Float("momentum", 0.9f);
  WEBINFER_ASSIGN(const ValueId keep, ctx.Scalar(ctx.In(running).dtype, momentum));
  WEBINFER_ASSIGN(const ValueId take, ctx.Scalar(ctx.In(running).dtype, 1 - momentum));
  return ctx.Add("Add", {ctx.Add("Mul", {ctx.Input(running), keep}), ctx.Add("Mul", {batch, take})});
}

struct Statistics {
  ValueId mean, variance;
};

Result<Statistics> BatchStatistics(LowerContext& ctx, int rank) {
  std::vector<int64_t> axes = {0};
  for (int i = 2; i < rank; ++i) axes.push_back(i);
  WEBINFER_ASSIGN(const ValueId axes_value, ctx.Ints(axes));
  const ValueId centre = ctx.Add("ReduceMean", {ctx.Input(0), axes_value});
  const ValueId difference = ctx.Add("Sub", {ctx.Input(0), centre});
  const auto reduce = [&](ValueId of) {
    const ValueId result = ctx.Add("ReduceMean", {of, axes_value});
    ctx.Last().attributes.SetInt("keepdims", 0);
    return result;
  };
  const Statistics statistics = {reduce(ctx.Input(0)), reduce(ctx.Add("Mul", {difference, difference}))};
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
  Statistics statistics = {ctx.Input(3), ctx.Input(4)};
  if (ctx.attributes().Int("training_mode", 0) != 0) {
    WEBINFER_ASSIGN(statistics, BatchStatistics(ctx, rank));
  }
  WEBINFER_ASSIGN(const ValueId epsilon, ctx.Scalar(ctx.In(4).dtype, ctx.attributes().Float("epsilon", 1e-5f)));
  const ValueId deviation = ctx.Add("Sqrt", {ctx.Add("Add", {statistics.variance, epsilon})});
  ValueId factor = ctx.Add("Div", {ctx.Input(1), deviation});
  ValueId offset = ctx.Add("Sub", {ctx.Input(2), ctx.Add("Mul", {statistics.mean, factor})});
  if (rank > 2) {
    std::vector<int64_t> axes;
    for (int i = 1; i < rank - 1; ++i) axes.push_back(i);
    WEBINFER_ASSIGN(const ValueId trailing, ctx.Ints(axes));
    factor = ctx.Add("Unsqueeze", {factor, trailing});
    offset = ctx.Add("Unsqueeze", {offset, trailing});
  }
  if (ctx.In(1).dtype != ctx.In(0).dtype) {
    for (ValueId* value : {&factor, &offset}) {
      *value = ctx.Add("Cast", {*value});
      ctx.Last().attributes.SetInt("to", static_cast<int64_t>(ctx.In(0).dtype));
    }
  }
  ctx.Return(0, ctx.Add("Add", {ctx.Add("Mul", {ctx.Input(0), factor}), offset}));
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
