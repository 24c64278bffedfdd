// Equal: a == b; also of strings.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node&, ScalarBuilder& s) { s.Return(Equal(s.In(0), s.In(1))); }

bool OfStrings(const InferContext& ctx) { return ctx.In(0).dtype == DType::kString && ctx.In(1).dtype == DType::kString; }

Status Infer(InferContext& ctx) {
  if (!OfStrings(ctx)) return InferExpression(ctx);
  WEBINFER_ASSIGN(const Shape shape, BroadcastInputs(ctx));
  return ctx.SetOutput(0, DType::kBool, shape);
}

// The element of `in` behind the result's element `index`.
int64_t BroadcastIndex(const Shape& result, int64_t index, const Shape& in) {
  int64_t offset = 0, stride = 1;
  for (int i = 1; i <= in.rank(); ++i) {
    const int64_t dim = result[result.rank() - i], size = in[in.rank() - i];
    if (size != 1) offset += index % dim * stride;
    index /= dim;
    stride *= size;
  }
  return offset;
}

Status CompareStrings(const Step& step, RunContext&) {
  const Operand &a = step.in[0], &b = step.in[1], &out = step.out[0];
  for (int64_t i = 0; i < out.elements(); ++i) {
    const StringData* x = a.As<const StringData*>()[BroadcastIndex(out.shape, i, a.shape)];
    const StringData* y = b.As<const StringData*>()[BroadcastIndex(out.shape, i, b.shape)];
    out.As<bool>()[i] = x->view() == y->view();
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (!OfStrings(ctx)) return BindExpression(ctx);
  ctx.SetKernel(CompareStrings);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Equal) {
  return {.name = "Equal",
          .since = 19,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .expression = webinfer::ops::Expression};
}
