// GRU: gates in the order z, r, h; both meanings of linear_before_reset.
#include <algorithm>

#include "ops/rnn/recurrent.h"

namespace webinfer::ops {

namespace {

void Clip(float clip, float* x, int64_t count) {
  for (int64_t i = 0; i < count && clip > 0; ++i) x[i] = std::clamp(x[i], -clip, clip);
}

}  // namespace

void StepGru(const RecurrentRun& run, int64_t row, int64_t row_stride, int64_t b, int64_t rows) {
  const RecurrentParams& params = run.params;
  const kernels::GateActivation* f = params.activations + 3 * run.direction;
  const int64_t padded = run.padded, blocks = padded / kernels::kUnitBlock;
  const kernels::GateMatrix r_zr{run.packed + params.packed.r, blocks, params.hidden, 2};
  const kernels::GateMatrix r_h{run.packed + params.packed.r_second, blocks, params.hidden, 1};
  float *zr = run.gates + row * 2 * padded, *candidate = run.gates_second + row * padded;
  float *h = run.h + b * padded, *h_next = run.h_next + b * padded, *spare = run.spare + b * padded;
  const int64_t zr_stride = row_stride * 2 * padded, candidate_stride = row_stride * padded;
  kernels::MultiplyGates(r_zr, h, padded, rows, zr, zr_stride, zr, zr_stride);
  for (int64_t i = 0; i < rows; ++i) {
    Clip(params.clip, zr + i * zr_stride, 2 * padded);
    ApplyGate(f[0], zr + i * zr_stride, 2 * padded);
  }
  const auto reset = [&](int64_t i, int64_t block) { return zr + i * zr_stride + (2 * block + 1) * kernels::kUnitBlock; };
  if (params.linear_before_reset) {
    kernels::MultiplyGates(r_h, h, padded, rows, run.packed + params.packed.recurrent_bias, 0, spare, padded);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t u = 0; u < padded; ++u) {
        candidate[i * candidate_stride + u] += reset(i, u / kernels::kUnitBlock)[u % kernels::kUnitBlock] * spare[i * padded + u];
      }
    }
  } else {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t u = 0; u < padded; ++u) {
        spare[i * padded + u] = reset(i, u / kernels::kUnitBlock)[u % kernels::kUnitBlock] * h[i * padded + u];
      }
    }
    kernels::MultiplyGates(r_h, spare, padded, rows, candidate, candidate_stride, candidate, candidate_stride);
  }
  for (int64_t i = 0; i < rows; ++i) {
    float* g = candidate + i * candidate_stride;
    Clip(params.clip, g, padded);
    ApplyGate(f[1], g, padded);
    for (int64_t u = 0; u < padded; ++u) {
      const float z = zr[i * zr_stride + u / kernels::kUnitBlock * 2 * kernels::kUnitBlock + u % kernels::kUnitBlock];
      h_next[i * padded + u] = (1 - z) * g[u] + z * h[i * padded + u];
    }
  }
}

}  // namespace webinfer::ops

WEBINFER_OP(GRU) {
  using namespace webinfer::ops;
  return {.name = "GRU",
          .since = 22,
          .min_inputs = 3,
          .max_inputs = 6,
          .min_outputs = 0,
          .max_outputs = 2,
          .infer = InferRecurrent<CellKind::kGru>,
          .bind = BindRecurrent<CellKind::kGru>,
          .lower = LowerRecurrent,
          .prepare = PrepareRecurrent<CellKind::kGru>};
}
