// TreeEnsemble: the votes of decision trees for each row, aggregated by target.
#include "ops/ml/tree_model.h"

namespace webinfer::ops {
namespace {

Status Read(const Node& node, TreeSource* source) { return ReadTreeEnsemble(node.attributes, source); }
Status Prepare(PrepareContext& ctx) { return PrepareTrees(ctx, Read); }

Status Infer(InferContext& ctx) {
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  const int64_t targets = ctx.attributes().Int("n_targets", 1);
  if (targets < 1 || targets >= INT32_MAX)
    return Error(Code::kInvalidModel, "n_targets is impossible").Actual("%lld", static_cast<long long>(targets));
  return ctx.SetOutput(0, ctx.In(0).dtype, Shape({rows.count, targets}));
}

Status Kernel(const Step& step, RunContext& run) {
  TreeModel model;
  WEBINFER_TRY(OpenTrees(step, Read, &model));
  const Operand& out = step.out[0];
  return ForEachRow(model, step, run, [&]<typename T>(int64_t row, T* scores, const uint8_t* voted) {
    const int32_t targets = model.header().targets;
    FinishTargets(model, scores, voted);
    for (int32_t i = 0; i < targets; ++i) {
      const int64_t to = row * targets + i;
      const auto single = static_cast<float>(scores[i]);
      if (out.dtype == DType::kFloat64) {
        out.As<double>()[to] = scores[i];
      } else {
        kernels::StoreFloats(out.dtype, &single, to, 1, out.data);
      }
    }
  });
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(SetTreeScratch(ctx, ctx.Out(0).shape[1]));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_TreeEnsemble) {
  return {.name = "TreeEnsemble",
          .domain = "ai.onnx.ml",
          .since = 5,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .prepare = webinfer::ops::Prepare};
}
