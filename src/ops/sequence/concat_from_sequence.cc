// ConcatFromSequence: the tensors of a sequence, one behind the other along `axis`, or stacked along a new one.
#include "kernels/strided_copy.h"
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ExpectSequence(ctx, 0));
  return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
}

// The element's shape with the new axis, if there is one.
Result<Shape> PartShape(const RuntimeValue& element, bool new_axis, int64_t axis) {
  WEBINFER_TRY(ExpectTensorElement(element));
  Shape shape = element.tensor.shape;
  if (!new_axis) return shape;
  if (shape.rank() == kMaxRank)
    return Error(Code::kUnsupported, "A tensor has too many dimensions").Expected("rank <= %d", kMaxRank);
  WEBINFER_ASSIGN(const int at, NormalizeAxis(axis, shape.rank() + 1));
  shape.Insert(at, 1);
  return shape;
}

Status Kernel(const Step& step, RunContext& run) {
  const std::vector<RuntimeValue>& in = step.in[0].value->elements;
  if (in.empty()) return Error(Code::kInvalidArgument, "An empty sequence cannot be concatenated");
  const bool new_axis = step.node->attributes.Int("new_axis", 0) != 0;
  const int64_t given_axis = step.node->attributes.Int("axis", 0);
  WEBINFER_ASSIGN(Shape shape, PartShape(in[0], new_axis, given_axis));
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(given_axis, shape.rank()));
  const DType dtype = in[0].tensor.dtype;
  if (DTypeBits(dtype) < 8)
    return Error(Code::kUnsupported, "Packed elements cannot be concatenated").Actual("%s", DTypeName(dtype));
  int64_t total = 0;
  for (const RuntimeValue& element : in) {
    WEBINFER_ASSIGN(Shape part, PartShape(element, new_axis, given_axis));
    const Shape whole = part;
    if (part.rank() == shape.rank()) {
      total += part[axis];
      part[axis] = shape[axis];
    }
    if (!(part == shape) || element.tensor.dtype != dtype) {
      return Error(Code::kShapeMismatch, "The tensors of a sequence do not fit together")
          .Expected("%s%s except for axis %d", DTypeName(dtype), ShapeText(shape).text, axis)
          .Actual("%s%s", DTypeName(element.tensor.dtype), ShapeText(whole).text);
    }
  }
  const int64_t outer = shape.Elements(0, axis), inner = shape.Elements(axis + 1, shape.rank());
  shape[axis] = total;
  WEBINFER_TRY(run.Resize(step.out[0], dtype, shape));
  auto* dst = step.out[0].As<uint8_t>();
  for (const RuntimeValue& element : in) {
    const int64_t row = outer == 0 ? 0 : element.tensor.shape.Elements() / outer;
    kernels::StridedCopy copy;
    copy.element_bytes = static_cast<int32_t>(DTypeBytes(dtype));
    copy.Append(outer, row, total * inner);
    copy.Append(row, 1, 1);
    kernels::Simplify(&copy);
    const int64_t bytes = row * static_cast<int64_t>(DTypeBytes(dtype));
    kernels::RunStridedCopy(copy, element.tensor.buffer.data(), dst);
    dst += bytes;
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ConcatFromSequence) {
  return {.name = "ConcatFromSequence", .since = 11, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
