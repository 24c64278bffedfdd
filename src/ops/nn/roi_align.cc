// RoiAlign: averages (or takes the largest of) bilinear samples of a feature map in each cell of a region of interest.
#include <algorithm>
#include <cmath>

#include "base/visit_dtype.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

struct RoiParams {
  int64_t channels, height, width, images;
  int64_t out_height, out_width;
  int64_t sampling_ratio;
  float spatial_scale;
  bool half_pixel, average;
};

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 4));
  WEBINFER_TRY(ctx.ExpectRank(1, 2));
  WEBINFER_TRY(ctx.ExpectRank(2, 1));
  const Shape &x = ctx.In(0).shape, &rois = ctx.In(1).shape;
  const int64_t height = ctx.attributes().Int("output_height", 1), width = ctx.attributes().Int("output_width", 1);
  if (height < 1 || width < 1 || (rois.rank_known() && rois[1] >= 0 && rois[1] != 4)) {
    return Error(Code::kShapeMismatch, "RoiAlign's regions or output sizes are impossible")
        .Expected("[n,4] and sizes >= 1")
        .Actual("%s, %lldx%lld", ShapeText(rois).text, static_cast<long long>(height), static_cast<long long>(width));
  }
  return ctx.SetOutput(0, ctx.In(0).dtype,
                       Shape({rois.rank_known() ? rois[0] : kUnknownDim, x.rank_known() ? x[1] : kUnknownDim, height, width}));
}

struct Corners {
  int64_t low, high;
  float weight_low, weight_high;
  bool inside;
};

Corners CornersOf(float at, int64_t size) {
  Corners corners{0, 0, 0, 0, at >= -1 && at <= static_cast<float>(size)};
  if (!corners.inside) return corners;
  at = std::max(at, 0.0f);
  corners.low = std::min(static_cast<int64_t>(at), size - 1);
  corners.high = std::min(corners.low + 1, size - 1);
  corners.weight_high = corners.low == size - 1 ? 0 : at - static_cast<float>(corners.low);
  corners.weight_low = 1 - corners.weight_high;
  return corners;
}

// One axis of one region: where it starts, how wide a cell is, how many samples a cell has.
struct Cells {
  float start, size;
  int64_t samples;
};

Cells CellsOf(const RoiParams& params, float from, float to, int64_t count) {
  const float offset = params.half_pixel ? 0.5f : 0.0f;
  Cells cells;
  cells.start = from * params.spatial_scale - offset;
  float length = to * params.spatial_scale - offset - cells.start;
  if (!params.half_pixel) length = std::max(length, 1.0f);
  cells.size = length / static_cast<float>(count);
  cells.samples = params.sampling_ratio > 0 ? params.sampling_ratio : static_cast<int64_t>(std::ceil(cells.size));
  return cells;
}

template <typename T>
float Cell(const RoiParams& params, const T* image, const Cells& y, const Cells& x, int64_t row, int64_t column) {
  float total = 0;
  bool first = true;
  for (int64_t i = 0; i < y.samples; ++i) {
    const float at_y =
        y.start + (static_cast<float>(row) + (static_cast<float>(i) + 0.5f) / static_cast<float>(y.samples)) * y.size;
    const Corners ys = CornersOf(at_y, params.height);
    for (int64_t k = 0; k < x.samples; ++k) {
      const float at_x =
          x.start + (static_cast<float>(column) + (static_cast<float>(k) + 0.5f) / static_cast<float>(x.samples)) * x.size;
      const Corners xs = CornersOf(at_x, params.width);
      float parts[4] = {};
      if (ys.inside && xs.inside) {
        const T *low = image + ys.low * params.width, *high = image + ys.high * params.width;
        parts[0] = ys.weight_low * xs.weight_low * static_cast<float>(low[xs.low]);
        parts[1] = ys.weight_low * xs.weight_high * static_cast<float>(low[xs.high]);
        parts[2] = ys.weight_high * xs.weight_low * static_cast<float>(high[xs.low]);
        parts[3] = ys.weight_high * xs.weight_high * static_cast<float>(high[xs.high]);
      }
      if (params.average) {
        total += parts[0] + parts[1] + parts[2] + parts[3];
      } else {
        const float most = std::max(std::max(parts[0], parts[1]), std::max(parts[2], parts[3]));
        total = first ? most : std::max(total, most);
      }
      first = false;
    }
  }
  return params.average ? total / static_cast<float>(std::max<int64_t>(y.samples * x.samples, 1)) : total;
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<RoiParams>();
  const int64_t regions = step.out[0].shape[0];
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) -> Status {
    T* out = step.out[0].As<T>();
    for (int64_t region = 0; region < regions; ++region) {
      const T* roi = step.in[1].As<T>() + region * 4;
      const int64_t image =
          step.in[2].dtype == DType::kInt32 ? step.in[2].As<int32_t>()[region] : step.in[2].As<int64_t>()[region];
      if (image < 0 || image >= params.images) {
        return Error(Code::kOutOfRange, "A region names an image that is not there")
            .Expected("0..%lld", static_cast<long long>(params.images - 1))
            .Actual("%lld", static_cast<long long>(image));
      }
      const Cells x = CellsOf(params, static_cast<float>(roi[0]), static_cast<float>(roi[2]), params.out_width);
      const Cells y = CellsOf(params, static_cast<float>(roi[1]), static_cast<float>(roi[3]), params.out_height);
      constexpr int64_t kMostSamples = 1 << 12;
      if (!(std::fabs(y.start) < 1e9f) || !(std::fabs(x.start) < 1e9f) || y.samples > kMostSamples || x.samples > kMostSamples) {
        return Error(Code::kOutOfRange, "A region of interest is absurdly large")
            .Actual("region %lld", static_cast<long long>(region));
      }
      for (int64_t c = 0; c < params.channels; ++c) {
        const T* plane = step.in[0].As<T>() + (image * params.channels + c) * params.height * params.width;
        for (int64_t row = 0; row < params.out_height; ++row) {
          for (int64_t column = 0; column < params.out_width; ++column)
            *out++ = static_cast<T>(Cell(params, plane, y, x, row, column));
        }
      }
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ctx.ExpectSameDType(0, 1));
  const Shape& x = ctx.In(0).shape;
  if (ctx.In(2).dtype != DType::kInt64 && ctx.In(2).dtype != DType::kInt32) {
    return Error(Code::kTypeMismatch, "Batch indices have the wrong type")
        .Expected("int64")
        .Actual("%s", DTypeName(ctx.In(2).dtype));
  }
  if (ctx.In(2).shape[0] != ctx.In(1).shape[0] || (x.Elements() == 0 && ctx.Out(0).shape.Elements() > 0)) {
    return Error(Code::kShapeMismatch, "RoiAlign's inputs do not fit together")
        .Expected("one batch index for each region, and images that are not empty")
        .Actual("%s, %s, %s", ShapeText(x).text, ShapeText(ctx.In(1).shape).text, ShapeText(ctx.In(2).shape).text);
  }
  WEBINFER_ASSIGN(RoiParams * params, ctx.Params<RoiParams>());
  const Attributes& attributes = ctx.attributes();
  *params = {x[1],
             x[2],
             x[3],
             x[0],
             attributes.Int("output_height", 1),
             attributes.Int("output_width", 1),
             attributes.Int("sampling_ratio", 0),
             attributes.Float("spatial_scale", 1),
             attributes.String("coordinate_transformation_mode", "half_pixel") == "half_pixel",
             attributes.String("mode", "avg") != "max"};
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(RoiAlign) {
  return {.name = "RoiAlign",
          .since = 22,
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
