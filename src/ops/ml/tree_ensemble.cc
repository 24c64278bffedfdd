// TreeEnsemble: the votes of decision trees for each row, aggregated by target.
#include "kernels/elements.h"
#include "ops/ml/tree_model.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  const int64_t targets = ctx.attributes().Int("n_targets", 1);
  if (targets < 1 || targets >= INT32_MAX)
    return Error(Code::kInvalidModel, "n_targets is impossible").Actual("%lld", static_cast<long long>(targets));
  const int64_t rows = !in.rank_known() ? kUnknownDim : in.rank() == 2 ? in[0] : 1;
  return ctx.SetOutput(0, ctx.In(0).dtype, Shape({rows, targets}));
}

Status Kernel(const Step& step, RunContext&) {
  const auto& model = step.Params<TreeModel>();
  const Operand& out = step.out[0];
  const int64_t columns = step.in[0].shape[step.in[0].shape.rank() - 1];
  auto* scores = reinterpret_cast<double*>(step.scratch);
  auto* floats = reinterpret_cast<float*>(scores + model.targets);
  for (int64_t row = 0; row < out.shape[0]; ++row) {
    EvaluateTrees(model, step.in[0], row * columns, scores);
    TransformScores(model.transform, scores, model.targets);
    for (int32_t i = 0; i < model.targets; ++i) {
      if (out.dtype == DType::kFloat64) out.As<double>()[row * model.targets + i] = scores[i];
      floats[i] = static_cast<float>(scores[i]);
    }
    if (out.dtype != DType::kFloat64) kernels::StoreFloats(out.dtype, floats, row * model.targets, model.targets, out.data);
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(TreeModel * model, ctx.Params<TreeModel>());
  WEBINFER_TRY(BuildTreeEnsemble(ctx, model));
  WEBINFER_TRY(ExpectTreeInput(ctx, *model));
  ctx.SetScratch(static_cast<uint64_t>(model->targets) * (sizeof(double) + sizeof(float)));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_TreeEnsemble) {
  return {.name = "TreeEnsemble", .domain = "ai.onnx.ml", .since = 5, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
