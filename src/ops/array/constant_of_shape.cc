// ConstantOfShape: a tensor of the shape in the input, filled with the one element of attribute `value` (float32 0).
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct FillParams {
  uint8_t value[16];
};

Status Infer(InferContext& ctx) {
  const Tensor* value = ctx.attributes().TensorOf("value");
  if (value != nullptr && value->shape.Elements() != 1) {
    return Error(Code::kInvalidModel, "The value of ConstantOfShape is not one element")
        .Actual("%s", ShapeText(value->shape).text);
  }
  const DType dtype = value == nullptr ? DType::kFloat32 : value->dtype;
  IntList dims;
  if (!ctx.KnownInts(0, &dims)) {
    ctx.NeedValue(0);
    const Shape& count = ctx.In(0).shape;
    const bool rank_known = count.rank() == 1 && count[0] >= 0 && count[0] <= kMaxRank;
    return ctx.SetOutput(0, dtype, rank_known ? Shape::Unknown(static_cast<int>(count[0])) : Shape::UnknownRank());
  }
  WEBINFER_ASSIGN(const Shape out, Shape::Of(dims.span()));
  for (int64_t dim : out) {
    if (dim < 0) return Error(Code::kInvalidModel, "The shape has a negative dimension").Actual("%s", ShapeText(out).text);
  }
  return ctx.SetOutput(0, dtype, out);
}

Status Kernel(const Step& step, RunContext&) {
  const Operand& out = step.out[0];
  const int bits = DTypeBits(out.dtype);
  if (bits < 8) {
    const int value = step.Params<FillParams>().value[0] & ((1 << bits) - 1);
    std::memset(out.data, bits == 4 ? value * 0x11 : value * 0x55, out.bytes());
  } else {
    kernels::FillElements(out.data, step.Params<FillParams>().value, bits / 8, out.elements());
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Tensor* value = ctx.attributes().TensorOf("value");
  WEBINFER_ASSIGN(FillParams * params, ctx.Params<FillParams>());
  if (value != nullptr) std::memcpy(params->value, value->buffer.data(), BytesOf(value->dtype, 1));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ConstantOfShape) {
  return {.name = "ConstantOfShape", .since = 25, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
