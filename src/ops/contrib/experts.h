// Mixture of experts: what MoE and QMoE share. A router picks k experts for each token; each of them is two dense layers around
// an activation (three for a gated one that is not fused), and a token's result is the weighted sum of what its experts give.
//
// Tokens are gathered by expert, so that each expert is a few products of matrices; only the experts that are asked for run.
#pragma once

#include "kernels/gemm.h"
#include "ops/op.h"

namespace webinfer::ops {

enum class ExpertActivation : uint8_t { kRelu, kGelu, kSilu, kSwiGlu, kIdentity };

// One dense layer of every expert: y [out] = W [out, in] x [in] + bias.
struct ExpertLayer {
  int64_t in = 0, out = 0;
  int weights = -1, bias = -1;  // inputs of the node
  int scales = -1, zeros = -1;  // of quantised weights
  int64_t block = 0;            // of quantised weights, along `in`
  bool zero_per_row = false;    // packed over rows: one zero point each; else over a row's blocks
  bool present() const { return out > 0; }
};

struct Experts {
  int64_t tokens, hidden, inter, count, chosen;
  ExpertLayer fc1, fc2, fc3;
  ExpertActivation activation;
  bool interleaved;  // the gate and the linear part of a fused SwiGLU alternate
  bool normalize;
  int bits = 0;           // of quantised weights, 0: float32
  bool prepared = false;  // all weights are packed
  int router_weights = -1;
  float alpha, beta, limit;
};

// The inputs of both operators stand at other places.
struct ExpertInputs {
  int fc1, fc1_bias, fc2, fc2_bias, fc3, fc3_bias;
  int fc1_scales = -1, fc2_scales = -1, fc3_scales = -1, fc1_zeros = -1, fc2_zeros = -1, fc3_zeros = -1, router_weights = -1;
};

Status InferExperts(InferContext& ctx);
// `bits` 0: the weights are float32.
Status ReadExperts(const InferContext& ctx, const ExpertInputs& inputs, int bits, Experts* experts);
Status BindExperts(BindContext& ctx, const ExpertInputs& inputs, int bits);
// Packs constant weights.
Status PrepareExperts(PrepareContext& ctx, const ExpertInputs& inputs);
Status PrepareQuantizedExperts(PrepareContext& ctx, const ExpertInputs& inputs, int bits);

}  // namespace webinfer::ops
