// RemovePadding: the tokens of a batch [batch, length, size] whose rows count `sequence_token_count` tokens, without the padding
// behind them; where they were, running totals of the counts, and the largest.
#include <algorithm>
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 3));
  WEBINFER_TRY(ctx.ExpectRank(1, 1));
  const Shape& x = ctx.In(0).shape;
  Shape tokens = Shape::Unknown(2), offsets = Shape::Unknown(2), totals = Shape::Unknown(1);
  if (x.rank_known()) {
    tokens[1] = x[2];
    offsets = {x[0], x[1]};
    totals[0] = x[0] < 0 ? kUnknownDim : x[0] + 1;
  }
  WEBINFER_TRY(ctx.SetOutput(0, ctx.In(0).dtype, tokens));
  WEBINFER_TRY(ctx.SetOutput(1, DType::kInt32, offsets));
  WEBINFER_TRY(ctx.SetOutput(2, DType::kInt32, totals));
  return ctx.SetOutput(3, DType::kInt32, Shape({1}));
}

Status Run(const Step& step, RunContext& run) {
  const Shape& x = step.in[0].shape;
  const int64_t batch = x[0], length = x[1];
  const size_t bytes = static_cast<size_t>(x[2]) * DTypeBytes(step.in[0].dtype);
  const int32_t* counts = step.in[1].As<int32_t>();
  int32_t total = 0, longest = 0;
  for (int64_t b = 0; b < batch; ++b) {
    if (counts[b] < 0 || counts[b] > length) return IndexError(counts[b], length + 1, 1);
    if (step.HasOutput(2)) step.out[2].As<int32_t>()[b] = total;
    total += counts[b];
    longest = std::max(longest, counts[b]);
  }
  if (step.HasOutput(2)) step.out[2].As<int32_t>()[batch] = total;
  if (step.HasOutput(3)) *step.out[3].As<int32_t>() = longest;
  WEBINFER_TRY(run.Resize(step.out[0], step.in[0].dtype, Shape({total, x[2]})));
  int64_t kept = 0, padding = total;
  for (int64_t i = 0; i < batch * length; ++i) {
    const bool is_token = i % length < counts[i / length];
    if (is_token) {
      std::memcpy(step.out[0].As<uint8_t>() + static_cast<size_t>(kept) * bytes,
                  step.in[0].As<uint8_t>() + static_cast<size_t>(i) * bytes, bytes);
    }
    const int64_t place = is_token ? kept++ : padding++;
    if (step.HasOutput(1)) step.out[1].As<int32_t>()[place] = static_cast<int32_t>(i);
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  const Shape& x = ctx.In(0).shape;
  if (ctx.In(1).dtype != DType::kInt32 || ctx.In(1).shape[0] != x[0] || x[0] * x[1] > INT32_MAX) {
    return Error(Code::kShapeMismatch, "RemovePadding's counts do not fit")
        .Expected("int32 [%lld]", static_cast<long long>(x[0]))
        .Actual("%s%s", DTypeName(ctx.In(1).dtype), ShapeText(ctx.In(1).shape).text);
  }
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_RemovePadding) {
  return {.name = "RemovePadding",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .max_outputs = 4,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
