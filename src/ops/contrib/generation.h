// What GreedySearch, Sampling, BeamSearch and WhisperBeamSearch share: their inputs and attributes, what is done to the scores
// of the next token, and the running of the decoder's body with a cache that follows the rows.
//
// A row is one sequence that is being written: a beam of an entry of the batch.
#pragma once

#include <span>
#include <vector>

#include "ops/control/body.h"
#include "ops/op.h"

namespace webinfer::ops {

enum class DecoderKind : uint8_t { kGpt = 0, kT5 = 1, kWhisper = 2 };

// Which input says what; -1: the operator does not have it.
struct GenerationInputs {
  int ids = 0, max_length = 1, min_length = 2, beams = -1, returned = -1, length_penalty = -1, repetition_penalty = -1;
  int vocab_mask = -1, prefix_vocab_mask = -1, attention_mask = -1, decoder_ids = -1, logits_processor = -1, temperature = -1;
  int presence_mask = -1, seed = -1;
};

struct GenerationParams {
  GenerationInputs inputs;
  DecoderKind kind;
  int32_t decoder = -1, init_decoder = -1, encoder = -1;  // bodies
};

// The tokens that Whisper's rules for timestamps speak of; `first` and what follows it are timestamps.
struct TimestampTokens {
  bool wanted = false;
  int64_t first, end, start, no_timestamps, start_of_model, translate, transcribe;
};

// One run.
struct Generation {
  int64_t batch = 0, beams = 1, returned = 1, prompt = 0, max_length = 0, min_length = 0, vocabulary = 0;
  int64_t ngram = 0, eos = 0, pad = 0, start = -1;
  float length_penalty = 1, repetition_penalty = 1, temperature = 1, presence_penalty = 0;
  TimestampTokens timestamps;
  const int32_t *vocab_mask = nullptr, *prefix_vocab_mask = nullptr, *presence_mask = nullptr;
  int64_t rows() const { return batch * beams; }
};

// Looks the bodies up.
Status ReadGeneration(const InferContext& ctx, GenerationParams* params);
// Reads and checks the inputs of a run. `prompt` and `vocabulary` are left to the caller.
Status StartGeneration(const Step& step, const GenerationParams& params, Generation* generation);

// The tokens of all rows, each with room for max_length.
class Tokens {
 public:
  Status Start(const Generation& generation);
  int64_t length() const { return length_; }
  void SetLength(int64_t length) { length_ = length; }
  int32_t* Row(int64_t row) { return tokens_[current_].data() + row * room_; }
  const int32_t* Row(int64_t row) const { return tokens_[current_].data() + row * room_; }
  // Each row becomes row from[row] (itself if `from` is empty) and token next[row].
  void Append(std::span<const int32_t> next, std::span<const int32_t> from);

 private:
  Array<int32_t> tokens_[2];
  int current_ = 0;
  int64_t rows_ = 0, room_ = 0, length_ = 0;
};

// Scores [rows, vocabulary] of the next token as penalties and masks want them. `step` counts from 1.
Status ProcessScores(const Generation& generation, const Tokens& tokens, int64_t step, float* scores);

// What Whisper's rules forbid behind `tokens`: timestamps come in pairs and do not decrease.
void ForbidByTimestamps(const TimestampTokens& rules, std::span<const int32_t> tokens, std::span<float> scores);

// The scores of the last position of logits [rows or batch, positions, vocabulary] as floats, a row for each row.
Status LastLogits(const Generation& generation, const Operand& logits, Array<float>* scores);

// A decoder: its body, the inputs it gets, and the caches that are carried from one step to the next.
class Decoder {
 public:
  Decoder(const Step& step, RunContext& run, const GenerationParams& params, const Generation& generation)
      : step_(step), run_(run), params_(params), generation_(generation) {}

  // Everything up to the first scores. A GPT reads its prompt from the input; an encoder-decoder writes its own into `tokens`.
  Status Start(Tokens* tokens, Array<float>* scores);
  // The scores behind tokens `next`, rows having been rearranged by `from` (empty: not).
  Status Continue(const Tokens& tokens, std::span<const int32_t> next, std::span<const int32_t> from, Array<float>* scores);

 private:
  Status StartGpt(Tokens* tokens, Array<float>* scores);
  Status StartEncoder(Tokens* tokens, Array<float>* scores);
  Status ReadPrompt(Tokens* tokens);
  Status FirstTokens(Tokens* tokens);
  Status ExtendMask();
  Status Run(int body, Array<float>* scores, std::span<const Operand>* outputs);
  // Caches from outputs [first, first + count), rows taken as `from` says, along the rows' axis.
  Status TakeCaches(std::span<const Operand> outputs, size_t first, size_t count, std::span<const int32_t> from, int64_t repeat);
  const Graph& BodyGraph(int body) const { return *step_.node->bodies[static_cast<size_t>(body)]; }
  Result<size_t> FormalInputs(int body) const;
  bool IsNamed(int body, size_t input, std::string_view name) const;
  std::span<const Operand> Captured() const;

  const Step& step_;
  RunContext& run_;
  const GenerationParams& params_;
  const Generation& generation_;
  Array<int32_t> ids_, positions_, mask_;
  Operand ids_operand_, positions_operand_, mask_operand_;
  RuntimeValue hidden_;  // an encoder's output, for each row
  bool has_mask_ = false, has_hidden_ = false, whole_sequence_ = false;
  std::vector<RuntimeValue> caches_[2];  // what the decoder reads; the first `moving_` of them grow
  int current_ = 0;
  size_t moving_ = 0;
  int64_t steps_ = 0;
};

}  // namespace webinfer::ops
