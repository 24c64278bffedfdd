// AffineGrid: the sampling grid (for GridSample) of affine transformations theta, 2-D or 3-D.
#include <type_traits>

#include "base/visit_dtype.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

struct GridParams {
  int32_t axes;  // 2 or 3
  bool align_corners;
};

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 3));
  IntList size;
  if (!ctx.KnownInts(1, &size)) {
    ctx.NeedValue(1);
    const Shape& count = ctx.In(1).shape;
    const bool known = count.rank() == 1 && (count[0] == 4 || count[0] == 5);
    return ctx.SetOutput(0, ctx.In(0).dtype, known ? Shape::Unknown(static_cast<int>(count[0])) : Shape::UnknownRank());
  }
  for (const int64_t each : size.span()) {
    if (each < 0)
      return Error(Code::kInvalidArgument, "AffineGrid's size is negative").Actual("%lld", static_cast<long long>(each));
  }
  const int axes = size.size - 2;
  const Shape& theta = ctx.In(0).shape;
  if ((axes != 2 && axes != 3) || !MergeShapes(theta, {size[0], axes, axes + 1}).ok()) {
    return Error(Code::kShapeMismatch, "theta does not fit the size")
        .Expected("[N,2,3] for a size of 4 numbers, [N,3,4] for 5")
        .Actual("%s for %d", ShapeText(theta).text, size.size);
  }
  Shape out({size[0]});
  for (int i = 2; i < size.size; ++i) out.Append(size[i]);
  out.Append(axes);
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<GridParams>();
  const Shape& shape = step.out[0].shape;
  const int axes = params.axes;
  const int64_t points = shape.Elements(1, 1 + axes);
  return VisitFloat(step.out[0].dtype, [&]<typename T>(T) {
    using F = std::conditional_t<std::is_same_v<T, double>, double, float>;
    T* out = step.out[0].As<T>();
    for (int64_t n = 0; n < shape[0]; ++n) {
      const T* theta = step.in[0].As<T>() + n * axes * (axes + 1);
      for (int64_t point = 0; point < points; ++point) {
        F position[4] = {0, 0, 0, 1};  // x, y(, z), 1
        int64_t rest = point;
        for (int i = 0; i < axes; ++i) {
          const int64_t size = shape[axes - i], index = rest % size;
          rest /= size;
          const auto at = static_cast<F>(index);
          position[i] = !params.align_corners ? (2 * at + 1) / static_cast<F>(size) - 1
                        : size > 1            ? 2 * at / static_cast<F>(size - 1) - 1
                                              : 0;
        }
        position[axes] = 1;
        for (int row = 0; row < axes; ++row) {
          F sum = 0;
          for (int k = 0; k <= axes; ++k) sum += static_cast<F>(theta[row * (axes + 1) + k]) * position[k];
          *out++ = static_cast<T>(sum);
        }
      }
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(GridParams * params, ctx.Params<GridParams>());
  params->axes = ctx.Out(0).shape.rank() - 2;
  params->align_corners = ctx.attributes().Int("align_corners", 0) != 0;
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(AffineGrid) {
  return {.name = "AffineGrid",
          .since = 20,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
