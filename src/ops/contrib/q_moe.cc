// QMoE: a mixture of experts (ops/contrib/experts.h) whose weights are integers of 2, 4 or 8 bits with a scale for each row or
// block. They stay packed: only the experts that tokens ask for are read.
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

bool IsSupported(int64_t bits) { return bits == 2 || bits == 4 || bits == 8; }

Status Prepare(PrepareContext& ctx) {
  const int64_t bits = ctx.attributes().Int("expert_weight_bits", 4);
  return IsSupported(bits) ? PrepareQuantizedExperts(ctx, kInputs, static_cast<int>(bits)) : OkStatus();
}

Status Bind(BindContext& ctx) {
  const int64_t bits = ctx.attributes().Int("expert_weight_bits", 4);
  const std::string_view type = ctx.attributes().String("quant_type", "int");
  if (!IsSupported(bits) || type != "int" || ctx.attributes().Int("weights_prepacked", -1) > 0) {
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
          .lower = LowerHalf,
          .prepare = Prepare};
}
