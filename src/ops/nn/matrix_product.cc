#include "ops/nn/matrix_product.h"

#include <algorithm>
#include <climits>
#include <type_traits>

#include "kernels/gemm.h"
#include "kernels/strided_copy.h"
#include "ops/nn/fused.h"
#include "ops/nn/matrix_shape.h"
#include "ops/nn/prepared.h"

namespace webinfer::ops {
namespace {

using kernels::Gemm;

constexpr int kFewRows = 8;  // up to here B is read in place: packing it would cost as much as the product

enum class RightSide : uint8_t { kPrepared, kInPlace, kPack };

struct MatrixProduct {
  int m, n, k;
  bool trans_a, trans_b;
  RightSide right;
  float alpha;
  kernels::Epilogue epilogue;
  bool bias, residual;
  MatrixBatches batches;
  int64_t b_prepared_step;  // floats between packed matrices
  uint64_t scratch_floats;  // of one thread: A transposed, then B packed
};

bool Flag(const Attributes& attributes, std::string_view name) { return attributes.Int(name, 0) != 0; }

// The product of one batch, its operands made ready in `scratch`.
Gemm MakeGemm(const Step& step, const MatrixProduct& p, int64_t batch, float* scratch) {
  int64_t a_offset, b_offset;
  p.batches.Locate(batch, &a_offset, &b_offset);
  const auto m = static_cast<size_t>(p.m), n = static_cast<size_t>(p.n), k = static_cast<size_t>(p.k);
  const size_t c_offset = static_cast<size_t>(batch) * m * n;
  Gemm gemm;
  gemm.a = step.in[0].As<float>() + a_offset;
  gemm.a_stride = k;
  gemm.c = step.out[0].As<float>() + c_offset;
  gemm.c_stride = n;
  gemm.m = p.m;
  gemm.n = p.n;
  gemm.k = p.k;
  gemm.epilogue = p.epilogue;
  if (p.bias) gemm.epilogue.bias = step.in[2].As<float>();
  if (p.residual) {
    gemm.epilogue.residual = step.in[3].As<float>() + c_offset;
    gemm.epilogue.residual_stride = p.n;
  }
  if (p.trans_a) {
    kernels::StridedCopy copy;
    copy.element_bytes = sizeof(float);
    copy.Append(p.m, 1, p.k);
    copy.Append(p.k, p.m, 1);
    kernels::Simplify(&copy);
    kernels::RunStridedCopy(copy, gemm.a, scratch);
    gemm.a = scratch;
    scratch += m * k;
  }
  if (p.right == RightSide::kPrepared) {
    gemm.b = kernels::Packed(PreparedFloats(*step.node, 0) + b_offset, p.k);
    return gemm;
  }
  const float* b = step.in[1].As<float>() + b_offset;
  if (p.right == RightSide::kInPlace) {
    gemm.b = kernels::InPlace(b, n);
  } else {
    kernels::PackB(b, p.trans_b ? 1 : n, p.trans_b ? k : 1, p.k, p.n, p.alpha, scratch);
    gemm.b = kernels::Packed(scratch, p.k);
  }
  return gemm;
}

Status RunFloat(const Step& step, RunContext& run) {
  const auto& p = step.Params<MatrixProduct>();
  auto* scratch = reinterpret_cast<float*>(step.scratch);
  if (p.batches.count >= run.pool().size()) {
    run.pool().ParallelFor(p.batches.count, [&](int batch, int thread) {
      RunGemm(MakeGemm(step, p, batch, scratch + static_cast<uint64_t>(thread) * p.scratch_floats));
    });
  } else {
    for (int batch = 0; batch < p.batches.count; ++batch) RunGemm(MakeGemm(step, p, batch, scratch), run.pool());
  }
  return OkStatus();
}

// Sums of integers wrap around, as the types that carry them do.
template <typename T>
Status RunPlain(const Step& step, RunContext&) {
  const auto& p = step.Params<MatrixProduct>();
  using Sum = typename std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>::type;
  for (int batch = 0; batch < p.batches.count; ++batch) {
    int64_t a_offset, b_offset;
    p.batches.Locate(batch, &a_offset, &b_offset);
    const T* a = step.in[0].As<T>() + a_offset;
    const T* b = step.in[1].As<T>() + b_offset;
    T* c = step.out[0].As<T>() + int64_t{batch} * p.m * p.n;
    for (int i = 0; i < p.m; ++i, c += p.n) {
      for (int j = 0; j < p.n; ++j) {
        Sum sum = 0;
        for (int k = 0; k < p.k; ++k) {
          sum += static_cast<Sum>(a[int64_t{i} * p.k + k]) * static_cast<Sum>(b[int64_t{k} * p.n + j]);
        }
        c[j] = static_cast<T>(sum);
      }
    }
  }
  return OkStatus();
}

KernelFn KernelFor(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return RunFloat;
    case DType::kFloat64: return RunPlain<double>;
    case DType::kInt32: return RunPlain<int32_t>;
    case DType::kInt64: return RunPlain<int64_t>;
    case DType::kUint32: return RunPlain<uint32_t>;
    case DType::kUint64: return RunPlain<uint64_t>;
    default: return nullptr;
  }
}

}  // namespace

