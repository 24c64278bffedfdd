// TreeEnsembleRegressor: TreeEnsemble with nodes named by tree and id, and votes apart; gives float32.
#include "ops/ml/tree_model.h"

namespace webinfer::ops {
namespace {

Status Read(const Node& node, TreeSource* source) {
  return ReadNamedTrees(node.attributes, "target", node.attributes.Int("n_targets", 1), source);
}
Status Prepare(PrepareContext& ctx) { return PrepareTrees(ctx, Read); }

Status Infer(InferContext& ctx) {
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  const int64_t targets = ctx.attributes().Int("n_targets", 1);
  if (targets < 1 || targets >= INT32_MAX)
    return Error(Code::kInvalidModel, "n_targets is impossible").Actual("%lld", static_cast<long long>(targets));
  return ctx.SetOutput(0, DType::kFloat32, Shape({rows.count, targets}));
}

Status Kernel(const Step& step, RunContext& run) {
  TreeModel model;
  WEBINFER_TRY(OpenTrees(step, Read, &model));
  return ForEachRow(model, step, run, [&]<typename T>(int64_t row, T* scores, const uint8_t* voted) {
    const int32_t targets = model.header().targets;
    FinishTargets(model, scores, voted);
    for (int32_t i = 0; i < targets; ++i) step.out[0].As<float>()[row * targets + i] = static_cast<float>(scores[i]);
  });
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(SetTreeScratch(ctx, ctx.Out(0).shape[1]));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_TreeEnsembleRegressor) {
  return {.name = "TreeEnsembleRegressor",
          .domain = "ai.onnx.ml",
          .since = 5,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .prepare = webinfer::ops::Prepare};
}
