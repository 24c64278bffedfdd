// BeamSearch: the best continuations of a prompt (GPT), or of an encoder's input (T5, Whisper), by running the decoder's body for
// all beams of a batch together.
#include "ops/contrib/beam_search.h"

#include <algorithm>
#include <cmath>

#include "kernels/elements.h"

namespace webinfer::ops {
namespace {

constexpr int kCrossAttention = 3, kSilence = 4;  // outputs of WhisperBeamSearch

// Finished sequences of one entry of the batch, best first. Sequences lie in the pool.
class Finished {
 public:
  struct Entry {
    float score;
    int64_t start, length;
  };
  int64_t count() const { return static_cast<int64_t>(entries_.size()); }
  const Entry& operator[](int64_t i) const { return entries_[static_cast<size_t>(i)]; }
  float worst() const { return entries_.back().score; }

  Status Add(const Generation& g, const int32_t* tokens, int64_t length, float sum, Array<int32_t>* pool) {
    const float score = sum / std::pow(static_cast<float>(length), g.length_penalty);
    if (count() >= g.beams && !(score > worst())) return OkStatus();
    const auto start = pool->size();
    WEBINFER_TRY(pool->Resize(start + static_cast<size_t>(length)));
    std::copy_n(tokens, length, pool->data() + start);
    if (count() >= g.beams) entries_.pop_back();
    const auto place = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return score > e.score; });
    entries_.insert(place, {score, static_cast<int64_t>(start), length});
    return OkStatus();
  }

 private:
  std::vector<Entry> entries_;  // at most as many as beams
};

struct Search {
  Generation g;
  bool early_stopping;
  int64_t silence_token = 0;
  std::vector<Finished> finished;
  std::vector<bool> done;
  Array<int32_t> pool;
  Array<float> beam_scores;   // sums of each row
  Array<int32_t> next, from;  // each row's next token, and which row it goes on from
  Array<int64_t> best;        // [batch, 2 beams] places in an entry's [beams, vocabulary]
  Array<float> best_scores;
};

Status Start(Search* s) {
  const auto rows = static_cast<size_t>(s->g.rows());
  s->finished.resize(static_cast<size_t>(s->g.batch));
  s->done.assign(static_cast<size_t>(s->g.batch), false);
  WEBINFER_TRY(s->beam_scores.Resize(rows));
  WEBINFER_TRY(s->next.Resize(rows));
  WEBINFER_TRY(s->from.Resize(rows));
  WEBINFER_TRY(s->best.Resize(2 * rows));
  WEBINFER_TRY(s->best_scores.Resize(2 * rows));
  // All beams start alike: only the first of each entry counts at first.
  for (size_t row = 0; row < rows; ++row) s->beam_scores[row] = static_cast<int64_t>(row) % s->g.beams == 0 ? 0.0f : -1e9f;
  return OkStatus();
}

void LogSoftmax(float* scores, int64_t count) {
  const float largest = *std::max_element(scores, scores + count);
  double total = 0;
  for (int64_t i = 0; i < count; ++i) total += std::exp(static_cast<double>(scores[i] - largest));
  const auto log_total = static_cast<float>(std::log(total));
  for (int64_t i = 0; i < count; ++i) scores[i] = scores[i] - largest - log_total;
}

// The 2 beams best places of `count` scores, best first, earlier ones before later equal ones.
void FindBest(const float* scores, int64_t count, int64_t wanted, int64_t* best, float* best_scores) {
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (found == wanted && !(scores[i] > best_scores[found - 1])) continue;
    int64_t place = found < wanted ? found++ : wanted - 1;
    for (; place > 0 && scores[i] > best_scores[place - 1]; --place) {
      best[place] = best[place - 1];
      best_scores[place] = best_scores[place - 1];
    }
    best[place] = i;
    best_scores[place] = scores[i];
  }
}

