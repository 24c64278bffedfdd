#include "ops/reduce/reduce.h"

#include <algorithm>

#include "kernels/scalar_program.h"

namespace webinfer::ops {

Status ReadReducedAxes(InferContext& ctx, int rank, ReducedAxes* axes) {
  const std::span<const int64_t> attribute = ctx.attributes().Ints("axes");
  IntList list;
  for (int64_t axis : attribute.first(std::min<size_t>(attribute.size(), IntList::kMost))) list.values[list.size++] = axis;
  if (ctx.HasInput(1) && !ctx.KnownInts(1, &list)) {
    const Shape& shape = ctx.In(1).shape;
    if (ctx.In(1).known != nullptr && shape.known() && shape.Elements() > 0) {
      return Error(Code::kTypeMismatch, "%s: the axes cannot be read", ctx.node().op.c_str())
          .Expected("at most %d integers", IntList::kMost)
          .Actual("%s%s", DTypeName(ctx.In(1).dtype), ShapeText(shape).text);
    }
    if (!shape.known() || shape.Elements() > 0) {
      ctx.NeedValue(1);
      return OkStatus();
    }
  }
  axes->known = true;
  const bool all = list.size == 0 && ctx.attributes().Int("noop_with_empty_axes", 0) == 0;
  for (int i = 0; i < rank; ++i) axes->reduced[i] = all;
  for (int64_t axis : list.span()) {
    WEBINFER_ASSIGN(const int at, NormalizeAxis(axis, rank));
    axes->reduced[at] = true;
  }
  return OkStatus();
}

Status InferReduce(InferContext& ctx) {
  const ValueInfo& in = ctx.In(0);
  const bool keep = ctx.attributes().Int("keepdims", 1) != 0;
  if (!in.shape.rank_known()) return ctx.SetOutput(0, in.dtype, Shape::UnknownRank());
  const int rank = in.shape.rank();
  ReducedAxes axes;
  WEBINFER_TRY(ReadReducedAxes(ctx, rank, &axes));
  if (!axes.known) {
    const Shape& count = ctx.In(1).shape;
    if (keep) return ctx.SetOutput(0, in.dtype, Shape::Unknown(rank));
    if (!count.known() || count.Elements() == 0) return ctx.SetOutput(0, in.dtype, Shape::UnknownRank());
    const int64_t left = rank - count.Elements();
    return ctx.SetOutput(0, in.dtype, left < 0 ? Shape::UnknownRank() : Shape::Unknown(static_cast<int>(left)));
  }
  Shape out;
  for (int i = 0; i < rank; ++i) {
    if (!axes.reduced[i]) {
      out.Append(in.shape[i]);
    } else if (keep) {
      out.Append(1);
    }
  }
  return ctx.SetOutput(0, in.dtype, out);
}

namespace {

Status Run(const Step& step, RunContext& run) {
  kernels::RunReduce(step.Params<kernels::ReducePlan>(), step.in[0].data, step.out[0].data, step.scratch, run.pool());
  return OkStatus();
}

}  // namespace

Status BindReduction(BindContext& ctx, kernels::Reduction reduction) {
  const ValueInfo& in = ctx.In(0);
  ScalarType type;
  const bool ordered = reduction.combine == kernels::Combine::kMax || reduction.combine == kernels::Combine::kMin;
  if (!ScalarTypeOf(in.dtype, &type) || (type == ScalarType::kBool && !ordered)) {
    return Error(Code::kUnsupported, "%s does not take this type", ctx.node().op.c_str()).Actual("%s", DTypeName(in.dtype));
  }
  ReducedAxes axes;
  WEBINFER_TRY(ReadReducedAxes(ctx, in.shape.rank(), &axes));
  WEBINFER_ASSIGN(kernels::ReducePlan * plan, ctx.Params<kernels::ReducePlan>());
  *plan = kernels::MakeReducePlan(reduction, in.dtype, in.shape.dims(), axes.reduced);
  ctx.SetScratch(kernels::ReduceScratchBytes(*plan, ctx.threads()));
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace webinfer::ops
