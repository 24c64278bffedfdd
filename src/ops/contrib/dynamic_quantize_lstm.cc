// DynamicQuantizeLSTM: LSTM with 8-bit weights W and R [directions, inputs, 4 hidden], whose scales and zero points are one for
// each direction or each column. x, and h at every step, are rounded to uint8 by their range. Weights that are not constants
// become floats; then nothing is rounded.
#include "ops/contrib/compose.h"
#include "ops/rnn/recurrent.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kP, kWScale, kWZero, kRScale, kRZero };

// [directions, 4 hidden, inputs], as LSTM wants them.
Result<ValueId> Weights(LowerContext& ctx, int i, int scale, int zero) {
  const auto parameter = [&](int input) -> Result<ValueId> {
    if (ctx.In(input).shape.rank() == 2) return OnAxes(ctx, "Unsqueeze", ctx.Input(input), {1});
    return OnAxes(ctx, "Unsqueeze", ctx.Input(input), {1, 2});
  };
  WEBINFER_ASSIGN(const ValueId scales, parameter(scale));
  WEBINFER_ASSIGN(const ValueId zeros, parameter(zero));
  const ValueId centred = ctx.Add("Sub", {CastTo(ctx, ctx.Input(i), DType::kFloat32), CastTo(ctx, zeros, DType::kFloat32)});
  return Transposed(ctx, ctx.Add("Mul", {centred, scales}), {0, 2, 1});
}

Status Lower(LowerContext& ctx, bool* done) {
  for (int i : {kW, kR}) WEBINFER_TRY(NeedRank(ctx, i, 3));
  bool constants = (!ctx.HasInput(kB) || ctx.In(kB).known != nullptr) && (!ctx.HasInput(kP) || ctx.In(kP).known != nullptr) &&
                   ctx.In(kW).known != nullptr && ctx.In(kR).known != nullptr;
  for (int i : {kWScale, kWZero, kRScale, kRZero}) {
    if (!ctx.HasInput(i) || ctx.In(i).shape.rank() < 1 || ctx.In(i).shape.rank() > 2) {
      return Error(Code::kInvalidModel, "DynamicQuantizeLSTM's scales and zero points do not fit")
          .Expected("[directions] or [directions, 4 hidden]")
          .Actual("%s", ctx.HasInput(i) ? ShapeText(ctx.In(i).shape).text : "none");
    }
    constants = constants && ctx.In(i).known != nullptr;
  }
  *done = !constants;
  if (constants) return OkStatus();
  WEBINFER_ASSIGN(const ValueId w, Weights(ctx, kW, kWScale, kWZero));
  WEBINFER_ASSIGN(const ValueId r, Weights(ctx, kR, kRScale, kRZero));
  const std::vector<ValueId> results = ctx.AddMany(
      "LSTM",
      {ctx.Input(kX), w, r, ctx.Input(kB), ctx.Input(kLengths), ctx.Input(kInitialH), ctx.Input(kInitialC), ctx.Input(kP)}, 3);
  ctx.Last().attributes = ctx.attributes();
  for (int i = 0; i < 3; ++i) ctx.Return(i, results[static_cast<size_t>(i)]);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_DynamicQuantizeLSTM) {
  using namespace webinfer::ops;
  return {.name = "DynamicQuantizeLSTM",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 12,
          .min_outputs = 0,
          .max_outputs = 3,
          .infer = InferRecurrent<CellKind::kLstm>,
          .bind = BindRecurrent<CellKind::kLstm>,
          .lower = Lower,
          .prepare = PrepareQuantizedLstm};
}
