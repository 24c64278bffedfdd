#include "ops/float32.h"

namespace webinfer::ops {
namespace {

ValueId Cast(LowerContext& ctx, ValueId value, DType to) {
  const ValueId result = ctx.Add("Cast", {value});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(to));
  return result;
}

}  // namespace

Status ComputeInFloat32(LowerContext& ctx, uint64_t inputs) {
  const DType dtype = ctx.In(0).dtype;
  WEBINFER_TRY(ctx.node().def->infer(ctx));  // the outputs' types
  std::vector<ValueId> arguments;
  for (int i = 0; i < ctx.input_count(); ++i) {
    const bool casts = ctx.HasInput(i) && ctx.In(i).dtype == dtype && (inputs >> i & 1) != 0;
    arguments.push_back(casts ? Cast(ctx, ctx.Input(i), DType::kFloat32) : ctx.Input(i));
  }
  const std::vector<ValueId> results = ctx.AddMany(ctx.node().op, std::move(arguments), ctx.output_count(), ctx.node().domain);
  for (const Attribute& attribute : ctx.attributes().all()) ctx.Last().attributes.Set(attribute);
  for (int i = 0; i < ctx.output_count(); ++i) {
    if (!ctx.HasOutput(i)) continue;
    const ValueId result = results[static_cast<size_t>(i)];
    ctx.Return(i, ctx.Out(i).dtype == dtype ? Cast(ctx, result, dtype) : result);
  }
  return OkStatus();
}

Status LowerHalf(LowerContext& ctx, bool* done) {
  *done = IsHalf(ctx.In(0).dtype);
  return *done ? ComputeInFloat32(ctx) : OkStatus();
}

}  // namespace webinfer::ops