// Goes through an entry's candidates: finished ones are kept, the best others are the next beams.
Status Advance(Search* s, const Tokens& tokens, int64_t entry) {
  const Generation& g = s->g;
  const int64_t first = entry * g.beams, wanted = 2 * g.beams;
  const int64_t* best = s->best.data() + entry * wanted;
  const float* scores = s->best_scores.data() + entry * wanted;
  Finished& finished = s->finished[static_cast<size_t>(entry)];
  int64_t beam = 0;
  if (s->done[static_cast<size_t>(entry)]) {
    for (; beam < g.beams; ++beam) {
      const auto row = static_cast<size_t>(first + beam);
      s->beam_scores[row] = 0;
      s->next[row] = static_cast<int32_t>(g.pad);
      s->from[row] = static_cast<int32_t>(first);
    }
    return OkStatus();
  }
  for (int64_t i = 0; i < wanted && beam < g.beams; ++i) {
    const int64_t from = first + best[i] / g.vocabulary, token = best[i] % g.vocabulary;
    if (token == g.eos) {
      if (i < g.beams) WEBINFER_TRY(finished.Add(g, tokens.Row(from), tokens.length(), scores[i], &s->pool));
      continue;
    }
    const auto row = static_cast<size_t>(first + beam++);
    s->beam_scores[row] = scores[i];
    s->next[row] = static_cast<int32_t>(token);
    s->from[row] = static_cast<int32_t>(from);
  }
  if (beam < g.beams) return Error(Code::kInvalidArgument, "A beam search has too few tokens to go on with");
  if (finished.count() < g.beams) return OkStatus();
  const float limit =
      *std::max_element(scores, scores + wanted) / std::pow(static_cast<float>(tokens.length()), g.length_penalty);
  s->done[static_cast<size_t>(entry)] = s->early_stopping || finished.worst() >= limit;
  return OkStatus();
}

// From scores of the next token to the next beams. `silence`, if any, gets the probability of no_speech_token_id.
Status PickTokens(Search* s, const Tokens& tokens, int64_t step, Array<float>* scores, float* silence) {
  const Generation& g = s->g;
  for (int64_t row = 0; row < g.rows(); ++row) LogSoftmax(scores->data() + row * g.vocabulary, g.vocabulary);
  for (int64_t entry = 0; entry < g.batch && silence != nullptr; ++entry)
    silence[entry] = std::exp(scores->data()[entry * g.beams * g.vocabulary + s->silence_token]);
  WEBINFER_TRY(ProcessScores(g, tokens, step, scores->data()));
  const int64_t wanted = 2 * g.beams, count = g.beams * g.vocabulary;
  for (int64_t i = 0; i < g.rows() * g.vocabulary; ++i)
    (*scores)[static_cast<size_t>(i)] += s->beam_scores[static_cast<size_t>(i / g.vocabulary)];
  for (int64_t entry = 0; entry < g.batch; ++entry) {
    FindBest(scores->data() + entry * count, count, wanted, s->best.data() + entry * wanted,
             s->best_scores.data() + entry * wanted);
    WEBINFER_TRY(Advance(s, tokens, entry));
  }
  return OkStatus();
}

Status Store(Search* s, const Tokens& tokens, const Step& step, RunContext& run) {
  const Generation& g = s->g;
  WEBINFER_TRY(run.Resize(step.out[0], DType::kInt32, Shape({g.batch, g.returned, g.max_length})));
  int32_t* out = step.out[0].As<int32_t>();
  std::fill(out, out + step.out[0].elements(), static_cast<int32_t>(g.pad));
  const DType dtype = step.HasOutput(1) && step.out[1].dtype != DType::kUndefined ? step.out[1].dtype : DType::kFloat32;
  if (step.HasOutput(1)) WEBINFER_TRY(run.Resize(step.out[1], dtype, Shape({g.batch, g.returned})));
  for (int64_t entry = 0; entry < g.batch; ++entry) {
    Finished& finished = s->finished[static_cast<size_t>(entry)];
    for (int64_t row = entry * g.beams; row < (entry + 1) * g.beams && !s->done[static_cast<size_t>(entry)]; ++row) {
      WEBINFER_TRY(finished.Add(g, tokens.Row(row), tokens.length(), s->beam_scores[static_cast<size_t>(row)], &s->pool));
    }
    for (int64_t i = 0; i < g.returned && i < finished.count(); ++i) {
      const int64_t place = entry * g.returned + i;
      std::copy_n(s->pool.data() + finished[i].start, finished[i].length, out + place * g.max_length);
      if (step.HasOutput(1)) kernels::StoreFloats(dtype, &finished[i].score, place, 1, step.out[1].data);
    }
  }
  return OkStatus();
}

// The length of what a decoder begins with.
Result<int64_t> PromptLength(const Step& step, const GenerationParams& params) {
  if (params.kind == DecoderKind::kGpt) return step.in[params.inputs.ids].shape[1];
  const int given = params.inputs.decoder_ids;
  if (params.kind != DecoderKind::kWhisper || given < 0 || !step.HasInput(given)) return int64_t{1};
  if (step.in[given].shape.rank() == 2) return step.in[given].shape[1];
  return Error(Code::kShapeMismatch, "decoder_input_ids has the wrong rank")
      .Expected("rank 2")
      .Actual("%s", ShapeText(step.in[given].shape).text);
}

