// LinearAttention (ONNX 27): linear, gated, delta and gated delta rules; half precision computes in float32.
#include "kernels/linear_attention.h"

#include <cmath>
#include <cstring>

#include "ops/float32.h"

namespace webinfer::ops {
namespace {

enum Input { kQuery, kKey, kValue, kPast, kDecay, kBeta };

struct Sizes {
  int64_t heads, kv_heads, key, value;  // key, value: -1 while unknown
};

Result<Sizes> ReadSizes(const InferContext& ctx) {
  const Shape &k = ctx.In(kKey).shape, &v = ctx.In(kValue).shape;
  Sizes sizes{ctx.attributes().Int("q_num_heads", 0), ctx.attributes().Int("kv_num_heads", 0), kUnknownDim, kUnknownDim};
  for (int i = kQuery; i <= kValue; ++i) WEBINFER_TRY(ctx.ExpectRank(i, 3));
  if (sizes.heads < 1 || sizes.kv_heads < 1 || sizes.heads % sizes.kv_heads != 0) {
    return Error(Code::kInvalidModel, "LinearAttention needs q_num_heads, a multiple of kv_num_heads")
        .Actual("%lld and %lld", static_cast<long long>(sizes.heads), static_cast<long long>(sizes.kv_heads));
  }
  if (k.rank_known() && k[2] >= 0) sizes.key = k[2] / sizes.kv_heads;
  if (v.rank_known() && v[2] >= 0) sizes.value = v[2] / sizes.kv_heads;
  return sizes;
}

Status InferLinearAttention(InferContext& ctx) {
  WEBINFER_ASSIGN(const Sizes sizes, ReadSizes(ctx));
  const Shape& q = ctx.In(kQuery).shape;
  const DType dtype = ctx.In(kQuery).dtype;
  Shape y = Shape::Unknown(3), state = {kUnknownDim, sizes.kv_heads, sizes.key, sizes.value};
  if (q.rank_known()) {
    y = {q[0], q[1], sizes.value < 0 ? kUnknownDim : sizes.heads * sizes.value};
    state[0] = q[0];
  }
  WEBINFER_TRY(ctx.SetOutput(0, dtype, y));
  return ctx.SetOutput(1, dtype, state);
}

Status RunLinearAttentionStep(const Step& step, RunContext& run) {
  kernels::LinearAttention a = step.Params<kernels::LinearAttention>();
  auto* scratch = reinterpret_cast<float*>(step.scratch);
  const size_t state_floats = static_cast<size_t>(a.batch) * static_cast<size_t>(a.kv_heads) * static_cast<size_t>(a.key_size) *
                              static_cast<size_t>(a.value_size);
  a.q = step.in[kQuery].As<float>();
  a.k = step.in[kKey].As<float>();
  a.v = step.in[kValue].As<float>();
  a.decay = a.gated ? step.in[kDecay].As<float>() : nullptr;
  a.beta = a.delta ? step.in[kBeta].As<float>() : nullptr;
  a.y = step.out[0].As<float>();
  a.state = step.HasOutput(1) ? step.out[1].As<float>() : scratch;
  if (!step.HasOutput(1)) scratch += state_floats;
  if (step.HasInput(kPast)) {
    std::memcpy(a.state, step.in[kPast].data, state_floats * sizeof(float));
  } else {
    std::memset(a.state, 0, state_floats * sizeof(float));
  }
  kernels::RunLinearAttention(a, scratch, run.pool());
  return OkStatus();
}

Status BindLinearAttention(BindContext& ctx) {
  WEBINFER_ASSIGN(const Sizes sizes, ReadSizes(ctx));
  const Shape& q = ctx.In(kQuery).shape;
  const std::string_view rule = ctx.attributes().String("update_rule", "gated_delta");
  WEBINFER_ASSIGN(kernels::LinearAttention * a, ctx.Params<kernels::LinearAttention>());
  a->gated = rule == "gated" || rule == "gated_delta";
  a->delta = rule == "delta" || rule == "gated_delta";
  a->batch = static_cast<int>(q[0]);
  a->tokens = static_cast<int>(q[1]);
  a->heads = static_cast<int>(sizes.heads);
  a->kv_heads = static_cast<int>(sizes.kv_heads);
  a->key_size = static_cast<int>(sizes.key);
  a->value_size = static_cast<int>(sizes.value);
  const float scale = ctx.attributes().Float("scale", 0);
  a->scale = scale != 0 ? scale : 1 / std::sqrt(static_cast<float>(sizes.key));

  const auto is = [&](int input, int64_t size) {
    return ctx.HasInput(input) && ctx.In(input).shape == Shape({q[0], q[1], size});
  };
  a->decay_per_key = a->gated && is(kDecay, sizes.kv_heads * sizes.key) && sizes.key != 1;
  a->beta_per_head = a->delta && is(kBeta, sizes.kv_heads);
  bool floats = true;
  for (int i = kQuery; i <= kBeta; ++i) floats = floats && (!ctx.HasInput(i) || ctx.In(i).dtype == DType::kFloat32);
  const bool fits = floats && (a->gated || a->delta || rule == "linear") && is(kQuery, sizes.heads * sizes.key) &&
                    is(kKey, sizes.kv_heads * sizes.key) && is(kValue, sizes.kv_heads * sizes.value) &&
                    (!a->gated || a->decay_per_key || is(kDecay, sizes.kv_heads)) &&
                    (!a->delta || a->beta_per_head || is(kBeta, 1)) &&
                    (!ctx.HasInput(kPast) || ctx.In(kPast).shape == Shape({q[0], sizes.kv_heads, sizes.key, sizes.value}));
  if (!fits) {
    return Error(Code::kShapeMismatch, "LinearAttention's inputs do not fit together or its rule is unknown")
        .Expected("float32 inputs; key %s", ShapeText(ctx.In(kKey).shape).text)
        .Actual("%s%s, rule %.*s", DTypeName(ctx.In(kQuery).dtype), ShapeText(q).text, static_cast<int>(rule.size()),
                rule.data());
  }
  const auto state = ctx.HasOutput(1) ? 0 : static_cast<uint64_t>(q[0] * sizes.kv_heads * sizes.key * sizes.value);
  ctx.SetKernel(RunLinearAttentionStep);
  ctx.SetScratch((state + static_cast<uint64_t>(ctx.threads()) * static_cast<uint64_t>(sizes.value)) * sizeof(float));
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(LinearAttention) {
  using namespace webinfer::ops;
  return {.name = "LinearAttention",
          .since = 27,
          .min_inputs = 3,
          .max_inputs = 6,
          .max_outputs = 2,
          .infer = InferLinearAttention,
          .bind = BindLinearAttention,
          .lower = LowerHalf};
}
