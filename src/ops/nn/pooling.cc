#include "ops/nn/pooling.h"

#include "kernels/pool.h"
#include "ops/float32.h"
#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

Status InferImage(InferContext& ctx, ImageAxes axes) {
  const Shape& x = ctx.In(0).shape;
  const DType dtype = ctx.In(0).dtype;
  const int spatial = static_cast<int>(ctx.attributes().Ints("kernel_shape").size());
  Shape out = Shape::UnknownRank();
  if (x.rank_known()) {
    Window window;
    WEBINFER_TRY(ReadWindow(ctx.attributes(), spatial, {}, &window));
    WEBINFER_TRY(ctx.ExpectRank(0, spatial + 2));
    out = x;
    for (int i = 0; i < spatial; ++i) {
      int64_t& size = out[axes.spatial(i)];
      if (size < 0) {
        size = kUnknownDim;
      } else {
        WEBINFER_ASSIGN(size, SlideWindow(&window, i, size));
      }
    }
  }
  WEBINFER_TRY(ctx.SetOutput(0, dtype, out));
  return ctx.SetOutput(1, DType::kInt64, out);
}

Status RunPoolStep(const Step& step, RunContext& run) {
  kernels::RunPool(step.Params<kernels::Pool>(), step.in[0].As<float>(), step.out[0].As<float>(), step.scratch, run.pool());
  return OkStatus();
}

}  // namespace

Status InferPool(InferContext& ctx) { return InferImage(ctx, ImageAxes{false}); }

Status InferChannelsLastPool(InferContext& ctx) { return InferImage(ctx, ImageAxes{true}); }

Status BindPool(BindContext& ctx) {
  if (ctx.In(0).dtype != DType::kFloat32) {
    return Error(Code::kUnsupported, "A pool of this type").Expected("float32").Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  WEBINFER_ASSIGN(kernels::Pool * pool, ctx.Params<kernels::Pool>());
  Window window;
  WEBINFER_TRY(ReadWindow(ctx.attributes(), in.rank() - 2, {}, &window));
  for (int i = 0; i < window.rank; ++i) {
    WEBINFER_TRY(SlideWindow(&window, i, in[i + 1]).status());
    pool->pad_end[kMaxWindowRank - window.rank + i] = static_cast<int>(window.pad_end[i]);
  }
  FillGeometry(window, in, out, ImageAxes{true}, &pool->geometry);
  pool->geometry.channels = pool->geometry.filters = static_cast<int>(in[in.rank() - 1]);
  pool->kind = ctx.node().op == "MaxPool"       ? kernels::PoolKind::kMax
               : ctx.node().op == "AveragePool" ? kernels::PoolKind::kAverage
                                                : kernels::PoolKind::kLp;
  pool->count_include_pad = ctx.attributes().Int("count_include_pad", 0) != 0;
  pool->p = static_cast<int>(ctx.attributes().Int("p", 2));
  ctx.SetKernel(RunPoolStep);
  ctx.SetScratch(kernels::PoolScratchBytes(*pool, ctx.threads()));
  return OkStatus();
}

Status LowerPool(LowerContext& ctx, bool* done) {
  const DType dtype = ctx.In(0).dtype;
  const int rank = static_cast<int>(ctx.attributes().Ints("kernel_shape").size()) + 2;
  const std::string_view name = ctx.node().op;
  if (name == "MaxPool" && !IsHalf(dtype) && (ctx.HasOutput(1) || dtype != DType::kFloat32)) {
    *done = false;
    return OkStatus();
  }
  return dtype == DType::kFloat32 ? LowerToChannelsLast(ctx, name, rank) : ComputeInFloat32(ctx);
}

Status InferGlobalPool(InferContext& ctx) {
  Shape out = ctx.In(0).shape;
  for (int i = 2; i < out.rank(); ++i) out[i] = 1;
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status LowerGlobalPool(LowerContext& ctx, std::string_view reduction) {
  const Shape& x = ctx.In(0).shape;
  if (!x.rank_known()) return Error(Code::kUnsupported, "A global pool of an image of unknown rank");
  std::vector<int64_t> spatial;
  for (int i = 2; i < x.rank(); ++i) spatial.push_back(i);
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints(spatial));
  ctx.Return(0, ctx.Add(reduction, {ctx.Input(0), axes}));
  return OkStatus();
}

}  // namespace webinfer::ops
