#include "ops/contrib/generation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/elements.h"

namespace webinfer::ops {
namespace {

constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr int64_t kLongest = 4096, kMostBeams = 128;  // onnxruntime's limits

Status ReadInt(const Step& step, int input, int64_t* value) {
  if (input < 0 || !step.HasInput(input)) return OkStatus();
  double number = 0;
  if (step.in[input].elements() < 1 || !kernels::ReadNumber(step.in[input].dtype, step.in[input].data, 0, &number))
    return Error(Code::kInvalidArgument, "Input %d of %s is not a number", input, step.node->op.c_str());
  if (!(std::fabs(number) < 1e9)) return Error(Code::kInvalidArgument, "Input %d is out of range", input).Actual("%g", number);
  *value = static_cast<int64_t>(number);
  return OkStatus();
}

Status ReadFloat(const Step& step, int input, float* value) {
  if (input < 0 || !step.HasInput(input)) return OkStatus();
  if (step.in[input].elements() < 1 || !IsFloat(step.in[input].dtype))
    return Error(Code::kInvalidArgument, "Input %d of %s is not a number", input, step.node->op.c_str());
  kernels::LoadFloats(step.in[input].dtype, step.in[input].data, 0, 1, value);
  return OkStatus();
}

Status ExpectInt32(const Step& step, int input) {
  if (input < 0 || !step.HasInput(input) || step.in[input].dtype == DType::kInt32) return OkStatus();
  return Error(Code::kTypeMismatch, "Input %d of %s has the wrong type", input, step.node->op.c_str())
      .Expected("int32")
      .Actual("%s", DTypeName(step.in[input].dtype));
}

// Elements of an int32 input, of which there must be `count`; nullptr if it is left out.
Result<const int32_t*> ReadMask(const Step& step, int input, int64_t count) {
  if (input < 0 || !step.HasInput(input)) return static_cast<const int32_t*>(nullptr);
  WEBINFER_TRY(ExpectInt32(step, input));
  if (step.in[input].elements() == count) return static_cast<const int32_t*>(step.in[input].As<int32_t>());
  return Error(Code::kShapeMismatch, "Mask %d of %s does not fit", input, step.node->op.c_str())
      .Expected("%lld numbers", static_cast<long long>(count))
      .Actual("%s", ShapeText(step.in[input].shape).text);
}

void PenaliseRepetition(const Generation& g, const int32_t* tokens, int64_t count, float* scores) {
  for (int64_t i = 0; i < count; ++i) {
    const int32_t word = tokens[i];
    if (word < 0 || word >= g.vocabulary || std::find(tokens, tokens + i, word) != tokens + i) continue;
    scores[word] = scores[word] < 0 ? scores[word] * g.repetition_penalty : scores[word] / g.repetition_penalty;
  }
}

void BlockNGrams(const Generation& g, const int32_t* tokens, int64_t count, float* scores) {
  const int64_t prefix = g.ngram - 1;
  for (int64_t i = 0; i + g.ngram <= count; ++i) {
    const int32_t word = tokens[i + prefix];
    if (word < 0 || word >= g.vocabulary) continue;
    if (std::equal(tokens + i, tokens + i + prefix, tokens + count - prefix)) scores[word] = kLowest;
  }
}

void ApplyMask(const int32_t* mask, int64_t count, float* scores) {
  for (int64_t i = 0; i < count; ++i) {
    if (mask[i] == 0) scores[i] = kLowest;
  }
}

}  // namespace

Status ReadGeneration(const InferContext& ctx, GenerationParams* params) {
  const int64_t kind = ctx.attributes().Int("model_type", ctx.node().op == "WhisperBeamSearch" ? 2 : 0);
  if (kind < 0 || kind > 2)
    return Error(Code::kUnsupported, "A search with this model_type").Actual("%lld", static_cast<long long>(kind));
  params->kind = static_cast<DecoderKind>(kind);
  WEBINFER_ASSIGN(params->decoder, BodyOf(ctx.node(), "decoder"));
  if (ctx.attributes().Has("init_decoder")) {
    WEBINFER_ASSIGN(params->init_decoder, BodyOf(ctx.node(), "init_decoder"));
  }
  if (params->kind != DecoderKind::kGpt) {
    WEBINFER_ASSIGN(params->encoder, BodyOf(ctx.node(), "encoder"));
  }
  return OkStatus();
}

Status StartGeneration(const Step& step, const GenerationParams& params, Generation* g) {
  const GenerationInputs& in = params.inputs;
  const Attributes& attributes = step.node->attributes;
  const Shape& ids = step.in[in.ids].shape;
  const int rank = params.kind == DecoderKind::kWhisper ? 3 : 2;
  if (ids.rank() != rank) {
    return Error(Code::kShapeMismatch, "The input of a search has the wrong rank")
        .Expected("rank %d", rank)
        .Actual("%s", ShapeText(ids).text);
  }
  if (params.kind != DecoderKind::kWhisper) WEBINFER_TRY(ExpectInt32(step, in.ids));
  g->batch = ids[0];
  WEBINFER_TRY(ReadInt(step, in.max_length, &g->max_length));
  WEBINFER_TRY(ReadInt(step, in.min_length, &g->min_length));
  WEBINFER_TRY(ReadInt(step, in.beams, &g->beams));
  WEBINFER_TRY(ReadInt(step, in.returned, &g->returned));
  WEBINFER_TRY(ReadFloat(step, in.length_penalty, &g->length_penalty));
  WEBINFER_TRY(ReadFloat(step, in.repetition_penalty, &g->repetition_penalty));
  g->temperature = attributes.Float("temperature", 1);
  WEBINFER_TRY(ReadFloat(step, in.temperature, &g->temperature));
  g->presence_penalty = attributes.Float("presence_penalty", 0);
  g->ngram = attributes.Int("no_repeat_ngram_size", 0);
  g->eos = attributes.Int("eos_token_id", -1);
  g->pad = attributes.Int("pad_token_id", -1);
  g->start = attributes.Int("decoder_start_token_id", -1);
  const bool valid = g->max_length >= 1 && g->max_length <= kLongest && g->beams >= 1 && g->beams <= kMostBeams &&
                     g->returned >= 1 && g->returned <= g->beams && g->repetition_penalty > 0 && g->ngram >= 0 && g->batch >= 1 &&
                     g->batch <= INT32_MAX / kMostBeams;
  if (!valid) {
    return Error(Code::kInvalidArgument, "The numbers of a search are out of range")
        .Expected("max_length to %lld, num_beams to %lld and at least num_return_sequences", static_cast<long long>(kLongest),
                  static_cast<long long>(kMostBeams))
        .Actual("%lld, %lld, %lld", static_cast<long long>(g->max_length), static_cast<long long>(g->beams),
                static_cast<long long>(g->returned));
  }
  int64_t processor = 0;
  WEBINFER_TRY(ReadInt(step, in.logits_processor, &processor));
  if (processor < 0 || processor > 1)
    return Error(Code::kUnsupported, "A search with this logits_processor").Actual("%lld", static_cast<long long>(processor));
  g->timestamps = {.wanted = processor == 1 && params.kind == DecoderKind::kWhisper,
                   .first = attributes.Int("beginning_timestamp_token_id", g->eos + 107),
                   .end = g->eos,
                   .start = g->start,
                   .no_timestamps = attributes.Int("no_timestamps_token_id", g->eos + 106),
                   .start_of_model = attributes.Int("start_of_lm_token_id", g->eos + 105),
                   .translate = attributes.Int("translate_token_id", 50358),
                   .transcribe = attributes.Int("transcribe_token_id", 50359)};
  const Graph& decoder = *step.node->bodies[static_cast<size_t>(params.decoder)];
  const Shape& logits = decoder.values[static_cast<size_t>(decoder.outputs[0])].type.shape;
  g->vocabulary = attributes.Int("vocab_size", -1);
  if (g->vocabulary < 1 && logits.rank() == 3) g->vocabulary = logits[2];
  if (g->vocabulary < 1 || g->vocabulary > (int64_t{1} << 24)) {
    return Error(Code::kInvalidModel, "A search does not know its vocabulary")
        .Expected("vocab_size, or logits of a known last dimension")
        .Actual("%s", ShapeText(logits).text);
  }
  WEBINFER_ASSIGN(g->vocab_mask, ReadMask(step, in.vocab_mask, g->vocabulary));
  WEBINFER_ASSIGN(g->prefix_vocab_mask, ReadMask(step, in.prefix_vocab_mask, g->batch * g->vocabulary));
  WEBINFER_ASSIGN(g->presence_mask, ReadMask(step, in.presence_mask, g->batch * g->vocabulary));
  return OkStatus();
}

Status Tokens::Start(const Generation& g) {
  rows_ = g.rows();
  room_ = g.max_length;
  length_ = 0;
  for (Array<int32_t>& tokens : tokens_) WEBINFER_TRY(tokens.Resize(static_cast<size_t>(rows_ * room_)));
  return OkStatus();
}

void Tokens::Append(std::span<const int32_t> next, std::span<const int32_t> from) {
  int32_t* to = tokens_[1 - current_].data();
  for (int64_t row = 0; row < rows_; ++row, to += room_) {
    const int32_t* old = Row(from.empty() ? row : from[static_cast<size_t>(row)]);
    std::copy(old, old + length_, to);
    to[length_] = next[static_cast<size_t>(row)];
  }
  current_ = 1 - current_;
  ++length_;
}

Status ProcessScores(const Generation& g, const Tokens& tokens, int64_t step, float* scores) {
  for (int64_t row = 0; row < g.rows(); ++row, scores += g.vocabulary) {
    if (g.repetition_penalty != 1) PenaliseRepetition(g, tokens.Row(row), tokens.length(), scores);
    if (g.ngram > 0) BlockNGrams(g, tokens.Row(row), tokens.length(), scores);
    if (g.vocab_mask != nullptr) ApplyMask(g.vocab_mask, g.vocabulary, scores);
    if (g.prefix_vocab_mask != nullptr && step == 1)
      ApplyMask(g.prefix_vocab_mask + row / g.beams * g.vocabulary, g.vocabulary, scores);
    if (tokens.length() < g.min_length && g.eos >= 0 && g.eos < g.vocabulary) scores[g.eos] = kLowest;
    for (int64_t i = 0; g.temperature > 0 && g.temperature != 1 && i < g.vocabulary; ++i) scores[i] /= g.temperature;
    for (int64_t i = 0; g.presence_mask != nullptr && i < g.vocabulary; ++i)
      scores[i] -= static_cast<float>(g.presence_mask[row * g.vocabulary + i]) * g.presence_penalty;
    if (g.timestamps.wanted) {
      ForbidByTimestamps(g.timestamps, {tokens.Row(row), static_cast<size_t>(tokens.length())},
                         {scores, static_cast<size_t>(g.vocabulary)});
    }
  }
  return OkStatus();
}

Status LastLogits(const Generation& g, const Operand& logits, Array<float>* scores) {
  const Shape& shape = logits.shape;
  const bool fits =
      shape.rank() == 3 && shape[1] >= 1 && shape[2] >= g.vocabulary && (shape[0] == g.rows() || shape[0] == g.batch);
  if (!fits || !IsFloat(logits.dtype)) {
    return Error(Code::kShapeMismatch, "A decoder's logits do not fit")
        .Expected("floats [%lld, positions, %lld]", static_cast<long long>(g.rows()), static_cast<long long>(g.vocabulary))
        .Actual("%s%s", DTypeName(logits.dtype), ShapeText(shape).text);
  }
  WEBINFER_TRY(scores->Resize(static_cast<size_t>(g.rows() * g.vocabulary)));
  for (int64_t row = 0; row < g.rows(); ++row) {
    const int64_t from = shape[0] == g.rows() ? row : row / g.beams;
    kernels::LoadFloats(logits.dtype, logits.data, ((from + 1) * shape[1] - 1) * shape[2], g.vocabulary,
                        scores->data() + row * g.vocabulary);
  }
  return OkStatus();
}

}  // namespace webinfer::ops
