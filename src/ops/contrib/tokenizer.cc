// Tokenizer (com.microsoft): the tokens of each string in a new last axis, padded. Tokens are what matches `tokenexp`, what lies
// between matches of `separators`, or with one empty separator single characters. Expressions take the longest match.
#include <algorithm>

#include "ops/op.h"
#include "ops/text/regex.h"
#include "ops/text/unicode.h"

namespace webinfer::ops {
namespace {

using Tokens = Array<std::string_view>;

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (ctx.In(0).dtype != DType::kString && ctx.In(0).dtype != DType::kUndefined)
    return Error(Code::kTypeMismatch, "Tokenizer takes strings").Actual("%s", DTypeName(ctx.In(0).dtype));
  if (in.rank_known() && in.rank() != 1 && in.rank() != 2)
    return Error(Code::kShapeMismatch, "Tokenizer takes [C] or [N, C]").Actual("%s", ShapeText(in).text);
  Shape out = in;
  if (in.rank_known()) out.Append(kUnknownDim);
  return ctx.SetOutput(0, DType::kString, out);
}

int64_t Characters(std::string_view text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) NextCodePoint(text, &at);
  return count;
}

size_t BehindCharacter(std::string_view text, size_t at) {
  if (at < text.size()) NextCodePoint(text, &at);
  return at;
}

// What cuts strings into tokens.
struct Cutter {
  std::vector<Regex> separators;
  std::vector<Regex> token;  // one, or none
  bool characters = false;
  int64_t least = 1;  // characters of a token

  static Result<Cutter> Of(const Attributes& attributes) {
    Cutter cutter;
    cutter.least = attributes.Int("mincharnum", 1);
    const std::span<const std::string> separators = attributes.Strings("separators");
    const std::string_view expression = attributes.String("tokenexp", "");
    if (cutter.least < 1 || separators.empty() == expression.empty()) {
      return Error(Code::kInvalidModel, "The attributes of Tokenizer do not fit")
          .Expected("separators or tokenexp; mincharnum of 1 or more");
    }
    cutter.characters = separators.size() == 1 && separators[0].empty();
    if (cutter.characters) return cutter;
    for (const std::string& separator : separators) {
      WEBINFER_ASSIGN(Regex regex, Regex::Compile(separator));
      cutter.separators.push_back(std::move(regex));
    }
    if (!expression.empty()) {
      WEBINFER_ASSIGN(Regex regex, Regex::Compile(expression));
      cutter.token.push_back(std::move(regex));
    }
    return cutter;
  }

  Status Keep(std::string_view piece, Tokens& tokens) const {
    return Characters(piece) >= least ? tokens.Append(piece) : OkStatus();
  }

  Status Match(std::string_view text, Tokens& tokens) {
    size_t at = 0, first, last;
    if (Characters(text) < least) return OkStatus();
    while (at <= text.size() && token[0].Find(text, at, &first, &last)) {
      const std::string_view found = text.substr(first, last - first);
      const bool enough = Characters(found) >= least;
      if (enough) WEBINFER_TRY(tokens.Append(found));
      if (!enough && first == text.size()) break;
      at = enough ? last : BehindCharacter(text, first);
    }
    return OkStatus();
  }

  Status Split(std::string_view text, Regex& separator, Tokens& tokens) const {
    size_t at = 0, first, last;
    while (separator.Find(text, at, &first, &last)) {
      WEBINFER_TRY(Keep(text.substr(at, first - at), tokens));
      if (first == last && first == text.size()) return OkStatus();
      at = last > first ? last : BehindCharacter(text, first);
    }
    return Keep(text.substr(at), tokens);
  }

  // Appends the tokens of `text`; `spare` is working memory.
  Status Cut(std::string_view text, Tokens& tokens, Tokens& spare) {
    if (characters) {
      for (size_t at = 0; at < text.size();) {
        const size_t behind = BehindCharacter(text, at);
        WEBINFER_TRY(tokens.Append(text.substr(at, behind - at)));
        at = behind;
      }
      return OkStatus();
    }
    if (!token.empty()) return Match(text, tokens);
    // Each separator cuts what the one before it has left.
    const size_t start = tokens.size();
    WEBINFER_TRY(tokens.Append(text));
    for (Regex& separator : separators) {
      spare.Clear();
      for (size_t i = start; i < tokens.size(); ++i) WEBINFER_TRY(Split(tokens[i], separator, spare));
      WEBINFER_TRY(tokens.Resize(start));
      for (const std::string_view piece : spare) WEBINFER_TRY(tokens.Append(piece));
    }
    return OkStatus();
  }
};

Status Kernel(const Step& step, RunContext& run) {
  const Attributes& attributes = step.node->attributes;
  WEBINFER_ASSIGN(Cutter cutter, Cutter::Of(attributes));
  const auto* in = step.in[0].As<const StringData*>();
  const auto count = static_cast<size_t>(step.in[0].elements());
  Tokens tokens, spare;
  Array<size_t> ends;
  size_t widest = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t start = tokens.size();
    WEBINFER_TRY(cutter.Cut(in[i]->view(), tokens, spare));
    WEBINFER_TRY(ends.Append(tokens.size()));
    widest = std::max(widest, tokens.size() - start);
  }
  // Marks stand around the tokens of each string, unless there are none at all.
  const bool mark = attributes.Int("mark", 0) != 0 && widest > 0;
  const size_t width = widest + (mark ? 2 : 0);
  Shape shape = step.in[0].shape;
  shape.Append(static_cast<int64_t>(width));
  WEBINFER_TRY(run.Resize(step.out[0], DType::kString, shape));
  const auto add = [&](std::string_view text) { return run.strings().Add(text); };
  WEBINFER_ASSIGN(const StringData* pad, add(attributes.String("pad_value", "")));
  WEBINFER_ASSIGN(const StringData* first_mark, add("\x02"));
  WEBINFER_ASSIGN(const StringData* last_mark, add("\x03"));
  auto* out = step.out[0].As<const StringData*>();
  size_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    const StringData** to = out + i * width;
    if (mark) *to++ = first_mark;
    for (; next < ends[i]; ++next) {
      WEBINFER_ASSIGN(*to, add(tokens[next]));
      ++to;
    }
    if (mark) *to++ = last_mark;
    std::fill(to, out + (i + 1) * width, pad);
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(Cutter::Of(ctx.attributes()).status());
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(com_microsoft_Tokenizer) {
  return {.name = "Tokenizer", .domain = "com.microsoft", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
