// StringSplit: the parts of each string between delimiters, in a new last axis, padded with empty strings; and their number.
#include <algorithm>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (in.rank_known() && in.rank() == kMaxRank)
    return Error(Code::kUnsupported, "A tensor has too many dimensions").Expected("rank < %d", kMaxRank);
  Shape out = in;
  if (in.rank_known()) out.Append(kUnknownDim);
  WEBINFER_TRY(ctx.SetOutput(0, DType::kString, out));
  return ctx.SetOutput(1, DType::kInt64, in);
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// f(part) for each part, at most `most` splits (negative: any number). Without a delimiter, runs of white space split.
template <typename F>
Status ForEachPart(std::string_view text, std::string_view delimiter, int64_t most, const F& f) {
  if (!delimiter.empty()) {
    for (; most != 0; --most) {
      const size_t at = text.find(delimiter);
      if (at == std::string_view::npos) break;
      WEBINFER_TRY(f(text.substr(0, at)));
      text.remove_prefix(at + delimiter.size());
    }
    return f(text);
  }
  while (true) {
    while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
    if (text.empty()) return OkStatus();
    const auto end = most == 0 ? text.end() : std::find_if(text.begin(), text.end(), IsSpace);
    std::string_view part = text.substr(0, static_cast<size_t>(end - text.begin()));
    text.remove_prefix(part.size());
    while (most == 0 && IsSpace(part.back())) part.remove_suffix(1);
    WEBINFER_TRY(f(part));
    if (most > 0) --most;
  }
}

Status Kernel(const Step& step, RunContext& run) {
  const std::string_view delimiter = step.node->attributes.String("delimiter", "");
  const int64_t most = step.node->attributes.Int("maxsplit", -1), count = step.in[0].elements();
  const auto* in = step.in[0].As<const StringData*>();
  WEBINFER_TRY(run.Resize(step.out[1], DType::kInt64, step.in[0].shape));
  int64_t widest = 0;
  for (int64_t i = 0; i < count; ++i) {
    int64_t parts = 0;
    WEBINFER_TRY(ForEachPart(in[i]->view(), delimiter, most, [&](std::string_view) {
      ++parts;
      return OkStatus();
    }));
    if (step.HasOutput(1)) step.out[1].As<int64_t>()[i] = parts;
    widest = std::max(widest, parts);
  }
  Shape shape = step.in[0].shape;
  shape.Append(widest);
  WEBINFER_TRY(run.Resize(step.out[0], DType::kString, shape));
  if (!step.HasOutput(0)) return OkStatus();
  auto* out = step.out[0].As<const StringData*>();
  WEBINFER_ASSIGN(const StringData* empty, run.strings().Add(""));
  for (int64_t i = 0; i < count; ++i) {
    const StringData** next = out + i * widest;
    WEBINFER_TRY(ForEachPart(in[i]->view(), delimiter, most, [&](std::string_view part) -> Status {
      WEBINFER_ASSIGN(*next, run.strings().Add(part));
      ++next;
      return OkStatus();
    }));
    std::fill(next, out + (i + 1) * widest, empty);
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (ctx.In(0).dtype != DType::kString)
    return Error(Code::kTypeMismatch, "StringSplit takes strings").Actual("%s", DTypeName(ctx.In(0).dtype));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(StringSplit) {
  return {.name = "StringSplit",
          .since = 20,
          .min_outputs = 1,
          .max_outputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
