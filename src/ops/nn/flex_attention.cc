// FlexAttention (ai.onnx.preview 1): attention whose scores and probabilities pass through graphs of the model's own.
//
// A graph applied to a value is an If whose condition is known: import inlines it, captured values and all. Without such
// graphs it is Attention.
#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kQ, kK, kV };

Status Infer(InferContext& ctx) {
  for (int i = kQ; i <= kV; ++i) WEBINFER_TRY(ctx.ExpectRank(i, 4));
  const Shape &q = ctx.In(kQ).shape, &v = ctx.In(kV).shape;
  Shape y = q.rank_known() ? q : Shape::Unknown(4);
  y[3] = v.rank_known() ? v[3] : kUnknownDim;
  return ctx.SetOutput(0, ctx.In(kQ).dtype, y);
}

// The type of scores and probabilities.
Result<DType> SoftmaxType(const InferContext& ctx) {
  const DType otherwise = ctx.In(kQ).dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  const auto dtype = static_cast<DType>(ctx.attributes().Int("softmax_precision", static_cast<int64_t>(otherwise)));
  if (dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBfloat16) return dtype;
  return Error(Code::kInvalidModel, "softmax_precision is not a float type").Actual("%d", static_cast<int>(dtype));
}

class Builder {
 public:
  explicit Builder(LowerContext& ctx) : ctx_(ctx) {}

  Status Build(DType softmax) {
    WEBINFER_ASSIGN(const ValueId scale, SqrtScale());
    WEBINFER_ASSIGN(const ValueId two, ctx_.Ints({2}));
    WEBINFER_ASSIGN(const ValueId any, ctx_.Ints({-1}));
    const Shape &q_shape = ctx_.In(kQ).shape, &k_shape = ctx_.In(kK).shape;
    const bool grouped =
        !q_shape.rank_known() || !k_shape.rank_known() || q_shape[1] < 0 || k_shape[1] < 0 || q_shape[1] != k_shape[1];
    ValueId q = ctx_.Add("Mul", {ctx_.Input(kQ), scale}), k = ctx_.Add("Mul", {ctx_.Input(kK), scale}), v = ctx_.Input(kV);
    // [batch, heads] as [batch, kv_heads, group], so that a group's heads share keys and values.
    const ValueId groups = Join({Sizes(kQ, 0, 1), Sizes(kK, 1, 2), any});
    if (grouped) {
      q = ctx_.Add("Reshape", {q, Join({groups, Sizes(kQ, 2, 4)})});
      k = ctx_.Add("Unsqueeze", {k, two});
      v = ctx_.Add("Unsqueeze", {v, two});
    }
    k = ctx_.Add("Transpose", {k});
    ctx_.Last().attributes.SetInts("perm", grouped ? std::vector<int64_t>{0, 1, 2, 4, 3} : std::vector<int64_t>{0, 1, 3, 2});
    ValueId scores = ctx_.Add("MatMul", {q, k});
    if (grouped) scores = ctx_.Add("Reshape", {scores, Join({Sizes(kQ, 0, 3), Sizes(kK, 2, 3)})});
    WEBINFER_ASSIGN(scores, Modify("score_mod", Cast(scores, softmax)));
    ValueId probabilities = ctx_.Add("Softmax", {scores});
    WEBINFER_ASSIGN(probabilities, Modify("prob_mod", probabilities));
    if (grouped) probabilities = ctx_.Add("Reshape", {probabilities, Join({groups, Sizes(kQ, 2, 3), Sizes(kK, 2, 3)})});
    ValueId y = Cast(ctx_.Add("MatMul", {probabilities, Cast(v, softmax)}), ctx_.In(kQ).dtype);
    if (grouped) y = ctx_.Add("Reshape", {y, Join({Sizes(kQ, 0, 3), Sizes(kV, 3, 4)})});
    ctx_.Return(0, y);
    return OkStatus();
  }

