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

constexpr int64_t kMostSamples = 1 << 12;      // of a cell along an axis
constexpr int64_t kMostCellSamples = 1 << 18;  // of a cell

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
  const float samples = params.sampling_ratio > 0 ? static_cast<float>(params.sampling_ratio) : std::ceil(cells.size);
  cells.samples = samples <= static_cast<float>(kMostSamples) ? static_cast<int64_t>(std::max(samples, 0.0f)) : kMostSamples + 1;
  return cells;
}

// One bilinear sample: places in a channel's image and their weights; at[0] is -1 for one outside, which is 0.
struct Sample {
  int64_t at[4];
  float weights[4];
};

constexpr int64_t kSamples = 64;  // of a cell, that are placed once for all channels

// Samples [first, first + count) of cell (row, column), counted along rows.
void PlaceSamples(const RoiParams& params, const Cells& y, const Cells& x, int64_t row, int64_t column, int64_t first,
                  int64_t count, Sample* samples) {
  const auto place = [](const Cells& cells, int64_t cell, int64_t i) {
    return cells.start +
           (static_cast<float>(cell) + (static_cast<float>(i) + 0.5f) / static_cast<float>(cells.samples)) * cells.size;
  };
  for (int64_t i = first; i < first + count; ++i) {
    const Corners ys = CornersOf(place(y, row, i / x.samples), params.height);
    const Corners xs = CornersOf(place(x, column, i % x.samples), params.width);
    Sample& sample = samples[i - first];
    sample.at[0] = -1;
    if (!ys.inside || !xs.inside) continue;
    const int64_t low = ys.low * params.width, high = ys.high * params.width;
    sample = {{low + xs.low, low + xs.high, high + xs.low, high + xs.high},
              {ys.weight_low * xs.weight_low, ys.weight_low * xs.weight_high, ys.weight_high * xs.weight_low,
               ys.weight_high * xs.weight_high}};
  }
}

// The sum of samples, or the largest weighed corner of any.
template <typename T>
float Combine(const T* image, const Sample* samples, int64_t count, bool average, float total) {
  for (int64_t i = 0; i < count; ++i) {
    const auto& [at, weights] = samples[i];
    float parts[4] = {};
    for (int k = 0; k < 4 && at[0] >= 0; ++k) parts[k] = weights[k] * static_cast<float>(image[at[k]]);
    if (average) {
      total += parts[0] + parts[1] + parts[2] + parts[3];
    } else {
      total = std::max(total, std::max(std::max(parts[0], parts[1]), std::max(parts[2], parts[3])));
    }
  }
  return total;
}

// Cell (row, column) of every channel; `image` and `out` are the first channel's.
template <typename T>
void CellOfChannels(const RoiParams& params, const T* image, const Cells& y, const Cells& x, int64_t row, int64_t column,
                    T* out) {
  Sample samples[kSamples];
  const int64_t all = std::max<int64_t>(y.samples, 0) * std::max<int64_t>(x.samples, 0), plane = params.height * params.width;
  if (all <= kSamples) PlaceSamples(params, y, x, row, column, 0, all, samples);
  for (int64_t c = 0; c < params.channels; ++c, image += plane, out += params.out_height * params.out_width) {
    float total = params.average || all == 0 ? 0 : -INFINITY;
    for (int64_t done = 0; done < all; done += kSamples) {
      const int64_t count = std::min(kSamples, all - done);
      if (all > kSamples) PlaceSamples(params, y, x, row, column, done, count, samples);
      total = Combine(image, samples, count, params.average, total);
    }
    *out = static_cast<T>(params.average ? total / static_cast<float>(std::max<int64_t>(all, 1)) : total);
  }
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<RoiParams>();
  const int64_t regions = step.out[0].shape[0], cells = params.out_height * params.out_width;
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
      if (!(std::fabs(y.start) < 1e9f) || !(std::fabs(x.start) < 1e9f) || y.samples > kMostSamples || x.samples > kMostSamples ||
          y.samples * x.samples > kMostCellSamples) {
        return Error(Code::kOutOfRange, "A region of interest is absurdly large")
            .Actual("region %lld", static_cast<long long>(region));
      }
      const T* planes = step.in[0].As<T>() + image * params.channels * params.height * params.width;
      for (int64_t cell = 0; cell < cells; ++cell) {
        CellOfChannels(params, planes, y, x, cell / params.out_width, cell % params.out_width, out + cell);
      }
      out += params.channels * cells;
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
