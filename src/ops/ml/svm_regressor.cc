// SVMRegressor: coefficients of the support vectors times their kernel values, + rho; the sign of that for one class.
//
// post_transform has no effect on its single score, as in onnxruntime.
#include "ops/ml/svm.h"

namespace webinfer::ops {
namespace {

struct RegressorParams {
  SvmVectors vectors;
  const float* coefficients;  // nullptr: the model is linear, its vector is its coefficients
  float rho;
  bool one_class;
  int64_t thread_floats;
};

Status Infer(InferContext& ctx) {
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  return ctx.SetOutput(0, DType::kFloat32, Shape({rows.count, 1}));
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& p = step.Params<RegressorParams>();
  run.pool().ParallelFor(static_cast<int>(step.out[0].shape[0]), [&](int row, int thread) {
    float* values = reinterpret_cast<float*>(step.scratch) + thread * p.thread_floats;
    p.vectors.Evaluate(FloatRow(step.in[0], row, p.vectors.features, values + p.vectors.count), values);
    float score = p.coefficients == nullptr ? values[0] : 0;
    for (int64_t i = 0; i < p.vectors.count && p.coefficients != nullptr; ++i) score += p.coefficients[i] * values[i];
    score += p.rho;
    step.out[0].As<float>()[row] = !p.one_class ? score : score > 0 ? 1.0f : -1.0f;
  });
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Attributes& attributes = ctx.attributes();
  WEBINFER_ASSIGN(RegressorParams * p, ctx.Params<RegressorParams>());
  const int64_t count = attributes.Int("n_supports", 0);
  const std::span<const float> coefficients = attributes.Floats("coefficients"), rho = attributes.Floats("rho");
  if (count < 0) return Error(Code::kInvalidModel, "n_supports is negative");
  WEBINFER_TRY(ReadSvmVectors(attributes, count, 1, &p->vectors));
  if (count > 0) WEBINFER_TRY(ExpectLength("coefficients", std::ssize(coefficients), count));
  if (!rho.empty()) WEBINFER_TRY(ExpectLength("rho", std::ssize(rho), 1));
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  WEBINFER_TRY(ExpectColumns(ctx, rows, p->vectors.features));
  if (rows.count > INT32_MAX) return Error(Code::kUnsupported, "There are too many rows");
  p->coefficients = count > 0 ? coefficients.data() : nullptr;
  p->rho = rho.empty() ? 0 : rho[0];
  p->one_class = attributes.Int("one_class", 0) != 0;
  p->thread_floats = p->vectors.count + p->vectors.features;
  ctx.SetScratch(static_cast<uint64_t>(p->thread_floats) * static_cast<uint64_t>(ctx.threads()) * sizeof(float));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_SVMRegressor) {
  return {.name = "SVMRegressor", .domain = "ai.onnx.ml", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
