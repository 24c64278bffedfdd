#include "ops/float32.h"

#include <algorithm>

namespace webinfer::ops {
namespace {

ValueId Cast(LowerContext& ctx, ValueId value, DType to) {
  const ValueId result = ctx.Add("Cast", {value});
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(to));
  return result;
}

}  // namespace

Status ComputeInFloat32(LowerContext& ctx, uint64_t inputs, uint64_t integers) {
  const DType first = ctx.In(0).dtype;
  const auto differs = [&](DType dtype) { return dtype != DType::kFloat32 && (dtype == first || IsOtherFloat(dtype)); };
  WEBINFER_TRY(ctx.node().def->infer(ctx));  // the outputs' types
  std::vector<ValueId> arguments;
  for (int i = 0; i < ctx.input_count(); ++i) {
    const bool integer = ctx.HasInput(i) && IsInteger(ctx.In(i).dtype) && (integers >> i & 1) != 0;
    const bool casts = integer || (ctx.HasInput(i) && differs(ctx.In(i).dtype) && (inputs >> i & 1) != 0);
    arguments.push_back(casts ? Cast(ctx, ctx.Input(i), DType::kFloat32) : ctx.Input(i));
  }
  const std::vector<ValueId> results = ctx.AddMany(ctx.node().op, std::move(arguments), ctx.output_count(), ctx.node().domain);
  for (const Attribute& attribute : ctx.attributes().all()) ctx.Last().attributes.Set(attribute);
  for (int i = 0; i < ctx.output_count(); ++i) {
    if (!ctx.HasOutput(i)) continue;
    const ValueId result = results[static_cast<size_t>(i)];
    ctx.Return(i, differs(ctx.Out(i).dtype) ? Cast(ctx, result, ctx.Out(i).dtype) : result);
  }
  return OkStatus();
}

Status LowerHalf(LowerContext& ctx, bool* done) {
  *done = IsHalf(ctx.In(0).dtype);
  return *done ? ComputeInFloat32(ctx) : OkStatus();
}

Status LowerToFloat32(LowerContext& ctx, bool* done) {
  *done =
      std::any_of(ctx.ins().begin(), ctx.ins().end(), [](const ValueInfo& in) { return in.present && IsOtherFloat(in.dtype); });
  return *done ? ComputeInFloat32(ctx) : OkStatus();
}

}  // namespace webinfer::ops
