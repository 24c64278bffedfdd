// LayerNormalization: (x - mean) / deviation * scale + bias over the axes from `axis` on.
#include "ops/nn/normalization.h"

namespace webinfer::ops {
namespace {

constexpr NormalizationRoles kRoles = {.bias = 2, .mean = 1, .inverse_deviation = 2};

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(LayerNormalization) {
  using namespace webinfer;
  return {.name = "LayerNormalization",
          .since = 17,
          .min_inputs = 2,
          .max_inputs = 3,
          .max_outputs = 3,
          .infer = ops::InferNormalizationAs<ops::kRoles>,
          .bind = ops::BindNormalizationAs<ops::kRoles>,
          .lower = ops::LowerNormalizationAs<ops::kRoles>};
}
