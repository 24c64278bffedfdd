// Transpose: permutes dimensions; a view where only dimensions of size 1 move.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status PermutationOf(const InferContext& ctx, int rank, int* perm) {
  const std::span<const int64_t> given = ctx.attributes().Ints("perm");
  if (given.empty()) {
    for (int i = 0; i < rank; ++i) perm[i] = rank - 1 - i;
    return OkStatus();
  }
  bool used[kMaxRank] = {};
  bool valid = given.size() == static_cast<size_t>(rank);
  for (int i = 0; valid && i < rank; ++i) {
    const int64_t axis = given[static_cast<size_t>(i)];
    valid = axis >= 0 && axis < rank && !used[axis];
    if (!valid) break;
    used[axis] = true;
    perm[i] = static_cast<int>(axis);
  }
  if (valid) return OkStatus();
  return Error(Code::kInvalidModel, "perm is not a permutation of the input's axes")
      .Expected("the numbers 0..%d, each once", rank - 1)
      .Actual("%zu numbers for %s", given.size(), ShapeText(ctx.In(0).shape).text);
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (!in.rank_known()) {
    const size_t rank = ctx.attributes().Ints("perm").size();
    const bool known = rank > 0 && rank <= kMaxRank;
    return ctx.SetOutput(0, ctx.In(0).dtype, known ? Shape::Unknown(static_cast<int>(rank)) : Shape::UnknownRank());
  }
  int perm[kMaxRank];
  WEBINFER_TRY(PermutationOf(ctx, in.rank(), perm));
  Shape out = in;
  for (int i = 0; i < in.rank(); ++i) out[i] = in[perm[i]];
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  int perm[kMaxRank];
  WEBINFER_TRY(PermutationOf(ctx, in.rank(), perm));
  const Strides src(in), dst(ctx.Out(0).shape);
  kernels::StridedCopy copy;
  for (int i = 0; i < in.rank(); ++i) copy.Append(in[perm[i]], src[perm[i]], dst[i]);
  return BindMove(ctx, 0, 0, copy);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Transpose) { return {.name = "Transpose", .since = 25, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind}; }
