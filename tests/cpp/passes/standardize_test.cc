#include "passes/standardize.h"

#include "passes/graph_test.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

TEST(Standardize, KnowsEveryInternalOperator) {
  for (const OpDef& def : AllOps()) {
    if (def.domain == "webinfer") {
      EXPECT_NE(standardize::Find(def.name), nullptr) << "passes/standardize.cc cannot write webinfer." << def.name;
    }
  }
}

// Optimises and standardises a graph, and holds what comes out to the results of the graph as it was built.
std::vector<std::string> Standardized(const std::function<void(Builder&)>& build) {
  Model plain, standard;
  Builder first(plain), second(standard);
  build(first);
  build(second);
  PassOptions for_writing, required;
  for_writing.prepare = false;
  required.optimize = false;
  EXPECT_TRUE(webinfer::Optimize(standard, for_writing).ok()) << ErrorText();
  EXPECT_TRUE(Standardize(standard).ok()) << ErrorText();
  std::vector<std::string> ops;
  for (const auto& node : standard.graph.nodes) ops.push_back(node->domain.empty() ? node->op : node->domain + "." + node->op);
  EXPECT_TRUE(SortAndVerify(standard.graph).ok()) << ErrorText();
  EXPECT_TRUE(webinfer::Optimize(plain, required).ok() && webinfer::Optimize(standard, required).ok()) << ErrorText();
  const std::vector<Tensor> feeds = RandomFeeds(plain.graph, 3);
  const std::vector<RuntimeValue> want = EvaluateGraph(plain.graph, feeds), got = EvaluateGraph(standard.graph, feeds);
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(want[i].tensor.shape, got[i].tensor.shape);
    if (want[i].tensor.dtype != DType::kFloat32 || want[i].tensor.shape != got[i].tensor.shape) continue;
    for (int64_t k = 0; k < want[i].tensor.shape.Elements(); ++k) {
      EXPECT_NEAR(want[i].tensor.As<float>()[k], got[i].tensor.As<float>()[k], 2e-4) << "output " << i << ", element " << k;
    }
  }
  return ops;
}

TEST(Standardize, ImagesStayChannelsFirst) {
  const auto ops = Standardized([](Builder& b) {
    const ValueId x = b.Input({1, 4, 6, 6});
    const ValueId y = b.Add("Relu", {b.Add("Conv", {x, b.Random({4, 4, 1, 1}), b.Random({4})})});
    b.Output(b.Add("Relu", {b.Add("Add", {b.Add("Conv", {y, b.Random({4, 4, 1, 1})}), y})}));
  });
  EXPECT_THAT(ops, ElementsAre("Conv", "Relu", "Conv", "Add", "Relu"));
}

TEST(Standardize, ActivationsKeepTheirParameters) {
  Standardized([](Builder& b) {
    ValueId x = b.Input({1, 4, 5, 5});
    const auto conv = [&] { return b.Add("Conv", {x, b.Random({4, 4, 1, 1}), b.Random({4})}); };
    x = b.Add("Clip", {conv(), b.Scalar(-0.5f), b.Scalar(0.75f)});
    x = b.Add("LeakyRelu", {conv()});
    x = b.Add("HardSigmoid", {conv()});
    const ValueId y = conv();
    x = b.Add("Mul", {y, b.Add("Sigmoid", {y})});
    b.Output(b.Add("Elu", {conv()}));
  });
}

TEST(Standardize, MatrixProductsOfAnyRank) {
  Standardized([](Builder& b) {
    const ValueId x = b.Input({2, 3, 8}), flat = b.Input({3, 8});
    b.Output(b.Add("Gelu", {b.Add("Add", {b.Add("MatMul", {x, b.Random({8, 5})}), b.Random({5})})}));
    b.Output(b.Add("Relu", {b.Add("Gemm", {flat, b.Random({8, 5}), b.Random({5})})}));
  });
}

TEST(Standardize, ElementwisePrograms) {
  const auto ops = Standardized([](Builder& b) {
    const ValueId x = b.Input({2, 8}), y = b.Input({2, 8});
    const ValueId z = b.Add("Exp", {b.Add("Sub", {x, b.Add("Tanh", {y})})});
    b.Output(b.Add("Where", {b.Add("Less", {z, y}), b.Add("Mul", {z, x}), b.Add("Div", {x, b.Scalar(3)})}));
  });
  EXPECT_EQ(std::count(ops.begin(), ops.end(), "Where"), 1);
}

TEST(Standardize, Attention) {
  Standardized([](Builder& b) {
    const ValueId q = b.Input({1, 2, 4, 8}), k = b.Input({1, 2, 4, 8}), v = b.Input({1, 2, 4, 8});
    const ValueId transposed = b.Add("Transpose", {k});
    b.graph().nodes.back()->attributes.SetInts("perm", {0, 1, 3, 2});
    const ValueId scores = b.Add("Mul", {b.Add("MatMul", {q, transposed}), b.Scalar(0.3f)});
    b.Output(b.Add("MatMul", {b.Add("Softmax", {scores}), v}));
  });
}

}  // namespace
}  // namespace webinfer::testing
