// SpaceToDepth: blocks of pixels become channels, NCHW; the inverse of DepthToSpace in mode DCR.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 4));
  const int64_t block = ctx.attributes().Int("blocksize", 0);
  const Shape& in = ctx.In(0).shape;
  Shape out = Shape::Unknown(4);
  if (in.rank_known()) {
    const bool valid = block > 0 && block < 1 << 15;
    if (!valid || (in[2] >= 0 && in[2] % block != 0) || (in[3] >= 0 && in[3] % block != 0)) {
      return Error(Code::kShapeMismatch, "The image cannot be split into blocks")
          .Expected("height and width that are multiples of %lld", static_cast<long long>(block))
          .Actual("%s", ShapeText(in).text);
    }
    out[0] = in[0];
    if (in[1] >= 0) out[1] = in[1] * block * block;
    for (int i = 2; i < 4; ++i) {
      if (in[i] >= 0) out[i] = in[i] / block;
    }
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  const int64_t block = ctx.attributes().Int("blocksize", 0);
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  const int64_t plane = out[2] * out[3], width = in[3];
  kernels::StridedCopy copy;  // n, block row, block column, c, h, w
  copy.Append(in[0], in[1] * in[2] * width, in[1] * in[2] * width);
  copy.Append(block, width, block * in[1] * plane);
  copy.Append(block, 1, in[1] * plane);
  copy.Append(in[1], in[2] * width, plane);
  copy.Append(out[2], block * width, out[3]);
  copy.Append(out[3], block, 1);
  return BindMove(ctx, 0, 0, copy);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SpaceToDepth) {
  return {.name = "SpaceToDepth", .since = 13, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
