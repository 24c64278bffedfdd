// StringNormalizer: removes stop words and changes case, for a vector of strings or one row of them.
#include <string>
#include <vector>

#include "ops/op.h"
#include "ops/text/unicode.h"

namespace webinfer::ops {
namespace {

enum class CaseChange { kNone, kLower, kUpper };

Result<CaseChange> CaseChangeOf(const Attributes& attributes) {
  const std::string_view name = attributes.String("case_change_action", "NONE");
  if (name == "NONE") return CaseChange::kNone;
  if (name == "LOWER") return CaseChange::kLower;
  if (name == "UPPER") return CaseChange::kUpper;
  return Error(Code::kInvalidModel, "An unknown case_change_action")
      .Expected("LOWER, UPPER or NONE")
      .Actual("%.*s", static_cast<int>(name.size()), name.data());
}

std::string Changed(std::string_view text, CaseChange change) {
  if (change == CaseChange::kNone) return std::string(text);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const uint32_t code_point = NextCodePoint(text, &at);
    if (at == start + 1 && code_point >= 0x80) {  // not UTF-8: kept as it is
      out.push_back(text[start]);
    } else {
      AppendUtf8(change == CaseChange::kLower ? ToLower(code_point) : ToUpper(code_point), &out);
    }
  }
  return out;
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  WEBINFER_TRY(CaseChangeOf(ctx.attributes()).status());
  if (in.rank_known() && in.rank() != 1 && (in.rank() != 2 || (in[0] >= 0 && in[0] != 1))) {
    return Error(Code::kShapeMismatch, "StringNormalizer takes one row of strings")
        .Expected("[C] or [1,C]")
        .Actual("%s", ShapeText(in).text);
  }
  Shape out = in;
  if (in.rank_known()) out[in.rank() - 1] = kUnknownDim;
  return ctx.SetOutput(0, DType::kString, out);
}

Status Kernel(const Step& step, RunContext& run) {
  const Attributes& attributes = step.node->attributes;
  WEBINFER_ASSIGN(const CaseChange change, CaseChangeOf(attributes));
  const bool case_sensitive = attributes.Int("is_case_sensitive", 0) != 0;
  // Without regard to case both sides are compared in one case.
  const CaseChange comparison = case_sensitive ? CaseChange::kNone : change == CaseChange::kNone ? CaseChange::kLower : change;
  std::vector<std::string> stopwords;
  for (const std::string& word : attributes.Strings("stopwords")) stopwords.push_back(Changed(word, comparison));
  const auto* in = step.in[0].As<const StringData*>();
  Array<const StringData*> kept;
  for (int64_t i = 0; i < step.in[0].elements(); ++i) {
    const std::string compared = Changed(in[i]->view(), comparison);
    bool stop = false;
    for (const std::string& word : stopwords) stop = stop || word == compared;
    if (stop) continue;
    WEBINFER_ASSIGN(const StringData* text, run.strings().Add(Changed(in[i]->view(), change)));
    WEBINFER_TRY(kept.Append(text));
  }
  if (kept.empty()) {
    WEBINFER_ASSIGN(const StringData* empty, run.strings().Add(""));
    WEBINFER_TRY(kept.Append(empty));
  }
  Shape shape = step.in[0].shape;
  shape[shape.rank() - 1] = static_cast<int64_t>(kept.size());
  WEBINFER_TRY(run.Resize(step.out[0], DType::kString, shape));
  for (size_t i = 0; i < kept.size(); ++i) step.out[0].As<const StringData*>()[i] = kept[i];
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (ctx.In(0).dtype != DType::kString)
    return Error(Code::kTypeMismatch, "StringNormalizer takes strings").Actual("%s", DTypeName(ctx.In(0).dtype));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(StringNormalizer) {
  return {.name = "StringNormalizer", .since = 10, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
