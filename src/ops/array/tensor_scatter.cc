// TensorScatter: a key-value cache with `update` written from write_indices[batch] on along the sequence axis.
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct CacheParams {
  int64_t batch, middle;  // entries before the axis: of axis 0, and of the others
  int64_t room, added;    // sizes of the axis: of the cache, of the update
  int64_t inner;          // elements behind it
  bool circular;
};

Status Infer(InferContext& ctx) {
  const Shape &cache = ctx.In(0).shape, &update = ctx.In(1).shape;
  WEBINFER_TRY(ctx.ExpectSameDType(0, 1));
  if (ctx.HasInput(2)) WEBINFER_TRY(ExpectIndexType(ctx, 2));
  if (cache.known() && update.known()) {
    WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, -2));
    bool fits = axis > 0 && cache.rank() == update.rank();
    for (int i = 0; fits && i < cache.rank(); ++i) fits = i == axis ? update[i] <= cache[i] : update[i] == cache[i];
    if (!fits) {
      return Error(Code::kShapeMismatch, "The update does not fit the cache")
          .Expected("%s with at most that many entries on axis %d > 0", ShapeText(cache).text, axis)
          .Actual("%s", ShapeText(update).text);
    }
    if (ctx.HasInput(2) && ctx.In(2).shape.known() && ctx.In(2).shape.Elements() != cache[0]) {
      return Error(Code::kShapeMismatch, "write_indices have the wrong length")
          .Expected("%lld", static_cast<long long>(cache[0]))
          .Actual("%s", ShapeText(ctx.In(2).shape).text);
    }
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, cache);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<CacheParams>();
  auto* dst = step.out[0].As<uint8_t>();
  const auto* update = step.in[1].As<uint8_t>();
  if (dst != step.in[0].data) std::memcpy(dst, step.in[0].data, step.in[0].bytes());
  const int64_t block = params.inner * static_cast<int64_t>(DTypeBytes(step.in[0].dtype));
  for (int64_t b = 0; b < params.batch; ++b) {
    int64_t start = step.HasInput(2) ? IndexAt(step.in[2].data, step.in[2].dtype, b) : 0;
    if (start < 0 || (!params.circular && start > params.room - params.added))
      return IndexError(start, params.room - params.added + 1, 0);
    if (params.circular && params.room > 0) start %= params.room;
    const int64_t first = params.added < params.room - start ? params.added : params.room - start;  // before it wraps around
    for (int64_t m = 0; m < params.middle; ++m) {
      uint8_t* row = dst + (b * params.middle + m) * params.room * block;
      const uint8_t* from = update + (b * params.middle + m) * params.added * block;
      std::memcpy(row + start * block, from, static_cast<size_t>(first * block));
      std::memcpy(row, from + first * block, static_cast<size_t>((params.added - first) * block));
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  const Shape& cache = ctx.In(0).shape;
  WEBINFER_ASSIGN(const int axis, AxisAttribute(ctx, 0, -2));
  WEBINFER_ASSIGN(CacheParams * params, ctx.Params<CacheParams>());
  params->batch = cache[0];
  params->middle = cache.Elements(1, axis);
  params->room = cache[axis];
  params->added = ctx.In(1).shape[axis];
  params->inner = cache.Elements(axis + 1, cache.rank());
  params->circular = ctx.attributes().String("mode", "linear") == "circular";
  ctx.MayShare(0, 0);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(TensorScatter) {
  return {.name = "TensorScatter",
          .since = 24,
          .min_inputs = 2,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .lower = webinfer::ops::LowerPacked};
}
