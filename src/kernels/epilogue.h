// What every contraction (GEMM, convolution, depthwise, Winograd) does to a finished sum before it is stored:
//
//   y = tail(activation(sum + bias + residual))          or, with activation_first,
//   y = tail(activation(sum + bias)) + residual
//
// where tail(x) = clip(scale x + shift, low, high).
#pragma once

#include <cstdint>
#include <limits>

namespace webinfer::kernels {

enum class Activation : uint8_t {
  kNone,
  kClip,       // min alpha, max beta; Relu is alpha 0, beta infinity
  kLeakyRelu,  // slope alpha
  kSigmoid,
  kHardSigmoid,  // clip(alpha x + beta, 0, 1)
  kHardSwish,    // x clip(x / 6 + 1/2, 0, 1)
  kSilu,         // x sigmoid(x)
  kGelu,         // with erf
  kTanh,
  kElu,  // alpha (exp(x) - 1) below 0
};

struct Tail {
  float scale = 1, shift = 0;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();

  bool IsIdentity() const { return scale == 1 && shift == 0 && low == -high && high == std::numeric_limits<float>::infinity(); }
};

struct Epilogue {
  const float* bias = nullptr;      // one per output column (channel)
  const float* residual = nullptr;  // rows like the output's
  int64_t residual_stride = 0;      // floats from one row of the residual to the next
  Activation activation = Activation::kNone;
  bool activation_first = false;
  float alpha = 0, beta = 0;  // of the activation
  Tail tail;
};

}  // namespace webinfer::kernels
