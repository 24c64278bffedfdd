#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

TEST(FuseElementwise, AChainWithChannelsAndNumbersIsOneNode) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId in = b.Input({2, -2, 40});
    ValueId x = b.Add("Mul", {in, b.Random({40})});
    x = b.Add("Max", {b.Add("Sub", {b.Scalar(0.25f), x}), b.Scalar(-1)});
    b.Output(b.Add("Add", {b.Add("Tanh", {x}), in}));
  });
  ASSERT_THAT(graph.ops, ElementsAre("webinfer.Elementwise"));
  EXPECT_EQ(graph.At(0).inputs.size(), 2u);  // numbers are part of the program
}

TEST(FuseElementwise, AValueReadTwiceInsideStaysInside) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("Exp", {b.Input({5, 33})});
    const ValueId below = b.Add("Less", {x, b.Scalar(1)});
    b.Output(b.Add("Where", {below, b.Add("Sqrt", {x}), b.Add("Neg", {x})}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("webinfer.Elementwise"));
}

TEST(FuseElementwise, AValueReadOutsideEndsTheGroup) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Add("Exp", {b.Input({4, 6})});
    b.Output(b.Add("Neg", {b.Add("Abs", {x})}));
    b.Output(b.Add("Softmax", {x}));
  });
  EXPECT_THAT(graph.ops, UnorderedElementsAre("Exp", "webinfer.Elementwise", "Softmax"));
}

TEST(FuseElementwise, SmallerTensorsAreComputedOnce) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId gate = b.Add("Sigmoid", {b.Add("Sqrt", {b.Add("Abs", {b.Input({2, 3, 1, 1})})})});
    b.Output(b.Add("Mul", {b.Input({2, 3, 4, 5}), gate}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("webinfer.Elementwise", "Mul"));
}

TEST(FuseElementwise, IntegersStayNodes) {
  const Optimized graph = Optimize([](Builder& b) {
    const ValueId x = b.Input({6}, DType::kInt64);
    b.Output(b.Add("Mul", {b.Add("Add", {x, b.Ints({3})}), x}));
  });
  EXPECT_THAT(graph.ops, ElementsAre("Add", "Mul"));
}

TEST(FuseElementwise, AConstantThatGivesTheRankStaysAnInput) {
  const Optimized graph = Optimize([](Builder& b) {
    b.Output(b.Add("Mul", {b.Add("Add", {b.Input({7}), b.Floats({2}, {1, 1})}), b.Scalar(3)}));
  });
  EXPECT_EQ(graph.ops.back(), graph.ops.size() == 1 ? "webinfer.Elementwise" : "Mul");
}

}  // namespace
}  // namespace webinfer::testing
