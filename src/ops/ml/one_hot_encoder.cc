// OneHotEncoder: a new last axis that is 1 at the element's place among the categories; float32.
#include <algorithm>

#include "ops/ml/sorted_keys.h"

namespace webinfer::ops {
namespace {

int64_t CategoryCount(const InferContext& ctx) {
  return std::max(std::ssize(ctx.attributes().Ints("cats_int64s")), std::ssize(ctx.attributes().Strings("cats_strings")));
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (in.rank() == kMaxRank) return Error(Code::kUnsupported, "A tensor has too many dimensions").Expected("rank < %d", kMaxRank);
  const int64_t count = CategoryCount(ctx);
  if (count == 0) return Error(Code::kInvalidModel, "OneHotEncoder has no categories").Expected("cats_int64s or cats_strings");
  Shape out = in;
  if (in.rank_known()) out.Append(count);
  return ctx.SetOutput(0, DType::kFloat32, out);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& keys = step.Params<SortedKeys>();
  const Operand& in = step.in[0];
  const bool zeros = step.node->attributes.Int("zeros", 1) != 0;
  auto* out = step.out[0].As<float>();
  std::fill(out, out + step.out[0].elements(), 0.0f);
  for (int64_t i = 0; i < in.elements(); ++i) {
    const int32_t place = keys.FindElement(in, i);
    if (place >= 0) out[i * keys.count + place] = 1;
    if (place < 0 && !zeros) {
      return Error(Code::kInvalidArgument, "An element is none of the categories, and zeros is 0")
          .Actual("element %lld", static_cast<long long>(i));
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(SortedKeys * keys, ctx.Params<SortedKeys>());
  // Of equal categories the last one counts.
  WEBINFER_TRY(SortKeys(ctx, ctx.attributes().Strings("cats_strings"), ctx.attributes().Ints("cats_int64s"), true, keys));
  WEBINFER_TRY(keys->ExpectInput(ctx));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_OneHotEncoder) {
  return {.name = "OneHotEncoder", .domain = "ai.onnx.ml", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
