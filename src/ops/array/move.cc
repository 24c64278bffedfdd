#include "ops/array/move.h"

#include <algorithm>
#include <cstring>

namespace webinfer::ops {

namespace {

constexpr int64_t kParallelBytes = 256 << 10;  // below this a thread costs more than it saves

struct MoveParams {
  kernels::StridedCopy copy;
  int64_t src_offset;  // elements
  int32_t in, out;
};

Status MoveKernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<MoveParams>();
  const auto* src = step.in[params.in].As<uint8_t>();
  RunMove(params.copy, src + params.src_offset, step.out[params.out].data, run.pool());
  return OkStatus();
}

// Packed types: unpacked to bytes, moved, packed again.
Status MovePackedKernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<MoveParams>();
  const Operand& in = step.in[params.in];
  const Operand& out = step.out[params.out];
  uint8_t* unpacked = step.scratch;
  uint8_t* moved = unpacked + in.elements();
  UnpackBits(in.As<uint8_t>(), DTypeBits(in.dtype), in.elements(), unpacked);
  RunMove(params.copy, unpacked + params.src_offset, moved, run.pool());
  PackBits(moved, DTypeBits(out.dtype), out.elements(), out.As<uint8_t>());
  return OkStatus();
}

}  // namespace

Status BindMove(BindContext& ctx, int in, int out, kernels::StridedCopy copy, int64_t src_offset) {
  const int bits = DTypeBits(ctx.In(in).dtype);
  copy.element_bytes = bits < 8 ? 1 : bits / 8;
  kernels::Simplify(&copy);
  if (copy.IsContiguous() && (bits >= 8 || src_offset == 0)) {
    ctx.SetView(out, in, src_offset * (bits / 8));
    return OkStatus();
  }
  WEBINFER_ASSIGN(MoveParams * params, ctx.Params<MoveParams>());
  params->copy = copy;
  params->src_offset = src_offset * (bits < 8 ? 1 : bits / 8);
  params->in = in;
  params->out = out;
  ctx.SetKernel(bits < 8 ? MovePackedKernel : MoveKernel);
  if (bits < 8) {
    ctx.SetScratch(static_cast<uint64_t>(ctx.In(in).shape.Elements()) + static_cast<uint64_t>(ctx.Out(out).shape.Elements()));
  }
  return OkStatus();
}

void RunMove(const kernels::StridedCopy& copy, const void* src, void* dst, ThreadPool& pool) {
  if (pool.size() == 1 || copy.rank == 0 || copy.dims[0] < 2 || copy.Bytes() < kParallelBytes) {
    return kernels::RunStridedCopy(copy, src, dst);
  }
  const int tasks = static_cast<int>(std::min<int64_t>(copy.dims[0], pool.size()));
  pool.ParallelFor(tasks, [&](int task, int) {
    kernels::RunStridedCopyPart(copy, src, dst, copy.dims[0] * task / tasks, copy.dims[0] * (task + 1) / tasks);
  });
}

void UnpackBits(const uint8_t* packed, int bits, int64_t count, uint8_t* bytes) {
  const int per_byte = 8 / bits;
  const int mask = (1 << bits) - 1;
  for (int64_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>((packed[i / per_byte] >> (i % per_byte * bits)) & mask);
}

void PackBits(const uint8_t* bytes, int bits, int64_t count, uint8_t* packed) {
  const int per_byte = 8 / bits;
  std::memset(packed, 0, static_cast<size_t>((count + per_byte - 1) / per_byte));
  for (int64_t i = 0; i < count; ++i) packed[i / per_byte] |= static_cast<uint8_t>(bytes[i] << (i % per_byte * bits));
}

Status Blank::Make(DType dtype, RunContext& run) {
  bytes_ = DTypeBytes(dtype);
  if (dtype == DType::kString) {
    WEBINFER_ASSIGN(empty_, run.strings().Add(""));
  }
  return OkStatus();
}

void Blank::Fill(void* to, int64_t count) const {
  if (empty_ != nullptr) {
    std::fill_n(static_cast<const StringData**>(to), count, empty_);
  } else if (count > 0) {
    std::memset(to, 0, static_cast<size_t>(count) * bytes_);
  }
}

Status ExpectWholeBytes(const InferContext& ctx, int in) {
  if (DTypeBits(ctx.In(in).dtype) >= 8) return OkStatus();
  return Error(Code::kUnsupported, "The operator cannot work on this element type")
      .Expected("elements of whole bytes")
      .Actual("%s", DTypeName(ctx.In(in).dtype));
}

Result<int> AxisAttribute(const InferContext& ctx, int in, int64_t otherwise) {
  return NormalizeAxis(ctx.attributes().Int("axis", otherwise), ctx.In(in).shape.rank());
}

Status IndexError(int64_t index, int64_t size, int axis) {
  return Error(Code::kOutOfRange, "An index is out of range")
      .Expected("an index in [%lld, %lld) for axis %d", static_cast<long long>(-size), static_cast<long long>(size), axis)
      .Actual("%lld", static_cast<long long>(index));
}

Status ExpectIndexType(const InferContext& ctx, int in) {
  const DType dtype = ctx.In(in).dtype;
  if (dtype == DType::kInt32 || dtype == DType::kInt64 || dtype == DType::kUndefined) return OkStatus();
  return Error(Code::kTypeMismatch, "Indices have the wrong type").Expected("int32 or int64").Actual("%s", DTypeName(dtype));
}

Status LowerPacked(LowerContext& ctx, bool* done) {
  const DType dtype = ctx.In(0).dtype;
  *done = dtype != DType::kUndefined && DTypeBits(dtype) < 8;
  if (!*done) return OkStatus();
  const auto cast = [&](ValueId value, DType to) {
    const ValueId result = ctx.Add("Cast", {value});
    ctx.Last().attributes.SetInt("to", static_cast<int64_t>(to));
    return result;
  };
  const DType wider = dtype == DType::kFloat4E2M1 ? DType::kFloat16 : IsSigned(dtype) ? DType::kInt8 : DType::kUint8;
  std::vector<ValueId> inputs;
  for (int i = 0; i < ctx.input_count(); ++i) {
    const bool packed = ctx.HasInput(i) && ctx.In(i).dtype == dtype;
    inputs.push_back(packed ? cast(ctx.Input(i), wider) : ctx.Input(i));
  }
  const ValueId moved = ctx.Add(ctx.node().op, std::move(inputs));
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, cast(moved, dtype));
  return OkStatus();
}

}  // namespace webinfer::ops
