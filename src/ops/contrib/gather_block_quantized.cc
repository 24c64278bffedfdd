// com.microsoft.GatherBlockQuantized: Gather from a table that is quantised in blocks along one axis; only what is gathered is
// made float. uint8 tables hold 2, 4 or 8 bits per element along the last axis; an index out of range gives zeros.
#include <algorithm>

#include "kernels/elements.h"
#include "ops/array/gather.h"

namespace webinfer::ops {
namespace {

enum Input { kData, kIndices, kScales, kZeros };

constexpr int kRun = 128;  // elements that are computed together

// Elements as they are numbered: those of a uint8 table are narrower than its bytes.
DType ElementType(const InferContext& ctx, DType stored) {
  if (stored != DType::kUint8) return stored;
  const int64_t bits = ctx.attributes().Int("bits", 4);
  return bits == 2 ? DType::kUint2 : bits == 4 ? DType::kUint4 : DType::kUint8;
}

Shape ElementShape(const InferContext& ctx, int input) {
  Shape shape = ctx.In(input).shape;
  if (!shape.rank_known() || shape.rank() == 0 || ctx.In(input).dtype != DType::kUint8) return shape;
  const int64_t bits = ctx.attributes().Int("bits", 4);
  int64_t& last = shape[shape.rank() - 1];
  if (last >= 0 && bits > 0) last *= 8 / bits;
  return shape;
}

Result<int> Axis(const InferContext& ctx, std::string_view name, int64_t otherwise, int rank) {
  const int64_t axis = ctx.attributes().Int(name, otherwise);
  if (axis >= -rank && axis < rank) return static_cast<int>(axis < 0 ? axis + rank : axis);
  return Error(Code::kInvalidModel, "GatherBlockQuantized: %.*s is out of range", static_cast<int>(name.size()), name.data())
      .Expected("-%d to %d", rank, rank - 1)
      .Actual("%lld", static_cast<long long>(axis));
}

Status Infer(InferContext& ctx) {
  const Shape data = ElementShape(ctx, kData);
  const Shape& indices = ctx.In(kIndices).shape;
  const DType dtype = ctx.In(kScales).dtype;
  WEBINFER_TRY(ExpectIndexType(ctx, kIndices));
  if (!data.rank_known() || !indices.rank_known()) return ctx.SetOutput(0, dtype, Shape::UnknownRank());
  WEBINFER_ASSIGN(const int axis, Axis(ctx, "gather_axis", 0, data.rank()));
  WEBINFER_ASSIGN(const Shape out, GatheredShape(data, axis, indices));
  return ctx.SetOutput(0, dtype, out);
}

struct GatherQuantized {
  int64_t outer, dim, inner;  // before, at and behind the axis that is gathered
  DType elements;
  float zero;  // where there are no zero points
  int rank, axis, quantized;
  int64_t block, dims[kMaxRank];
  int64_t scale_strides[kMaxRank], zero_strides[kMaxRank];
};

// Elements [place, place + count) of the table, all in one row of the last axis and, if that is quantised, in one block.
void Dequantize(const Step& step, const GatherQuantized& p, int64_t place, const int64_t* index, int64_t count, float* out) {
  float scales[kRun], zeros[kRun];
  int64_t scale_at = 0, zero_at = 0;
  for (int i = 0; i < p.rank; ++i) {
    const int64_t entry = i == p.quantized ? index[i] / p.block : index[i];
    scale_at += entry * p.scale_strides[i];
    zero_at += entry * p.zero_strides[i];
  }
  const bool alike = p.quantized == p.rank - 1 || p.scale_strides[p.rank - 1] == 0;
  const int64_t parameters = alike ? 1 : count;
  kernels::LoadFloats(step.in[kScales].dtype, step.in[kScales].data, scale_at, parameters, scales);
  if (step.HasInput(kZeros)) kernels::LoadFloats(p.elements, step.in[kZeros].data, zero_at, parameters, zeros);
  kernels::LoadFloats(p.elements, step.in[kData].data, place, count, out);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = alike ? 0 : i;
    out[i] = (out[i] - (step.HasInput(kZeros) ? zeros[at] : p.zero)) * scales[at];
  }
}

Status Run(const Step& step, RunContext&) {
  const auto& p = step.Params<GatherQuantized>();
  const Operand& indices = step.in[kIndices];
  const int64_t count = indices.elements(), last = p.dims[p.rank - 1];
  int64_t written = 0;
  float values[kRun];
  for (int64_t outer = 0; outer < p.outer; ++outer) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t given = IndexAt(indices.data, indices.dtype, i), entry = given < 0 ? given + p.dim : given;
      const bool inside = entry >= 0 && entry < p.dim;
      const int64_t from = (outer * p.dim + entry) * p.inner;
      for (int64_t done = 0; done < p.inner;) {
        int64_t run = std::min<int64_t>(p.inner - done, kRun);
        if (inside) {
          int64_t index[kMaxRank], rest = from + done;
          for (int axis = p.rank - 1; axis >= 0; --axis) {
            index[axis] = rest % p.dims[axis];
            rest /= p.dims[axis];
          }
          run = std::min(run, last - index[p.rank - 1]);
          if (p.quantized == p.rank - 1) run = std::min(run, p.block - index[p.rank - 1] % p.block);
          Dequantize(step, p, from + done, index, run, values);
        } else {
          std::fill(values, values + run, 0.0f);
        }
        kernels::StoreFloats(step.out[0].dtype, values, written, run, step.out[0].data);
        done += run;
        written += run;
      }
    }
  }
  return OkStatus();
}

