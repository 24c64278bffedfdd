// BifurcationDetector, of aggressive decoding: appends predicted tokens to the current ones up to and with the first that leaves
// the source, and says where in the source the last n-gram goes on, if it is there exactly once (else -1).
#include <algorithm>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kSource, kCurrent, kPreviousMatch, kPredicted };

Status Infer(InferContext& ctx) {
  for (int i = 0; i < ctx.input_count(); ++i) {
    if (!ctx.HasInput(i)) continue;
    if (i != kPreviousMatch) WEBINFER_TRY(ctx.ExpectRank(i, 1));
    WEBINFER_TRY(ctx.ExpectSameDType(kSource, i));
  }
  WEBINFER_TRY(ctx.SetOutput(0, DType::kInt64, Shape({kUnknownDim})));
  return ctx.SetOutput(1, DType::kInt64, ctx.In(kPreviousMatch).shape);
}

Status Run(const Step& step, RunContext& run) {
  const int64_t *source = step.in[kSource].As<int64_t>(), *current = step.in[kCurrent].As<int64_t>();
  const int64_t source_count = step.in[kSource].elements(), current_count = step.in[kCurrent].elements();
  int64_t added = 0;
  if (step.HasInput(kPredicted)) {
    const int64_t* predicted = step.in[kPredicted].As<int64_t>();
    const int64_t match = *step.in[kPreviousMatch].As<int64_t>(), count = step.in[kPredicted].elements();
    if (match < 0 || match > source_count || count != source_count + 1 - match) {
      return Error(Code::kOutOfRange, "The predicted tokens do not fit the source behind the previous match")
          .Expected("%lld tokens behind a match in it", static_cast<long long>(source_count + 1 - match))
          .Actual("%lld behind %lld", static_cast<long long>(count), static_cast<long long>(match));
    }
    while (added < count - 1 && predicted[added] == source[match + added]) ++added;
    ++added;
  }
  const int64_t count = current_count + added;
  WEBINFER_TRY(run.Resize(step.out[0], DType::kInt64, Shape({count})));
  int64_t* tokens = step.out[0].As<int64_t>();
  std::copy(current, current + current_count, tokens);
  if (added > 0) std::copy(step.in[kPredicted].As<int64_t>(), step.in[kPredicted].As<int64_t>() + added, tokens + current_count);

  const Attributes& attributes = step.node->attributes;
  const int64_t least = attributes.Int("min_ngram_size", 1), most = std::min(attributes.Int("max_ngram_size", 3), count);
  int64_t found = -1;
  const int64_t *end = source + source_count, *tail = tokens + count;
  for (int64_t size = least; size <= most; ++size) {
    const int64_t* place = std::search(source, end, tail - size, tail);
    if (place == end) break;
    found = place - source + size;
    if (found >= source_count) break;
    if (std::search(place + 1, end, tail - size, tail) != end) found = -1;
  }
  if (step.HasOutput(1)) *step.out[1].As<int64_t>() = found;
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (ctx.attributes().Int("min_ngram_size", 1) < 1 || ctx.In(kSource).dtype != DType::kInt64 ||
      ctx.In(kPreviousMatch).shape.Elements() != 1) {
    return Error(Code::kTypeMismatch, "BifurcationDetector's inputs do not fit").Expected("int64 tokens, one previous match");
  }
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_BifurcationDetector) {
  return {.name = "BifurcationDetector",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 4,
          .min_outputs = 1,
          .max_outputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
