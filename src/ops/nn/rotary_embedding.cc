// RotaryEmbedding (ONNX 23): x is [batch, heads, tokens, size] or [batch, tokens, heads * size].
#include "ops/nn/rotary_embedding.h"

#include <climits>

#include "kernels/rotary.h"
#include "ops/float32.h"
#include "ops/nn/heads.h"

namespace webinfer::ops {
namespace {

struct RotaryStep {
  kernels::Rotary rotary;  // its pointers are set by each run
  RotaryInputs inputs;
  int64_t rows;  // of the caches
  bool has_positions;
  bool first_only;  // position_ids is the position of the first token
};

Status FindRows(const Step& step, const RotaryStep& p, int64_t* rows) {
  const Operand& ids = step.in[p.inputs.positions];
  for (int i = 0; i < p.rotary.batch * p.rotary.tokens; ++i) {
    const int at = p.first_only ? 0 : i;
    const int64_t id = ids.dtype == DType::kInt32 ? ids.As<int32_t>()[at] : ids.As<int64_t>()[at];
    rows[i] = p.first_only ? id + i % p.rotary.tokens : id;
    if (rows[i] < 0 || rows[i] >= p.rows) {
      return Error(Code::kOutOfRange, "A position is outside of the cosine cache")
          .Expected("0 to %lld", static_cast<long long>(p.rows - 1))
          .Actual("%lld", static_cast<long long>(rows[i]));
    }
  }
  return OkStatus();
}

Status RunRotaryStep(const Step& step, RunContext& run) {
  const auto& p = step.Params<RotaryStep>();
  kernels::Rotary rotary = p.rotary;
  rotary.x = step.in[0].As<float>();
  rotary.y = step.out[0].As<float>();
  rotary.cos = step.in[p.inputs.cos].As<float>();
  rotary.sin = step.in[p.inputs.sin].As<float>();
  auto* rows = p.has_positions ? reinterpret_cast<int64_t*>(step.scratch) : nullptr;
  if (rows != nullptr) WEBINFER_TRY(FindRows(step, p, rows));
  kernels::RunRotary(rotary, rows, run.pool());
  return OkStatus();
}

Status BindOnnxRotary(BindContext& ctx) { return BindRotary(ctx, kOnnxRotary); }

}  // namespace

Status InferRotary(InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape); }

Status BindRotary(BindContext& ctx, const RotaryInputs& inputs) {
  const Shape &x = ctx.In(0).shape, &cos = ctx.In(inputs.cos).shape;
  if (ctx.In(0).dtype != DType::kFloat32 || (x.rank() != 3 && x.rank() != 4)) {
    return Error(Code::kUnsupported, "RotaryEmbedding of this input")
        .Expected("float32 of rank 3 or 4")
        .Actual("%s%s", DTypeName(ctx.In(0).dtype), ShapeText(x).text);
  }
  const int64_t half = cos.rank() > 0 ? cos[cos.rank() - 1] : 0;
  int64_t heads = ctx.attributes().Int("num_heads", 0);
  const int64_t given = ctx.attributes().Int("rotary_embedding_dim", 0);
  if (x.rank() == 3 && heads == 0 && half > 0) heads = x[2] / (2 * half);
  const Heads h = x.rank() == 4 ? Heads{x[0], x[1], x[2], x[3]} : Heads{x[0], heads, x[1], heads > 0 ? x[2] / heads : 0};
  const int64_t rotated = given > 0 ? given : h.size;
  const bool has_positions = ctx.HasInput(inputs.positions);
  const int64_t ids = has_positions ? ctx.In(inputs.positions).shape.Elements() : h.batch * h.tokens;
  const int64_t rows = half > 0 ? cos.Elements() / half : 0;
  const DType id = has_positions ? ctx.In(inputs.positions).dtype : DType::kInt64;
  const bool types = ctx.In(inputs.cos).dtype == DType::kFloat32 && ctx.In(inputs.sin).dtype == DType::kFloat32 &&
                     (id == DType::kInt64 || id == DType::kInt32);
  const bool fits = types && heads >= 0 && h.heads > 0 && h.heads * h.size * (x.rank() == 3) == (x.rank() == 3 ? x[2] : 0) &&
                    rotated % 2 == 0 && rotated <= h.size && half == rotated / 2 && ctx.In(inputs.sin).shape == cos &&
                    (ids == h.batch * h.tokens || ids == 1) && (has_positions || rows == h.batch * h.tokens) &&
                    h.batch * h.tokens <= INT_MAX;
  if (!fits) {
    return Error(Code::kShapeMismatch, "RotaryEmbedding's inputs do not fit together")
        .Expected("float32 caches of half the rotated size, a position for each token of x %s", ShapeText(x).text)
        .Actual("cos %s%s, %lld positions", DTypeName(ctx.In(inputs.cos).dtype), ShapeText(cos).text,
                static_cast<long long>(ids));
  }
  WEBINFER_ASSIGN(RotaryStep * p, ctx.Params<RotaryStep>());
  p->inputs = inputs;
  p->rows = rows;
  p->has_positions = has_positions;
  p->first_only = has_positions && ids == 1;
  kernels::Rotary& r = p->rotary;
  r.batch = static_cast<int>(h.batch);
  r.heads = static_cast<int>(h.heads);
  r.tokens = static_cast<int>(h.tokens);
  r.size = static_cast<int>(h.size);
  r.rotated = static_cast<int>(rotated);
  r.interleaved = ctx.attributes().Int("interleaved", 0) != 0;
  r.x_strides = r.y_strides = StridesOf(h, x.rank() == 3);
  ctx.SetKernel(RunRotaryStep);
  if (has_positions) ctx.SetScratch(static_cast<uint64_t>(h.batch * h.tokens) * sizeof(int64_t));
  return OkStatus();
}

}  // namespace webinfer::ops

WEBINFER_OP(RotaryEmbedding) {
  using namespace webinfer::ops;
  return {.name = "RotaryEmbedding",
          .since = 23,
          .min_inputs = 3,
          .max_inputs = 4,
          .infer = InferRotary,
          .bind = BindOnnxRotary,
          .lower = LowerHalf};
}
