// Pad: adds elements before and after each axis (or removes them, where pads are negative): a constant, a reflection, the
// edge, or the other end (wrap). Every mode is one table per axis that names the source of each output position.
#include <cstring>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

enum class Mode { kConstant, kReflect, kEdge, kWrap };

struct PadParams {
  int64_t* sources[kMaxRank];  // per axis up to `last`: input index of each output position, -1: the constant
  int64_t in_strides[kMaxRank];
  int64_t out_dims[kMaxRank];
  int64_t block;                  // elements behind axis `last`, which no padding touches
  int64_t copy_first, copy_last;  // output positions on axis `last` that are consecutive in the input
  int32_t last;                   // the last axis that is padded
};

struct Pads {
  int64_t before[kMaxRank] = {}, after[kMaxRank] = {};
};

Status ModeOf(const InferContext& ctx, Mode* mode) {
  const std::string_view name = ctx.attributes().String("mode", "constant");
  if (name == "constant") {
    *mode = Mode::kConstant;
  } else if (name == "reflect") {
    *mode = Mode::kReflect;
  } else if (name == "edge") {
    *mode = Mode::kEdge;
  } else if (name == "wrap") {
    *mode = Mode::kWrap;
  } else {
    return Error(Code::kInvalidModel, "Pad has an unknown mode")
        .Expected("constant, reflect, edge or wrap")
        .Actual("%.*s", static_cast<int>(name.size()), name.data());
  }
  return OkStatus();
}

