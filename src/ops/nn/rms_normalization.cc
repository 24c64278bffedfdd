// RMSNormalization: x / root mean square * scale over the axes from `axis` on.
#include "ops/nn/normalization.h"

namespace webinfer::ops {
namespace {

constexpr NormalizationRoles kRoles = {.centred = false};

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(RMSNormalization) {
  using namespace webinfer;
  return {.name = "RMSNormalization",
          .since = 23,
          .min_inputs = 2,
          .max_inputs = 2,
          .max_outputs = 1,
          .infer = ops::InferNormalizationAs<ops::kRoles>,
          .bind = ops::BindNormalizationAs<ops::kRoles>,
          .lower = ops::LowerNormalizationAs<ops::kRoles>};
}
