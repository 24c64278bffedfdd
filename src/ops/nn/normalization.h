// What the row normalisations share: LayerNormalization, RMSNormalization, onnxruntime's simplified and skip forms.
#pragma once

#include "kernels/normalize.h"
#include "ops/op.h"

namespace webinfer::ops {

// Which inputs and outputs play which part; -1: none.
struct NormalizationRoles {
  int x = 0, skip = -1, skip_bias = -1, scale = 1, bias = -1;
  int y = 0, mean = -1, inverse_deviation = -1, sum = -1;
  bool centred = true;
  float epsilon = 1e-5f;  // the attribute's default
};

// Outputs: y (and the sum) like x, y of the scale's type if not centred; the statistics float32 (or what stash_type says) with 1
// for every axis from `axis` on.
Status InferNormalization(InferContext& ctx, const NormalizationRoles& roles);
Status BindNormalization(BindContext& ctx, const NormalizationRoles& roles);
// Scale and bias that only broadcast to the normalised axes are expanded.
Status LowerNormalization(LowerContext& ctx, bool* done, const NormalizationRoles& roles);

template <const NormalizationRoles& roles>
Status InferNormalizationAs(InferContext& ctx) {
  return InferNormalization(ctx, roles);
}
template <const NormalizationRoles& roles>
Status BindNormalizationAs(BindContext& ctx) {
  return BindNormalization(ctx, roles);
}
template <const NormalizationRoles& roles>
Status LowerNormalizationAs(LowerContext& ctx, bool* done) {
  return LowerNormalization(ctx, done, roles);
}

// GroupNormalization and, with one channel a group, InstanceNormalization: x [batch, channels, spatial...].
Status BindGroups(BindContext& ctx, int64_t groups);

}  // namespace webinfer::ops
