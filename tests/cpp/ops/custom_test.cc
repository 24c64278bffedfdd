#include "ops/custom.h"

#include <gtest/gtest.h>

#include "ops/evaluate.h"

namespace webinfer {
namespace {

class Doubling final : public CustomOperatorHost {
 public:
  Status Infer(int id, InferContext& ctx) override {
    last_id = id;
    return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape);
  }
  Status Run(int, const Step& step, RunContext&) override {
    for (int64_t i = 0; i < step.in[0].elements(); ++i) step.out[0].As<float>()[i] = 2 * step.in[0].As<float>()[i];
    return OkStatus();
  }
  int last_id = 0;
};

TEST(CustomOperator, IsFoundRunAndHidden) {
  static Doubling host;
  EXPECT_EQ(FindCustomOperator("test", "Double"), nullptr);
  AddCustomOperator("test", "Double", 7, host);
  Node node;
  node.domain = "test";
  node.op = "Double";
  node.inputs = {0};
  node.outputs = {1};
  node.def = FindCustomOperator("test", "Double");
  ASSERT_NE(node.def, nullptr);
  float elements[] = {1, -2};
  const Operand in = OperandOf(TensorView{DType::kFloat32, Shape({2}), elements});
  StringPool strings;
  ThreadPool pool(1);
  const auto out = EvaluateNode(node, {&in, 1}, strings, pool);
  ASSERT_TRUE(out.ok()) << LastError().message;
  EXPECT_EQ((*out)[0].tensor.As<float>()[1], -4);
  EXPECT_EQ(host.last_id, 7);
  HideCustomOperator(7);
  EXPECT_EQ(FindCustomOperator("test", "Double"), nullptr);
}

TEST(CustomOperator, TheLatestOfANameCounts) {
  static Doubling host;
  AddCustomOperator("test", "Twice", 8, host);
  const OpDef* first = FindCustomOperator("test", "Twice");
  AddCustomOperator("test", "Twice", 9, host);
  EXPECT_NE(FindCustomOperator("test", "Twice"), first);
  HideCustomOperator(9);
  EXPECT_EQ(FindCustomOperator("test", "Twice"), first);
}

}  // namespace
}  // namespace webinfer
