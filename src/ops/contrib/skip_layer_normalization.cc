// SkipLayerNormalization: LayerNormalization of input + skip + bias; the last output is that sum.
#include "ops/nn/normalization.h"

namespace webinfer::ops {
namespace {

constexpr NormalizationRoles kRoles = {
    .skip = 1, .skip_bias = 4, .scale = 2, .bias = 3, .mean = 1, .inverse_deviation = 2, .sum = 3, .epsilon = 1e-12f};

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_SkipLayerNormalization) {
  using namespace webinfer;
  return {.name = "SkipLayerNormalization",
          .domain = "com.microsoft",
          .since = 1,
          .min_inputs = 3,
          .max_inputs = 5,
          .max_outputs = 4,
          .infer = ops::InferNormalizationAs<ops::kRoles>,
          .bind = ops::BindNormalizationAs<ops::kRoles>};
}
