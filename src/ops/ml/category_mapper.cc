// CategoryMapper: names to numbers or back, whichever the input is: a LabelEncoder.
#include <algorithm>

#include "ops/ml/scores.h"

namespace webinfer::ops {
namespace {

Status Lower(LowerContext& ctx, bool*) {
  const std::span<const std::string> strings = ctx.attributes().Strings("cats_strings");
  const std::span<const int64_t> ints = ctx.attributes().Ints("cats_int64s");
  WEBINFER_TRY(ExpectLength("cats_int64s", std::ssize(ints), std::ssize(strings)));
  const bool named = ctx.In(0).dtype == DType::kString;
  const ValueId out = ctx.Add("LabelEncoder", {ctx.Input(0)}, "ai.onnx.ml");
  Attributes& attributes = ctx.Last().attributes;
  // Of equal keys the last one counts here, and the first one there.
  Attribute names, numbers;
  names.name = named ? "keys_strings" : "values_strings";
  names.kind = Attribute::Kind::kStrings;
  names.strings.assign(strings.rbegin(), strings.rend());
  numbers.name = named ? "values_int64s" : "keys_int64s";
  numbers.kind = Attribute::Kind::kInts;
  numbers.ints.assign(ints.rbegin(), ints.rend());
  attributes.Set(std::move(names));
  attributes.Set(std::move(numbers));
  attributes.SetString("default_string", ctx.attributes().String("default_string", "_Unused"));
  attributes.SetInt("default_int64", ctx.attributes().Int("default_int64", -1));
  ctx.Return(0, out);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_CategoryMapper) {
  return {.name = "CategoryMapper", .domain = "ai.onnx.ml", .lower = webinfer::ops::Lower};
}
