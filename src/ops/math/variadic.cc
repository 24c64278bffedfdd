#include "ops/math/variadic.h"

#include <algorithm>

namespace webinfer::ops {

Status LowerVariadic(LowerContext& ctx, bool* done) {
  const int count = ctx.input_count();
  if (count <= kMostVariadicInputs) {
    *done = false;
    return OkStatus();
  }
  const bool mean = ctx.node().op == "Mean";
  const std::string op = mean ? "Sum" : ctx.node().op;
  std::vector<ValueId> values;
  for (int i = 0; i < count; ++i) values.push_back(ctx.Input(i));
  while (values.size() > 1) {
    std::vector<ValueId> groups;
    for (size_t first = 0; first < values.size(); first += kMostVariadicInputs) {
      const size_t last = std::min(values.size(), first + kMostVariadicInputs);
      std::vector<ValueId> group(values.begin() + static_cast<ptrdiff_t>(first), values.begin() + static_cast<ptrdiff_t>(last));
      groups.push_back(group.size() == 1 ? group[0] : ctx.Add(op, std::move(group)));
    }
    values = std::move(groups);
  }
  if (mean) {
    WEBINFER_ASSIGN(const ValueId divisor, ctx.Scalar(ctx.In(0).dtype, count));
    values[0] = ctx.Add("Div", {values[0], divisor});
  }
  ctx.Return(0, values[0]);
  return OkStatus();
}

}  // namespace webinfer::ops
