// Flatten: to two dimensions, split before `axis`; a view.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

int64_t ProductOf(const Shape& shape, int first, int last) {
  int64_t product = 1, symbol = 0;
  for (int i = first; i < last; ++i) {
    if (shape[i] >= 0) {
      product *= shape[i];
    } else if (symbol != 0) {
      return kUnknownDim;
    } else {
      symbol = shape[i];
    }
  }
  if (symbol == 0) return product;
  return product == 1 ? symbol : kUnknownDim;
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  Shape out = Shape::Unknown(2);
  if (in.rank_known()) {
    int64_t axis = ctx.attributes().Int("axis", 1);
    if (axis < -in.rank() || axis > in.rank()) {
      return Error(Code::kInvalidModel, "An axis is out of range")
          .Expected("an axis in [%d, %d]", -in.rank(), in.rank())
          .Actual("%lld", static_cast<long long>(axis));
    }
    if (axis < 0) axis += in.rank();
    out[0] = ProductOf(in, 0, static_cast<int>(axis));
    out[1] = ProductOf(in, static_cast<int>(axis), in.rank());
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  ctx.SetView(0, 0);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Flatten) { return {.name = "Flatten", .since = 25, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind}; }
