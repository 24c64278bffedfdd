// MaxUnpool (ONNX 22): puts values back where MaxPool found them; the rest is zero. Indices count within the output that
// kernel, strides and pads imply; a larger output_shape adds zeros behind it.
#include <cstring>

#include "ops/nn/window.h"

namespace webinfer::ops {
namespace {

enum Input { kX, kIndices, kOutputShape };

// The output that the attributes imply.
Status ImpliedShape(const InferContext& ctx, Shape* implied) {
  const Shape& x = ctx.In(kX).shape;
  Window window;
  WEBINFER_TRY(ReadWindow(ctx.attributes(), x.rank() - 2, {}, &window));
  *implied = x;
  for (int i = 0; i < window.rank; ++i) {
    int64_t& size = (*implied)[i + 2];
    size = size < 0 ? kUnknownDim : (size - 1) * window.stride[i] - window.pad_begin[i] - window.pad_end[i] + window.kernel[i];
  }
  return OkStatus();
}

Status InferMaxUnpool(InferContext& ctx) {
  const Shape& x = ctx.In(kX).shape;
  Shape out = Shape::UnknownRank();
  if (ctx.HasInput(kOutputShape)) {
    ctx.NeedValue(kOutputShape);
    IntList sizes;
    if (x.rank_known()) out = Shape::Unknown(x.rank());
    if (ctx.KnownInts(kOutputShape, &sizes)) {
      WEBINFER_ASSIGN(out, Shape::Of(sizes.span()));
    }
  } else if (x.rank_known()) {
    WEBINFER_TRY(ImpliedShape(ctx, &out));
  }
  return ctx.SetOutput(0, ctx.In(kX).dtype, out);
}

struct MaxUnpoolStep {
  Shape implied;
  uint64_t element_bytes;
};

// The offset in `out` of element `index` of `in`, both of the same rank.
int64_t Move(int64_t index, const Shape& in, const Shape& out) {
  int64_t offset = 0, step = 1;
  for (int axis = in.rank() - 1; axis >= 0; --axis) {
    offset += index % in[axis] * step;
    index /= in[axis];
    step *= out[axis];
  }
  return offset;
}

Status RunMaxUnpool(const Step& step, RunContext&) {
  const auto& p = step.Params<MaxUnpoolStep>();
  const Shape& out = step.out[0].shape;
  std::memset(step.out[0].data, 0, static_cast<size_t>(step.out[0].bytes()));
  const auto* indices = step.in[kIndices].As<int64_t>();
  const int64_t limit = p.implied.Elements();
  for (int64_t i = 0; i < step.in[kX].elements(); ++i) {
    if (indices[i] < 0 || indices[i] >= limit) {
      return Error(Code::kOutOfRange, "MaxUnpool: an index is outside of the output")
          .Expected("0 to %lld", static_cast<long long>(limit - 1))
          .Actual("%lld", static_cast<long long>(indices[i]));
    }
    const int64_t to = Move(indices[i], p.implied, out);
    std::memcpy(step.out[0].As<uint8_t>() + static_cast<uint64_t>(to) * p.element_bytes,
                step.in[kX].As<uint8_t>() + static_cast<uint64_t>(i) * p.element_bytes, p.element_bytes);
  }
  return OkStatus();
}

Status BindMaxUnpool(BindContext& ctx) {
  WEBINFER_ASSIGN(MaxUnpoolStep * p, ctx.Params<MaxUnpoolStep>());
  WEBINFER_TRY(ImpliedShape(ctx, &p->implied));
  p->element_bytes = DTypeBytes(ctx.In(kX).dtype);
  const Shape& out = ctx.Out(0).shape;
  bool fits = ctx.In(kIndices).shape == ctx.In(kX).shape && out.rank() == p->implied.rank();
  for (int i = 0; fits && i < out.rank(); ++i) fits = out[i] >= p->implied[i];
  if (!fits) {
    return Error(Code::kShapeMismatch, "MaxUnpool's shapes do not fit together")
        .Expected("indices like X, an output of at least %s", ShapeText(p->implied).text)
        .Actual("indices %s, output %s", ShapeText(ctx.In(kIndices).shape).text, ShapeText(out).text);
  }
  ctx.SetKernel(RunMaxUnpool);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(MaxUnpool) {
  using namespace webinfer::ops;
  return {.name = "MaxUnpool", .since = 22, .min_inputs = 2, .max_inputs = 3, .infer = InferMaxUnpool, .bind = BindMaxUnpool};
}
