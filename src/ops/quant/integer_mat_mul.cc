#include <climits>

#include "ops/nn/matrix_shape.h"
#include "ops/nn/prepared.h"
#include "ops/quant/integer.h"

namespace webinfer::ops {
namespace {

struct IntegerMatMul {
  int m, n, k;
  bool trans_b, prepared;
  MatrixBatches batches;
  int64_t packed_bytes;  // of one matrix
  uint64_t scales_bytes;
  IntegerOperands operands;
};

bool TransB(const InferContext& ctx) { return ctx.attributes().Int("transB", 0) != 0 && ctx.In(kW).shape.rank() > 1; }

void Pack(const void* b, bool is_signed, bool trans_b, int k, int n, void* packed) {
  const auto k_stride = static_cast<size_t>(trans_b ? 1 : n), n_stride = static_cast<size_t>(trans_b ? k : 1);
  kernels::PackInt8({b, is_signed, 1, k_stride, 0, n_stride}, k, n, kernels::ProbeInt8Dot(), packed);
}

Status Run(const Step& step, RunContext& run) {
  const auto& p = step.Params<IntegerMatMul>();
  uint8_t* scratch = step.scratch;
  kernels::Int8Gemm gemm;
  gemm.output = IntegerOutputOf(step, p.operands, p.n, reinterpret_cast<float*>(scratch));
  scratch += p.scales_bytes;
  uint8_t* const packed = scratch;
  if (!p.prepared) scratch += p.packed_bytes;
  gemm.a_signed = p.operands.x_signed;
  gemm.a_stride = static_cast<size_t>(p.k);
  gemm.a_zero = IntegerZeroOf(step, kXZero);
  gemm.b_signed = p.operands.w_signed;
  gemm.b_zero = step.HasInput(kWZero) ? step.in[kWZero].data : nullptr;
  gemm.b_zero_per_column = p.operands.w_zero_per_column;
  gemm.c_stride = static_cast<size_t>(p.n);
  gemm.m = p.m;
  gemm.n = p.n;
  gemm.k = p.k;
  const int64_t c_bytes = int64_t{p.m} * p.n * (p.operands.output.kind == kernels::Int8Output::Kind::kByte ? 1 : 4);
  for (int batch = 0; batch < p.batches.count; ++batch) {
    int64_t a_offset, b_offset;
    p.batches.Locate(batch, &a_offset, &b_offset);
    const void* matrix = packed;
    if (p.prepared) {
      matrix = PreparedBytes(*step.node, 0) + b_offset;
    } else {
      Pack(step.in[kW].As<uint8_t>() + b_offset, p.operands.w_signed, p.trans_b, p.k, p.n, packed);
    }
    gemm.a = step.in[kX].As<uint8_t>() + a_offset;
    gemm.b = kernels::Int8WeightsAt(matrix, p.k, p.n, kernels::ProbeInt8Dot());
    gemm.c = step.out[0].As<uint8_t>() + batch * c_bytes;
    kernels::RunInt8Gemm(gemm, scratch, run.pool());
  }
  return OkStatus();
}

}  // namespace

Status InferIntegerMatMul(InferContext& ctx) {
  const Shape &a = ctx.In(kX).shape, &b = ctx.In(kW).shape;
  WEBINFER_ASSIGN(const Shape out, ProductShape(a, false, b, b.rank_known() && TransB(ctx)));
  return ctx.SetOutput(0, IntegerOutputType(ctx), out);
}

Status BindIntegerMatMul(BindContext& ctx) {
  WEBINFER_ASSIGN(IntegerMatMul * p, ctx.Params<IntegerMatMul>());
  p->trans_b = TransB(ctx);
  const MatrixShape a = AsMatrix(ctx.In(kX).shape, false, true), b = AsMatrix(ctx.In(kW).shape, p->trans_b, false);
  WEBINFER_ASSIGN(const Shape batch, Broadcast(a.batch, b.batch));
  const bool fold = b.batch.Elements() == 1;  // the batch is more rows
  const int64_t rows = fold ? a.rows * batch.Elements() : a.rows;
  if (rows > INT_MAX || b.columns > INT_MAX || a.columns > INT_MAX || batch.Elements() > INT_MAX) {
    return Error(Code::kUnsupported, "A matrix product of this size").Actual("%s", ShapeText(ctx.In(kX).shape).text);
  }
  p->m = static_cast<int>(rows);
  p->n = static_cast<int>(b.columns);
  p->k = static_cast<int>(a.columns);
  WEBINFER_TRY(ReadIntegerOperands(ctx, b.columns, &p->operands));
  p->prepared = PreparedBytes(ctx.node(), 0) != nullptr;
  p->packed_bytes = static_cast<int64_t>((kernels::PackedInt8Bytes(p->k, p->n) + 63) / 64 * 64);
  if (!fold) p->batches.Set(a.batch, b.batch, batch, int64_t{p->m} * p->k, p->prepared ? p->packed_bytes : int64_t{p->k} * p->n);
  p->scales_bytes = (static_cast<uint64_t>(p->n) * sizeof(float) + 63) / 64 * 64;
  ctx.SetScratch(p->scales_bytes + (p->prepared ? 0 : static_cast<uint64_t>(p->packed_bytes)) +
                 kernels::Int8GemmScratch(p->m, p->n, p->k, ctx.threads()));
  ctx.SetKernel(Run);
  return OkStatus();
}

Status PrepareIntegerMatMul(PrepareContext& ctx) {
  const Tensor* constant = ctx.Constant(kW);
  if (constant == nullptr) return OkStatus();
  const MatrixShape b = AsMatrix(constant->shape, TransB(ctx), false);
  if (b.rows > INT_MAX || b.columns > INT_MAX) return OkStatus();
  const int k = static_cast<int>(b.rows), n = static_cast<int>(b.columns);
  const uint64_t bytes = (kernels::PackedInt8Bytes(k, n) + 63) / 64 * 64;
  const int64_t batches = b.batch.Elements();
  WEBINFER_ASSIGN(uint8_t * packed, KeepBytes(ctx, 0, bytes * static_cast<uint64_t>(batches)));
  const uint8_t* from = constant->As<uint8_t>();
  for (int64_t i = 0; i < batches; ++i, from += b.rows * b.columns, packed += bytes) {
    Pack(from, constant->dtype == DType::kInt8, TransB(ctx), k, n, packed);
  }
  ctx.Drop(kW);
  return OkStatus();
}

}  // namespace webinfer::ops
