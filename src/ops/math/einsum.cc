// Einsum: lowered to Transpose, Reshape, MatMul, Mul and ReduceSum, two operands at a time. Equations with a label twice in
// one operand (diagonals) and operands of unknown rank are summed as they are written.
#include <algorithm>

#include "base/visit_dtype.h"
#include "ops/array/move.h"
#include "ops/math/einsum_equation.h"

namespace webinfer::ops {
namespace {

bool Contains(const EinsumLabels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }

Result<EinsumEquation> EquationOf(const InferContext& ctx) {
  std::vector<int> ranks;
  for (int i = 0; i < ctx.input_count(); ++i) ranks.push_back(ctx.In(i).shape.rank());
  return ParseEinsum(ctx.attributes().String("equation", ""), ranks);
}

bool RanksKnown(const InferContext& ctx) {
  return std::all_of(ctx.ins().begin(), ctx.ins().end(), [](const ValueInfo& in) { return in.shape.rank_known(); });
}

// The size of `label`: 1 is broadcast.
Status SizeOf(const InferContext& ctx, const EinsumEquation& equation, int label, int64_t* size) {
  *size = 1;
  for (size_t i = 0; i < equation.operands.size(); ++i) {
    const Shape& shape = ctx.In(static_cast<int>(i)).shape;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (equation.operands[i][static_cast<size_t>(axis)] != label || shape[axis] == 1) continue;
      if (*size == 1 || *size < 0) {
        *size = shape[axis];
      } else if (shape[axis] >= 0 && *size != shape[axis]) {
        return Error(Code::kShapeMismatch, "A label of Einsum stands for different sizes")
            .Expected("%lld", static_cast<long long>(*size))
            .Actual("%s", ShapeText(shape).text);
      }
    }
  }
  return OkStatus();
}

Status Infer(InferContext& ctx) {
  if (!RanksKnown(ctx)) return ctx.SetOutput(0, ctx.In(0).dtype, Shape::UnknownRank());
  WEBINFER_ASSIGN(const EinsumEquation equation, EquationOf(ctx));
  if (equation.output.size() > kMaxRank)
    return Error(Code::kUnsupported, "A tensor has too many dimensions").Expected("rank <= %d", kMaxRank);
  Shape out = Shape::Unknown(static_cast<int>(equation.output.size()));
  for (int i = 0; i < out.rank(); ++i) WEBINFER_TRY(SizeOf(ctx, equation, equation.output[static_cast<size_t>(i)], &out[i]));
  for (int i = 0; i < ctx.input_count(); ++i) {
    WEBINFER_TRY(ctx.ExpectSameDType(0, i));
    for (int label : equation.operands[static_cast<size_t>(i)]) {
      int64_t size;
      WEBINFER_TRY(SizeOf(ctx, equation, label, &size));
    }
  }
  return ctx.SetOutput(0, ctx.In(0).dtype, out);
}

// A value on its way through the lowering.
struct Term {
  ValueId value;
  EinsumLabels labels;
  std::vector<int64_t> dims;  // as far as they are known
};

class Lowering {
 public:
  Lowering(LowerContext& ctx, const EinsumEquation& equation) : ctx_(ctx), equation_(equation) {}

  Result<ValueId> Run() {
    std::vector<Term> terms;
    for (int i = 0; i < ctx_.input_count(); ++i) {
      const Shape& shape = ctx_.In(i).shape;
      terms.push_back({ctx_.Input(i), equation_.operands[static_cast<size_t>(i)], {shape.begin(), shape.end()}});
    }
    Term result = terms[0];
    for (size_t i = 1; i < terms.size(); ++i) {
      const auto needed = [&](int label) {
        return Contains(equation_.output, label) || std::any_of(terms.begin() + static_cast<ptrdiff_t>(i) + 1, terms.end(),
                                                                [&](const Term& term) { return Contains(term.labels, label); });
      };
      WEBINFER_ASSIGN(result, Combine(std::move(result), terms[i], needed));
    }
    WEBINFER_ASSIGN(result, Sum(std::move(result), [&](int label) { return Contains(equation_.output, label); }));
    return Arrange(std::move(result), equation_.output).value;
  }

