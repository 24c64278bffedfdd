#include "kernels/activation.h"

#include <algorithm>
#include <cmath>

namespace webinfer::kernels {

void ApplyActivation(Activation activation, float alpha, float beta, float* x, size_t count) {
  const auto each = [&](auto f) {
    for (size_t i = 0; i < count; ++i) x[i] = f(x[i]);
  };
  switch (activation) {
    case Activation::kNone: return;
    case Activation::kClip: return each([=](float v) { return std::min(std::max(v, alpha), beta); });
    case Activation::kLeakyRelu: return each([=](float v) { return v < 0 ? alpha * v : v; });
    case Activation::kSigmoid: return each([](float v) { return 1 / (1 + std::exp(-v)); });
    case Activation::kHardSigmoid: return each([=](float v) { return std::min(std::max(alpha * v + beta, 0.f), 1.f); });
    case Activation::kHardSwish: return each([](float v) { return v * std::min(std::max(v / 6 + 0.5f, 0.f), 1.f); });
    case Activation::kSilu: return each([](float v) { return v / (1 + std::exp(-v)); });
    case Activation::kGelu: return each([](float v) { return 0.5f * v * (1 + std::erf(v * 0.70710678f)); });
    case Activation::kTanh: return each([](float v) { return std::tanh(v); });
    case Activation::kElu: return each([=](float v) { return v < 0 ? alpha * std::expm1(v) : v; });
  }
}

TileEpilogue TilePart(const Epilogue& epilogue) {
  TileEpilogue tile;
  tile.bias = epilogue.bias;
  if (IsClamp(epilogue.activation) || !epilogue.activation_first) {
    tile.residual = epilogue.residual;
    tile.residual_stride = static_cast<size_t>(epilogue.residual_stride);
    tile.residual_last = epilogue.activation_first;
  }
  tile.clamp = epilogue.activation == Activation::kClip;
  tile.low = epilogue.alpha;
  tile.high = epilogue.beta;
  return tile;
}

void FinishRows(const Epilogue& epilogue, float* c, size_t c_stride, int rows, int columns) {
  if (IsClamp(epilogue.activation)) return;
  const auto count = static_cast<size_t>(columns);
  if (c_stride == count && (epilogue.residual == nullptr || !epilogue.activation_first)) {
    ApplyActivation(epilogue.activation, epilogue.alpha, epilogue.beta, c, count * static_cast<size_t>(rows));
    return;
  }
  for (int row = 0; row < rows; ++row, c += c_stride) {
    ApplyActivation(epilogue.activation, epilogue.alpha, epilogue.beta, c, count);
    if (epilogue.residual == nullptr || !epilogue.activation_first) continue;
    const float* residual = epilogue.residual + row * epilogue.residual_stride;
    for (size_t i = 0; i < count; ++i) c[i] += residual[i];
  }
}

}  // namespace webinfer::kernels
