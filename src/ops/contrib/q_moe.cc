// QMoE: a mixture of experts (ops/contrib/experts.h) whose weights are integers of 2, 4 or 8 bits with a scale for each row or
// block. They stay packed; an expert's weights become floats when tokens ask for it.
#include "ops/contrib/experts.h"
#include "ops/float32.h"

namespace webinfer::ops {
namespace {

constexpr ExpertInputs kInputs = {.fc1 = 2,
                                  .fc1_bias = 4,
                                  .fc2 = 5,
                                  .fc2_bias = 7,
                                  .fc3 = 8,
                                  .fc3_bias = 10,
                                  .fc1_scales = 3,
                                  .fc2_scales = 6,
                                  .fc3_scales = 9,
                                  .fc1_zeros = 11,
                                  .fc2_zeros = 12,
                                  .fc3_zeros = 13,
                                  .router_weights = 14};

Status Bind(BindContext& ctx) {
  const int64_t bits = ctx.attributes().Int("expert_weight_bits", 4);
  const std::string_view type = ctx.attributes().String("quant_type", "int");
  if ((bits != 2 && bits != 4 && bits != 8) || type != "int" || ctx.attributes().Int("weights_prepacked", -1) > 0) {
    return Error(Code::kUnsupported, "QMoE of this kind")
        .Expected("quant_type int of 2, 4 or 8 bits, not prepacked")
        .Actual("%.*s of %lld bits", static_cast<int>(type.size()), type.data(), static_cast<long long>(bits));
  }
  return BindExperts(ctx, kInputs, static_cast<int>(bits));
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_QMoE) {
  using namespace webinfer::ops;
  return {.name = "QMoE",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 21,
          .infer = InferExperts,
          .bind = Bind,
          .lower = LowerHalf};
}
