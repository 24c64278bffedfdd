#include "ops/rnn/recurrent.h"

#include <algorithm>
#include <cstring>

#include "ops/float32.h"
#include "ops/nn/prepared.h"
#include "ops/rnn/activations.h"

namespace webinfer::ops {

namespace {

using kernels::PaddedUnits;

int GateCount(CellKind kind) { return kind == CellKind::kLstm ? 4 : kind == CellKind::kGru ? 3 : 1; }

Result<int> Directions(const InferContext& ctx) {
  const std::string_view name = ctx.attributes().String("direction", "forward");
  if (name == "forward" || name == "reverse") return 1;
  if (name == "bidirectional") return 2;
  return Error(Code::kInvalidModel, "An unknown direction")
      .Expected("forward, reverse or bidirectional")
      .Actual("%.*s", static_cast<int>(name.size()), name.data());
}

Status ExpectShape(const InferContext& ctx, int i, const Shape& wanted) {
  if (!ctx.HasInput(i) || MergeShapes(ctx.In(i).shape, wanted).ok()) return OkStatus();
  return Error(Code::kShapeMismatch, "Input %d has the wrong shape", i)
      .Expected("%s", ShapeText(wanted).text)
      .Actual("%s", ShapeText(ctx.In(i).shape).text);
}

PackedCell LayOut(CellKind kind, int64_t hidden, int64_t inputs, bool quantized) {
  const int64_t padded = PaddedUnits(hidden);
  const int64_t first = kind == CellKind::kGru ? 2 : GateCount(kind), second = kind == CellKind::kGru ? 1 : 0;
  PackedCell cell{};
  int64_t at = 0;
  const auto take = [&](int64_t count) {
    const int64_t start = at;
    at += count * padded;
    return start;
  };
  cell.w = take(quantized ? 0 : first * inputs);
  cell.w_second = take(second * inputs);
  cell.r = take(quantized ? 0 : first * hidden);
  cell.r_second = take(second * hidden);
  cell.bias = take(first);
  cell.bias_second = take(second);
  cell.recurrent_bias = take(second);
  cell.peepholes = take(kind == CellKind::kLstm ? 3 : 0);
  cell.total = at;
  return cell;
}

// All that is packed of one direction; b and p may be null.
void PackCell(const RecurrentParams& params, const float* w, const float* r, const float* b, const float* p, float* to) {
  const PackedCell& cell = params.packed;
  const int64_t hidden = params.hidden, inputs = params.inputs;
  const int gates = GateCount(params.kind), first = params.kind == CellKind::kGru ? 2 : gates;
  const float* recurrent_b = b == nullptr ? nullptr : b + gates * hidden;
  if (!params.quantized) {
    kernels::PackGates(w, first, hidden, inputs, to + cell.w);
    kernels::PackGates(r, first, hidden, hidden, to + cell.r);
  }
  kernels::PackGateVector(b, recurrent_b, first, hidden, to + cell.bias);
  if (params.kind == CellKind::kGru) {
    const int64_t skip = 2 * hidden;
    kernels::PackGates(w + skip * inputs, 1, hidden, inputs, to + cell.w_second);
    kernels::PackGates(r + skip * hidden, 1, hidden, hidden, to + cell.r_second);
    const float* recurrent_h = b == nullptr ? nullptr : recurrent_b + skip;
    const bool apart = params.linear_before_reset;
    kernels::PackGateVector(b == nullptr ? nullptr : b + skip, apart ? nullptr : recurrent_h, 1, hidden, to + cell.bias_second);
    kernels::PackGateVector(apart ? recurrent_h : nullptr, nullptr, 1, hidden, to + cell.recurrent_bias);
  }
  if (params.kind == CellKind::kLstm) {
    const int64_t padded = PaddedUnits(hidden);
    for (int i = 0; i < 3; ++i) {
      kernels::PackGateVector(p == nullptr ? nullptr : p + i * hidden, nullptr, 1, hidden, to + cell.peepholes + i * padded);
    }
  }
}

void PackAll(const RecurrentParams& params, const float* w, const float* r, const float* b, const float* p, float* to) {
  const int64_t gates = GateCount(params.kind), hidden = params.hidden;
  const auto of = [](const float* all, int64_t offset) { return all == nullptr ? nullptr : all + offset; };
  for (int d = 0; d < params.directions; ++d) {
    PackCell(params, of(w, d * gates * hidden * params.inputs), of(r, d * gates * hidden * hidden), of(b, d * 2 * gates * hidden),
             of(p, d * 3 * hidden), to + d * params.packed.total);
  }
}

// Everything that follows from attributes and the weights' shapes.
Status ReadCell(const InferContext& ctx, CellKind kind, RecurrentParams* params) {
  const Attributes& attributes = ctx.attributes();
  const Shape &w = ctx.In(1).shape, &r = ctx.In(2).shape;
  params->kind = kind;
  WEBINFER_ASSIGN(params->directions, Directions(ctx));
  params->reverse[0] = attributes.String("direction", "forward") == "reverse";
  params->reverse[1] = true;
  params->batch_first = attributes.Int("layout", 0) != 0;
  params->input_forget = attributes.Int("input_forget", 0) != 0;
  params->linear_before_reset = attributes.Int("linear_before_reset", 0) != 0;
  params->clip = attributes.Float("clip", 0);
  params->quantized = ctx.node().op == "DynamicQuantizeLSTM";
  params->inputs = w[params->quantized ? 1 : 2];
  params->hidden = r[params->quantized ? 1 : 2];
  WEBINFER_TRY(ReadGateActivations(attributes, kind, params->directions, params->activations, &params->plain));
  params->plain = params->plain && params->clip == 0 && !params->input_forget && !ctx.HasInput(7);
  params->packed = LayOut(kind, params->hidden, params->inputs, params->quantized);
  return OkStatus();
}

const float* FloatsOf(const Step& step, int i) { return step.HasInput(i) ? step.in[i].As<float>() : nullptr; }

// initial_h or initial_c -> [batch][padded], or zeros.
void LoadState(const RecurrentParams& params, const float* initial, int direction, float* state) {
  const int64_t padded = PaddedUnits(params.hidden);
  std::memset(state, 0, static_cast<size_t>(params.batch * padded) * sizeof(float));
  for (int64_t b = 0; b < params.batch && initial != nullptr; ++b) {
    const int64_t row = params.batch_first ? b * params.directions + direction : direction * params.batch + b;
    std::memcpy(state + b * padded, initial + row * params.hidden, static_cast<size_t>(params.hidden) * sizeof(float));
  }
}

void StoreState(const RecurrentParams& params, const float* state, int direction, float* out) {
  const int64_t padded = PaddedUnits(params.hidden);
  for (int64_t b = 0; b < params.batch; ++b) {
    const int64_t row = params.batch_first ? b * params.directions + direction : direction * params.batch + b;
    std::memcpy(out + row * params.hidden, state + b * padded, static_cast<size_t>(params.hidden) * sizeof(float));
  }
}

// The place of Y[t][direction][b].
float* PlaceInY(const RecurrentParams& params, float* y, int64_t t, int direction, int64_t b) {
  const int64_t row = params.batch_first ? (b * params.time + t) * params.directions + direction
                                         : (t * params.directions + direction) * params.batch + b;
  return y + row * params.hidden;
}

using StepFn = void (*)(const RecurrentRun& run, int64_t row, int64_t row_stride, int64_t b, int64_t rows);

StepFn StepOf(CellKind kind) { return kind == CellKind::kLstm ? StepLstm : kind == CellKind::kGru ? StepGru : StepRnn; }

// All batch entries are equally long: a step takes them together.
void RunUniform(RecurrentRun& run, float* y) {
  const RecurrentParams& params = run.params;
  const bool reverse = params.reverse[run.direction];
  for (int64_t k = 0; k < params.time; ++k) {
    const int64_t t = reverse ? params.time - 1 - k : k;
    StepOf(params.kind)(run, run.RowOf(t, 0), params.batch_first ? params.time : 1, 0, params.batch);
    std::swap(run.h, run.h_next);
    for (int64_t b = 0; b < params.batch && y != nullptr; ++b) {
      std::memcpy(PlaceInY(params, y, t, run.direction, b), run.h + b * run.padded,
                  static_cast<size_t>(params.hidden) * sizeof(float));
    }
  }
}

// Each batch entry has a length of its own; Y is zero behind it.
void RunRagged(RecurrentRun& run, const int32_t* lengths, float* y) {
  const RecurrentParams& params = run.params;
  const bool reverse = params.reverse[run.direction];
  const auto bytes = static_cast<size_t>(params.hidden) * sizeof(float);
  for (int64_t b = 0; b < params.batch; ++b) {
    for (int64_t k = 0; k < params.time; ++k) {
      const int64_t t = reverse && k < lengths[b] ? lengths[b] - 1 - k : k;
      if (k < lengths[b]) {
        StepOf(params.kind)(run, run.RowOf(t, b), 1, b, 1);
        std::memcpy(run.h + b * run.padded, run.h_next + b * run.padded, static_cast<size_t>(run.padded) * sizeof(float));
      }
      if (y == nullptr) continue;
      float* to = PlaceInY(params, y, t, run.direction, b);
      if (k < lengths[b]) {
        std::memcpy(to, run.h + b * run.padded, bytes);
      } else {
        std::memset(to, 0, bytes);
      }
    }
  }
}

void RunSteps(RecurrentRun& run, bool ragged, const int32_t* lengths, float* y) {
  if (ragged) {
    RunRagged(run, lengths, y);
  } else {
    RunUniform(run, y);
  }
}

void StoreStates(const Step& step, const RecurrentRun& run) {
  if (step.HasOutput(1)) StoreState(run.params, run.h, run.direction, step.out[1].As<float>());
  if (step.HasOutput(2)) StoreState(run.params, run.c, run.direction, step.out[2].As<float>());
}

Status CheckLengths(const RecurrentParams& params, const int32_t* lengths, bool* ragged) {
  *ragged = false;
  for (int64_t b = 0; b < params.batch && lengths != nullptr; ++b) {
    if (lengths[b] < 0 || lengths[b] > params.time) {
      return Error(Code::kOutOfRange, "A sequence is longer than its axis")
          .Expected("a length in [0, %lld]", static_cast<long long>(params.time))
          .Actual("%d", lengths[b]);
    }
    *ragged |= lengths[b] != params.time;
  }
  return OkStatus();
}

// Floats of working memory behind the packed weights (if they are packed in the run).
int64_t WorkingFloats(const RecurrentParams& params) {
  return (params.time * GateCount(params.kind) + 4) * params.batch * PaddedUnits(params.hidden);
}

// A direction's W and R of a quantised LSTM, as PrepareQuantizedLstm left them.
struct QuantizedCell {
  QuantizedGates w, r;
};

size_t QuantizedCellBytes(const RecurrentParams& params) {
  const int64_t padded = PaddedUnits(params.hidden);
  return QuantizedGatesBytes(params.inputs, padded) + QuantizedGatesBytes(params.hidden, padded);
}

QuantizedCell QuantizedCellOf(const Step& step, const RecurrentParams& params, int direction) {
  const uint8_t* memory = PreparedBytes(*step.node, 1) + static_cast<size_t>(direction) * QuantizedCellBytes(params);
  const auto padded = static_cast<int>(PaddedUnits(params.hidden));
  const auto inputs = static_cast<int>(params.inputs), hidden = static_cast<int>(params.hidden);
  return {{inputs, padded, step.in[1].dtype == DType::kInt8, memory},
          {hidden, padded, step.in[2].dtype == DType::kInt8, memory + QuantizedGatesBytes(inputs, padded)}};
}

size_t QuantizedWorkingBytes(const RecurrentParams& params, int threads) {
  const int64_t padded = PaddedUnits(params.hidden);
  return std::max(QuantizedScratch(params.inputs, padded, params.time * params.batch, threads),
                  QuantizedScratch(params.hidden, padded, params.batch, threads));
}

Status Kernel(const Step& step, RunContext& context) {
  const auto& params = step.Params<RecurrentParams>();
  const int32_t* lengths = step.HasInput(4) ? step.in[4].As<int32_t>() : nullptr;
  bool ragged;
  WEBINFER_TRY(CheckLengths(params, lengths, &ragged));
  const int64_t padded = PaddedUnits(params.hidden), rows = params.time * params.batch, state = params.batch * padded;
  auto* memory = reinterpret_cast<float*>(step.scratch);
  const float* packed;
  if (!step.node->prepared.empty()) {
    packed = PreparedFloats(*step.node, 0);
  } else {
    PackAll(params, FloatsOf(step, 1), FloatsOf(step, 2), FloatsOf(step, 3), FloatsOf(step, 7), memory);
    packed = memory;
    memory += params.directions * params.packed.total;
  }
  const int first_gates = params.kind == CellKind::kGru ? 2 : GateCount(params.kind);
  float* y = step.HasOutput(0) ? step.out[0].As<float>() : nullptr;
  for (int d = 0; d < params.directions; ++d) {
    RecurrentRun run{params, packed + d * params.packed.total, d, memory, nullptr, nullptr, nullptr, nullptr, nullptr, padded};
    run.gates_second = run.gates + rows * first_gates * padded;
    run.h = run.gates + rows * GateCount(params.kind) * padded;
    run.h_next = run.h + state;
    run.c = run.h_next + state;
    run.spare = run.c + state;
    LoadState(params, FloatsOf(step, 5), d, run.h);
    LoadState(params, FloatsOf(step, 6), d, run.c);
    const float* x = step.in[0].As<float>();
    if (params.quantized) {
      const QuantizedCell cell = QuantizedCellOf(step, params, d);
      run.quantized_r = &cell.r;
      run.quantized_scratch = reinterpret_cast<uint8_t*>(run.spare + state);
      run.pool = &context.pool();
      MultiplyQuantized(cell.w, x, params.inputs, rows, run.packed + params.packed.bias, 0, run.gates, 4 * padded,
                        run.quantized_scratch, *run.pool);
      RunSteps(run, ragged, lengths, y);
      StoreStates(step, run);
      continue;
    }
    const kernels::GateMatrix w{run.packed + params.packed.w, padded / kernels::kUnitBlock, params.inputs, first_gates};
    kernels::MultiplyGates(w, x, params.inputs, rows, run.packed + params.packed.bias, 0, run.gates, w.row());
    if (params.kind == CellKind::kGru) {
      const kernels::GateMatrix second{run.packed + params.packed.w_second, w.blocks, params.inputs, 1};
      kernels::MultiplyGates(second, x, params.inputs, rows, run.packed + params.packed.bias_second, 0, run.gates_second, padded);
    }
    RunSteps(run, ragged, lengths, y);
    StoreStates(step, run);
  }
  return OkStatus();
}

}  // namespace

template <CellKind kind>
Status InferRecurrent(InferContext& ctx) {
  for (int i = 0; i < 3; ++i) WEBINFER_TRY(ctx.ExpectRank(i, 3));
  WEBINFER_ASSIGN(const int directions, Directions(ctx));
  const Shape &x = ctx.In(0).shape, &r = ctx.In(2).shape;
  const bool batch_first = ctx.attributes().Int("layout", 0) != 0;
  const int r_axis = ctx.node().op == "DynamicQuantizeLSTM" ? 1 : 2;
  const int64_t hidden = r.rank_known() && r[r_axis] >= 0 ? r[r_axis] : ctx.attributes().Int("hidden_size", kUnknownDim);
  const int64_t time = x.rank_known() ? x[batch_first ? 1 : 0] : kUnknownDim,
                batch = x.rank_known() ? x[batch_first ? 0 : 1] : kUnknownDim;
  const DType dtype = ctx.In(0).dtype;
  WEBINFER_TRY(
      ctx.SetOutput(0, dtype, batch_first ? Shape({batch, time, directions, hidden}) : Shape({time, directions, batch, hidden})));
  const Shape state = batch_first ? Shape({batch, directions, hidden}) : Shape({directions, batch, hidden});
  for (int i = 1; i < (kind == CellKind::kLstm ? 3 : 2); ++i) WEBINFER_TRY(ctx.SetOutput(i, dtype, state));
  return OkStatus();
}

template <CellKind kind>
Status BindRecurrent(BindContext& ctx) {
  const Shape& x = ctx.In(0).shape;
  WEBINFER_ASSIGN(RecurrentParams * params, ctx.Params<RecurrentParams>());
  WEBINFER_TRY(ReadCell(ctx, kind, params));
  params->time = x[params->batch_first ? 1 : 0];
  params->batch = x[params->batch_first ? 0 : 1];
  const int64_t gates = GateCount(kind), hidden = params->hidden, d = params->directions;
  for (int i = 0; i < std::min(ctx.input_count(), 8); ++i) {
    if (params->quantized && (i == 1 || i == 2)) continue;  // what `prepare` accepted
    const DType wanted = i == 4 ? DType::kInt32 : DType::kFloat32;
    if (!ctx.HasInput(i) || ctx.In(i).dtype == wanted) continue;
    return Error(Code::kTypeMismatch, "Input %d has the wrong type", i)
        .Expected("%s", DTypeName(wanted))
        .Actual("%s", DTypeName(ctx.In(i).dtype));
  }
  const Shape state = params->batch_first ? Shape({params->batch, d, hidden}) : Shape({d, params->batch, hidden});
  WEBINFER_TRY(ExpectShape(ctx, 1, params->quantized ? Shape({d, x[2], gates * hidden}) : Shape({d, gates * hidden, x[2]})));
  WEBINFER_TRY(ExpectShape(ctx, 2, params->quantized ? Shape({d, hidden, gates * hidden}) : Shape({d, gates * hidden, hidden})));
  WEBINFER_TRY(ExpectShape(ctx, 3, {d, 2 * gates * hidden}));
  WEBINFER_TRY(ExpectShape(ctx, 4, {params->batch}));
  WEBINFER_TRY(ExpectShape(ctx, 5, state));
  WEBINFER_TRY(ExpectShape(ctx, 6, state));
  WEBINFER_TRY(ExpectShape(ctx, 7, {d, 3 * hidden}));
  if (params->quantized && ctx.node().prepared.empty())
    return Error(Code::kUnsupported, "DynamicQuantizeLSTM's weights do not fit their scales and zero points");
  const int64_t packed = ctx.node().prepared.empty() ? d * params->packed.total : 0;
  ctx.SetScratch(static_cast<uint64_t>(packed + WorkingFloats(*params)) * sizeof(float) +
                 (params->quantized ? QuantizedWorkingBytes(*params, ctx.threads()) : 0));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

template <CellKind kind>
Status PrepareRecurrent(PrepareContext& ctx) {
  const Tensor *w = ctx.Constant(1), *r = ctx.Constant(2), *b = ctx.Constant(3), *p = ctx.Constant(7);
  if (w == nullptr || r == nullptr || (ctx.HasInput(3) && b == nullptr) || (ctx.HasInput(7) && p == nullptr)) return OkStatus();
  RecurrentParams params{};
  if (w->shape.rank() != 3 || r->shape.rank() != 3) return OkStatus();  // bind says what is wrong
  WEBINFER_TRY(ReadCell(ctx, kind, &params));
  const int64_t gates = GateCount(kind), hidden = params.hidden, d = params.directions;
  const bool fits = w->shape == Shape({d, gates * hidden, params.inputs}) && r->shape == Shape({d, gates * hidden, hidden}) &&
                    (b == nullptr || b->shape == Shape({d, 2 * gates * hidden})) &&
                    (p == nullptr || p->shape == Shape({d, 3 * hidden}));
  if (!fits || w->dtype != DType::kFloat32 || r->dtype != DType::kFloat32) return OkStatus();
  WEBINFER_ASSIGN(float* packed, KeepFloats(ctx, 0, static_cast<uint64_t>(d * params.packed.total)));
  PackAll(params, w->As<float>(), r->As<float>(), b == nullptr ? nullptr : b->As<float>(),
          p == nullptr ? nullptr : p->As<float>(), packed);
  for (int i : {1, 2, 3, 7}) ctx.Drop(i);
  return OkStatus();
}

Status PrepareQuantizedLstm(PrepareContext& ctx) {
  const Tensor *b = ctx.Constant(3), *p = ctx.Constant(7);
  RecurrentParams params{};
  const Tensor* matrices[2] = {ctx.Constant(1), ctx.Constant(2)};
  for (const Tensor* matrix : matrices) {
    if (matrix == nullptr || matrix->shape.rank() != 3) return OkStatus();  // bind says what is wrong
  }
  WEBINFER_TRY(ReadCell(ctx, CellKind::kLstm, &params));
  const int64_t hidden = params.hidden, d = params.directions, columns = 4 * hidden, padded = PaddedUnits(hidden);
  bool fits = hidden >= 1 && params.inputs >= 1 && columns < INT32_MAX / 2 &&
              (b == nullptr || b->shape == Shape({d, 2 * columns})) && (p == nullptr || p->shape == Shape({d, 3 * hidden}));
  for (int m = 0; m < 2; ++m) {
    const Tensor *scale = ctx.Constant(8 + 2 * m), *zero = ctx.Constant(9 + 2 * m);
    const DType dtype = matrices[m]->dtype;
    fits = fits && (dtype == DType::kInt8 || dtype == DType::kUint8) && scale != nullptr && zero != nullptr &&
           zero->dtype == dtype && scale->dtype == DType::kFloat32 &&
           matrices[m]->shape == Shape({d, m == 0 ? params.inputs : hidden, columns});
    for (const Tensor* each : {scale, zero}) {
      fits = fits && (each->shape.Elements() == d || each->shape.Elements() == d * columns);
    }
  }
  if (!fits) return OkStatus();
  WEBINFER_ASSIGN(float* packed, KeepFloats(ctx, 0, static_cast<uint64_t>(d * params.packed.total)));
  PackAll(params, nullptr, nullptr, b == nullptr ? nullptr : b->As<float>(), p == nullptr ? nullptr : p->As<float>(), packed);
  WEBINFER_ASSIGN(uint8_t * memory, KeepBytes(ctx, 1, static_cast<uint64_t>(d) * QuantizedCellBytes(params)));
  for (int64_t direction = 0; direction < d; ++direction) {
    for (int m = 0; m < 2; ++m) {
      const Tensor &scale = *ctx.Constant(8 + 2 * m), &zero = *ctx.Constant(9 + 2 * m);
      QuantizedSource source;
      source.inputs = m == 0 ? params.inputs : hidden;
      source.hidden = hidden;
      source.is_signed = matrices[m]->dtype == DType::kInt8;
      source.scale_per_column = scale.shape.Elements() != d;
      source.zero_per_column = zero.shape.Elements() != d;
      source.weights = matrices[m]->As<uint8_t>() + direction * source.inputs * columns;
      source.scales = scale.As<float>() + direction * (source.scale_per_column ? columns : 1);
      source.zeros = zero.As<uint8_t>() + direction * (source.zero_per_column ? columns : 1);
      WEBINFER_TRY(PackQuantizedGates(source, memory));
      memory += QuantizedGatesBytes(source.inputs, padded);
    }
  }
  for (int i : {1, 2, 3, 7}) ctx.Drop(i);
  return OkStatus();
}

Status LowerRecurrent(LowerContext& ctx, bool* done) {
  const DType dtype = ctx.In(0).dtype;
  *done = IsHalf(dtype) || dtype == DType::kFloat64;
  return *done ? ComputeInFloat32(ctx) : OkStatus();
}

template Status InferRecurrent<CellKind::kLstm>(InferContext&);
template Status InferRecurrent<CellKind::kGru>(InferContext&);
template Status InferRecurrent<CellKind::kRnn>(InferContext&);
template Status BindRecurrent<CellKind::kLstm>(BindContext&);
template Status BindRecurrent<CellKind::kGru>(BindContext&);
template Status BindRecurrent<CellKind::kRnn>(BindContext&);
template Status PrepareRecurrent<CellKind::kLstm>(PrepareContext&);
template Status PrepareRecurrent<CellKind::kGru>(PrepareContext&);
template Status PrepareRecurrent<CellKind::kRnn>(PrepareContext&);

}  // namespace webinfer::ops
