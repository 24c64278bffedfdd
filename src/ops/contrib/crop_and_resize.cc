// CropAndResize: regions of images, given by corners (y1, x1, y2, x2) from 0 to 1, resized to one size. Both corners are sampled;
// points outside the image get extrapolation_value.
#include <cmath>

#include "base/visit_dtype.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kRegions, kImages, kSize };

struct CropParams {
  int64_t images, channels, height, width, out_height, out_width;
  float outside;
  bool bilinear;
};

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(kX, 4));
  WEBINFER_TRY(ctx.ExpectRank(kRegions, 2));
  WEBINFER_TRY(ctx.ExpectSameDType(kX, kRegions));
  Shape out = Shape::Unknown(4);
  if (ctx.In(kRegions).shape.rank_known()) out[0] = ctx.In(kRegions).shape[0];
  if (ctx.In(kX).shape.rank_known()) out[1] = ctx.In(kX).shape[1];
  IntList size;
  if (ctx.KnownInts(kSize, &size)) {
    if (size.size != 2 || size[0] < 1 || size[1] < 1)
      return Error(Code::kInvalidArgument, "CropAndResize's crop_size must be two positive numbers");
    out[2] = size[0];
    out[3] = size[1];
  } else {
    ctx.NeedValue(kSize);
  }
  return ctx.SetOutput(0, ctx.In(kX).dtype, out);
}

// Where output `i` of `count` lies on an axis of `size`.
double PlaceOf(double from, double to, int64_t i, int64_t count, int64_t size) {
  const auto last = static_cast<double>(size - 1);
  if (count == 1) return 0.5 * (from + to) * last;
  if (i == count - 1) return to * last;
  return from * last + static_cast<double>(i) * ((to - from) * last / static_cast<double>(count - 1));
}

bool Inside(float place, int64_t size) { return place >= 0 && place <= static_cast<float>(size - 1); }

template <typename T>
float Sample(const CropParams& p, const T* plane, float y, float x) {
  const auto at = [&](float row, float column) {
    return static_cast<float>(plane[static_cast<int64_t>(row) * p.width + static_cast<int64_t>(column)]);
  };
  if (!p.bilinear) return at(std::round(y), std::round(x));
  const float top = std::floor(y), left = std::floor(x), bottom = std::ceil(y), right = std::ceil(x);
  const float upper = at(top, left) + (at(top, right) - at(top, left)) * (x - left);
  const float lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * (x - left);
  return upper + (lower - upper) * (y - top);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& p = step.Params<CropParams>();
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) -> Status {
    T* out = step.out[0].As<T>();
    for (int64_t region = 0; region < step.out[0].shape[0]; ++region) {
      const T* corners = step.in[kRegions].As<T>() + region * 4;
      const int32_t image = step.in[kImages].As<int32_t>()[region];
      if (image < 0 || image >= p.images) {
        return Error(Code::kOutOfRange, "A region names an image that is not there")
            .Expected("0..%lld", static_cast<long long>(p.images - 1))
            .Actual("%d", image);
      }
      const T* planes = step.in[kX].As<T>() + image * p.channels * p.height * p.width;
      for (int64_t c = 0; c < p.channels; ++c, planes += p.height * p.width) {
        for (int64_t row = 0; row < p.out_height; ++row) {
          const auto y = static_cast<float>(
              PlaceOf(static_cast<double>(corners[0]), static_cast<double>(corners[2]), row, p.out_height, p.height));
          for (int64_t column = 0; column < p.out_width; ++column) {
            const auto x = static_cast<float>(
                PlaceOf(static_cast<double>(corners[1]), static_cast<double>(corners[3]), column, p.out_width, p.width));
            const bool inside = Inside(y, p.height) && Inside(x, p.width);
            *out++ = static_cast<T>(inside ? Sample(p, planes, y, x) : p.outside);
          }
        }
      }
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  const Shape &x = ctx.In(kX).shape, &regions = ctx.In(kRegions).shape, &out = ctx.Out(0).shape;
  const std::string_view mode = ctx.attributes().String("mode", "bilinear");
  if (regions[1] != 4 || ctx.In(kImages).dtype != DType::kInt32 || !(ctx.In(kImages).shape == Shape({regions[0]})) ||
      (mode != "bilinear" && mode != "nearest")) {
    return Error(Code::kShapeMismatch, "CropAndResize's regions do not fit its images, or its mode is unknown")
        .Expected("regions [n,4], int32 batch_indices [n], bilinear or nearest")
        .Actual("%s, %s%s", ShapeText(regions).text, DTypeName(ctx.In(kImages).dtype), ShapeText(ctx.In(kImages).shape).text);
  }
  WEBINFER_ASSIGN(CropParams * p, ctx.Params<CropParams>());
  *p = {x[0], x[1], x[2], x[3], out[2], out[3], ctx.attributes().Float("extrapolation_value", 0), mode == "bilinear"};
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_CropAndResize) {
  return {.name = "CropAndResize",
          .domain = "com.microsoft",
          .min_inputs = 4,
          .max_inputs = 4,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
