#include "kernels/activation.h"

#include "kernels/gemm_tile.h"
#include "kernels/simd.h"
#include "kernels/vmath.h"

namespace webinfer::kernels {

namespace {

template <typename F>
void ForEachVector(float* x, size_t count, const F& f) {
  size_t i = 0;
  WEBINFER_NO_UNROLL
  for (; i + 8 <= count; i += 8) {
    const Vec low = f(Load(x + i)), high = f(Load(x + i + 4));
    Store(x + i, low);
    Store(x + i + 4, high);
  }
  for (; i < count; i += 4) StorePartial(x + i, f(Load(x + i)), static_cast<int>(count - i < 4 ? count - i : 4));
}

}  // namespace

namespace {

// `tail` is a function of vectors, nothing or all of Tail.
template <typename F>
void Apply(Activation activation, float alpha, float beta, float* x, size_t count, const F& tail) {
  const MathConstants& k = GetMathConstants();
  const Vec a = Opaque(alpha), b = Opaque(beta), zero = Opaque(0.0f), one = Opaque(1.0f), sixth = Opaque(1.0f / 6);
  const auto clip01 = [&](Vec v) { return FastMin(FastMax(v, zero), one); };
  const auto each = [&](const auto& f) { ForEachVector(x, count, [&](Vec v) { return tail(f(v)); }); };
  switch (activation) {
    case Activation::kNone: return each([&](Vec v) { return v; });
    case Activation::kClip: return each([&](Vec v) { return FastMin(FastMax(v, a), b); });
    case Activation::kLeakyRelu: return each([&](Vec v) { return Select(wasm_f32x4_lt(v, zero), Mul(v, a), v); });
    case Activation::kSigmoid: return each([&](Vec v) { return Sigmoid(v, k); });
    case Activation::kHardSigmoid: return each([&](Vec v) { return clip01(Madd(v, a, b)); });
    case Activation::kHardSwish: return each([&](Vec v) { return Mul(v, clip01(Madd(v, sixth, Load(k.half)))); });
    case Activation::kSilu: return each([&](Vec v) { return Silu(v, k); });
    case Activation::kGelu: return each([&](Vec v) { return Gelu(v, k); });
    case Activation::kTanh: return each([&](Vec v) { return Tanh(v, k); });
    case Activation::kElu: return each([&](Vec v) { return Select(wasm_f32x4_lt(v, zero), Mul(a, Expm1(v, k)), v); });
  }
}

}  // namespace

void ApplyActivation(Activation activation, float alpha, float beta, float* x, size_t count, const Tail& tail) {
  if (tail.IsIdentity()) {
    if (activation != Activation::kNone) Apply(activation, alpha, beta, x, count, [](Vec v) { return v; });
    return;
  }
  const Vec scale = Opaque(tail.scale), shift = Opaque(tail.shift), low = Opaque(tail.low), high = Opaque(tail.high);
  Apply(activation, alpha, beta, x, count, [&](Vec v) { return FastMin(FastMax(Madd(v, scale, shift), low), high); });
}

TileEpilogue TilePart(const Epilogue& epilogue) {
  TileEpilogue tile;
  tile.bias = epilogue.bias;
  const bool whole = IsClamp(epilogue);
  if (whole || !epilogue.activation_first) {
    tile.residual = epilogue.residual;
    tile.residual_stride = static_cast<size_t>(epilogue.residual_stride);
    tile.residual_last = epilogue.activation_first;
  }
  tile.clamp = whole && epilogue.activation == Activation::kClip;
  tile.low = epilogue.alpha;
  tile.high = epilogue.beta;
  return tile;
}

void FinishRows(const Epilogue& epilogue, float* c, size_t c_stride, int rows, int columns) {
  if (IsClamp(epilogue)) return;
  const auto count = static_cast<size_t>(columns);
  if (c_stride == count && (epilogue.residual == nullptr || !epilogue.activation_first)) {
    ApplyActivation(epilogue.activation, epilogue.alpha, epilogue.beta, c, count * static_cast<size_t>(rows), epilogue.tail);
    return;
  }
  for (int row = 0; row < rows; ++row, c += c_stride) {
    ApplyActivation(epilogue.activation, epilogue.alpha, epilogue.beta, c, count, epilogue.tail);
    if (epilogue.residual == nullptr || !epilogue.activation_first) continue;
    const float* residual = epilogue.residual + row * epilogue.residual_stride;
    for (size_t i = 0; i < count; ++i) c[i] += residual[i];
  }
}

}  // namespace webinfer::kernels
