// What LSTM, GRU and RNN share: attributes, shapes, packed weights, and the walk over directions, time and batch.
//
// The input part W x + b of all steps is one product, four rows at a time; then each step adds R h and finishes its gates.
// Weights are packed once in `prepare` where they are constants, else in each run.
#pragma once

#include "kernels/recurrent.h"
#include "ops/op.h"
#include "ops/rnn/quantized_gates.h"

namespace webinfer::ops {

enum class CellKind : uint8_t { kLstm, kGru, kRnn };

// Offsets, in floats, of the packed parts of one direction. GRU keeps its gates z, r apart from h: R_h comes second.
struct PackedCell {
  int64_t w, w_second, r, r_second;
  int64_t bias, bias_second;
  int64_t recurrent_bias;  // GRU with linear_before_reset: Rb_h
  int64_t peepholes;       // LSTM: i, o, f, PaddedUnits floats each
  int64_t total;
};

struct RecurrentParams {
  CellKind kind;
  int directions;
  bool reverse[2];
  bool batch_first;  // layout 1
  bool plain;        // LSTM: default activations, no clip, no peepholes, no input_forget
  bool input_forget, linear_before_reset;
  bool quantized;  // DynamicQuantizeLSTM: W and R are [directions, inputs, 4 hidden] bytes
  float clip;      // 0: none
  int64_t time, batch, inputs, hidden;
  kernels::GateActivation activations[6];  // three for each direction
  PackedCell packed;
};

// For OpDef. A quantised LSTM takes the LSTM's functions but its own `prepare`.
template <CellKind kind>
Status InferRecurrent(InferContext& ctx);
template <CellKind kind>
Status BindRecurrent(BindContext& ctx);
template <CellKind kind>
Status PrepareRecurrent(PrepareContext& ctx);
Status PrepareQuantizedLstm(PrepareContext& ctx);
// Other float types: computed as float32.
Status LowerRecurrent(LowerContext& ctx, bool* done);

// What one direction of a running step works on.
struct RecurrentRun {
  const RecurrentParams& params;
  const float* packed;  // of this direction
  int direction;
  float* gates;         // of all rows (time x batch in X's order): W x + b
  float* gates_second;  // GRU: the candidate's
  float* h;             // [batch][padded]
  float* h_next;
  float* c;      // LSTM
  float* spare;  // [batch][padded] of working memory
  int64_t padded;
  const QuantizedGates* quantized_r = nullptr;  // instead of packed R
  uint8_t* quantized_scratch = nullptr;
  ThreadPool* pool = nullptr;

  int64_t RowOf(int64_t t, int64_t b) const { return params.batch_first ? b * params.time + t : t * params.batch + b; }
};

// One step of `rows` batch entries from `b` on, whose gates are `row_stride` rows apart, first row `row`: h -> h_next, c -> c.
void StepLstm(const RecurrentRun& run, int64_t row, int64_t row_stride, int64_t b, int64_t rows);
void StepGru(const RecurrentRun& run, int64_t row, int64_t row_stride, int64_t b, int64_t rows);
void StepRnn(const RecurrentRun& run, int64_t row, int64_t row_stride, int64_t b, int64_t rows);

}  // namespace webinfer::ops