// False if pads or axes are not known yet.
Result<bool> ReadPads(InferContext& ctx, Pads* pads) {
  const int rank = ctx.In(0).shape.rank();
  IntList values, axes;
  const bool have_pads = ctx.KnownInts(1, &values), have_axes = !ctx.HasInput(3) || ctx.KnownInts(3, &axes);
  if (!have_pads) ctx.NeedValue(1);
  if (!have_axes) ctx.NeedValue(3);
  if (!have_pads || !have_axes) return false;
  const int count = ctx.HasInput(3) ? axes.size : rank;
  if (values.size != 2 * count) {
    return Error(Code::kInvalidModel, "Pad needs two pads for each axis")
        .Expected("%d pads", 2 * count)
        .Actual("%d", values.size);
  }
  for (int i = 0; i < count; ++i) {
    WEBINFER_ASSIGN(const int axis, NormalizeAxis(ctx.HasInput(3) ? axes[i] : i, rank));
    pads->before[axis] = values[i];
    pads->after[axis] = values[count + i];
    constexpr int64_t kMost = int64_t{1} << 31;
    if (values[i] > kMost || values[i] < -kMost || values[count + i] > kMost || values[count + i] < -kMost) {
      return Error(Code::kInvalidArgument, "A pad is absurdly large")
          .Actual("%lld, %lld", static_cast<long long>(values[i]), static_cast<long long>(values[count + i]));
    }
  }
  return true;
}

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  if (!in.rank_known()) {
    IntList ignored;
    for (int i : {1, 3}) {
      if (ctx.HasInput(i) && !ctx.KnownInts(i, &ignored)) ctx.NeedValue(i);
    }
    return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  }
  Pads pads;
  WEBINFER_ASSIGN(const bool known, ReadPads(ctx, &pads));
  if (!known) return ctx.SetOutput(0, ctx.In(0).dtype, Shape::Unknown(in.rank()));
  Mode mode;
  WEBINFER_TRY(ModeOf(ctx, &mode));
  Shape out = in;
  for (int i = 0; i < in.rank(); ++i) {
    const int64_t added = pads.before[i] + pads.after[i];
    if (in[i] < 0) {
      out[i] = added == 0 ? in[i] : kUnknownDim;
      continue;
    }
    out[i] = in[i] + added;
    if (out[i] < 0 || (in[i] == 0 && out[i] > 0 && mode != Mode::kConstant)) {
      return Error(Code::kShapeMismatch, "An axis cannot be padded like this")
          .Expected("pads for axis %d of %s", i, ShapeText(in).text)
          .Actual("%lld before, %lld after", static_cast<long long>(pads.before[i]), static_cast<long long>(pads.after[i]));
    }
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

int64_t SourceOf(int64_t position, int64_t dim, Mode mode) {
  if (position >= 0 && position < dim) return position;
  switch (mode) {
    case Mode::kConstant: return -1;
    case Mode::kEdge: return position < 0 ? 0 : dim - 1;
    case Mode::kWrap: return ((position % dim) + dim) % dim;
    case Mode::kReflect: {
      if (dim == 1) return 0;
      const int64_t period = 2 * (dim - 1);
      const int64_t folded = ((position % period) + period) % period;
      return folded < dim ? folded : period - folded;
    }
  }
  return -1;
}

// One row along axis `last`; `src` is nullptr where all of it is the constant.
void PadRow(const PadParams& params, const uint8_t* src, uint8_t* dst, const void* constant, int element_bytes) {
  const int64_t count = params.out_dims[params.last], block_bytes = params.block * element_bytes;
  if (src == nullptr) return kernels::FillElements(dst, constant, element_bytes, count * params.block);
  const int64_t* sources = params.sources[params.last];
  for (int64_t i = 0; i < count; ++i) {
    if (i == params.copy_first && params.copy_last > i) {
      std::memcpy(dst + i * block_bytes, src + sources[i] * block_bytes,
                  static_cast<size_t>((params.copy_last - i) * block_bytes));
      i = params.copy_last - 1;
    } else if (sources[i] < 0) {
      kernels::FillElements(dst + i * block_bytes, constant, element_bytes, params.block);
    } else {
      std::memcpy(dst + i * block_bytes, src + sources[i] * block_bytes, static_cast<size_t>(block_bytes));
    }
  }
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<PadParams>();
  const int element_bytes = static_cast<int>(DTypeBytes(step.out[0].dtype));
  constexpr uint64_t kZero[2] = {};
  const StringData* empty = nullptr;
  const void* constant = kZero;
  static const StringData kEmptyString = {0};
  if (step.out[0].dtype == DType::kString) {
    empty = &kEmptyString;
    constant = &empty;
  }
  if (step.HasInput(2) && step.in[2].elements() > 0) constant = step.in[2].data;
  auto* dst = step.out[0].As<uint8_t>();
  if (step.out[0].elements() == 0) return OkStatus();
  const auto* src = step.in[0].As<uint8_t>();
  const int64_t row_bytes = params.out_dims[params.last] * params.block * element_bytes;
  int64_t index[kMaxRank] = {};
  while (true) {
    int64_t offset = 0;
    bool inside = true;
    for (int i = 0; i < params.last; ++i) {
      const int64_t source = params.sources[i][index[i]];
      inside = inside && source >= 0;
      offset += source * params.in_strides[i];
    }
    PadRow(params, inside ? src + offset * element_bytes : nullptr, dst, constant, element_bytes);
    dst += row_bytes;
    int i = params.last - 1;
    for (; i >= 0 && ++index[i] == params.out_dims[i]; --i) index[i] = 0;
    if (i < 0) return OkStatus();
  }
}

Status Bind(BindContext& ctx) {
  WEBINFER_TRY(ExpectWholeBytes(ctx, 0));
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  Pads pads;
  WEBINFER_ASSIGN([[maybe_unused]] const bool known, ReadPads(ctx, &pads));
  Mode mode;
  WEBINFER_TRY(ModeOf(ctx, &mode));
  int last = -1;
  for (int i = 0; i < in.rank(); ++i) {
    if (pads.before[i] != 0 || pads.after[i] != 0) last = i;
  }
  if (last < 0) {
    ctx.SetView(0, 0);
    return OkStatus();
  }
  WEBINFER_ASSIGN(PadParams * params, ctx.Params<PadParams>());
  const Strides strides(in);
  params->last = last;
  params->block = out.Elements(last + 1, out.rank());
  ctx.SetKernel(Kernel);
  if (out.Elements() == 0) return OkStatus();
  for (int i = 0; i <= last; ++i) {
    params->out_dims[i] = out[i];
    params->in_strides[i] = strides[i];
    WEBINFER_ASSIGN(void* memory, ctx.Allocate(static_cast<size_t>(out[i]) * sizeof(int64_t)));
    params->sources[i] = static_cast<int64_t*>(memory);
    for (int64_t k = 0; k < out[i]; ++k) params->sources[i][k] = SourceOf(k - pads.before[i], in[i], mode);
  }
  params->copy_first = pads.before[last] > 0 ? pads.before[last] : 0;
  params->copy_last = pads.before[last] + in[last] < out[last] ? pads.before[last] + in[last] : out[last];
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Pad) {
  return {.name = "Pad",
          .since = 25,
          .min_inputs = 2,
          .max_inputs = 4,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .lower = webinfer::ops::LowerPacked};
}
