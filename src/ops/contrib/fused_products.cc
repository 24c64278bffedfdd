#include "ops/contrib/fused_products.h"

namespace webinfer::ops {
namespace {

Result<ValueId> Side(LowerContext& ctx, int i, const char* batch_attribute) {
  if (ctx.attributes().Int(batch_attribute, 0) == 0) return ctx.Input(i);
  const int rank = ctx.In(i).shape.rank();
  if (rank < 2) return Error(Code::kUnsupported, "%s of a tensor whose rank is not known", batch_attribute);
  std::vector<int64_t> perm;
  for (int axis = 1; axis < rank - 1; ++axis) perm.push_back(axis);
  perm.push_back(0);
  perm.push_back(rank - 1);
  return Transposed(ctx, ctx.Input(i), std::move(perm));
}

// The last two axes swapped: for types whose product does not do it on the way.
Result<ValueId> Swapped(LowerContext& ctx, ValueId x, int i, bool transposed) {
  const int rank = ctx.In(i).shape.rank();
  if (!transposed || rank == 1) return x;
  if (rank < 2) return Error(Code::kUnsupported, "FusedMatMul transposes a tensor whose rank is not known");
  std::vector<int64_t> perm;
  for (int axis = 0; axis < rank; ++axis) perm.push_back(axis);
  std::swap(perm[static_cast<size_t>(rank) - 1], perm[static_cast<size_t>(rank) - 2]);
  return Transposed(ctx, x, std::move(perm));
}

}  // namespace

Result<ValueId> AddFusedMatMul(LowerContext& ctx) {
  const DType dtype = ctx.In(0).dtype;
  const bool trans_a = ctx.attributes().Int("transA", 0) != 0, trans_b = ctx.attributes().Int("transB", 0) != 0;
  const float alpha = ctx.attributes().Float("alpha", 1);
  WEBINFER_ASSIGN(ValueId a, Side(ctx, 0, "transBatchA"));
  WEBINFER_ASSIGN(ValueId b, Side(ctx, 1, "transBatchB"));
  if (dtype == DType::kFloat32) {
    const ValueId product = ctx.Add("MatMul", {a, b}, "webinfer");
    ctx.Last().attributes.SetInt("transA", trans_a);
    ctx.Last().attributes.SetInt("transB", trans_b);
    ctx.Last().attributes.SetFloat("alpha", alpha);
    return product;
  }
  WEBINFER_ASSIGN(a, Swapped(ctx, a, 0, trans_a));
  WEBINFER_ASSIGN(b, Swapped(ctx, b, 1, trans_b));
  const ValueId product = ctx.Add("MatMul", {a, b});
  if (alpha == 1) return product;
  return WithNumber(ctx, "Mul", product, dtype, alpha);
}

Status LowerToFusedMatMul(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const ValueId product, AddFusedMatMul(ctx));
  ctx.Return(0, product);
  return OkStatus();
}

}  // namespace webinfer::ops
