// LSTM: gates in the order i, o, f, c; peepholes in the order i, o, f.
#include <algorithm>

#include "ops/rnn/recurrent.h"

namespace webinfer::ops {

namespace {

// Any activations, clip, peepholes, input_forget: unit by unit.
void FinishRow(const RecurrentRun& run, const float* gates, float* c, float* h_next) {
  const RecurrentParams& params = run.params;
  const kernels::GateActivation* f = params.activations + 3 * run.direction;
  const float* peepholes = run.packed + params.packed.peepholes;
  const auto clipped = [&](float x) { return params.clip > 0 ? std::clamp(x, -params.clip, params.clip) : x; };
  for (int64_t unit = 0; unit < params.hidden; ++unit) {
    const float* gate = gates + unit / kernels::kUnitBlock * 4 * kernels::kUnitBlock + unit % kernels::kUnitBlock;
    const float cell = c[unit];
    const float i = ApplyGate(f[0], clipped(gate[0] + peepholes[unit] * cell));
    const float forget =
        params.input_forget ? 1 - i : ApplyGate(f[0], clipped(gate[16] + peepholes[2 * run.padded + unit] * cell));
    const float next = forget * cell + i * ApplyGate(f[1], clipped(gate[24]));
    const float o = ApplyGate(f[0], clipped(gate[8] + peepholes[run.padded + unit] * next));
    c[unit] = next;
    h_next[unit] = o * ApplyGate(f[2], next);
  }
}

}  // namespace

void StepLstm(const RecurrentRun& run, int64_t row, int64_t row_stride, int64_t b, int64_t rows) {
  const RecurrentParams& params = run.params;
  const kernels::GateMatrix r{run.packed + params.packed.r, run.padded / kernels::kUnitBlock, params.hidden, 4};
  float* gates = run.gates + row * r.row();
  float *h = run.h + b * run.padded, *h_next = run.h_next + b * run.padded, *c = run.c + b * run.padded;
  const bool quantized = run.quantized_r != nullptr;
  if (rows == 1 && params.plain && !quantized) return kernels::LstmStep(r, gates, h, c, h_next);
  const int64_t stride = row_stride * r.row();
  if (quantized) {
    MultiplyQuantized(*run.quantized_r, h, run.padded, rows, gates, stride, gates, stride, run.quantized_scratch, *run.pool);
  } else {
    kernels::MultiplyGates(r, h, run.padded, rows, gates, stride, gates, stride);
  }
  for (int64_t i = 0; i < rows; ++i) {
    if (params.plain) {
      kernels::LstmFinish(gates + i * stride, r.blocks, c + i * run.padded, h_next + i * run.padded);
    } else {
      FinishRow(run, gates + i * stride, c + i * run.padded, h_next + i * run.padded);
    }
  }
}

}  // namespace webinfer::ops

WEBINFER_OP(LSTM) {
  using namespace webinfer::ops;
  return {.name = "LSTM",
          .since = 22,
          .min_inputs = 3,
          .max_inputs = 8,
          .min_outputs = 0,
          .max_outputs = 3,
          .infer = InferRecurrent<CellKind::kLstm>,
          .bind = BindRecurrent<CellKind::kLstm>,
          .lower = LowerRecurrent,
          .prepare = PrepareRecurrent<CellKind::kLstm>};
}