 private:
  // Sums over the labels that are not kept.
  template <typename Keep>
  Result<Term> Sum(Term term, const Keep& keep) {
    std::vector<int64_t> axes;
    Term out = {term.value, {}, {}};
    for (size_t i = 0; i < term.labels.size(); ++i) {
      if (!keep(term.labels[i])) {
        axes.push_back(static_cast<int64_t>(i));
      } else {
        out.labels.push_back(term.labels[i]);
        out.dims.push_back(term.dims[i]);
      }
    }
    if (axes.empty()) return term;
    WEBINFER_ASSIGN(const ValueId axes_value, ctx_.Ints(axes));
    out.value = ctx_.Add("ReduceSum", {term.value, axes_value});
    ctx_.Last().attributes.SetInt("keepdims", 0);
    return out;
  }

  Term Arrange(Term term, const EinsumLabels& order) {
    if (term.labels == order) return term;
    std::vector<int64_t> perm;
    Term out = {kNoValue, order, {}};
    for (int label : order) {
      const auto at = static_cast<size_t>(std::find(term.labels.begin(), term.labels.end(), label) - term.labels.begin());
      perm.push_back(static_cast<int64_t>(at));
      out.dims.push_back(term.dims[at]);
    }
    out.value = ctx_.Add("Transpose", {term.value});
    ctx_.Last().attributes.SetInts("perm", perm);
    return out;
  }

  // Inserts axes of size 1 for the labels of `order` that `term` lacks; those it has stand in that order already.
  Result<ValueId> Spread(const Term& term, const EinsumLabels& order) {
    std::vector<int64_t> axes;
    for (size_t i = 0; i < order.size(); ++i) {
      if (!Contains(term.labels, order[i])) axes.push_back(static_cast<int64_t>(i));
    }
    if (axes.empty()) return term.value;
    WEBINFER_ASSIGN(const ValueId axes_value, ctx_.Ints(axes));
    return ctx_.Add("Unsqueeze", {term.value, axes_value});
  }

  // The sizes of axes [first, last) of a term as a list, multiplied into one where `merge`.
  Result<ValueId> Sizes(const Term& term, size_t first, size_t last, bool merge) {
    bool known = true;
    int64_t product = 1;
    std::vector<int64_t> axes;
    for (size_t i = first; i < last; ++i) {
      known = known && term.dims[i] >= 0;
      product *= term.dims[i];
      axes.push_back(static_cast<int64_t>(i));
    }
    if (known && merge) return ctx_.Ints({product});
    if (known) return ctx_.Ints(std::span(term.dims).subspan(first, last - first));
    const ValueId shape = ctx_.Add("Shape", {term.value});
    WEBINFER_ASSIGN(const ValueId axes_value, ctx_.Ints(axes));
    const ValueId sizes = ctx_.Add("Gather", {shape, axes_value});
    if (!merge) return sizes;
    const ValueId merged = ctx_.Add("ReduceProd", {sizes});
    ctx_.Last().attributes.SetInt("keepdims", 1);
    return merged;
  }

  Result<ValueId> ReshapeTo(ValueId value, std::vector<ValueId> sizes) {
    const ValueId shape = ctx_.Add("Concat", std::move(sizes));
    ctx_.Last().attributes.SetInt("axis", 0);
    return ctx_.Add("Reshape", {value, shape});
  }

  // [batch..., rows..., columns...] -> [batch..., rows, columns].
  Result<ValueId> AsMatrices(const Term& term, size_t batch, size_t rows) {
    if (rows == 1 && term.labels.size() == batch + 2) return term.value;
    WEBINFER_ASSIGN(const ValueId batch_sizes, Sizes(term, 0, batch, false));
    WEBINFER_ASSIGN(const ValueId row_size, Sizes(term, batch, batch + rows, true));
    WEBINFER_ASSIGN(const ValueId column_size, Sizes(term, batch + rows, term.labels.size(), true));
    return ReshapeTo(term.value, {batch_sizes, row_size, column_size});
  }

