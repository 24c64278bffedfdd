// webinfer.ClassifyScores: from raw float32 scores [N, C] to labels and post-transformed scores; what is left of LinearClassifier
// behind its matrix product.
//
// A single score is that of the second of two classes: above 0 it wins, and the first class gets what is left of 1.
#include <algorithm>

#include "ops/ml/scores.h"

namespace webinfer::ops {
namespace {

ClassLabels LabelsOf(const Attributes& attributes) { return ClassLabels::Of(attributes, "classlabels_ints"); }

bool Splits(const Attributes& attributes, int64_t scores) { return scores == 1 && LabelsOf(attributes).size() == 2; }

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  const Shape& in = ctx.In(0).shape;
  const int64_t rows = in.rank_known() ? in[0] : kUnknownDim, scores = in.rank_known() ? in[1] : kUnknownDim;
  WEBINFER_TRY(ctx.SetOutput(0, LabelsOf(ctx.attributes()).dtype(), Shape({rows})));
  return ctx.SetOutput(1, DType::kFloat32, Shape({rows, Splits(ctx.attributes(), scores) ? 2 : scores}));
}

Status Kernel(const Step& step, RunContext& run) {
  const auto transform = step.Params<PostTransform>();
  const ClassLabels labels = LabelsOf(step.node->attributes);
  LabelWriter writer(labels, step.out[0], step.scratch);
  WEBINFER_TRY(writer.Start(run));
  const int64_t rows = step.in[0].shape[0], scores = step.in[0].shape[1];
  const bool splits = Splits(step.node->attributes, scores);
  for (int64_t row = 0; row < rows; ++row) {
    const float* in = step.in[0].As<float>() + row * scores;
    if (scores == 1) {
      const bool yes = in[0] > 0;
      if (splits) {
        writer.Write(row, yes);
      } else {
        writer.WriteNumber(row, yes);
      }
    } else {
      writer.Write(row, std::max_element(in, in + scores) - in);
    }
    if (!step.HasOutput(1)) continue;
    float* out = step.out[1].As<float>() + row * (splits ? 2 : scores);
    std::copy(in, in + scores, out);
    if (splits) {
      SplitScore(transform, true, out);
    } else {
      TransformScores(transform, out, scores);
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(PostTransform * transform, ctx.Params<PostTransform>());
  WEBINFER_TRY(ReadPostTransform(ctx.attributes(), transform));
  const ClassLabels labels = LabelsOf(ctx.attributes());
  if (ctx.In(0).shape[1] > 1 && labels.size() < ctx.In(0).shape[1]) {
    return Error(Code::kInvalidModel, "There are fewer labels than scores");
  }
  ctx.SetScratch(LabelWriter::ScratchBytes(labels));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(webinfer_ClassifyScores) {
  return {.name = "ClassifyScores",
          .domain = "webinfer",
          .min_outputs = 1,
          .max_outputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
