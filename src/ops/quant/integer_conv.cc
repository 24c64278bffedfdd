#include <climits>

#include "kernels/depthwise.h"
#include "kernels/int8_conv.h"
#include "ops/nn/convolution.h"
#include "ops/nn/prepared.h"
#include "ops/quant/integer.h"

namespace webinfer::ops {
namespace {

struct IntegerConv {
  kernels::ConvGeometry geometry;
  bool prepared;
  uint64_t scales_bytes, packed_bytes;
  IntegerOperands operands;
};

Status Run(const Step& step, RunContext& run) {
  const auto& p = step.Params<IntegerConv>();
  uint8_t* scratch = step.scratch;
  kernels::Int8Conv conv;
  conv.geometry = p.geometry;
  conv.x = step.in[kX].data;
  conv.x_signed = p.operands.x_signed;
  conv.x_zero = IntegerZeroOf(step, kXZero);
  conv.filters = {step.in[kW].data, p.operands.w_signed, step.HasInput(kWZero) ? step.in[kWZero].data : nullptr,
                  p.operands.w_zero_per_column};
  conv.dot = kernels::ProbeInt8Dot();
  conv.y = step.out[0].data;
  conv.output = IntegerOutputOf(step, p.operands, p.geometry.filters, reinterpret_cast<float*>(scratch));
  scratch += p.scales_bytes;
  if (p.prepared) {
    conv.packed = PreparedBytes(*step.node, 0);
  } else {
    kernels::PackInt8Conv(p.geometry, conv.filters, conv.dot, scratch);
    conv.packed = scratch;
    scratch += p.packed_bytes;
  }
  kernels::RunInt8Conv(conv, scratch, run.pool());
  return OkStatus();
}

}  // namespace

Status InferIntegerConv(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape out, ConvOutputShape(ctx, kW, {true}));
  return ctx.SetOutput(0, IntegerOutputType(ctx), out);
}

Status BindIntegerConv(BindContext& ctx) {
  WEBINFER_ASSIGN(IntegerConv * p, ctx.Params<IntegerConv>());
  kernels::ConvGeometry& g = p->geometry;
  WEBINFER_TRY(ReadConvGeometry(ctx, ctx.Out(0).shape, &g));
  WEBINFER_TRY(ReadIntegerOperands(ctx, g.filters, &p->operands));
  if (g.pixels() > INT_MAX) {
    return Error(Code::kUnsupported, "A convolution of this size").Actual("%s", ShapeText(ctx.Out(0).shape).text);
  }
  p->prepared = PreparedBytes(ctx.node(), 0) != nullptr;
  p->packed_bytes = (kernels::PackedInt8ConvBytes(g) + 63) / 64 * 64;
  p->scales_bytes = (static_cast<uint64_t>(g.filters) * sizeof(float) + 63) / 64 * 64;
  ctx.SetScratch(p->scales_bytes + (p->prepared ? 0 : p->packed_bytes) + kernels::Int8ConvScratch(g, ctx.threads()));
  ctx.SetKernel(Run);
  return OkStatus();
}

Status PrepareIntegerConv(PrepareContext& ctx) {
  const Tensor* weights = ctx.Constant(kW);
  const Tensor* zero = ctx.Constant(kWZero);
  if (weights == nullptr || (ctx.HasInput(kWZero) && zero == nullptr)) return OkStatus();
  kernels::ConvGeometry g;
  WEBINFER_TRY(ReadConvGeometry(ctx, ctx.Out(0).shape, &g));
  // Whether a volume counts as depthwise, which has a form of its own, depends on sizes that may not be known yet.
  if (weights->shape.rank() == 5 && g.group > 1 && g.group == g.channels && g.group == g.filters) return OkStatus();
  WEBINFER_ASSIGN(uint8_t * packed, KeepBytes(ctx, 0, kernels::PackedInt8ConvBytes(g)));
  const kernels::Int8Filters filters{weights->As<uint8_t>(), weights->dtype == DType::kInt8,
                                     zero == nullptr ? nullptr : zero->As<uint8_t>(),
                                     zero != nullptr && zero->shape.Elements() != 1};
  kernels::PackInt8Conv(g, filters, kernels::ProbeInt8Dot(), packed);
  ctx.Drop(kW);
  return OkStatus();
}

}  // namespace webinfer::ops