 private:
  ValueId Cast(ValueId value, DType to) {
    const ValueId result = ctx_.Add("Cast", {value});
    ctx_.Last().attributes.SetInt("to", static_cast<int64_t>(to));
    return result;
  }

  ValueId Sizes(int input, int64_t start, int64_t end) {
    const ValueId sizes = ctx_.Add("Shape", {ctx_.Input(input)});
    ctx_.Last().attributes.SetInt("start", start);
    ctx_.Last().attributes.SetInt("end", end);
    return sizes;
  }

  ValueId Join(std::vector<ValueId> parts) {
    const ValueId joined = ctx_.Add("Concat", std::move(parts));
    ctx_.Last().attributes.SetInt("axis", 0);
    return joined;
  }

  // The root of the scale, which multiplies both Q and K: products stay in range.
  Result<ValueId> SqrtScale() {
    ValueId scale;
    if (const Attribute* given = ctx_.attributes().Find("scale"); given != nullptr) {
      WEBINFER_ASSIGN(scale, ctx_.Scalar(DType::kFloat32, given->f));
    } else {
      scale = ctx_.Add("Reciprocal", {ctx_.Add("Sqrt", {Cast(Sizes(kQ, 3, 4), DType::kFloat32)})});
    }
    return Cast(ctx_.Add("Sqrt", {scale}), ctx_.In(kQ).dtype);
  }

  // `value` through the graph that attribute `name` holds, or as it is.
  Result<ValueId> Modify(std::string_view name, ValueId value) {
    const Attribute* modifier = ctx_.attributes().Find(name);
    if (modifier == nullptr) return value;
    if (modifier->graph < 0 || static_cast<size_t>(modifier->graph) >= ctx_.bodies().size()) {
      return Error(Code::kInvalidModel, "The attribute %.*s is not a graph", static_cast<int>(name.size()), name.data());
    }
    std::unique_ptr<Graph> body = std::move(ctx_.bodies()[static_cast<size_t>(modifier->graph)]);
    const int formal = ctx_.node().formal_inputs < 0 ? ctx_.input_count() : ctx_.node().formal_inputs;
    const auto captured = static_cast<size_t>(ctx_.input_count() - formal);
    if (body == nullptr || body->inputs.size() != 1 + captured || body->outputs.size() != 1) {
      return Error(Code::kInvalidModel, "A graph of FlexAttention takes one tensor and gives one")
          .Actual("%zu inputs, %zu outputs", body == nullptr ? 0 : body->inputs.size() - captured,
                  body == nullptr ? 0 : body->outputs.size());
    }
    WEBINFER_ASSIGN(const ValueId always, ctx_.Scalar(DType::kBool, 1));
    std::vector<ValueId> inputs = {always, value};
    for (int i = formal; i < ctx_.input_count(); ++i) inputs.push_back(ctx_.Input(i));
    const ValueId result = ctx_.Add("If", std::move(inputs));
    Node& node = ctx_.Last();
    node.formal_inputs = 1;
    Attribute branch;
    branch.name = "then_branch";
    branch.kind = Attribute::Kind::kGraph;
    branch.graph = 0;
    node.attributes.Set(std::move(branch));
    node.bodies.push_back(std::move(body));
    node.bodies.push_back(std::make_unique<Graph>());
    return result;
  }

  LowerContext& ctx_;
};

Status Lower(LowerContext& ctx, bool*) {
  WEBINFER_ASSIGN(const DType softmax, SoftmaxType(ctx));
  if (!ctx.bodies().empty() || softmax != DType::kFloat32) return Builder(ctx).Build(softmax);
  ctx.Return(0, ctx.Add("Attention", {ctx.Input(kQ), ctx.Input(kK), ctx.Input(kV)}));
  if (const Attribute* scale = ctx.attributes().Find("scale"); scale != nullptr)
    ctx.Last().attributes.SetFloat("scale", scale->f);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Preview_FlexAttention) {
  return {.name = "FlexAttention",
          .domain = "ai.onnx.preview",
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = webinfer::ops::Infer,
          .lower = webinfer::ops::Lower};
}
