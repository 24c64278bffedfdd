// RelativePositionBias: T5's bias [1, heads, queries, keys] for the distance of key and query, of which far ones share buckets.
// The table is [buckets, heads] by name but lies head by head, as onnxruntime reads it.
#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/elements.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 2));
  int64_t queries = kUnknownDim, keys = kUnknownDim;
  for (const auto& [input, length] : {std::pair{1, &queries}, std::pair{2, &keys}}) {
    if (!ctx.KnownInt(input, length)) {
      ctx.NeedValue(input);
    } else if (*length < 0) {
      return Error(Code::kInvalidArgument, "A length is negative").Actual("%lld", static_cast<long long>(*length));
    }
  }
  const Shape& table = ctx.In(0).shape;
  return ctx.SetOutput(0, ctx.In(0).dtype, {1, table.rank_known() ? table[1] : kUnknownDim, queries, keys});
}

int64_t BucketOf(int64_t distance, int64_t buckets, int64_t farthest, bool both_ways) {
  int64_t first = 0;
  if (both_ways) {
    buckets /= 2;
    if (distance > 0) first = buckets;
    distance = std::abs(distance);
  } else {
    distance = std::max<int64_t>(-distance, 0);
  }
  const int64_t exact = buckets / 2;
  if (distance < exact) return first + distance;
  const auto most = static_cast<float>(exact);
  const float share = std::log(static_cast<float>(distance) / most) / std::log(static_cast<float>(farthest) / most);
  const auto far = static_cast<int64_t>(most + share * static_cast<float>(buckets - exact));
  return first + std::clamp<int64_t>(far, 0, buckets - 1);
}

Status Kernel(const Step& step, RunContext&) {
  const Operand &table = step.in[0], &out = step.out[0];
  const int64_t buckets = table.shape[0], heads = table.shape[1], queries = out.shape[2], keys = out.shape[3];
  const int64_t farthest = step.node->attributes.Int("max_distance", 0);
  const bool both_ways = step.node->attributes.Int("is_bidirectional", 0) != 0;
  for (int64_t q = 0; q < queries; ++q) {
    for (int64_t k = 0; k < keys; ++k) {
      const int64_t bucket = BucketOf(k - q, buckets, farthest, both_ways);
      for (int64_t head = 0; head < heads; ++head) {
        float value = 0;
        kernels::LoadFloats(table.dtype, table.data, head * buckets + bucket, 1, &value);
        kernels::StoreFloats(out.dtype, &value, (head * queries + q) * keys + k, 1, out.data);
      }
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const int64_t farthest = ctx.attributes().Int("max_distance", 0), buckets = ctx.In(0).shape[0];
  if (!IsFloat(ctx.In(0).dtype) || buckets < 4 || farthest <= buckets / 2) {
    return Error(Code::kUnsupported, "RelativePositionBias of this kind")
        .Expected("float, 4 buckets or more, max_distance above half of them")
        .Actual("%lld buckets, max_distance %lld", static_cast<long long>(buckets), static_cast<long long>(farthest));
  }
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_RelativePositionBias) {
  return {.name = "RelativePositionBias",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
