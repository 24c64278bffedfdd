#include "ops/nn/heads.h"

namespace webinfer::ops {

kernels::HeadStrides StridesOf(const Heads& h, bool interleaved) {
  if (interleaved) return {h.tokens * h.heads * h.size, h.size, h.heads * h.size};
  return {h.heads * h.tokens * h.size, h.tokens * h.size, h.size};
}

Status BindMask(const InferContext& ctx, int input, kernels::Attention* a) {
  if (!ctx.HasInput(input)) return OkStatus();
  const Shape& mask = ctx.In(input).shape;
  const DType dtype = ctx.In(input).dtype;
  const int64_t wanted[4] = {a->batch, a->heads, a->queries, a->keys};
  int64_t strides[4] = {}, stride = 1;
  bool fits = mask.rank() <= 4 && (dtype == DType::kBool || dtype == DType::kFloat32);
  for (int i = 3; fits && i >= 4 - mask.rank(); --i) {
    const int64_t size = mask[i - (4 - mask.rank())];
    strides[i] = size == 1 ? 0 : stride;
    stride *= size;
    fits = size == 1 || size == wanted[i] || (i == 3 && size < wanted[i]);
  }
  if (!fits) {
    return Error(Code::kShapeMismatch, "Attention's mask does not broadcast to the scores")
        .Expected("bool or float32 for [%d,%d,%d,%d]", a->batch, a->heads, a->queries, a->keys)
        .Actual("%s%s", DTypeName(dtype), ShapeText(mask).text);
  }
  a->mask_strides = {strides[0], strides[1], strides[2]};
  const int64_t last = mask.rank() == 0 ? 1 : mask[mask.rank() - 1];
  a->mask_key_stride = last == 1 && a->keys != 1 ? 0 : 1;
  a->mask_keys = last == 1 ? a->keys : static_cast<int>(last);
  return OkStatus();
}

void SetMask(const Operand& mask, kernels::Attention* attention) {
  if (mask.dtype == DType::kBool) {
    attention->bool_mask = mask.As<uint8_t>();
  } else {
    attention->mask = mask.As<float>();
  }
}

}  // namespace webinfer::ops
