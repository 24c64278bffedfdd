// Dropout: in inference the input itself, and a mask that keeps everything. In training (decided when it runs) elements are
// dropped by the draws of NumPy's RandomState(seed).uniform(), as in ONNX's reference.
#include <cstring>
#include <random>

#include "kernels/elements.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape));
  return ctx.SetOutput(1, DType::kBool, ctx.In(0).shape);
}

Status Lower(LowerContext& ctx, bool* done) {
  const auto* training = ctx.HasInput(2) ? static_cast<const bool*>(ctx.In(2).known) : nullptr;
  *done = !ctx.HasInput(2) || (training != nullptr && !*training);
  if (!*done) return OkStatus();
  ctx.Return(0, ctx.Input(0));
  if (!ctx.HasOutput(1)) return OkStatus();
  WEBINFER_ASSIGN(const ValueId kept, ctx.Scalar(DType::kBool, 1));
  ctx.Return(1, ctx.Add("Expand", {kept, ctx.Add("Shape", {ctx.Input(0)})}));
  return OkStatus();
}

double Uniform(std::mt19937& random) {
  const uint32_t high = random() >> 5, low = random() >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

Status Run(const Step& step, RunContext&) {
  const Operand &x = step.in[0], &y = step.out[0];
  double ratio = 0.5;
  if (step.HasInput(1)) kernels::ReadNumber(step.in[1].dtype, step.in[1].data, 0, &ratio);
  const bool drops = step.HasInput(2) && *step.in[2].As<bool>() && ratio > 0;
  bool* mask = step.HasOutput(1) ? step.out[1].As<bool>() : nullptr;
  if (!drops) {
    if (step.HasOutput(0)) std::memcpy(y.data, x.data, x.bytes());
    if (mask != nullptr) std::memset(mask, 1, static_cast<size_t>(x.elements()));
    return OkStatus();
  }
  const Attributes& attributes = step.node->attributes;
  std::mt19937 random(attributes.Has("seed") ? static_cast<uint32_t>(attributes.Int("seed", 0)) : std::random_device()());
  for (int64_t i = 0; i < x.elements(); ++i) {
    const bool keep = Uniform(random) >= ratio;
    float value = 0;
    kernels::LoadFloats(x.dtype, x.data, i, 1, &value);
    value = keep ? value / static_cast<float>(1 - ratio) : 0;
    if (step.HasOutput(0)) kernels::StoreFloats(y.dtype, &value, i, 1, y.data);
    if (mask != nullptr) mask[i] = keep;
  }
  return OkStatus();
}

bool IsOneNumber(const BindContext& ctx, int i) {
  ScalarType type;
  return !ctx.HasInput(i) || (ctx.In(i).shape.Elements() == 1 && ScalarTypeOf(ctx.In(i).dtype, &type));
}

Status Bind(BindContext& ctx) {
  ScalarType type;
  const bool switches = !ctx.HasInput(2) || ctx.In(2).dtype == DType::kBool;
  if (!ScalarTypeOf(ctx.In(0).dtype, &type) || !IsOneNumber(ctx, 1) || !IsOneNumber(ctx, 2) || !switches) {
    return Error(Code::kTypeMismatch, "Dropout needs numbers, a ratio and a bool").Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Dropout) {
  using namespace webinfer;
  return {.name = "Dropout",
          .since = 22,
          .min_inputs = 1,
          .max_inputs = 3,
          .max_outputs = 2,
          .infer = ops::Infer,
          .bind = ops::Bind,
          .lower = ops::Lower,
          .deterministic = false};
}
