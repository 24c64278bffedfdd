// The inner loops of LSTM, GRU and RNN: gates = init + x . W for a few rows at a time, and the gates' functions.
//
// Units stand in blocks of eight, the gates of a block side by side: weights are packed [blocks][inputs][gates][8], gate rows
// are [blocks][gates][8]. One row is made in registers, several are a product of matrices.
// Units beyond `hidden` are padding with zero weights.
#pragma once

#include <cstddef>
#include <cstdint>

namespace webinfer::kernels {

inline constexpr int kUnitBlock = 8;
inline int64_t UnitBlocks(int64_t hidden) { return (hidden + kUnitBlock - 1) / kUnitBlock; }
inline int64_t PaddedUnits(int64_t hidden) { return UnitBlocks(hidden) * kUnitBlock; }

struct GateMatrix {
  const float* packed;
  int64_t blocks;
  int64_t inputs;
  int gates;  // 1..4

  int64_t row() const { return blocks * gates * kUnitBlock; }  // floats of one row of results
};

// w is [gates][hidden][inputs]; `packed` has blocks * inputs * gates * 8 floats.
void PackGates(const float* w, int gates, int64_t hidden, int64_t inputs, float* packed);
// v (and `more`, if not null, added to it) is [gates][hidden]; `packed` has blocks * gates * 8 floats. v may be null: zeros.
void PackGateVector(const float* v, const float* more, int gates, int64_t hidden, float* packed);

// out row r = init row r + x row r . W. Strides in floats; an init stride of 0 is a bias. init may be out.
void MultiplyGates(const GateMatrix& w, const float* x, int64_t x_stride, int64_t rows, const float* init, int64_t init_stride,
                   float* out, int64_t out_stride);

// One LSTM step of one row with sigmoid and tanh, gates in the order i, o, f, c: `gates` = W x + b already, R h is added here.
// h and h_out are different memory; all have PaddedUnits floats.
void LstmStep(const GateMatrix& r, const float* gates, const float* h, float* c, float* h_out);
// The part of it behind the products.
void LstmFinish(const float* gates, int64_t blocks, float* c, float* h_out);

enum class GateFunction : uint8_t {
  kSigmoid,
  kTanh,
  kRelu,
  kAffine,
  kLeakyRelu,
  kThresholdedRelu,
  kScaledTanh,
  kHardSigmoid,
  kElu,
  kSoftsign,
  kSoftplus
};

struct GateActivation {
  GateFunction function;
  float alpha, beta;
};

float ApplyGate(const GateActivation& activation, float x);
// Over `count` floats, a multiple of eight.
void ApplyGate(const GateActivation& activation, float* x, int64_t count);

}  // namespace webinfer::kernels
