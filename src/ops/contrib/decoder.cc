// The decoder of the search operators (ops/contrib/generation.h). Its body gets
//   GPT       input_ids, position_ids, attention_mask, past_0, ...                      gives logits, present_0, ...
//   T5        input_ids, encoder_attention_mask, encoder_hidden_states?, past keys and values of self and then of cross attention
//   Whisper   input_ids, encoder_hidden_states?, past ...                               both give logits, present of self
//   attention
// and an encoder's
//   T5        encoder_input_ids, encoder_attention_mask, decoder_input_ids?             Whisper: features, decoder_input_ids
//             with decoder_input_ids it gives logits, hidden states, present of self and cross; without, present of cross only.
#include <algorithm>
#include <cstring>

#include "ops/contrib/generation.h"

namespace webinfer::ops {
namespace {

Operand Int32Operand(Array<int32_t>& data, const Shape& shape) {
  Operand operand;
  operand.dtype = DType::kInt32;
  operand.present = true;
  operand.shape = shape;
  operand.data = data.data();
  return operand;
}

Operand ValueOperand(RuntimeValue& value) {
  Operand operand;
  operand.dtype = value.tensor.dtype;
  operand.present = true;
  operand.shape = value.tensor.shape;
  operand.data = value.tensor.buffer.data();
  operand.value = &value;
  return operand;
}

// Copies `from` into `to`, rows along `axis`: row r of `to` is row rows[r] of `from`; each `repeat` times if there is no list.
Status CopyRows(const Operand& from, int axis, std::span<const int32_t> rows, int64_t repeat, RuntimeValue* to) {
  if (from.kind != ValueKind::kTensor || from.shape.rank() <= axis || DTypeBytes(from.dtype) == 0)
    return Error(Code::kShapeMismatch, "A cache of a decoder has the wrong rank").Actual("%s", ShapeText(from.shape).text);
  Shape shape = from.shape;
  const int64_t old_rows = shape[axis];
  shape[axis] = rows.empty() ? old_rows * repeat : static_cast<int64_t>(rows.size());
  WEBINFER_TRY(to->Resize(from.dtype, shape));
  const int64_t outer = shape.Elements(0, axis);
  const auto block = static_cast<size_t>(shape.Elements(axis + 1, shape.rank())) * DTypeBytes(from.dtype);
  uint8_t* out = to->tensor.buffer.data();
  for (int64_t i = 0; i < outer; ++i) {
    for (int64_t row = 0; row < shape[axis]; ++row, out += block) {
      const int64_t source = rows.empty() ? row / repeat : rows[static_cast<size_t>(row)];
      if (source < 0 || source >= old_rows) return Error(Code::kShapeMismatch, "A cache of a decoder lacks rows");
      if (block > 0)
        std::memcpy(out, static_cast<const uint8_t*>(from.data) + static_cast<size_t>(i * old_rows + source) * block, block);
    }
  }
  return OkStatus();
}

}  // namespace

std::span<const Operand> Decoder::Captured() const {
  const auto formal = static_cast<size_t>(ops::FormalInputs(*step_.node));
  return std::span<const Operand>(step_.in, step_.input_count).subspan(std::min<size_t>(formal, step_.input_count));
}

Result<size_t> Decoder::FormalInputs(int body) const {
  const size_t captured = Captured().size(), inputs = BodyGraph(body).inputs.size();
  if (inputs < captured + 1) return Error(Code::kInvalidModel, "A decoder's or encoder's body has no inputs");
  return inputs - captured;
}

bool Decoder::IsNamed(int body, size_t input, std::string_view name) const {
  const Graph& graph = BodyGraph(body);
  return input < graph.inputs.size() && graph.values[static_cast<size_t>(graph.inputs[input])].name == name;
}

Status Decoder::Start(Tokens* tokens, Array<float>* scores) {
  return params_.kind == DecoderKind::kGpt ? StartGpt(tokens, scores) : StartEncoder(tokens, scores);
}

// Prompt, positions and mask, each for all beams.
Status Decoder::ReadPrompt(Tokens* tokens) {
  const Operand& ids = step_.in[params_.inputs.ids];
  const Generation& g = generation_;
  const int given = params_.inputs.attention_mask;
  const bool has_mask = given >= 0 && step_.HasInput(given);
  if (has_mask && (step_.in[given].dtype != DType::kInt32 || !(step_.in[given].shape == ids.shape)))
    return Error(Code::kShapeMismatch, "attention_mask does not fit the tokens").Expected("int32 %s", ShapeText(ids.shape).text);
  const auto count = static_cast<size_t>(g.rows() * g.prompt);
  for (Array<int32_t>* array : {&ids_, &positions_, &mask_}) WEBINFER_TRY(array->Resize(count));
  for (int64_t row = 0; row < g.rows(); ++row) {
    const int64_t first = row / g.beams * g.prompt;
    int32_t position = 0;
    for (int64_t i = 0; i < g.prompt; ++i) {
      const int32_t word = ids.As<int32_t>()[first + i];
      const bool counts = has_mask ? step_.in[given].As<int32_t>()[first + i] != 0 : word != g.pad;
      const auto at = static_cast<size_t>(row * g.prompt + i);
      tokens->Row(row)[i] = ids_[at] = word;
      mask_[at] = has_mask ? step_.in[given].As<int32_t>()[first + i] : counts;
      positions_[at] = counts ? position++ : 0;
    }
  }
  tokens->SetLength(g.prompt);
  const Shape shape = {g.rows(), g.prompt};
  ids_operand_ = Int32Operand(ids_, shape);
  positions_operand_ = Int32Operand(positions_, shape);
  mask_operand_ = Int32Operand(mask_, shape);
  return OkStatus();
}

Status Decoder::StartGpt(Tokens* tokens, Array<float>* scores) {
  WEBINFER_ASSIGN(const size_t formal, FormalInputs(params_.decoder));
  const Graph& graph = BodyGraph(params_.decoder);
  if (formal < 4 || graph.outputs.size() + 2 != formal) {
    return Error(Code::kUnsupported, "A decoder of this form")
        .Expected("input_ids, position_ids, attention_mask and a past for each present")
        .Actual("%zu inputs, %zu outputs", formal, graph.outputs.size());
  }
  WEBINFER_TRY(ReadPrompt(tokens));
  has_mask_ = true;
  moving_ = formal - 3;
  for (auto& caches : caches_) caches.resize(moving_);
  for (size_t i = 0; i < moving_; ++i) {
    const ValueType& type = graph.values[static_cast<size_t>(graph.inputs[3 + i])].type;
    Shape shape = type.shape;
    if (shape.rank() != 5 || shape[2] < 1 || shape[4] < 1)
      return Error(Code::kInvalidModel, "A decoder's past has no known sizes")
          .Expected("[2, ?, heads, ?, size]")
          .Actual("%s", ShapeText(shape).text);
    WEBINFER_TRY(caches_[current_][i].Resize(type.dtype, {2, generation_.rows(), shape[2], 0, shape[4]}));
  }
  std::span<const Operand> outputs;
  const int body = params_.init_decoder >= 0 ? params_.init_decoder : params_.decoder;
  if (BodyGraph(body).inputs.size() != graph.inputs.size() || BodyGraph(body).outputs.size() != graph.outputs.size())
    return Error(Code::kInvalidModel, "init_decoder and decoder have different inputs or outputs");
  WEBINFER_TRY(Run(body, scores, &outputs));
  return TakeCaches(outputs, 1, moving_, {}, 1);
}

// Rows of one token each: the start token, or those given to a Whisper decoder.
Status Decoder::FirstTokens(Tokens* tokens) {
  const Generation& g = generation_;
  const int given = params_.inputs.decoder_ids;
  const bool has_ids = params_.kind == DecoderKind::kWhisper && given >= 0 && step_.HasInput(given);
  if (has_ids && (step_.in[given].dtype != DType::kInt32 || !(step_.in[given].shape == Shape({g.batch, g.prompt}))))
    return Error(Code::kShapeMismatch, "decoder_input_ids do not fit").Actual("%s", ShapeText(step_.in[given].shape).text);
  WEBINFER_TRY(ids_.Resize(static_cast<size_t>(g.batch * g.prompt)));
  for (int64_t i = 0; i < g.batch * g.prompt; ++i) {
    ids_[static_cast<size_t>(i)] = has_ids ? step_.in[given].As<int32_t>()[i] : static_cast<int32_t>(g.start);
  }
  for (int64_t row = 0; row < g.rows(); ++row) std::copy_n(ids_.data() + row / g.beams * g.prompt, g.prompt, tokens->Row(row));
  tokens->SetLength(g.prompt);
  return OkStatus();
}

Status Decoder::StartEncoder(Tokens* tokens, Array<float>* scores) {
  const Generation& g = generation_;
  const Operand& ids = step_.in[params_.inputs.ids];
  const bool t5 = params_.kind == DecoderKind::kT5;
  WEBINFER_TRY(FirstTokens(tokens));
  Operand first_tokens = Int32Operand(ids_, {g.batch, g.prompt});
  std::vector<Operand> inputs = {ids};
  if (t5) {
    const int given = params_.inputs.attention_mask;
    const bool has_mask = given >= 0 && step_.HasInput(given);
    if (has_mask && (step_.in[given].dtype != DType::kInt32 || !(step_.in[given].shape == ids.shape)))
      return Error(Code::kShapeMismatch, "attention_mask does not fit the tokens")
          .Expected("int32 %s", ShapeText(ids.shape).text);
    WEBINFER_TRY(mask_.Resize(static_cast<size_t>(ids.elements())));
    for (int64_t i = 0, seen = 0; i < ids.elements(); ++i) {
      if (i % ids.shape[1] == 0) seen = 0;
      seen += ids.As<int32_t>()[i] != g.pad;  // only padding in front is hidden
      mask_[static_cast<size_t>(i)] = has_mask ? step_.in[given].As<int32_t>()[i] : seen > 0;
    }
    mask_operand_ = Int32Operand(mask_, ids.shape);
    inputs.push_back(mask_operand_);
  }
  WEBINFER_ASSIGN(const size_t encoder_inputs, FormalInputs(params_.encoder));
  const bool starts_decoder = encoder_inputs == inputs.size() + 1;
  if (starts_decoder) inputs.push_back(first_tokens);
  if (inputs.size() != encoder_inputs) {
    return Error(Code::kUnsupported, "An encoder of this form")
        .Expected("%zu inputs", inputs.size())
        .Actual("%zu", encoder_inputs);
  }
  for (const Operand& operand : Captured()) inputs.push_back(operand);
  std::span<const Operand> outputs;
  WEBINFER_TRY(run_.bodies().RunBody(*step_.node, params_.encoder, inputs, &outputs));

  // The decoder's inputs: tokens, then a T5's mask, then perhaps the encoder's states, then caches.
  WEBINFER_ASSIGN(const size_t formal, FormalInputs(params_.decoder));
  size_t first_cache = t5 ? 2 : 1;
  has_mask_ = t5;
  has_hidden_ = IsNamed(params_.decoder, first_cache, "encoder_hidden_states");
  first_cache += has_hidden_;
  const Graph& graph = BodyGraph(params_.decoder);
  moving_ = graph.outputs.size() - 1;
  if (graph.outputs.size() < 3 || formal != first_cache + 2 * moving_ ||
      outputs.size() < (starts_decoder ? 2 + 2 * moving_ : moving_)) {
    return Error(Code::kUnsupported, "A decoder of this form")
        .Expected("keys and values of self and cross attention for each present")
        .Actual("%zu inputs, %zu outputs; an encoder with %zu outputs", formal, graph.outputs.size(), outputs.size());
  }
  const Shape& ids_shape = graph.values[static_cast<size_t>(graph.inputs[0])].type.shape;
  whole_sequence_ = ids_shape.rank() == 2 && ids_shape[1] != 1;
  for (auto& caches : caches_) caches.resize(2 * moving_);
  if (has_hidden_) {
    if (!starts_decoder) return Error(Code::kUnsupported, "A decoder that wants states which its encoder does not give");
    WEBINFER_TRY(CopyRows(outputs[1], 0, {}, g.beams, &hidden_));
  }
  if (t5 && g.beams > 1) {
    Array<int32_t> wide;
    WEBINFER_TRY(wide.Resize(static_cast<size_t>(g.rows() * ids.shape[1])));
    for (int64_t row = 0; row < g.rows(); ++row)
      std::copy_n(mask_.data() + row / g.beams * ids.shape[1], ids.shape[1], wide.data() + row * ids.shape[1]);
    mask_ = std::move(wide);
  }
  if (t5) mask_operand_ = Int32Operand(mask_, {g.rows(), ids.shape[1]});
  const size_t first_cross = starts_decoder ? 2 + moving_ : 0;
  for (size_t i = 0; i < moving_; ++i) WEBINFER_TRY(CopyRows(outputs[first_cross + i], 0, {}, g.beams, &caches_[0][moving_ + i]));
  if (starts_decoder) {
    WEBINFER_TRY(TakeCaches(outputs, 2, moving_, {}, g.beams));
    return LastLogits(g, outputs[0], scores);
  }
  for (size_t i = 0; i < moving_; ++i) {
    const Tensor& cross = caches_[0][moving_ + i].tensor;
    if (cross.shape.rank() != 4) return Error(Code::kShapeMismatch, "A cache of a decoder has the wrong rank");
    WEBINFER_TRY(caches_[current_][i].Resize(cross.dtype, {g.rows(), cross.shape[1], 0, cross.shape[3]}));
  }
  Array<int32_t> next;
  WEBINFER_TRY(next.Resize(static_cast<size_t>(g.rows())));
  for (int64_t row = 0; row < g.rows(); ++row) next[static_cast<size_t>(row)] = tokens->Row(row)[tokens->length() - 1];
  return Continue(*tokens, {next.data(), next.size()}, {}, scores);
}

Status Decoder::TakeCaches(std::span<const Operand> outputs, size_t first, size_t count, std::span<const int32_t> from,
                           int64_t repeat) {
  const int axis = params_.kind == DecoderKind::kGpt ? 1 : 0;
  for (size_t i = 0; i < count; ++i) {
    WEBINFER_TRY(CopyRows(outputs[first + i], axis, from, repeat, &caches_[1 - current_][i]));
  }
  current_ = 1 - current_;
  return OkStatus();
}

// One more position that counts, for all rows; their positions go on.
Status Decoder::ExtendMask() {
  const int64_t rows = generation_.rows(), old = mask_operand_.shape[1];
  Array<int32_t> mask, positions;
  WEBINFER_TRY(mask.Resize(static_cast<size_t>(rows * (old + 1))));
  WEBINFER_TRY(positions.Resize(static_cast<size_t>(rows)));
  for (int64_t row = 0; row < rows; ++row) {
    std::copy_n(mask_.data() + row * old, old, mask.data() + row * (old + 1));
    mask[static_cast<size_t>(row * (old + 1) + old)] = 1;
    if (steps_ > 0) {
      positions[static_cast<size_t>(row)] = positions_[static_cast<size_t>(row)] + 1;
    } else {  // behind the prompt: as many positions as tokens that count
      int32_t count = 0;
      for (int64_t i = 0; i < old; ++i) count += mask_[static_cast<size_t>(row * old + i)] != 0;
      positions[static_cast<size_t>(row)] = count;
    }
  }
  mask_ = std::move(mask);
  positions_ = std::move(positions);
  mask_operand_ = Int32Operand(mask_, {rows, old + 1});
  positions_operand_ = Int32Operand(positions_, {rows, 1});
  return OkStatus();
}

Status Decoder::Continue(const Tokens& tokens, std::span<const int32_t> next, std::span<const int32_t> from,
                         Array<float>* scores) {
  const int64_t rows = generation_.rows(), count = whole_sequence_ ? tokens.length() : 1;
  if (!from.empty()) {
    std::vector<Operand> presents;
    for (size_t i = 0; i < moving_; ++i) presents.push_back(ValueOperand(caches_[current_][i]));
    WEBINFER_TRY(TakeCaches(presents, 0, moving_, from, 1));
  }
  WEBINFER_TRY(ids_.Resize(static_cast<size_t>(rows * count)));
  for (int64_t row = 0; row < rows; ++row) {
    if (whole_sequence_) {
      std::copy_n(tokens.Row(row), count, ids_.data() + row * count);
    } else {
      ids_[static_cast<size_t>(row)] = next[static_cast<size_t>(row)];
    }
  }
  ids_operand_ = Int32Operand(ids_, {rows, count});
  if (params_.kind == DecoderKind::kGpt) WEBINFER_TRY(ExtendMask());
  ++steps_;
  std::span<const Operand> outputs;
  WEBINFER_TRY(Run(params_.decoder, scores, &outputs));
  return TakeCaches(outputs, 1, moving_, {}, 1);
}

Status Decoder::Run(int body, Array<float>* scores, std::span<const Operand>* outputs) {
  std::vector<Operand> inputs = {ids_operand_};
  if (params_.kind == DecoderKind::kGpt) inputs.push_back(positions_operand_);
  if (has_mask_) inputs.push_back(mask_operand_);
  if (has_hidden_) inputs.push_back(ValueOperand(hidden_));
  const size_t caches = params_.kind == DecoderKind::kGpt ? moving_ : 2 * moving_;
  for (size_t i = 0; i < caches; ++i) inputs.push_back(ValueOperand(caches_[i < moving_ ? current_ : 0][i]));
  for (const Operand& operand : Captured()) inputs.push_back(operand);
  WEBINFER_TRY(run_.bodies().RunBody(*step_.node, body, inputs, outputs));
  return LastLogits(generation_, (*outputs)[0], scores);
}

}  // namespace webinfer::ops
