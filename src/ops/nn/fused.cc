#include "ops/nn/fused.h"

#include <limits>

namespace webinfer::ops {
namespace {

using kernels::Activation;

struct NamedActivation {
  std::string_view name;
  Activation activation;
  float alpha, beta;  // where activation_params says nothing
};
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr NamedActivation kActivations[] = {
    {"", Activation::kNone, 0, 0},
    {"Relu", Activation::kClip, 0, kInfinity},
    {"Clip", Activation::kClip, -kInfinity, kInfinity},
    {"LeakyRelu", Activation::kLeakyRelu, 0.01f, 0},
    {"Sigmoid", Activation::kSigmoid, 0, 0},
    {"HardSigmoid", Activation::kHardSigmoid, 0.2f, 0.5f},
    {"HardSwish", Activation::kHardSwish, 0, 0},
    {"Silu", Activation::kSilu, 0, 0},
    {"Gelu", Activation::kGelu, 0, 0},
    {"Tanh", Activation::kTanh, 0, 0},
    {"Elu", Activation::kElu, 1, 0},
};

}  // namespace

Status ReadActivation(const Attributes& attributes, kernels::Epilogue* epilogue) {
  const std::string_view name = attributes.String("activation", "");
  const std::span<const float> params = attributes.Floats("activation_params");
  for (const NamedActivation& known : kActivations) {
    if (known.name != name) continue;
    epilogue->activation = known.activation;
    epilogue->alpha = params.size() > 0 && name != "Relu" ? params[0] : known.alpha;
    epilogue->beta = params.size() > 1 && name != "Relu" ? params[1] : known.beta;
    epilogue->activation_first = attributes.Int("activation_first", 0) != 0;
    if (const std::span<const float> tail = attributes.Floats("activation_tail"); tail.size() == 4) {
      epilogue->tail = {tail[0], tail[1], tail[2], tail[3]};
    }
    return OkStatus();
  }
  return Error(Code::kUnsupported, "No fused activation of this name")
      .Expected("an activation of ops/nn/fused.h")
      .Actual("%.*s", static_cast<int>(name.size()), name.data());
}

Status CheckEpilogueInputs(const InferContext& ctx, int64_t columns, const Shape& out) {
  const auto is_float = [&](int i) { return ctx.In(i).dtype == DType::kFloat32; };
  const bool bias = !ctx.HasInput(2) || (is_float(2) && ctx.In(2).shape.Elements() == columns);
  const bool residual = !ctx.HasInput(3) || (is_float(3) && ctx.In(3).shape == out);
  if (bias && residual) return OkStatus();
  const ValueInfo& wrong = ctx.In(bias ? 3 : 2);
  return Error(Code::kShapeMismatch,
               bias ? "The residual does not have the output's shape" : "The bias does not fit the output's channels")
      .Expected("float32, output %s", ShapeText(out).text)
      .Actual("%s%s", DTypeName(wrong.dtype), ShapeText(wrong.shape).text);
}

}  // namespace webinfer::ops
