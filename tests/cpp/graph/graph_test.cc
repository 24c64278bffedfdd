#include "graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace webinfer {
namespace {

class GraphTest : public testing::Test {
 protected:
  GraphTest() : x_(graph_.AddValue("x")) { graph_.inputs = {x_}; }
  ValueId Add(const char* name, std::vector<ValueId> inputs) {
    const ValueId out = graph_.AddValue(name);
    graph_.AddNode("Op", std::move(inputs), {out})->name = name;
    return out;
  }
  std::vector<std::string> Order() const {
    std::vector<std::string> names;
    for (const auto& node : graph_.nodes) names.push_back(node->name);
    return names;
  }
  Graph graph_;
  ValueId x_;
};

TEST_F(GraphTest, SortKeepsTheOrderOfWhatIsReady) {
  const ValueId late = graph_.AddValue("late");
  Add("a", {late});
  Add("b", {x_});
  graph_.AddNode("Op", {x_}, {late})->name = "c";
  graph_.outputs = {late};
  ASSERT_TRUE(SortAndVerify(graph_).ok());
  EXPECT_THAT(Order(), testing::ElementsAre("b", "c", "a"));
}

TEST_F(GraphTest, CycleIsNamed) {
  const ValueId back = graph_.AddValue("back");
  const ValueId a = Add("first", {x_, back});
  graph_.AddNode("Op", {a}, {back})->name = "second";
  EXPECT_EQ(SortAndVerify(graph_).code(), Code::kInvalidModel);
  EXPECT_STREQ(LastError().node, "first");
}

TEST_F(GraphTest, ValuesMadeTwiceOrByNobodyAreRefused) {
  const ValueId a = Add("a", {x_});
  graph_.AddNode("Op", {x_}, {a});
  EXPECT_EQ(SortAndVerify(graph_).code(), Code::kInvalidModel);
  graph_.nodes.pop_back();
  ASSERT_TRUE(SortAndVerify(graph_).ok());
  graph_.outputs = {graph_.AddValue("orphan")};
  EXPECT_EQ(SortAndVerify(graph_).code(), Code::kInvalidModel);
  EXPECT_THAT(LastError().message, testing::HasSubstr("orphan"));
  graph_.outputs = {99};
  EXPECT_EQ(SortAndVerify(graph_).code(), Code::kInternal);
}

TEST_F(GraphTest, DeadNodesAndTheirConstantsGo) {
  Result<Tensor> tensor = Tensor::Create(DType::kFloat32, {4});
  const ValueId constant = graph_.AddConstant("c", std::make_shared<Tensor>(std::move(*tensor)));
  Add("dead", {Add("also_dead", {x_, constant})});
  graph_.outputs = {Add("live", {x_})};
  RemoveDead(graph_);
  EXPECT_THAT(Order(), testing::ElementsAre("live"));
  EXPECT_EQ(graph_.Constant(constant), nullptr);
}

TEST_F(GraphTest, DumpNamesWhatAReaderNeeds) {
  graph_.values[static_cast<size_t>(x_)].type = {ValueKind::kTensor, DType::kFloat32, Shape({1, kUnknownDim})};
  const ValueId y = Add("y", {x_, kNoValue});
  graph_.nodes.back()->attributes.SetInts("pads", {1, 2});
  graph_.outputs = {y};
  const std::string text = DumpGraph(graph_);
  EXPECT_THAT(text, testing::HasSubstr("inputs x:float32[1,?]"));
  EXPECT_THAT(text, testing::HasSubstr("Op(x:float32[1,?], -) pads=[1,2]  # y"));
}

}  // namespace
}  // namespace webinfer
