#include "ops/contrib/search_rows.h"

#include <algorithm>

#include "kernels/elements.h"

namespace webinfer::ops {
namespace {

Status Run(const Step& step, RunContext& run) {
  const auto& params = step.Params<RowSearchParams>();
  Generation g;
  WEBINFER_TRY(StartGeneration(step, params.generation, &g));
  g.prompt = step.in[params.generation.inputs.ids].shape[1];
  if (g.prompt < 1 || g.prompt >= g.max_length) {
    return Error(Code::kInvalidArgument, "max_length leaves no room behind the prompt")
        .Expected("more than %lld", static_cast<long long>(g.prompt))
        .Actual("%lld", static_cast<long long>(g.max_length));
  }
  double seed = 0;
  const int seed_input = params.generation.inputs.seed;
  const bool seeded = seed_input >= 0 && step.HasInput(seed_input) && step.in[seed_input].elements() > 0 &&
                      kernels::ReadNumber(step.in[seed_input].dtype, step.in[seed_input].data, 0, &seed);
  std::mt19937_64 random(seeded ? static_cast<uint64_t>(static_cast<int64_t>(seed)) : std::random_device()());

  Tokens tokens;
  Array<float> scores;
  Array<int32_t> next;
  Array<int64_t> order;
  Array<uint8_t> done;
  WEBINFER_TRY(tokens.Start(g));
  WEBINFER_TRY(next.Resize(static_cast<size_t>(g.batch)));
  WEBINFER_TRY(order.Resize(static_cast<size_t>(g.vocabulary)));
  WEBINFER_TRY(done.Resize(static_cast<size_t>(g.batch)));
  std::fill(done.begin(), done.end(), uint8_t{0});
  Decoder decoder(step, run, params.generation, g);
  WEBINFER_TRY(decoder.Start(&tokens, &scores));
  for (int64_t count = 1;; ++count) {
    WEBINFER_TRY(ProcessScores(g, tokens, count, scores.data()));
    bool all = true;
    for (int64_t row = 0; row < g.batch; ++row) {
      const auto at = static_cast<size_t>(row);
      const int32_t picked = params.pick(*step.node, g, scores.data() + row * g.vocabulary, order.data(), random);
      if (picked == g.eos) done[at] = 1;
      next[at] = done[at] != 0 ? static_cast<int32_t>(g.pad) : picked;
      all = all && done[at] != 0;
    }
    tokens.Append({next.data(), next.size()}, {});
    if (all || tokens.length() >= g.max_length) break;
    WEBINFER_TRY(decoder.Continue(tokens, {next.data(), next.size()}, {}, &scores));
  }
  WEBINFER_TRY(run.Resize(step.out[0], DType::kInt32, Shape({g.batch, g.max_length})));
  int32_t* out = step.out[0].As<int32_t>();
  std::fill(out, out + g.batch * g.max_length, static_cast<int32_t>(g.pad));
  for (int64_t row = 0; row < g.batch; ++row) std::copy_n(tokens.Row(row), tokens.length(), out + row * g.max_length);
  if (!step.HasOutput(1)) return OkStatus();
  WEBINFER_TRY(run.Resize(step.out[1], DType::kFloat32, Shape({g.batch, g.vocabulary})));
  std::copy(scores.begin(), scores.end(), step.out[1].As<float>());
  return OkStatus();
}

}  // namespace

int32_t PickBest(const Node&, const Generation& g, float* scores, int64_t*, std::mt19937_64&) {
  return static_cast<int32_t>(std::max_element(scores, scores + g.vocabulary) - scores);
}

Status InferRowSearch(InferContext& ctx) {
  const Shape& ids = ctx.In(0).shape;
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  WEBINFER_TRY(ctx.SetOutput(0, DType::kInt32, Shape({ids.rank_known() ? ids[0] : kUnknownDim, kUnknownDim})));
  return ctx.SetOutput(1, DType::kFloat32, Shape::Unknown(2));
}

Status BindRowSearch(BindContext& ctx, const GenerationInputs& inputs, PickToken pick) {
  WEBINFER_ASSIGN(RowSearchParams * params, ctx.Params<RowSearchParams>());
  params->generation.inputs = inputs;
  params->pick = pick;
  WEBINFER_TRY(ReadGeneration(ctx, &params->generation));
  if (params->generation.kind != DecoderKind::kGpt)
    return Error(Code::kUnsupported, "%s of an encoder-decoder", ctx.node().op.c_str());
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace webinfer::ops