Status InferMatrixProduct(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectSameDType(0, 1));
  WEBINFER_ASSIGN(const Shape out, ProductShape(ctx.In(0).shape, Flag(ctx.attributes(), "transA"), ctx.In(1).shape,
                                                Flag(ctx.attributes(), "transB")));
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

Status BindMatrixProduct(BindContext& ctx) {
  WEBINFER_ASSIGN(MatrixProduct * p, ctx.Params<MatrixProduct>());
  p->trans_a = Flag(ctx.attributes(), "transA") && ctx.In(0).shape.rank() > 1;
  p->trans_b = Flag(ctx.attributes(), "transB") && ctx.In(1).shape.rank() > 1;
  p->alpha = ctx.attributes().Float("alpha", 1);
  WEBINFER_TRY(ReadActivation(ctx.attributes(), &p->epilogue));
  p->bias = ctx.HasInput(2);
  p->residual = ctx.HasInput(3);

  const MatrixShape a = AsMatrix(ctx.In(0).shape, p->trans_a, true), b = AsMatrix(ctx.In(1).shape, p->trans_b, false);
  WEBINFER_ASSIGN(const Shape batch, Broadcast(a.batch, b.batch));
  const bool one_b = b.batch.Elements() == 1;
  const bool fold = one_b && !p->trans_a;  // the batch is more rows
  const int64_t rows = fold ? a.rows * batch.Elements() : a.rows;
  if (rows > INT_MAX || b.columns > INT_MAX || a.columns > INT_MAX || batch.Elements() > INT_MAX) {
    return Error(Code::kUnsupported, "A matrix product of this size").Actual("%s", ShapeText(ctx.In(0).shape).text);
  }
  p->m = static_cast<int>(rows);
  p->n = static_cast<int>(b.columns);
  WEBINFER_TRY(CheckEpilogueInputs(ctx, b.columns, ctx.Out(0).shape));
  p->k = static_cast<int>(a.columns);
  p->b_prepared_step = static_cast<int64_t>(kernels::PackedFloats(p->k, p->n));

  const DType dtype = ctx.In(0).dtype;
  const KernelFn kernel = KernelFor(dtype);
  if (kernel == nullptr || (dtype != DType::kFloat32 && ctx.node().domain == "webinfer")) {
    return Error(Code::kUnsupported, "A matrix product of this type").Actual("%s", DTypeName(dtype));
  }
  ctx.SetKernel(kernel);
  p->right = PreparedFloats(ctx.node(), 0) != nullptr                                            ? RightSide::kPrepared
             : dtype != DType::kFloat32 || (p->m <= kFewRows && !p->trans_b && p->alpha == 1.0f) ? RightSide::kInPlace
                                                                                                 : RightSide::kPack;
  if (!fold) {
    p->batches.Set(a.batch, b.batch, batch, int64_t{p->m} * p->k,
                   p->right == RightSide::kPrepared ? p->b_prepared_step : int64_t{p->k} * p->n);
  }
  if (p->trans_a) p->scratch_floats += static_cast<uint64_t>(rows) * static_cast<uint64_t>(a.columns);
  if (p->right == RightSide::kPack) p->scratch_floats += static_cast<uint64_t>(p->b_prepared_step);
  p->scratch_floats = (p->scratch_floats + 15) / 16 * 16;
  ctx.SetScratch(p->scratch_floats * sizeof(float) *
                 static_cast<uint64_t>(p->batches.count >= ctx.threads() ? ctx.threads() : 1));
  return OkStatus();
}

Status PrepareMatrixProduct(PrepareContext& ctx) {
  const Tensor* constant = ctx.Constant(1);
  if (constant == nullptr || constant->dtype != DType::kFloat32) return OkStatus();
  const bool trans_b = Flag(ctx.attributes(), "transB") && constant->shape.rank() > 1;
  const MatrixShape b = AsMatrix(constant->shape, trans_b, false);
  if (b.rows > INT_MAX || b.columns > INT_MAX) return OkStatus();
  const int k = static_cast<int>(b.rows), n = static_cast<int>(b.columns);
  const size_t packed = kernels::PackedFloats(k, n);
  const int64_t batches = b.batch.Elements();
  WEBINFER_ASSIGN(float* floats, KeepFloats(ctx, 0, packed * static_cast<uint64_t>(batches)));
  const float* from = constant->As<float>();
  for (int64_t i = 0; i < batches; ++i, from += b.rows * b.columns, floats += packed) {
    kernels::PackB(from, static_cast<size_t>(trans_b ? 1 : n), static_cast<size_t>(trans_b ? k : 1), k, n,
                   ctx.attributes().Float("alpha", 1), floats);
  }
  ctx.Drop(1);
  return OkStatus();
}

}  // namespace webinfer::ops
