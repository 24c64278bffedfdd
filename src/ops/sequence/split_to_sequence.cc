// SplitToSequence: parts of a tensor along `axis` as a sequence: of the sizes in `split`, of one size, or single entries.
#include "kernels/strided_copy.h"
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ExpectPositionType(ctx, 1));
  if (ctx.In(0).shape.rank_known()) {
    WEBINFER_ASSIGN([[maybe_unused]] const int axis, NormalizeAxis(ctx.attributes().Int("axis", 0), ctx.In(0).shape.rank()));
  }
  SetSequence(ctx, 0, ctx.In(0).dtype);
  return OkStatus();
}

// The size of part `i` of a dimension of `dim`, `done` of which is used; fails where the sizes do not fit.
Status PartSize(const Step& step, int64_t dim, int64_t done, int64_t i, int64_t* size) {
  *size = 1;
  if (!step.HasInput(1)) return OkStatus();
  const Operand& split = step.in[1];
  const bool scalar = split.shape.rank() == 0;
  if (scalar || i < split.elements()) {
    const int64_t at = scalar ? 0 : i;
    *size = split.dtype == DType::kInt32 ? split.As<int32_t>()[at] : split.As<int64_t>()[at];
    if (scalar && *size > dim - done) *size = dim - done;
    if (*size <= dim - done && (scalar ? *size > 0 : *size >= 0)) return OkStatus();
  }
  return Error(Code::kShapeMismatch, "The split sizes do not add up to the dimension")
      .Expected("a sum of %lld", static_cast<long long>(dim))
      .Actual("%lld for part %lld", static_cast<long long>(*size), static_cast<long long>(i));
}

Status Kernel(const Step& step, RunContext&) {
  const Operand& in = step.in[0];
  WEBINFER_ASSIGN(const int axis, NormalizeAxis(step.node->attributes.Int("axis", 0), in.shape.rank()));
  const bool drop_axis = !step.HasInput(1) && step.node->attributes.Int("keepdims", 1) == 0;
  const bool by_list = step.HasInput(1) && step.in[1].shape.rank() > 0;
  const int64_t outer = in.shape.Elements(0, axis), dim = in.shape[axis], inner = in.shape.Elements(axis + 1, in.shape.rank());
  const auto bytes = static_cast<int64_t>(DTypeBytes(in.dtype));
  RuntimeValue& sequence = StartSequence(step.out[0], in.dtype, 0);
  int64_t done = 0;
  for (int64_t i = 0; by_list ? i < step.in[1].elements() : done < dim; ++i) {
    int64_t size;
    WEBINFER_TRY(PartSize(step, dim, done, i, &size));
    constexpr size_t kMostParts = 1 << 20;  // the list itself is not fallible memory
    if (sequence.elements.size() == kMostParts)
      return Error(Code::kUnsupported, "A sequence has too many elements").Expected("%zu", kMostParts);
    sequence.elements.emplace_back();
    RuntimeValue& part = sequence.elements.back();
    Shape shape = in.shape;
    shape[axis] = size;
    if (drop_axis) shape.Erase(axis);
    WEBINFER_TRY(part.Resize(in.dtype, shape));
    kernels::StridedCopy copy;
    copy.element_bytes = static_cast<int32_t>(bytes);
    copy.Append(outer, dim * inner, size * inner);
    copy.Append(size * inner, 1, 1);
    kernels::Simplify(&copy);
    kernels::RunStridedCopy(copy, in.As<uint8_t>() + done * inner * bytes, part.tensor.buffer.data());
    done += size;
  }
  if (done == dim) return OkStatus();
  return Error(Code::kShapeMismatch, "The split sizes do not add up to the dimension")
      .Expected("a sum of %lld", static_cast<long long>(dim))
      .Actual("%lld", static_cast<long long>(done));
}

Status Bind(BindContext& ctx) {
  if (DTypeBits(ctx.In(0).dtype) < 8)
    return Error(Code::kUnsupported, "Packed elements cannot be split").Actual("%s", DTypeName(ctx.In(0).dtype));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(SplitToSequence) {
  return {.name = "SplitToSequence",
          .since = 24,
          .min_inputs = 1,
          .max_inputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
