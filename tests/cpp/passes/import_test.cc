#include "passes/graph_test.h"
#include "passes/missing.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Import, MissingOperatorsAreListedAtOnce) {
  Model model;
  Builder b(model);
  const ValueId x = b.Add("NoSuchOperator", {b.Input({2})});
  b.Output(b.Add("Conv", {b.Add("NorThis", {x}), x}));
  EXPECT_EQ(webinfer::Optimize(model, PassOptions()).code(), Code::kUnsupported);
  EXPECT_THAT(LastError().message, HasSubstr("2 operators are missing"));
  EXPECT_THAT(LastError().message, HasSubstr("ai.onnx.NoSuchOperator (opset 23, node \"node1\"; inputs float32)"));
  EXPECT_THAT(LastError().message, HasSubstr("ai.onnx.NorThis"));
}

TEST(Import, MissingOperatorsComeWithTheirNodesAndTheNearestName) {
  Model model;
  Builder b(model);
  b.Output(b.Add("ReduceMeen", {b.Add("ReduceMeen", {b.Input({2})})}));
  EXPECT_FALSE(webinfer::Optimize(model, PassOptions()).ok());
  const std::vector<MissingOperator>& missing = LastMissingOperators();
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].Name(), "ai.onnx.ReduceMeen");
  EXPECT_THAT(missing[0].nodes, ElementsAre("node1", "node2"));
  EXPECT_THAT(missing[0].types, ElementsAre("float32"));
  EXPECT_EQ(missing[0].suggestion, "ai.onnx.ReduceMean");
  EXPECT_EQ(NearestOperator("com.example", "Gelu"), "ai.onnx.Gelu");
  EXPECT_EQ(NearestOperator("com.example", "Frobnicate"), "");
}

TEST(Import, InputsAreCounted) {
  Model model;
  Builder b(model);
  b.Output(b.Add("Add", {b.Input({2})}));
  EXPECT_EQ(webinfer::Optimize(model, PassOptions()).code(), Code::kInvalidModel);
  EXPECT_STREQ(LastError().expected, "2");
  EXPECT_STREQ(LastError().actual, "1");
  EXPECT_STREQ(LastError().node, "node1");
}

TEST(Import, ConstantsAreComputed) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId c = b.Add("Exp", {b.Add("Mul", {b.Random({4}), b.Scalar(2)})});
    b.Output(b.Add("Add", {b.Input({4}), c}));
    b.Output(c);
  });
  EXPECT_THAT(graph.ops, ElementsAre("Add"));
}

TEST(Import, WhatWouldFillTheMemoryIsNot) {
  Model model;
  Builder b(model);
  b.Output(b.Add("Expand", {b.Scalar(1), b.Ints({1 << 14, 1 << 14})}));
  ASSERT_TRUE(webinfer::Optimize(model, PassOptions()).ok());
  EXPECT_EQ(model.graph.nodes.size(), 1u);
}

// If(condition) { then: x + 1 } { else: x }, with a captured x and a captured constant.
void AddIf(Builder& b, ValueId condition, ValueId x) {
  const ValueId out = b.graph().AddValue("out"), one = b.Scalar(1);
  Node* node = b.graph().AddNode("If", {condition, x, one}, {out});
  node->formal_inputs = 1;
  for (int branch = 0; branch < 2; ++branch) {
    auto body = std::make_unique<Graph>();
    const ValueId captured = body->AddValue("x"), constant = body->AddValue("one");
    body->inputs = {captured, constant};
    ValueId result = captured;
    if (branch == 0) {
      result = body->AddValue("sum");
      body->AddNode("Add", {captured, constant}, {result});
    }
    body->outputs = {result};
    Attribute attribute;
    attribute.name = branch == 0 ? "then_branch" : "else_branch";
    attribute.kind = Attribute::Kind::kGraph;
    attribute.graph = branch;
    node->attributes.Set(std::move(attribute));
    node->bodies.push_back(std::move(body));
  }
  b.Output(out);
}

ValueId Bool(Builder& b, bool value) {
  const ValueId id = b.Add("Cast", {b.Scalar(value)});
  b.Last().SetInt("to", static_cast<int64_t>(DType::kBool));
  return id;
}

TEST(Import, TheTakenBranchOfAKnownIfTakesItsPlace) {
  EXPECT_THAT(Optimize([](Builder& b) { AddIf(b, Bool(b, true), b.Input({3})); }).ops, ElementsAre("Add"));
  EXPECT_THAT(Optimize([](Builder& b) { AddIf(b, Bool(b, false), b.Add("Exp", {b.Input({3})})); }).ops, ElementsAre("Exp"));
}

TEST(Import, BodiesGetTypesAndConstants) {
  Model model;
  Builder b(model);
  AddIf(b, b.Input({}, DType::kBool), b.Input({-2, 3}));
  ASSERT_TRUE(webinfer::Optimize(model, PassOptions()).ok()) << ErrorText();
  ASSERT_EQ(model.graph.nodes.size(), 1u);
  const Node& node = *model.graph.nodes[0];
  EXPECT_EQ(node.inputs.size(), 2u);
  const Graph& body = *node.bodies[0];
  EXPECT_EQ(body.inputs.size(), 1u);
  EXPECT_EQ(body.values[body.outputs[0]].type.shape, Shape({kUnknownDim, 3}));
  EXPECT_EQ(model.graph.values[model.graph.outputs[0]].type.shape, Shape({kUnknownDim, 3}));
}

}  // namespace
}  // namespace webinfer::testing
