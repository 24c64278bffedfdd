// TreeEnsembleClassifier: the class with the most votes, and the scores of all classes.
//
// Where the specification is silent (two classes of which only one is voted for, base values of two classes, classes without a
// vote) the result is onnxruntime's.
#include "ops/ml/tree_model.h"

namespace webinfer::ops {
namespace {

ClassLabels LabelsOf(const Attributes& attributes) { return ClassLabels::Of(attributes, "classlabels_int64s"); }

Status Read(const Node& node, TreeSource* source) {
  return ReadNamedTrees(node.attributes, "class", LabelsOf(node.attributes).size(), source);
}
Status Prepare(PrepareContext& ctx) { return PrepareTrees(ctx, Read); }

Status Infer(InferContext& ctx) {
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  const ClassLabels labels = LabelsOf(ctx.attributes());
  if (labels.size() < 1) return Error(Code::kInvalidModel, "A classifier without labels");
  WEBINFER_TRY(ctx.SetOutput(0, labels.dtype(), Shape({rows.count})));
  return ctx.SetOutput(1, DType::kFloat32, Shape({rows.count, labels.size()}));
}

// What a row comes to: a place in the labels, or -1 and the number that stands for the class instead.
struct Verdict {
  int32_t label = -1;
  int32_t number = 0;
};

template <typename T>
Verdict FinishMany(const TreeModel& model, T* scores, uint8_t* voted) {
  const std::span<const T> base = model.base<T>();
  const int32_t classes = model.header().targets;
  int32_t best = -1;
  for (int32_t i = 0; i < classes; ++i) {
    if (static_cast<size_t>(i) < base.size()) {
      scores[i] += base[static_cast<size_t>(i)];
      voted[i] = 1;
    }
    if (voted[i] != 0 && (best < 0 || scores[i] > scores[best])) best = i;
  }
  TransformScores(model.header().transform, scores, classes);
  return {std::max(best, 0), 0};
}

// With base values for both classes, the votes for the second one are not seen; a class without votes has the score 0 whatever
// its base value is.
template <typename T>
Verdict FinishTwo(const TreeModel& model, T* scores, const uint8_t* voted) {
  const TreeHeader& header = model.header();
  const std::span<const T> base = model.base<T>();
  if (voted[0] != 0 && !base.empty()) scores[0] += base[0];
  if (base.size() == 2 && voted[1] != 0) {
    scores[1] = base[1] + scores[0] - (voted[0] != 0 ? base[0] : T(0));
    scores[0] = voted[0] != 0 ? -scores[1] : T(0);
  }
  const T positive = scores[voted[1]];
  const bool probability = header.one_target_voted && header.positive;
  const bool yes = positive > (probability ? T(0.5) : T(0));
  if (base.size() == 2 || voted[1] != 0) {
    TransformScores(header.transform, scores, 2);
  } else if (header.one_target_voted || base.empty()) {
    SplitScore(header.transform, probability, scores);
  } else {
    TransformScores(header.transform, scores, 1);
  }
  if (header.one_target_voted) return {yes, 0};
  return {-1, yes};
}

template <typename T>
Verdict Finish(const TreeModel& model, T* scores, uint8_t* voted) {
  const int32_t targets = model.header().targets;
  if (targets > 2) return FinishMany(model, scores, voted);
  if (targets == 2) return FinishTwo(model, scores, voted);
  if (const std::span<const T> base = model.base<T>(); !base.empty()) scores[0] += base[0];
  const bool yes = scores[0] > 0;
  TransformScores(model.header().transform, scores, 1);
  return {-1, yes};
}

Status Kernel(const Step& step, RunContext& run) {
  TreeModel model;
  WEBINFER_TRY(OpenTrees(step, Read, &model));
  const ClassLabels labels = LabelsOf(step.node->attributes);
  LabelWriter writer(labels, step.out[0], step.scratch);
  WEBINFER_TRY(writer.Start(run));
  const auto finish = [&]<typename T>(int64_t row, T* scores, uint8_t* voted) {
    const Verdict verdict = Finish(model, scores, voted);
    if (verdict.label >= 0 || labels.named()) {
      writer.Write(row, verdict.label >= 0 ? verdict.label : std::min<int64_t>(verdict.number, labels.size() - 1));
    } else {
      writer.WriteNumber(row, verdict.number);
    }
    if (!step.HasOutput(1)) return;
    const int64_t classes = step.out[1].shape[1];
    for (int64_t i = 0; i < classes; ++i) step.out[1].As<float>()[row * classes + i] = static_cast<float>(scores[i]);
  };
  return ForEachRow(model, step, run, finish, LabelWriter::ScratchBytes(labels));
}

Status Bind(BindContext& ctx) {
  const ClassLabels labels = LabelsOf(ctx.attributes());
  WEBINFER_TRY(SetTreeScratch(ctx, labels.size(), LabelWriter::ScratchBytes(labels)));
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
          .bind = webinfer::ops::Bind,
          .prepare = webinfer::ops::Prepare};
}
