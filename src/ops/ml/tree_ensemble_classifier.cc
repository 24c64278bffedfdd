// TreeEnsembleClassifier: the class with the most votes and all classes' scores. Trees that vote for one class only are a
// binary classifier: the other class gets what is left, as onnxruntime has it.
#include <algorithm>

#include "ops/ml/tree_model.h"

namespace webinfer::ops {
namespace {

struct ClassifierParams {
  TreeModel model;
  int32_t columns;  // scores given out
  bool binary;
  bool positive;  // all weights are: a score is a probability
};

int64_t ClassCount(const Attributes& attributes) {
  return static_cast<int64_t>(
      std::max(attributes.Ints("classlabels_int64s").size(), attributes.Strings("classlabels_strings").size()));
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  const int64_t classes = ClassCount(ctx.attributes());
  if (classes < 1 || classes >= INT32_MAX) return Error(Code::kInvalidModel, "A classifier without labels");
  const int64_t rows = !in.rank_known() ? kUnknownDim : in.rank() == 2 ? in[0] : 1;
  const bool strings = !ctx.attributes().Strings("classlabels_strings").empty();
  WEBINFER_TRY(ctx.SetOutput(0, strings ? DType::kString : DType::kInt64, Shape({rows})));
  return ctx.SetOutput(1, DType::kFloat32, Shape({rows, std::max<int64_t>(classes, 2)}));
}

// Scores of both classes from the one that has votes; returns the class.
int32_t FinishBinary(const ClassifierParams& params, double* scores) {
  const TreeModel& model = params.model;
  double score = 0;
  for (int32_t i = 0; i < model.targets; ++i) score += scores[i];
  const int32_t best = score > (params.positive ? 0.5 : 0) ? 1 : 0;
  if (params.positive && model.transform == TreeTransform::kNone) {
    scores[0] = 1 - score;
  } else {
    scores[0] = -score;
  }
  scores[1] = score;
  TransformScores(model.transform, scores, 2);
  return best;
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<ClassifierParams>();
  const TreeModel& model = params.model;
  const std::span<const int64_t> numbers = step.node->attributes.Ints("classlabels_int64s");
  const std::span<const std::string> names = step.node->attributes.Strings("classlabels_strings");
  const int64_t columns = step.in[0].shape[step.in[0].shape.rank() - 1],
                rows = step.out[1].present ? step.out[1].shape[0] : step.out[0].shape[0];
  auto* scores = reinterpret_cast<double*>(step.scratch);
  for (int64_t row = 0; row < rows; ++row) {
    std::fill(scores, scores + params.columns, 0.0);
    EvaluateTrees(model, step.in[0], row * columns, scores);
    int32_t best;
    if (params.binary) {
      best = FinishBinary(params, scores);
    } else {
      best = static_cast<int32_t>(std::max_element(scores, scores + model.targets) - scores);
      TransformScores(model.transform, scores, model.targets);
    }
    for (int32_t i = 0; i < params.columns && step.HasOutput(1); ++i) {
      step.out[1].As<float>()[row * params.columns + i] = static_cast<float>(scores[i]);
    }
    if (!step.HasOutput(0)) continue;
    if (!names.empty()) {
      const std::string& name = names[std::min(static_cast<size_t>(best), names.size() - 1)];
      WEBINFER_ASSIGN(step.out[0].As<const StringData*>()[row], run.strings().Add(name));
    } else {
      // With one label only it is the label of class 1.
      step.out[0].As<int64_t>()[row] = numbers.size() > 1 ? numbers[static_cast<size_t>(best)] : best == 1 ? numbers[0] : 0;
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(ClassifierParams * params, ctx.Params<ClassifierParams>());
  TreeModel& model = params->model;
  const int64_t classes = ClassCount(ctx.attributes());
  WEBINFER_TRY(BuildNamedTrees(ctx, "class", classes, &model));
  WEBINFER_TRY(ExpectTreeInput(ctx, model));
  params->columns = static_cast<int32_t>(std::max<int64_t>(classes, 2));
  params->binary = classes <= 2;
  params->positive = true;
  for (int32_t i = 0; i < model.vote_count; ++i) {
    params->binary = params->binary && model.votes[i].target == model.votes[0].target;
    params->positive = params->positive && model.votes[i].weight >= 0;
  }
  ctx.SetScratch(static_cast<uint64_t>(params->columns) * sizeof(double));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_TreeEnsembleClassifier) {
  return {.name = "TreeEnsembleClassifier",
          .domain = "ai.onnx.ml",
          .since = 5,
          .min_outputs = 1,
          .max_outputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
