// NGramRepeatBlock: scores with minus infinity for each token that would repeat an n-gram of the row's tokens.
#include <cmath>
#include <cstring>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  WEBINFER_TRY(ctx.ExpectRank(1, 2));
  return ctx.SetOutput(0, ctx.In(1).dtype, ctx.In(1).shape);
}

Status Kernel(const Step& step, RunContext&) {
  const int64_t size = step.node->attributes.Int("ngram_size", 0), tokens = step.in[0].shape[1], words = step.in[1].shape[1];
  if (step.out[0].data != step.in[1].data) std::memcpy(step.out[0].data, step.in[1].data, step.out[0].bytes());
  for (int64_t row = 0; row < step.in[0].shape[0]; ++row) {
    const int64_t* ids = step.in[0].As<int64_t>() + row * tokens;
    for (int64_t i = 0; i + size <= tokens; ++i) {
      if (std::memcmp(ids + i, ids + tokens - size + 1, static_cast<size_t>(size - 1) * sizeof(int64_t)) != 0) continue;
      const int64_t word = ids[i + size - 1];
      if (word < 0 || word >= words) {
        return Error(Code::kOutOfRange, "A token is not in the vocabulary")
            .Expected("0..%lld", static_cast<long long>(words - 1))
            .Actual("%lld", static_cast<long long>(word));
      }
      step.out[0].As<float>()[row * words + word] = -INFINITY;
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const int64_t size = ctx.attributes().Int("ngram_size", 0);
  if (size < 1 || ctx.In(0).dtype != DType::kInt64 || ctx.In(1).dtype != DType::kFloat32 ||
      ctx.In(0).shape[0] != ctx.In(1).shape[0]) {
    return Error(Code::kShapeMismatch, "NGramRepeatBlock's inputs do not fit")
        .Expected("ngram_size >= 1, int64 tokens and float32 scores of as many rows")
        .Actual("%lld, %s and %s", static_cast<long long>(size), ShapeText(ctx.In(0).shape).text,
                ShapeText(ctx.In(1).shape).text);
  }
  ctx.MayShare(0, 1);
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_NGramRepeatBlock) {
  return {.name = "NGramRepeatBlock",
          .domain = "com.microsoft",
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
