// webinfer.TransformScores: post_transform on rows of float32 scores [N, C]; behind the product of a linear model.
#include <algorithm>

#include "ops/ml/scores.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  return ctx.SetOutput(0, DType::kFloat32, ctx.In(0).shape);
}

Status Kernel(const Step& step, RunContext&) {
  const auto transform = step.Params<PostTransform>();
  const Shape& shape = step.in[0].shape;
  const auto* in = step.in[0].As<float>();
  auto* out = step.out[0].As<float>();
  if (in != out) std::copy(in, in + shape.Elements(), out);
  for (int64_t row = 0; row < shape[0]; ++row) TransformScores(transform, out + row * shape[1], shape[1]);
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(PostTransform * transform, ctx.Params<PostTransform>());
  WEBINFER_TRY(ReadPostTransform(ctx.attributes(), transform));
  ctx.MayShare(0, 0);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(webinfer_TransformScores) {
  return {.name = "TransformScores", .domain = "webinfer", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
