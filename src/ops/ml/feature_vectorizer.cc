// FeatureVectorizer: the rows of all inputs beside each other, each cut or filled with zeros to its number of features; float32.
#include <algorithm>

#include "kernels/elements.h"
#include "ops/ml/scores.h"

namespace webinfer::ops {
namespace {

struct Width {
  int64_t columns, wanted;
};

// Columns of input `i` as it is, and as it is wanted.
Result<Width> WidthOf(const InferContext& ctx, int i) {
  const Shape& shape = ctx.In(i).shape;
  const std::span<const int64_t> wanted = ctx.attributes().Ints("inputdimensions");
  if (ctx.In(i).dtype == DType::kString || (shape.rank_known() && shape.rank() != 1 && shape.rank() != 2)) {
    return Error(Code::kShapeMismatch, "Input %d is not rows of numbers", i).Actual("%s", ShapeText(shape).text);
  }
  const int64_t columns = shape.rank_known() ? shape[shape.rank() - 1] : kUnknownDim;
  const int64_t given = static_cast<size_t>(i) < wanted.size() ? wanted[static_cast<size_t>(i)] : columns;
  if ((given < 0 && columns >= 0) || given > INT32_MAX)
    return Error(Code::kInvalidModel, "inputdimensions is impossible").Actual("%lld", static_cast<long long>(given));
  return Width{columns, given};
}

Status Infer(InferContext& ctx) {
  int64_t rows = kUnknownDim, total = 0;
  for (int i = 0; i < ctx.input_count(); ++i) {
    WEBINFER_ASSIGN(const Width width, WidthOf(ctx, i));
    const Shape& shape = ctx.In(i).shape;
    const int64_t here = !shape.rank_known() ? kUnknownDim : shape.rank() == 2 ? shape[0] : 1;
    if (rows >= 0 && here >= 0 && rows != here) {
      return Error(Code::kShapeMismatch, "The inputs have different numbers of rows")
          .Expected("%lld", static_cast<long long>(rows))
          .Actual("%lld", static_cast<long long>(here));
    }
    rows = rows >= 0 ? rows : here;
    total = total < 0 || width.wanted < 0 ? kUnknownDim : total + width.wanted;
  }
  return ctx.SetOutput(0, DType::kFloat32, Shape({rows, total}));
}

Status Kernel(const Step& step, RunContext&) {
  const auto* widths = step.Params<const Width*>();
  const int64_t rows = step.out[0].shape[0], total = step.out[0].shape[1];
  auto* out = step.out[0].As<float>();
  for (int i = 0; i < step.input_count; ++i) {
    const int64_t taken = std::min(widths[i].columns, widths[i].wanted);
    for (int64_t row = 0; row < rows; ++row) {
      float* to = out + row * total;
      kernels::LoadFloats(step.in[i].dtype, step.in[i].data, row * widths[i].columns, taken, to);
      std::fill(to + taken, to + widths[i].wanted, 0.0f);
    }
    out += widths[i].wanted;
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(const Width** params, ctx.Params<const Width*>());
  WEBINFER_ASSIGN(void* memory, ctx.Allocate(static_cast<size_t>(ctx.input_count()) * sizeof(Width)));
  auto* widths = static_cast<Width*>(memory);
  for (int i = 0; i < ctx.input_count(); ++i) {
    WEBINFER_ASSIGN(widths[i], WidthOf(ctx, i));
  }
  *params = widths;
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_FeatureVectorizer) {
  return {.name = "FeatureVectorizer",
          .domain = "ai.onnx.ml",
          .max_inputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