  template <typename Needed>
  Result<Term> Combine(Term a, Term b, const Needed& needed) {
    WEBINFER_ASSIGN(a, Sum(std::move(a), [&](int label) { return needed(label) || Contains(b.labels, label); }));
    WEBINFER_ASSIGN(b, Sum(std::move(b), [&](int label) { return needed(label) || Contains(a.labels, label); }));
    EinsumLabels batch, summed, a_only, b_only;
    for (size_t i = 0; i < a.labels.size(); ++i) {
      const int label = a.labels[i];
      (!Contains(b.labels, label) ? a_only : needed(label) ? batch : summed).push_back(label);
    }
    for (int label : b.labels) {
      if (!Contains(a.labels, label)) b_only.push_back(label);
    }
    const auto joined = [](std::initializer_list<const EinsumLabels*> parts) {
      EinsumLabels all;
      for (const EinsumLabels* part : parts) all.insert(all.end(), part->begin(), part->end());
      return all;
    };
    Term out = {kNoValue, joined({&batch, &a_only, &b_only}), {}};
    for (int label : out.labels) {
      const Term& from = Contains(a.labels, label) ? a : b;
      const auto at = static_cast<size_t>(std::find(from.labels.begin(), from.labels.end(), label) - from.labels.begin());
      out.dims.push_back(Contains(a.labels, label) && Contains(b.labels, label) && from.dims[at] == 1 ? kUnknownDim
                                                                                                      : from.dims[at]);
    }
    if (summed.empty()) {
      const Term left = Arrange(std::move(a), joined({&batch, &a_only})),
                 right = Arrange(std::move(b), joined({&batch, &b_only}));
      WEBINFER_ASSIGN(const ValueId spread_left, Spread(left, out.labels));
      WEBINFER_ASSIGN(const ValueId spread_right, Spread(right, out.labels));
      out.value = ctx_.Add("Mul", {spread_left, spread_right});
      return out;
    }
    const Term left = Arrange(std::move(a), joined({&batch, &a_only, &summed}));
    const Term right = Arrange(std::move(b), joined({&batch, &summed, &b_only}));
    WEBINFER_ASSIGN(const ValueId left_matrices, AsMatrices(left, batch.size(), a_only.size()));
    WEBINFER_ASSIGN(const ValueId right_matrices, AsMatrices(right, batch.size(), summed.size()));
    out.value = ctx_.Add("MatMul", {left_matrices, right_matrices});
    if (a_only.size() == 1 && b_only.size() == 1) return out;
    // The product's own batch axes, which may have been broadcast, then each side's.
    const Term product = {out.value, out.labels, out.dims};
    std::vector<ValueId> sizes;
    if (!batch.empty()) {
      WEBINFER_ASSIGN(const ValueId batch_sizes, Sizes(product, 0, batch.size(), false));
      sizes.push_back(batch_sizes);
    }
    if (!a_only.empty()) {
      WEBINFER_ASSIGN(const ValueId left_sizes, Sizes(left, batch.size(), batch.size() + a_only.size(), false));
      sizes.push_back(left_sizes);
    }
    if (!b_only.empty()) {
      WEBINFER_ASSIGN(const ValueId right_sizes, Sizes(right, batch.size() + summed.size(), right.labels.size(), false));
      sizes.push_back(right_sizes);
    }
    if (sizes.empty()) {
      WEBINFER_ASSIGN(const ValueId scalar, ctx_.Ints(std::span<const int64_t>()));
      out.value = ctx_.Add("Reshape", {out.value, scalar});
      return out;
    }
    WEBINFER_ASSIGN(out.value, ReshapeTo(out.value, std::move(sizes)));
    return out;
  }

  LowerContext& ctx_;
  const EinsumEquation& equation_;
};

// Integers narrower than 32 bits as int32: sums wrap to the same bits.
void LowerInInt32(LowerContext& ctx) {
  std::vector<ValueId> inputs;
  for (int i = 0; i < ctx.input_count(); ++i) {
    inputs.push_back(ctx.Add("Cast", {ctx.Input(i)}));
    ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kInt32));
  }
  const ValueId sum = ctx.Add("Einsum", std::move(inputs));
  ctx.Last().attributes = ctx.attributes();
  ctx.Return(0, ctx.Add("Cast", {sum}));
  ctx.Last().attributes.SetInt("to", static_cast<int64_t>(ctx.In(0).dtype));
}

