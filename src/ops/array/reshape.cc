// Reshape: the same elements under another shape; a view.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

// What stands for the -1 of a reshape: the input's sizes without those the target has, as far as symbols cancel.
Result<int64_t> InferredDim(const Shape& in, const Shape& target, int inferred) {
  Shape rest = in;
  int64_t divisor = 1;
  bool unknown = !in.rank_known();
  for (int i = 0; i < target.rank(); ++i) {
    if (i == inferred) continue;
    int match = -1;
    for (int k = 0; k < rest.rank() && target[i] < kUnknownDim; ++k) {
      if (rest[k] == target[i]) match = k;
    }
    if (match >= 0) {
      rest.Erase(match);
    } else if (target[i] < 0) {
      unknown = true;
    } else {
      divisor *= target[i];
    }
  }
  int64_t product = 1, symbol = 0;
  for (int64_t dim : rest.dims()) {
    if (dim < 0) {
      unknown |= symbol != 0;
      symbol = dim;
    } else {
      product *= dim;
    }
  }
  if (unknown) return kUnknownDim;
  if (symbol != 0) return product == divisor ? symbol : kUnknownDim;
  if (divisor == 0 ? product != 0 : product % divisor != 0) {
    return Error(Code::kShapeMismatch, "The elements do not fit the new shape")
        .Expected("a multiple of %lld elements", static_cast<long long>(divisor))
        .Actual("%s", ShapeText(in).text);
  }
  return divisor == 0 ? 0 : product / divisor;
}

Result<Shape> ReshapedTo(const Shape& in, const IntList& wanted, bool allow_zero) {
  WEBINFER_ASSIGN(Shape out, Shape::Of(wanted.span()));
  int inferred = -1;
  for (int i = 0; i < out.rank(); ++i) {
    if (out[i] == 0 && !allow_zero) {
      if (in.rank_known() && i >= in.rank()) {
        return Error(Code::kShapeMismatch, "A 0 in the new shape stands for a dimension the input does not have")
            .Expected("at most %d dimensions", in.rank())
            .Actual("%s", ShapeText(out).text);
      }
      out[i] = in.rank_known() ? in[i] : kUnknownDim;
    } else if (out[i] == -1) {
      if (inferred >= 0)
        return Error(Code::kInvalidModel, "The new shape has two dimensions of -1").Actual("%s", ShapeText(out).text);
      inferred = i;
    } else if (out[i] < 0) {
      return Error(Code::kInvalidModel, "The new shape has a negative dimension").Actual("%lld", static_cast<long long>(out[i]));
    }
  }
  if (inferred >= 0) {
    WEBINFER_ASSIGN(out[inferred], InferredDim(in, out, inferred));
  } else if (in.known() && out.known()) {
    WEBINFER_ASSIGN(const int64_t have, in.CheckedElements());
    WEBINFER_ASSIGN(const int64_t want, out.CheckedElements());
    if (have != want) {
      return Error(Code::kShapeMismatch, "The elements do not fit the new shape")
          .Expected("%lld elements for %s", static_cast<long long>(want), ShapeText(out).text)
          .Actual("%lld of %s", static_cast<long long>(have), ShapeText(in).text);
    }
  }
  return out;
}

Status Infer(InferContext& ctx) {
  IntList wanted;
  if (!ctx.KnownInts(1, &wanted)) {
    ctx.NeedValue(1);
    const Shape& shape = ctx.In(1).shape;
    const bool rank_known = shape.rank() == 1 && shape[0] >= 0 && shape[0] <= kMaxRank;
    return ctx.SetOutput(0, ctx.In(0).dtype, rank_known ? Shape::Unknown(static_cast<int>(shape[0])) : Shape::UnknownRank());
  }
  WEBINFER_ASSIGN(const Shape out, ReshapedTo(ctx.In(0).shape, wanted, ctx.attributes().Int("allowzero", 0) != 0));
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  ctx.SetView(0, 0);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Reshape) {
  return {.name = "Reshape",
          .since = 25,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
