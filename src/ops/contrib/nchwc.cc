#include "ops/contrib/nchwc.h"

namespace webinfer::ops {

int64_t NchwcBlock(const Graph& graph) {
  for (const Value& value : graph.values) {
    if (value.constant == nullptr || value.constant->dtype != DType::kFloat32 || value.constant->shape.rank() != 4) continue;
    if (!value.name.starts_with("reorder")) continue;
    if (value.constant->shape[0] % 16 == 8) return 8;
  }
  return 16;
}

Status LowerNchwc(LowerContext& ctx, std::string_view op) {
  const ValueId y = ctx.Add(op, {ctx.Input(0)});
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, y);
  return OkStatus();
}

}  // namespace webinfer::ops
