// DepthToSpace: blocks of channels become blocks of pixels (modes DCR and CRD), NCHW.
#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 4));
  const int64_t block = ctx.attributes().Int("blocksize", 0);
  const Shape& in = ctx.In(0).shape;
  Shape out = Shape::Unknown(4);
  if (in.rank_known()) {
    const int64_t area = block > 0 && block < 1 << 15 ? block * block : 0;
    if (area == 0 || (in[1] >= 0 && in[1] % area != 0)) {
      return Error(Code::kShapeMismatch, "The channels cannot be split into blocks")
          .Expected("a multiple of blocksize^2, blocksize %lld", static_cast<long long>(block))
          .Actual("%s", ShapeText(in).text);
    }
    out[0] = in[0];
    if (in[1] >= 0) out[1] = in[1] / area;
    for (int i = 2; i < 4; ++i) {
      if (in[i] >= 0) out[i] = in[i] * block;
    }
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status Bind(BindContext& ctx) {
  const int64_t block = ctx.attributes().Int("blocksize", 0);
  const bool depth_first = ctx.attributes().String("mode", "DCR") == "DCR";
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  const int64_t plane = in[2] * in[3], channels = out[1];
  kernels::StridedCopy copy;  // n, c, h, block row, w, block column
  copy.Append(in[0], in[1] * plane, in[1] * plane);
  copy.Append(channels, depth_first ? plane : plane * block * block, out[2] * out[3]);
  copy.Append(in[2], in[3], block * out[3]);
  copy.Append(block, depth_first ? channels * block * plane : block * plane, out[3]);
  copy.Append(in[3], 1, block);
  copy.Append(block, depth_first ? channels * plane : plane, 1);
  return BindMove(ctx, 0, 0, copy);
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(DepthToSpace) {
  return {.name = "DepthToSpace", .since = 13, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
