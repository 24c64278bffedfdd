#include "ops/nn/normalization.h"

#include <algorithm>

namespace webinfer::ops {

namespace {

using kernels::GroupNorm;
using kernels::LayerNorm;

struct LayerNormParams {
  LayerNorm norm;
  NormalizationRoles roles;
};

kernels::Numbers NumbersOf(const Step& step, int i) {
  if (i < 0 || !step.HasInput(i)) return {};
  return {step.in[i].dtype, step.in[i].data};
}
kernels::MutableNumbers ResultOf(const Step& step, int i) {
  if (i < 0 || !step.HasOutput(i)) return {};
  return {step.out[i].dtype, step.out[i].data};
}

Status RunRows(const Step& step, RunContext& run) {
  const auto& [norm, r] = step.Params<LayerNormParams>();
  const kernels::LayerNormOperands operands = {
      .x = NumbersOf(step, r.x),
      .skip = NumbersOf(step, r.skip),
      .skip_bias = NumbersOf(step, r.skip_bias),
      .scale = NumbersOf(step, r.scale),
      .bias = NumbersOf(step, r.bias),
      .y = ResultOf(step, r.y),
      .mean = ResultOf(step, r.mean),
      .inverse_deviation = ResultOf(step, r.inverse_deviation),
      .sum = ResultOf(step, r.sum),
  };
  kernels::RunLayerNorm(norm, operands, step.scratch, run.pool());
  return OkStatus();
}

Result<int> AxisOf(const InferContext& ctx, int rank) { return NormalizeAxis(ctx.attributes().Int("axis", -1), rank); }

// How many rows of `x` from `axis` on the operand holds: its axes must be those of x without leading ones.
Result<int64_t> RowsIn(const InferContext& ctx, int i, const Shape& x, int axis) {
  const Shape& shape = ctx.In(i).shape;
  const int lead = x.rank() - shape.rank();
  bool fits = lead >= 0, started = false;
  int64_t rows = 1;
  for (int k = 0; fits && k < shape.rank(); ++k) {
    const int at = lead + k;
    const bool same = shape[k] == x[at];
    if (at >= axis) fits = same;
    if (at < axis) {
      if (started || shape[k] != 1) fits = same;
      started |= shape[k] != 1;
      rows *= shape[k];
    }
  }
  if (fits && shape.Elements() == rows * x.Elements(axis, x.rank())) return rows;
  return Error(Code::kShapeMismatch, "%s: input %d does not fit the normalised axes", ctx.node().op.c_str(), i)
      .Expected("the sizes of %s from axis %d on", ShapeText(x).text, axis)
      .Actual("%s", ShapeText(shape).text);
}

}  // namespace

Status InferNormalization(InferContext& ctx, const NormalizationRoles& roles) {
  const ValueInfo& x = ctx.In(roles.x);
  Shape statistics = x.shape;
  if (x.shape.rank_known()) {
    WEBINFER_ASSIGN(const int axis, AxisOf(ctx, x.shape.rank()));
    for (int i = axis; i < x.shape.rank(); ++i) statistics[i] = 1;
  }
  const bool brain = ctx.attributes().Int("stash_type", 1) == static_cast<int64_t>(DType::kBfloat16);
  const DType stash = brain ? DType::kBfloat16 : DType::kFloat32;
  WEBINFER_TRY(ctx.SetOutput(roles.y, roles.centred ? x.dtype : ctx.In(roles.scale).dtype, x.shape));
  if (roles.mean >= 0) WEBINFER_TRY(ctx.SetOutput(roles.mean, stash, statistics));
  if (roles.inverse_deviation >= 0) WEBINFER_TRY(ctx.SetOutput(roles.inverse_deviation, stash, statistics));
  return roles.sum >= 0 ? ctx.SetOutput(roles.sum, x.dtype, x.shape) : OkStatus();
}

Status BindNormalization(BindContext& ctx, const NormalizationRoles& roles) {
  const ValueInfo& x = ctx.In(roles.x);
  if (!IsFloat(x.dtype)) {
    return Error(Code::kUnsupported, "%s takes floats", ctx.node().op.c_str()).Actual("%s", DTypeName(x.dtype));
  }
  WEBINFER_ASSIGN(const int axis, AxisOf(ctx, x.shape.rank()));
  WEBINFER_ASSIGN(LayerNormParams * params, ctx.Params<LayerNormParams>());
  LayerNorm& norm = params->norm;
  params->roles = roles;
  norm.rows = x.shape.Elements(0, axis);
  norm.length = x.shape.Elements(axis, x.shape.rank());
  norm.epsilon = ctx.attributes().Float("epsilon", roles.epsilon);
  norm.centred = roles.centred;
  WEBINFER_ASSIGN(norm.scale_rows, RowsIn(ctx, roles.scale, x.shape, axis));
  if (roles.bias >= 0 && ctx.HasInput(roles.bias)) {
    WEBINFER_ASSIGN(norm.bias_rows, RowsIn(ctx, roles.bias, x.shape, axis));
  }
  if (roles.skip >= 0) {
    WEBINFER_ASSIGN(norm.skip_rows, RowsIn(ctx, roles.skip, x.shape, axis));
  }
  if (roles.skip_bias >= 0 && ctx.HasInput(roles.skip_bias)) {
    WEBINFER_TRY(RowsIn(ctx, roles.skip_bias, x.shape, axis).status());
  }
  ctx.SetScratch(kernels::LayerNormScratchBytes(norm, ctx.threads()));
  if (norm.skip_rows == 0 && ctx.Out(roles.y).dtype == x.dtype) ctx.MayShare(roles.y, roles.x);
  ctx.SetKernel(RunRows);
  return OkStatus();
}

namespace {

// Says that scale and bias have been expanded: sizes that are not known yet need not be looked at again.
constexpr const char* kExpanded = "expanded";

// Whether input i may lack some of the axes of `x` from `axis` on.
bool Broadcasts(const InferContext& ctx, int i, const Shape& x, int axis) {
  if (i < 0 || !ctx.HasInput(i) || !ctx.In(i).shape.rank_known()) return false;
  const Shape& shape = ctx.In(i).shape;
  const int lead = x.rank() - shape.rank();
  if (lead > axis) return true;
  for (int at = axis; lead >= 0 && at < x.rank(); ++at) {
    const int64_t size = shape[at - lead];
    if (size != x[at] && (size == 1 || size < 0)) return true;
  }
  return false;
}

}  // namespace

Status LowerNormalization(LowerContext& ctx, bool* done, const NormalizationRoles& roles) {
  const Shape& x = ctx.In(roles.x).shape;
  *done = false;
  if (!x.rank_known() || ctx.attributes().Has(kExpanded)) return OkStatus();
  WEBINFER_ASSIGN(const int axis, AxisOf(ctx, x.rank()));
  std::vector<ValueId> inputs;
  for (int i = 0; i < ctx.input_count(); ++i) {
    inputs.push_back(ctx.Input(i));
    if ((i != roles.scale && i != roles.bias) || !Broadcasts(ctx, i, x, axis)) continue;
    const ValueId sizes = ctx.Add("Shape", {ctx.Input(roles.x)});
    ctx.Last().attributes.SetInt("start", axis);
    inputs.back() = ctx.Add("Expand", {ctx.Input(i), sizes});
    *done = true;
  }
  if (!*done) return OkStatus();
  const std::vector<ValueId> results = ctx.AddMany(ctx.node().op, std::move(inputs), ctx.output_count(), ctx.node().domain);
  ctx.Last().attributes = ctx.attributes();
  ctx.Last().attributes.SetInt(kExpanded, 1);
  for (int i = 0; i < ctx.output_count(); ++i) ctx.Return(i, results[static_cast<size_t>(i)]);
  return OkStatus();
}

namespace {

Status RunGroups(const Step& step, RunContext& run) {
  kernels::RunGroupNorm(step.Params<GroupNorm>(), NumbersOf(step, 0), NumbersOf(step, 1), NumbersOf(step, 2), ResultOf(step, 0),
                        step.scratch, run.pool());
  return OkStatus();
}

}  // namespace

Status BindGroups(BindContext& ctx, int64_t groups) {
  const Shape& shape = ctx.In(0).shape;
  const std::string& op = ctx.node().op;
  if (!IsFloat(ctx.In(0).dtype)) {
    return Error(Code::kUnsupported, "%s takes floats", op.c_str()).Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  if (shape.rank() < 2 || groups < 1 || shape[1] % groups != 0) {
    return Error(Code::kShapeMismatch, "%s: the channels cannot be divided into groups", op.c_str())
        .Expected("[batch, a multiple of %lld, ...]", static_cast<long long>(groups))
        .Actual("%s", ShapeText(shape).text);
  }
  WEBINFER_ASSIGN(GroupNorm * norm, ctx.Params<GroupNorm>());
  *norm = {shape[0], groups, shape[1] / groups, shape.Elements(2, shape.rank()), ctx.attributes().Float("epsilon", 1e-5f)};
  const int64_t parameters = ctx.In(1).shape.Elements();
  norm->per_group = parameters == groups && parameters != shape[1];
  if ((parameters != shape[1] && parameters != groups) || ctx.In(2).shape.Elements() != parameters) {
    return Error(Code::kShapeMismatch, "%s: scale and bias do not fit", op.c_str())
        .Expected("%lld elements each", static_cast<long long>(shape[1]))
        .Actual("%s and %s", ShapeText(ctx.In(1).shape).text, ShapeText(ctx.In(2).shape).text);
  }
  ctx.SetScratch(kernels::GroupNormScratchBytes(*norm, ctx.In(0).dtype, ctx.threads()));
  ctx.MayShare(0, 0);
  ctx.SetKernel(RunGroups);
  return OkStatus();
}

}  // namespace webinfer::ops