Status Lower(LowerContext& ctx, bool* done) {
  if (IsInteger(ctx.In(0).dtype) && DTypeBits(ctx.In(0).dtype) < 32) {
    LowerInInt32(ctx);
    return OkStatus();
  }
  *done = false;
  if (!RanksKnown(ctx)) return OkStatus();
  WEBINFER_ASSIGN(const EinsumEquation equation, EquationOf(ctx));
  for (const EinsumLabels& labels : equation.operands) {
    for (int label : labels) {
      if (std::count(labels.begin(), labels.end(), label) > 1) return OkStatus();
    }
  }
  *done = true;
  WEBINFER_ASSIGN(const ValueId result, Lowering(ctx, equation).Run());
  ctx.Return(0, result);
  return OkStatus();
}

constexpr int kMostLabels = 24;

// Loops over all labels, the output's first; strides of each operand by label.
struct EinsumParams {
  int32_t labels, output_labels, operands;
  int64_t sizes[kMostLabels];
  int64_t* strides;  // [operands][labels]
};

template <typename T, typename Total>
void SumProducts(const Step& step) {
  const auto& params = step.Params<EinsumParams>();
  const int64_t results = step.out[0].elements();
  int64_t sums = 1;
  for (int i = params.output_labels; i < params.labels; ++i) sums *= params.sizes[i];
  for (int64_t result = 0; result < results; ++result) {
    Total total = 0;
    for (int64_t sum = 0; sum < sums; ++sum) {
      Total product = 1;
      for (int operand = 0; operand < params.operands; ++operand) {
        int64_t place = 0, rest = sum;
        for (int i = params.labels - 1; i >= 0; --i) {
          if (i == params.output_labels - 1) rest = result;
          place += rest % params.sizes[i] * params.strides[operand * params.labels + i];
          rest /= params.sizes[i];
        }
        product = static_cast<Total>(product * static_cast<Total>(step.in[operand].As<T>()[place]));
      }
      total = static_cast<Total>(total + product);
    }
    step.out[0].As<T>()[result] = static_cast<T>(total);
  }
}

Status Kernel(const Step& step, RunContext&) {
  switch (step.out[0].dtype) {
    case DType::kFloat32: SumProducts<float, float>(step); break;
    case DType::kFloat64: SumProducts<double, double>(step); break;
    case DType::kFloat16: SumProducts<Float16, float>(step); break;
    case DType::kInt32: SumProducts<int32_t, uint32_t>(step); break;
    case DType::kInt64: SumProducts<int64_t, uint64_t>(step); break;
    case DType::kBfloat16: SumProducts<Bfloat16, float>(step); break;
    case DType::kUint32: SumProducts<uint32_t, uint32_t>(step); break;
    case DType::kUint64: SumProducts<uint64_t, uint64_t>(step); break;
    default:
      return Error(Code::kUnsupported, "Einsum cannot compute on this element type").Actual("%s", DTypeName(step.out[0].dtype));
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(const EinsumEquation equation, EquationOf(ctx));
  EinsumLabels all = equation.output;
  for (const EinsumLabels& labels : equation.operands) {
    for (int label : labels) {
      if (!Contains(all, label)) all.push_back(label);
    }
  }
  if (all.size() > kMostLabels)
    return Error(Code::kUnsupported, "Einsum has too many labels").Expected("%d", kMostLabels).Actual("%zu", all.size());
  WEBINFER_ASSIGN(EinsumParams * params, ctx.Params<EinsumParams>());
  params->labels = static_cast<int32_t>(all.size());
  params->output_labels = static_cast<int32_t>(equation.output.size());
  params->operands = static_cast<int32_t>(ctx.input_count());
  WEBINFER_ASSIGN(void* strides, ctx.Allocate(sizeof(int64_t) * static_cast<size_t>(params->labels * params->operands + 1)));
  params->strides = static_cast<int64_t*>(strides);
  for (size_t k = 0; k < all.size(); ++k) {
    WEBINFER_TRY(SizeOf(ctx, equation, all[k], &params->sizes[k]));
    for (size_t i = 0; i < equation.operands.size(); ++i) {
      const Shape& shape = ctx.In(static_cast<int>(i)).shape;
      const Strides dense(shape);
      int64_t& stride = params->strides[i * all.size() + k];
      for (int axis = 0; axis < shape.rank(); ++axis) {
        if (equation.operands[i][static_cast<size_t>(axis)] == all[k] && shape[axis] != 1) stride += dense[axis];
      }
    }
  }
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Einsum) {
  return {.name = "Einsum",
          .since = 12,
          .min_inputs = 1,
          .max_inputs = -1,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .lower = webinfer::ops::Lower};
}
