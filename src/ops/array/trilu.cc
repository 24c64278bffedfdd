// Trilu: keeps the upper (or lower) triangle of each matrix, relative to diagonal `k`; the rest is zero.
#include <algorithm>
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct TriluParams {
  int64_t matrices, rows, cols;
  bool upper;
};

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (in.rank_known() && in.rank() < 2) {
    return Error(Code::kShapeMismatch, "Input 0 has the wrong rank").Expected("rank >= 2").Actual("%s", ShapeText(in).text);
  }
  if (ctx.HasInput(1)) WEBINFER_TRY(ExpectIndexType(ctx, 1));
  return ctx.SetOutput(0, ctx.In(0).dtype, in);
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<TriluParams>();
  const int64_t k = step.HasInput(1) && step.in[1].elements() > 0 ? IndexAt(step.in[1].data, step.in[1].dtype, 0) : 0;
  const auto bytes = static_cast<int64_t>(DTypeBytes(step.in[0].dtype));
  const auto* src = step.in[0].As<uint8_t>();
  auto* dst = step.out[0].As<uint8_t>();
  const int64_t cols = params.cols;
  Blank blank;
  WEBINFER_TRY(blank.Make(step.in[0].dtype, run));
  for (int64_t i = 0; i < params.matrices * params.rows; ++i, src += cols * bytes, dst += cols * bytes) {
    const int64_t row = i % params.rows, bound = std::clamp<int64_t>(k, -row - 1, cols) + row;
    const int64_t first = params.upper ? std::clamp<int64_t>(bound, 0, cols) : 0;
    const int64_t last = params.upper ? cols : std::clamp<int64_t>(bound + 1, 0, cols);
    blank.Fill(dst, first);
    if (src != dst) std::memcpy(dst + first * bytes, src + first * bytes, static_cast<size_t>((last - first) * bytes));
    blank.Fill(dst + last * bytes, cols - last);
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  const Shape& in = ctx.In(0).shape;
  WEBINFER_ASSIGN(TriluParams * params, ctx.Params<TriluParams>());
  params->rows = in[in.rank() - 2];
  params->cols = in[in.rank() - 1];
  params->matrices = in.Elements(0, in.rank() - 2);
  params->upper = ctx.attributes().Int("upper", 1) != 0;
  ctx.MayShare(0, 0);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Trilu) {
  return {
      .name = "Trilu", .since = 14, .min_inputs = 1, .max_inputs = 2, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
