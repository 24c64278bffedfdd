// Col2Im: adds the columns of sliding blocks back into an image of any number of axes.
#include <algorithm>
#include <complex>
#include <cstring>

#include "base/visit_dtype.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

struct ColParams {
  int32_t axes;
  int64_t batch, channels;
  int64_t image[kMaxRank], block[kMaxRank], steps[kMaxRank];  // steps: positions of the block
  int64_t dilations[kMaxRank], strides[kMaxRank], pads[kMaxRank];
};

int64_t Listed(const Attributes& attributes, std::string_view name, int i, int64_t otherwise) {
  const std::span<const int64_t> list = attributes.Ints(name);
  return static_cast<size_t>(i) < list.size() ? list[static_cast<size_t>(i)] : otherwise;
}

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 3));
  const Shape& in = ctx.In(0).shape;
  IntList image, block;
  const bool have_image = ctx.KnownInts(1, &image), have_block = ctx.KnownInts(2, &block);
  if (!have_image) ctx.NeedValue(1);
  if (!have_block) ctx.NeedValue(2);
  const Shape& count = ctx.In(1).shape;
  const int64_t axes = have_image ? image.size : count.rank() == 1 ? count[0] : kUnknownDim;
  if (axes < 0) return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  if (axes < 1 || axes > kMaxRank - 2 || (have_image && have_block && image.size != block.size)) {
    return Error(Code::kInvalidModel, "Col2Im's image_shape and block_shape do not fit together")
        .Expected("1..%d equal numbers of sizes", kMaxRank - 2)
        .Actual("%lld and %d", static_cast<long long>(axes), block.size);
  }
  Shape out = Shape::Unknown(static_cast<int>(axes) + 2);
  if (in.rank_known()) out[0] = in[0];
  int64_t block_size = 1;
  for (int i = 0; i < block.size; ++i) {
    if (block[i] < 1 || block[i] > INT32_MAX / block_size)
      return Error(Code::kInvalidModel, "A block size is not positive or absurd")
          .Actual("%lld", static_cast<long long>(block[i]));
    block_size *= block[i];
  }
  if (have_block && in.rank_known() && in[1] >= 0) {
    if (in[1] % block_size != 0) {
      return Error(Code::kShapeMismatch, "The channels are no multiple of the block")
          .Expected("a multiple of %lld", static_cast<long long>(block_size))
          .Actual("%s", ShapeText(in).text);
    }
    out[1] = in[1] / block_size;
  }
  for (int i = 0; i < image.size; ++i) {
    if (image[i] < 0)
      return Error(Code::kInvalidModel, "An image size is negative").Actual("%lld", static_cast<long long>(image[i]));
    out[2 + i] = image[i];
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

// Where, along all axes but the last, element `offset` of the block at position `step` goes: the start of an image's row.
// False when that is in the padding.
bool RowOf(const ColParams& params, int64_t offset, int64_t step, int64_t* place) {
  int64_t stride = params.image[params.axes - 1];
  *place = 0;
  for (int i = params.axes - 2; i >= 0; --i) {
    const int64_t at =
        step % params.steps[i] * params.strides[i] - params.pads[i] + offset % params.block[i] * params.dilations[i];
    if (at < 0 || at >= params.image[i]) return false;
    *place += at * stride;
    stride *= params.image[i];
    step /= params.steps[i];
    offset /= params.block[i];
  }
  return true;
}

// The positions of the last axis at which element `at` of the block (its displacement from position 0) lies in the image.
struct Range {
  int64_t first, last;
};
Range Inside(const ColParams& params, int64_t at) {
  const int axis = params.axes - 1;
  const int64_t stride = params.strides[axis], size = params.image[axis];
  const int64_t first = at >= 0 ? 0 : (-at + stride - 1) / stride;
  const int64_t last = at >= size ? 0 : std::min(params.steps[axis], (size - 1 - at) / stride + 1);
  return {first, std::max(first, last)};
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<ColParams>();
  const Operand& out = step.out[0];
  const int last_axis = params.axes - 1;
  int64_t block = 1, rows = 1, image = 1;
  for (int i = 0; i < params.axes; ++i) {
    block *= params.block[i];
    image *= params.image[i];
    if (i < last_axis) rows *= params.steps[i];
  }
  const int64_t run = params.steps[last_axis], stride = params.strides[last_axis];
  std::memset(out.data, 0, out.bytes());
  const bool truth = out.dtype == DType::kBool;
  const auto add = [&]<typename T>(T) {
    const T* from = step.in[0].As<T>();
    for (int64_t plane = 0; plane < params.batch * params.channels; ++plane) {
      T* to = out.As<T>() + plane * image;
      for (int64_t offset = 0; offset < block; ++offset) {
        const int64_t at = offset % params.block[last_axis] * params.dilations[last_axis] - params.pads[last_axis];
        const Range inside = Inside(params, at);
        for (int64_t row = 0; row < rows; ++row, from += run) {
          int64_t start;
          if (!RowOf(params, offset / params.block[last_axis], row, &start)) continue;
          for (int64_t i = inside.first; i < inside.last; ++i) {
            T& sum = to[start + at + i * stride];
            sum = static_cast<T>(sum + from[i]);
            if (truth && sum != T(0)) sum = T(1);
          }
        }
      }
    }
    return OkStatus();
  };
  if (out.dtype == DType::kComplex64) return add(std::complex<float>());
  if (out.dtype == DType::kComplex128) return add(std::complex<double>());
  return VisitNumeric(out.dtype, add);
}

Status Bind(BindContext& ctx) {
  const Shape &in = ctx.In(0).shape, &out = ctx.Out(0).shape;
  IntList block;
  ctx.KnownInts(2, &block);
  WEBINFER_ASSIGN(ColParams * params, ctx.Params<ColParams>());
  params->axes = out.rank() - 2;
  params->batch = out[0];
  params->channels = out[1];
  int64_t steps = 1;
  for (int i = 0; i < params->axes; ++i) {
    params->image[i] = out[2 + i];
    params->block[i] = block[i];
    params->dilations[i] = Listed(ctx.attributes(), "dilations", i, 1);
    params->strides[i] = Listed(ctx.attributes(), "strides", i, 1);
    params->pads[i] = Listed(ctx.attributes(), "pads", i, 0);
    const int64_t room = out[2 + i] + params->pads[i] + Listed(ctx.attributes(), "pads", params->axes + i, 0);
    const int64_t reach = params->dilations[i] * (block[i] - 1) + 1;
    params->steps[i] =
        params->strides[i] > 0 && params->dilations[i] > 0 && room >= reach ? (room - reach) / params->strides[i] + 1 : 0;
    steps *= params->steps[i];
  }
  if (steps != in[2]) {
    return Error(Code::kShapeMismatch, "The columns do not fit the image")
        .Expected("%lld columns", static_cast<long long>(steps))
        .Actual("%s", ShapeText(in).text);
  }
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Col2Im) {
  return {.name = "Col2Im",
          .since = 18,
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
