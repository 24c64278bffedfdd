// ReverseSequence: reverses the first sequence_lens[b] entries along the time axis of each batch entry.
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct ReverseParams {
  int64_t batch, time, inner;  // sizes; inner: elements behind both axes
  bool time_first;
};

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  WEBINFER_TRY(ExpectIndexType(ctx, 1));
  WEBINFER_TRY(ctx.ExpectRank(1, 1));
  const int64_t batch_axis = ctx.attributes().Int("batch_axis", 1), time_axis = ctx.attributes().Int("time_axis", 0);
  if (batch_axis + time_axis != 1 || batch_axis * time_axis != 0) {
    return Error(Code::kInvalidModel, "ReverseSequence has impossible axes").Expected("batch_axis and time_axis 0 and 1");
  }
  if (in.rank_known() && in.rank() < 2) {
    return Error(Code::kShapeMismatch, "Input 0 has the wrong rank").Expected("rank >= 2").Actual("%s", ShapeText(in).text);
  }
  const Shape& lens = ctx.In(1).shape;
  if (in.rank_known() && lens.rank_known() && lens[0] >= 0 && in[static_cast<int>(batch_axis)] >= 0 &&
      lens[0] != in[static_cast<int>(batch_axis)]) {
    return Error(Code::kShapeMismatch, "sequence_lens has the wrong length")
        .Expected("%lld", static_cast<long long>(in[static_cast<int>(batch_axis)]))
        .Actual("%s", ShapeText(lens).text);
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, in);
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<ReverseParams>();
  const auto* src = step.in[0].As<uint8_t>();
  auto* dst = step.out[0].As<uint8_t>();
  const int64_t block = params.inner * static_cast<int64_t>(DTypeBytes(step.in[0].dtype));
  const int64_t batch_stride = params.time_first ? block : params.time * block;
  const int64_t time_stride = params.time_first ? params.batch * block : block;
  for (int64_t b = 0; b < params.batch; ++b) {
    const int64_t length = IndexAt(step.in[1].data, step.in[1].dtype, b);
    if (length < 0 || length > params.time) {
      return Error(Code::kOutOfRange, "A sequence is longer than its axis")
          .Expected("a length in [0, %lld]", static_cast<long long>(params.time))
          .Actual("%lld", static_cast<long long>(length));
    }
    for (int64_t t = 0; t < params.time; ++t) {
      const int64_t from = t < length ? length - 1 - t : t;
      std::memcpy(dst + b * batch_stride + t * time_stride, src + b * batch_stride + from * time_stride,
                  static_cast<size_t>(block));
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  const Shape& in = ctx.In(0).shape;
  WEBINFER_ASSIGN(ReverseParams * params, ctx.Params<ReverseParams>());
  params->time_first = ctx.attributes().Int("time_axis", 0) == 0;
  params->time = in[params->time_first ? 0 : 1];
  params->batch = in[params->time_first ? 1 : 0];
  params->inner = in.Elements(2, in.rank());
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ReverseSequence) {
  return {.name = "ReverseSequence",
          .since = 10,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
