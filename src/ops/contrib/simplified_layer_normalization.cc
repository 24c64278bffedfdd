// SimplifiedLayerNormalization: RMSNormalization as onnxruntime writes it, in the ONNX domain.
#include "ops/nn/normalization.h"

namespace webinfer::ops {
namespace {

constexpr NormalizationRoles kRoles = {.inverse_deviation = 1, .centred = false};

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SimplifiedLayerNormalization) {
  using namespace webinfer;
  return {.name = "SimplifiedLayerNormalization",
          .since = 1,
          .min_inputs = 2,
          .max_inputs = 2,
          .max_outputs = 2,
          .infer = ops::InferNormalizationAs<ops::kRoles>,
          .bind = ops::BindNormalizationAs<ops::kRoles>};
}
