// The model that tests of sessions run.
#pragma once

#include "passes/graph_test.h"
#include "runtime/session.h"

namespace webinfer::testing {

// A convolution, a branch chosen by data, a recurrent cell and a result whose shape depends on data.
inline std::unique_ptr<Model> MakeModel() {
  auto model = std::make_unique<Model>();
  Builder b(*model);
  const ValueId x = b.Input({1, 4, 8, 8});
  const ValueId y = b.Add("Relu", {b.Conv(x, 4, 16, 3)});
  const ValueId rows = b.Add("Reshape", {y, b.Ints({64, 1, 16})});
  const auto lstm = b.AddMany("LSTM", {rows, b.Random({1, 32, 16}), b.Random({1, 32, 8})}, 1);
  b.Last().SetInt("hidden_size", 8);
  const ValueId sum = b.Add("ReduceSum", {lstm[0], b.Ints({0, 1, 2, 3})});
  b.Last().SetInt("keepdims", 0);
  const ValueId positive = b.Add("Greater", {sum, b.Scalar(0)});
  const ValueId branched = b.Add("If", {positive, lstm[0]});
  Node& branch = *b.graph().nodes.back();
  branch.formal_inputs = 1;
  for (const char* op : {"Abs", "Neg"}) {
    auto body = std::make_unique<Graph>();
    const ValueId in = body->AddValue("in"), out = body->AddValue("out");
    body->inputs = {in};
    body->outputs = {out};
    body->AddNode(op, {in}, {out})->opset = 23;
    Attribute attribute;
    attribute.name = branch.bodies.empty() ? "then_branch" : "else_branch";
    attribute.kind = Attribute::Kind::kGraph;
    attribute.graph = static_cast<int>(branch.bodies.size());
    branch.attributes.Set(std::move(attribute));
    branch.bodies.push_back(std::move(body));
  }
  b.Output(branched);
  b.Output(b.Add("NonZero", {branched}));
  return model;
}

inline Tensor Input() {
  Result<Tensor> x = Tensor::Create(DType::kFloat32, {1, 4, 8, 8});
  for (int i = 0; i < 256; ++i) x->As<float>()[i] = static_cast<float>(i % 17) / 17 - 0.5f;
  return std::move(*x);
}

inline std::vector<float> RunOnce(Session& session, const Tensor& x) {
  EXPECT_TRUE(session.Feed(0, x.view()).ok());
  EXPECT_TRUE(session.Run().ok()) << ErrorText();
  const Operand& y = session.Output(0);
  return std::vector<float>(y.As<float>(), y.As<float>() + y.elements());
}

}  // namespace webinfer::testing
