// RNN: h = f(W x + R h + b).
#include <algorithm>

#include "ops/rnn/recurrent.h"

namespace webinfer::ops {

void StepRnn(const RecurrentRun& run, int64_t row, int64_t row_stride, int64_t b, int64_t rows) {
  const RecurrentParams& params = run.params;
  const kernels::GateMatrix r{run.packed + params.packed.r, run.padded / kernels::kUnitBlock, params.hidden, 1};
  float* h_next = run.h_next + b * run.padded;
  kernels::MultiplyGates(r, run.h + b * run.padded, run.padded, rows, run.gates + row * run.padded, row_stride * run.padded,
                         h_next, run.padded);
  for (int64_t i = 0; i < rows * run.padded && params.clip > 0; ++i) h_next[i] = std::clamp(h_next[i], -params.clip, params.clip);
  ApplyGate(params.activations[3 * run.direction], h_next, rows * run.padded);
}

}  // namespace webinfer::ops

WEBINFER_OP(RNN) {
  using namespace webinfer::ops;
  return {.name = "RNN",
          .since = 22,
          .min_inputs = 3,
          .max_inputs = 6,
          .min_outputs = 0,
          .max_outputs = 2,
          .infer = InferRecurrent<CellKind::kRnn>,
          .bind = BindRecurrent<CellKind::kRnn>,
          .lower = LowerRecurrent,
          .prepare = PrepareRecurrent<CellKind::kRnn>};
}