// Strides of `shape` where it has the table's dimensions; 0 where it has one entry for all.
void SetStrides(const Shape& shape, int64_t* strides) {
  const Strides dense(shape);
  for (int i = 0; i < shape.rank(); ++i) strides[i] = shape[i] == 1 ? 0 : dense[i];
}

Status Bind(BindContext& ctx) {
  const Shape data = ElementShape(ctx, kData);
  const Shape& scales = ctx.In(kScales).shape;
  const DType stored = ctx.In(kData).dtype;
  const int64_t bits = ctx.attributes().Int("bits", 4);
  WEBINFER_ASSIGN(GatherQuantized * p, ctx.Params<GatherQuantized>());
  WEBINFER_ASSIGN(p->axis, Axis(ctx, "gather_axis", 0, data.rank()));
  WEBINFER_ASSIGN(p->quantized, Axis(ctx, "quantize_axis", 1, data.rank()));
  p->rank = data.rank();
  p->elements = ElementType(ctx, stored);
  p->block = ctx.attributes().Int("block_size", 128);
  if (p->block == 0) p->block = std::max<int64_t>(data[p->quantized], 1);
  p->zero = stored == DType::kUint8 ? static_cast<float>(1 << (bits - 1)) : 0.0f;
  p->outer = data.Elements(0, p->axis);
  p->dim = data[p->axis];
  p->inner = data.Elements(p->axis + 1, data.rank());

  bool fits = scales.rank() == p->rank && p->block > 0 && (stored != DType::kUint8 || bits == 2 || bits == 4 || bits == 8);
  const auto covers = [&](const Shape& shape) {
    bool all = shape.rank() == p->rank;
    for (int i = 0; all && i < p->rank; ++i) {
      p->dims[i] = data[i];
      all = shape[i] == 1 || shape[i] >= (i == p->quantized ? (data[i] + p->block - 1) / p->block : data[i]);
    }
    return all && (shape[p->quantized] > 1 || data[p->quantized] <= p->block);
  };
  fits = fits && covers(scales);
  if (fits && ctx.HasInput(kZeros)) fits = ctx.In(kZeros).dtype == stored && covers(ElementShape(ctx, kZeros));
  if (!fits) {
    return Error(Code::kShapeMismatch, "GatherBlockQuantized's scales and zero points do not cover the data in blocks of %lld",
                 static_cast<long long>(p->block))
        .Expected("scales for %s, quantised along axis %d", ShapeText(data).text, p->quantized)
        .Actual("%s", ShapeText(scales).text);
  }
  SetStrides(scales, p->scale_strides);
  if (ctx.HasInput(kZeros)) SetStrides(ElementShape(ctx, kZeros), p->zero_strides);
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_GatherBlockQuantized) {
  using namespace webinfer::ops;
  return {.name = "GatherBlockQuantized",
          .domain = "com.microsoft",
          .min_inputs = 3,
          .max_inputs = 4,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