Status Run(const Step& step, RunContext& run) {
  const auto& params = step.Params<GenerationParams>();
  Search s;
  Generation& g = s.g;
  WEBINFER_TRY(StartGeneration(step, params, &g));
  WEBINFER_ASSIGN(g.prompt, PromptLength(step, params));
  if (g.prompt < 1 || g.prompt >= g.max_length || 2 * g.beams > g.beams * g.vocabulary) {
    return Error(Code::kInvalidArgument, "max_length leaves no room behind the prompt")
        .Expected("more than %lld", static_cast<long long>(g.prompt))
        .Actual("%lld", static_cast<long long>(g.max_length));
  }
  s.early_stopping = step.node->attributes.Int("early_stopping", 0) != 0;
  WEBINFER_TRY(Start(&s));
  Tokens tokens;
  Array<float> scores;
  WEBINFER_TRY(tokens.Start(g));
  Decoder decoder(step, run, params, g);
  WEBINFER_TRY(decoder.Start(&tokens, &scores));
  float* silence = nullptr;
  if (step.HasOutput(kSilence)) {
    const int64_t token = step.node->attributes.Int("no_speech_token_id", -1);
    if (token < 0 || token >= g.vocabulary) return Error(Code::kInvalidModel, "A search does not know its no_speech_token_id");
    WEBINFER_TRY(run.Resize(step.out[kSilence], DType::kFloat32, Shape({g.batch})));
    silence = step.out[kSilence].As<float>();
    s.silence_token = token;
  }
  float* all_scores = nullptr;
  if (step.HasOutput(2)) {
    WEBINFER_TRY(run.Resize(step.out[2], DType::kFloat32, Shape({g.max_length - g.prompt, g.batch, g.beams, g.vocabulary})));
    all_scores = step.out[2].As<float>();
    std::fill(all_scores, all_scores + step.out[2].elements(), 0.0f);
  }
  for (int64_t count = 1;; ++count) {
    WEBINFER_TRY(PickTokens(&s, tokens, count, &scores, count == 1 ? silence : nullptr));
    if (all_scores != nullptr) all_scores = std::copy(scores.begin(), scores.end(), all_scores);
    tokens.Append({s.next.data(), s.next.size()}, {s.from.data(), s.from.size()});
    if (std::find(s.done.begin(), s.done.end(), false) == s.done.end() || tokens.length() >= g.max_length) break;
    WEBINFER_TRY(decoder.Continue(tokens, {s.next.data(), s.next.size()}, {s.from.data(), s.from.size()}, &scores));
  }
  return Store(&s, tokens, step, run);
}

}  // namespace

Status InferBeamSearch(InferContext& ctx) {
  const Shape& ids = ctx.In(0).shape;
  const int64_t batch = ids.rank_known() && ids.rank() > 0 ? ids[0] : kUnknownDim;
  DType scores = DType::kFloat32;
  for (int i : {5, 6}) {
    if (ctx.HasInput(i) && ctx.In(i).dtype != DType::kUndefined) scores = ctx.In(i).dtype;
  }
  WEBINFER_TRY(ctx.SetOutput(0, DType::kInt32, {batch, kUnknownDim, kUnknownDim}));
  WEBINFER_TRY(ctx.SetOutput(1, scores, {batch, kUnknownDim}));
  WEBINFER_TRY(ctx.SetOutput(2, DType::kFloat32, Shape::Unknown(4)));
  return ctx.SetOutput(kSilence, DType::kFloat32, Shape::Unknown(1));
}

Status BindBeamSearch(BindContext& ctx, const GenerationInputs& inputs) {
  if (ctx.HasOutput(kCrossAttention)) return Error(Code::kUnsupported, "%s with output cross_qk", ctx.node().op.c_str());
  WEBINFER_ASSIGN(GenerationParams * params, ctx.Params<GenerationParams>());
  params->inputs = inputs;
  WEBINFER_TRY(ReadGeneration(ctx, params));
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_BeamSearch) {
  using namespace webinfer;
  return {.name = "BeamSearch",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 12,
          .max_outputs = 3,
          .infer = ops::InferBeamSearch,
          .bind = [](BindContext& ctx) { return ops::BindBeamSearch(ctx, ops::kBeamSearchInputs); }};
}
