// What the operators on sequences and optionals share.
#pragma once

#include "ops/evaluate.h"
#include "ops/op.h"

namespace webinfer::ops {

inline void SetSequence(InferContext& ctx, int i, DType dtype) {
  if (!ctx.HasOutput(i)) return;
  ctx.Out(i).kind = ValueKind::kSequence;
  ctx.Out(i).dtype = dtype;
  ctx.Out(i).shape = Shape::UnknownRank();
}

// Infer: input `i` must be a sequence.
inline Status ExpectSequence(const InferContext& ctx, int i) {
  if (ctx.In(i).kind == ValueKind::kSequence) return OkStatus();
  return Error(Code::kTypeMismatch, "Input %d is not a sequence", i)
      .Expected("a sequence")
      .Actual("a %s", ValueKindName(ctx.In(i).kind));
}

// Run: makes `out` a sequence of `count` values to be filled in.
inline RuntimeValue& StartSequence(Operand& out, DType dtype, size_t count) {
  RuntimeValue& value = *out.value;
  value.kind = out.kind = ValueKind::kSequence;
  value.present = true;
  value.tensor.dtype = out.dtype = dtype;
  value.elements.resize(count);
  return value;
}

// Infer: input `i` must be a tensor.
inline Status ExpectTensor(const InferContext& ctx, int i) {
  if (ctx.In(i).kind == ValueKind::kTensor) return OkStatus();
  return Error(Code::kTypeMismatch, "Input %d is a %s", i, ValueKindName(ctx.In(i).kind)).Expected("a tensor");
}

inline Status ExpectTensorElement(const RuntimeValue& element) {
  if (element.kind == ValueKind::kTensor) return OkStatus();
  return Error(Code::kTypeMismatch, "The sequence holds a %s", ValueKindName(element.kind)).Expected("a tensor");
}

// A position given by input `i`, from -`size` to `last`; `otherwise` if it is left out.
inline Status PositionOf(const Step& step, int i, int64_t size, int64_t last, int64_t otherwise, int64_t* position) {
  *position = otherwise;
  if (!step.HasInput(i) || step.in[i].elements() == 0) return OkStatus();
  const int64_t given = step.in[i].dtype == DType::kInt32 ? *step.in[i].As<int32_t>() : *step.in[i].As<int64_t>();
  *position = given < 0 ? given + size : given;
  if (*position >= 0 && *position <= last) return OkStatus();
  return Error(Code::kOutOfRange, "A position is outside of the sequence")
      .Expected("a position in [%lld, %lld]", static_cast<long long>(-size), static_cast<long long>(last))
      .Actual("%lld", static_cast<long long>(given));
}

inline Status ExpectPositionType(const InferContext& ctx, int i) {
  if (!ctx.HasInput(i)) return OkStatus();
  WEBINFER_TRY(ExpectTensor(ctx, i));
  const DType dtype = ctx.In(i).dtype;
  if (dtype == DType::kInt32 || dtype == DType::kInt64 || dtype == DType::kUndefined) return OkStatus();
  return Error(Code::kTypeMismatch, "A position has the wrong type").Expected("int32 or int64").Actual("%s", DTypeName(dtype));
}

}  // namespace webinfer::ops
