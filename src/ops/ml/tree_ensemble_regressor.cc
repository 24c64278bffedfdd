// TreeEnsembleRegressor: TreeEnsemble with nodes named by tree and id, and votes apart; gives float32.
#include "ops/ml/tree_model.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  const int64_t targets = ctx.attributes().Int("n_targets", 1);
  if (targets < 1 || targets >= INT32_MAX)
    return Error(Code::kInvalidModel, "n_targets is impossible").Actual("%lld", static_cast<long long>(targets));
  const int64_t rows = !in.rank_known() ? kUnknownDim : in.rank() == 2 ? in[0] : 1;
  return ctx.SetOutput(0, DType::kFloat32, Shape({rows, targets}));
}

Status Kernel(const Step& step, RunContext&) {
  const auto& model = step.Params<TreeModel>();
  const int64_t columns = step.in[0].shape[step.in[0].shape.rank() - 1];
  auto* scores = reinterpret_cast<double*>(step.scratch);
  for (int64_t row = 0; row < step.out[0].shape[0]; ++row) {
    EvaluateTrees(model, step.in[0], row * columns, scores);
    TransformScores(model.transform, scores, model.targets);
    for (int32_t i = 0; i < model.targets; ++i) step.out[0].As<float>()[row * model.targets + i] = static_cast<float>(scores[i]);
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(TreeModel * model, ctx.Params<TreeModel>());
  WEBINFER_TRY(BuildNamedTrees(ctx, "target", ctx.Out(0).shape[1], model));
  WEBINFER_TRY(ExpectTreeInput(ctx, *model));
  ctx.SetScratch(static_cast<uint64_t>(model->targets) * sizeof(double));
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
          .bind = webinfer::ops::Bind};
}
