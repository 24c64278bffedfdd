#include "kernels/recurrent.h"

#include <cmath>

#include "kernels/gemm.h"
#include "kernels/vmath.h"

namespace webinfer::kernels {

namespace {

// One row: every gate of `kBlocks` blocks at once, which make the eight to twelve sums that hide the latency of a multiply-add.
template <int kGates, int kBlocks>
WEBINFER_INLINE int64_t MultiplyBlocks(const GateMatrix& w, int64_t block, const float* x, const float* init, float* out) {
  constexpr int kVecs = 2 * kGates, kStep = 4 * kVecs;
  const int64_t block_floats = w.inputs * kStep;
  for (; block + kBlocks <= w.blocks; block += kBlocks) {
    Vec sum[kBlocks][kVecs];
    WEBINFER_UNROLL
    for (int b = 0; b < kBlocks; ++b) {
      WEBINFER_UNROLL
      for (int j = 0; j < kVecs; ++j) sum[b][j] = Load(init + (block + b) * kStep + 4 * j);
    }
    const float *from = x, *weights = w.packed + block * block_floats;
    WEBINFER_NO_UNROLL
    for (int64_t k = w.inputs; k > 0; --k, ++from, weights += kStep) {
      const Vec value = LoadSplat(from);
      WEBINFER_UNROLL
      for (int b = 0; b < kBlocks; ++b) {
        WEBINFER_UNROLL
        for (int j = 0; j < kVecs; ++j) sum[b][j] = Madd(value, Load(weights + b * block_floats + 4 * j), sum[b][j]);
      }
    }
    WEBINFER_UNROLL
    for (int b = 0; b < kBlocks; ++b) {
      WEBINFER_UNROLL
      for (int j = 0; j < kVecs; ++j) Store(out + (block + b) * kStep + 4 * j, sum[b][j]);
    }
  }
  return block;
}

template <int kGates, int kBlocks>
void MultiplyRow(const GateMatrix& w, const float* x, const float* init, float* out) {
  const int64_t block = MultiplyBlocks<kGates, kBlocks>(w, 0, x, init, out);
  if constexpr (kBlocks > 1) MultiplyBlocks<kGates, 1>(w, block, x, init, out);
}

// Several rows: a block's gates are the columns of a product.
void MultiplyRows(const GateMatrix& w, const float* x, int64_t x_stride, int64_t rows, const float* init, int64_t init_stride,
                  float* out, int64_t out_stride) {
  const int columns = w.gates * kUnitBlock;
  for (int64_t block = 0; block < w.blocks; ++block) {
    Gemm gemm;
    gemm.a = x;
    gemm.a_stride = static_cast<size_t>(x_stride);
    gemm.b = InPlace(w.packed + block * w.inputs * columns, static_cast<size_t>(columns));
    gemm.c = out + block * columns;
    gemm.c_stride = static_cast<size_t>(out_stride);
    gemm.m = static_cast<int>(rows);
    gemm.n = columns;
    gemm.k = static_cast<int>(w.inputs);
    if (init_stride == 0) {
      gemm.epilogue.bias = init + block * columns;
    } else {
      gemm.epilogue.residual = init + block * columns;
      gemm.epilogue.residual_stride = init_stride;
    }
    RunGemm(gemm);
  }
}

// gates: i, o, f, c as two vectors each.
WEBINFER_INLINE void FinishBlock(const Vec* gates, float* c, float* h_out, const MathConstants& k) {
  for (int j = 0; j < 2; ++j) {
    const Vec i = Sigmoid(gates[j], k), o = Sigmoid(gates[2 + j], k), f = Sigmoid(gates[4 + j], k), g = Tanh(gates[6 + j], k);
    const Vec cell = Madd(f, Load(c + 4 * j), Mul(i, g));
    Store(c + 4 * j, cell);
    Store(h_out + 4 * j, Mul(o, Tanh(cell, k)));
  }
}

}  // namespace

void PackGates(const float* w, int gates, int64_t hidden, int64_t inputs, float* packed) {
  for (int64_t block = 0; block < UnitBlocks(hidden); ++block) {
    for (int64_t k = 0; k < inputs; ++k) {
      for (int gate = 0; gate < gates; ++gate) {
        for (int64_t unit = block * kUnitBlock; unit < (block + 1) * kUnitBlock; ++unit) {
          *packed++ = unit < hidden ? w[(gate * hidden + unit) * inputs + k] : 0;
        }
      }
    }
  }
}

void PackGateVector(const float* v, const float* more, int gates, int64_t hidden, float* packed) {
  for (int64_t block = 0; block < UnitBlocks(hidden); ++block) {
    for (int gate = 0; gate < gates; ++gate) {
      for (int64_t unit = block * kUnitBlock; unit < (block + 1) * kUnitBlock; ++unit) {
        const bool padding = unit >= hidden || v == nullptr;
        *packed++ = padding ? 0 : v[gate * hidden + unit] + (more != nullptr ? more[gate * hidden + unit] : 0);
      }
    }
  }
}

void MultiplyGates(const GateMatrix& w, const float* x, int64_t x_stride, int64_t rows, const float* init, int64_t init_stride,
                   float* out, int64_t out_stride) {
  if (rows > 1) return MultiplyRows(w, x, x_stride, rows, init, init_stride, out, out_stride);
  if (rows == 0) return;
  switch (w.gates) {
    case 1: return MultiplyRow<1, 5>(w, x, init, out);
    case 2: return MultiplyRow<2, 2>(w, x, init, out);
    case 3: return MultiplyRow<3, 2>(w, x, init, out);
    default: return MultiplyRow<4, 1>(w, x, init, out);
  }
}

void LstmStep(const GateMatrix& r, const float* gates, const float* h, float* c, float* h_out) {
  const MathConstants& k = GetMathConstants();
  const float* weights = r.packed;
  for (int64_t block = 0; block < r.blocks; ++block) {
    Vec sum[8];
    for (int j = 0; j < 8; ++j) sum[j] = Load(gates + block * 32 + 4 * j);
    const float* from = h;
    WEBINFER_NO_UNROLL
    for (int64_t i = r.inputs; i > 0; --i, ++from, weights += 32) {
      const Vec value = LoadSplat(from);
      for (int j = 0; j < 8; ++j) sum[j] = Madd(value, Load(weights + 4 * j), sum[j]);
    }
    FinishBlock(sum, c + block * kUnitBlock, h_out + block * kUnitBlock, k);
  }
}

void LstmFinish(const float* gates, int64_t blocks, float* c, float* h_out) {
  const MathConstants& k = GetMathConstants();
  for (int64_t block = 0; block < blocks; ++block) {
    Vec values[8];
    for (int j = 0; j < 8; ++j) values[j] = Load(gates + block * 32 + 4 * j);
    FinishBlock(values, c + block * kUnitBlock, h_out + block * kUnitBlock, k);
  }
}

float ApplyGate(const GateActivation& activation, float x) {
  const float alpha = activation.alpha, beta = activation.beta;
  switch (activation.function) {
    case GateFunction::kSigmoid: return 1 / (1 + std::exp(-x));
    case GateFunction::kTanh: return std::tanh(x);
    case GateFunction::kRelu: return x < 0 ? 0 : x;
    case GateFunction::kAffine: return alpha * x + beta;
    case GateFunction::kLeakyRelu: return x < 0 ? alpha * x : x;
    case GateFunction::kThresholdedRelu: return x >= alpha ? x : 0;
    case GateFunction::kScaledTanh: return alpha * std::tanh(beta * x);
    case GateFunction::kHardSigmoid: return std::fmin(std::fmax(alpha * x + beta, 0.0f), 1.0f);
    case GateFunction::kElu: return x >= 0 ? x : alpha * (std::exp(x) - 1);
    case GateFunction::kSoftsign: return x / (1 + std::fabs(x));
    case GateFunction::kSoftplus: return std::log1p(std::exp(-std::fabs(x))) + std::fmax(x, 0.0f);
  }
  return x;
}

void ApplyGate(const GateActivation& activation, float* x, int64_t count) {
  const MathConstants& k = GetMathConstants();
  switch (activation.function) {
    case GateFunction::kSigmoid:
      for (int64_t i = 0; i < count; i += 4) Store(x + i, Sigmoid(Load(x + i), k));
      return;
    case GateFunction::kTanh:
      for (int64_t i = 0; i < count; i += 4) Store(x + i, Tanh(Load(x + i), k));
      return;
    default:
      for (int64_t i = 0; i < count; ++i) x[i] = ApplyGate(activation, x[i]);
      return;
  }
}

}  // namespace webinfer::kernels
