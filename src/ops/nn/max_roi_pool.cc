// MaxRoiPool: the largest element in each cell of a region of interest, in whole pixels.
#include <algorithm>
#include <cmath>

#include "base/visit_dtype.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

struct RoiParams {
  int64_t images, channels, height, width;
  int64_t out_height, out_width;
  float spatial_scale;
};

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 4));
  WEBINFER_TRY(ctx.ExpectRank(1, 2));
  const Shape &x = ctx.In(0).shape, &rois = ctx.In(1).shape;
  const std::span<const int64_t> pooled = ctx.attributes().Ints("pooled_shape");
  if (pooled.size() != 2 || pooled[0] < 1 || pooled[1] < 1 || (rois.rank_known() && rois[1] >= 0 && rois[1] != 5)) {
    return Error(Code::kShapeMismatch, "MaxRoiPool's regions or pooled_shape are impossible")
        .Expected("[n,5] and two sizes >= 1")
        .Actual("%s, %zu sizes", ShapeText(rois).text, pooled.size());
  }
  return ctx.SetOutput(
      0, ctx.In(0).dtype,
      Shape({rois.rank_known() ? rois[0] : kUnknownDim, x.rank_known() ? x[1] : kUnknownDim, pooled[0], pooled[1]}));
}

// First and last (exclusive) pixel of cell `i` of `count` in a region from `start` to `end`, inside [0, size).
void CellRange(int64_t start, int64_t end, int64_t i, int64_t count, int64_t size, int64_t* first, int64_t* last) {
  const float cell = static_cast<float>(std::max<int64_t>(end - start + 1, 1)) / static_cast<float>(count);
  *first = std::clamp<int64_t>(static_cast<int64_t>(std::floor(static_cast<float>(i) * cell)) + start, 0, size);
  *last = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(static_cast<float>(i + 1) * cell)) + start, 0, size);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<RoiParams>();
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) -> Status {
    T* out = step.out[0].As<T>();
    for (int64_t region = 0; region < step.out[0].shape[0]; ++region) {
      int64_t roi[5];
      for (int i = 0; i < 5; ++i) {
        const auto value = static_cast<float>(step.in[1].As<T>()[region * 5 + i]);
        const float scaled = i == 0 ? value : std::round(value * params.spatial_scale);
        if (!(std::fabs(scaled) < 1e9f))
          return Error(Code::kOutOfRange, "A region of interest is absurdly large").Actual("%g", static_cast<double>(value));
        roi[i] = static_cast<int64_t>(scaled);
      }
      if (roi[0] < 0 || roi[0] >= params.images) {
        return Error(Code::kOutOfRange, "A region names an image that is not there")
            .Expected("0..%lld", static_cast<long long>(params.images - 1))
            .Actual("%lld", static_cast<long long>(roi[0]));
      }
      for (int64_t c = 0; c < params.channels; ++c) {
        const T* plane = step.in[0].As<T>() + (roi[0] * params.channels + c) * params.height * params.width;
        for (int64_t i = 0; i < params.out_height * params.out_width; ++i) {
          int64_t y0, y1, x0, x1;
          CellRange(roi[2], roi[4], i / params.out_width, params.out_height, params.height, &y0, &y1);
          CellRange(roi[1], roi[3], i % params.out_width, params.out_width, params.width, &x0, &x1);
          T most = y0 < y1 && x0 < x1 ? plane[y0 * params.width + x0] : T(0);
          for (int64_t y = y0; y < y1; ++y) {
            for (int64_t x = x0; x < x1; ++x) {
              const T value = plane[y * params.width + x];
              if (value > most) most = value;
            }
          }
          *out++ = most;
        }
      }
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ctx.ExpectSameDType(0, 1));
  const Shape& x = ctx.In(0).shape;
  const std::span<const int64_t> pooled = ctx.attributes().Ints("pooled_shape");
  WEBINFER_ASSIGN(RoiParams * params, ctx.Params<RoiParams>());
  *params = {x[0], x[1], x[2], x[3], pooled[0], pooled[1], ctx.attributes().Float("spatial_scale", 1)};
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(MaxRoiPool) {
  return {.name = "MaxRoiPool",
          .since = 22,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
