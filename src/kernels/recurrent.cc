#include "kernels/recurrent.h"

#include <cmath>

#include "kernels/vmath.h"

namespace webinfer::kernels {

namespace {

// One row: every gate of a block at once.
template <int gates>
void MultiplyRow(const GateMatrix& w, const float* x, const float* init, float* out) {
  constexpr int kVecs = 2 * gates;
  const float* weights = w.packed;
  for (int64_t block = 0; block < w.blocks; ++block, init += 4 * kVecs, out += 4 * kVecs) {
    Vec sum[kVecs];
    for (int j = 0; j < kVecs; ++j) sum[j] = Load(init + 4 * j);
    const float* from = x;
    WEBINFER_NO_UNROLL
    for (int64_t k = w.inputs; k > 0; --k, ++from, weights += 4 * kVecs) {
      const Vec value = LoadSplat(from);
      for (int j = 0; j < kVecs; ++j) sum[j] = Madd(value, Load(weights + 4 * j), sum[j]);
    }
    for (int j = 0; j < kVecs; ++j) Store(out + 4 * j, sum[j]);
  }
}

// Four rows: one gate of a block at once, so that eight accumulators are enough.
void MultiplyFourRows(const GateMatrix& w, const float* x, int64_t x_stride, const float* init, int64_t init_stride, float* out,
                      int64_t out_stride) {
  const int64_t step = w.gates * kUnitBlock;
  for (int64_t block = 0; block < w.blocks; ++block) {
    for (int gate = 0; gate < w.gates; ++gate) {
      const int64_t at = block * step + gate * kUnitBlock;
      Vec sum[4][2];
      for (int r = 0; r < 4; ++r) {
        sum[r][0] = Load(init + r * init_stride + at);
        sum[r][1] = Load(init + r * init_stride + at + 4);
      }
      const float* weights = w.packed + block * w.inputs * step + gate * kUnitBlock;
      const float* from = x;
      WEBINFER_NO_UNROLL
      for (int64_t k = w.inputs; k > 0; --k, ++from, weights += step) {
        const Vec w0 = Load(weights), w1 = Load(weights + 4);
        for (int r = 0; r < 4; ++r) {
          const Vec value = LoadSplat(from + r * x_stride);
          sum[r][0] = Madd(value, w0, sum[r][0]);
          sum[r][1] = Madd(value, w1, sum[r][1]);
        }
      }
      for (int r = 0; r < 4; ++r) {
        Store(out + r * out_stride + at, sum[r][0]);
        Store(out + r * out_stride + at + 4, sum[r][1]);
      }
    }
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
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    MultiplyFourRows(w, x + row * x_stride, x_stride, init + row * init_stride, init_stride, out + row * out_stride, out_stride);
  }
  for (; row < rows; ++row) {
    const float *from = x + row * x_stride, *start = init + row * init_stride;
    float* to = out + row * out_stride;
    switch (w.gates) {
      case 1: MultiplyRow<1>(w, from, start, to); break;
      case 2: MultiplyRow<2>(w, from, start, to); break;
      case 3: MultiplyRow<3>(w, from, start, to); break;
      default: MultiplyRow<4>(w, from, start, to); break;
    }
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
