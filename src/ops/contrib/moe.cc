// MoE: a mixture of experts with float weights (ops/contrib/experts.h); float16 and bfloat16 compute in float32.
#include "ops/contrib/experts.h"
#include "ops/float32.h"

namespace webinfer::ops {
namespace {

constexpr ExpertInputs kInputs = {.fc1 = 2, .fc1_bias = 3, .fc2 = 4, .fc2_bias = 5, .fc3 = 6, .fc3_bias = 7};

Status Bind(BindContext& ctx) { return BindExperts(ctx, kInputs, 0); }
Status Prepare(PrepareContext& ctx) { return PrepareExperts(ctx, kInputs); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MoE) {
  using namespace webinfer::ops;
  return {.name = "MoE",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 8,
          .infer = InferExperts,
          .bind = Bind,
          .lower = LowerHalf,
          .prepare = Prepare};
}
