// Tokenizer: expected tokens are those that onnxruntime 1.32 gives.
#include <gmock/gmock.h>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

class TokenizerTest : public ::testing::Test {
 protected:
  // The tokens of `texts`, [N] strings, one after the other.
  std::vector<std::string> Tokens(RunOp& op, std::vector<std::string_view> texts, Shape* shape = nullptr) {
    Result<Tensor> x = Tensor::Create(DType::kString, {static_cast<int64_t>(texts.size())});
    for (size_t i = 0; i < texts.size(); ++i) x->As<const StringData*>()[i] = *strings_.Add(texts[i]);
    ThreadPool pool(1);
    Node& node = op.Int("mincharnum", least_).Text("pad_value", "#").Int("mark", mark_).node();
    node.outputs = {1};
    const Operand operand = OperandOf(x->view());
    auto results = EvaluateNode(node, std::span(&operand, 1), strings_, pool);
    EXPECT_TRUE(results.ok()) << LastError().message;
    if (!results.ok()) return {};
    const Tensor& tokens = (*results)[0].tensor;
    if (shape != nullptr) *shape = tokens.shape;
    std::vector<std::string> list;
    for (int64_t i = 0; i < tokens.shape.Elements(); ++i) list.emplace_back(tokens.As<const StringData*>()[i]->view());
    return list;
  }
  static RunOp Op() { return RunOp("Tokenizer", "com.microsoft"); }

  StringPool strings_;
  int64_t least_ = 1, mark_ = 0;
};

TEST_F(TokenizerTest, TakesWhatAnExpressionMatches) {
  RunOp op = Op();
  op.Text("tokenexp", "[a-zA-Z0-9_]+");
  Shape shape;
  EXPECT_THAT(Tokens(op, {"it's 3 o'clock", "a-b"}, &shape), ElementsAre("it", "s", "3", "o", "clock", "a", "b", "#", "#", "#"));
  EXPECT_EQ(shape, (Shape{2, 5}));
  least_ = 2;
  EXPECT_THAT(Tokens(op, {"it's 3 o'clock"}), ElementsAre("it", "clock"));
}

TEST_F(TokenizerTest, SplitsAtSeparatorsOneAfterTheOther) {
  RunOp op = Op();
  op.Strings("separators", {" ", "[,;]"});
  EXPECT_THAT(Tokens(op, {"a b,c  d;"}), ElementsAre("a", "b", "c", "d"));
  mark_ = 1;
  EXPECT_THAT(Tokens(op, {"a b", "c"}), ElementsAre("\x02", "a", "b", "\x03", "\x02", "c", "\x03", "#"));
}

TEST_F(TokenizerTest, CutsIntoCharacters) {
  RunOp op = Op();
  op.Strings("separators", {""});
  EXPECT_THAT(Tokens(op, {"\xC3\xBC"
                          "b"}),
              ElementsAre("\xC3\xBC", "b"));
  Shape shape;
  mark_ = 1;
  EXPECT_TRUE(Tokens(op, {"", ""}, &shape).empty());
  EXPECT_EQ(shape, (Shape{2, 0}));
}

TEST_F(TokenizerTest, TakesExpressionsThatMatchNothing) {
  RunOp op = Op();
  op.Text("tokenexp", "x*");
  EXPECT_THAT(Tokens(op, {"axxb"}), ElementsAre("xx"));
  RunOp separators = Op();
  separators.Strings("separators", {"x*"});
  EXPECT_TRUE(Tokens(separators, {"ab"}).empty());
}

}  // namespace
}  // namespace webinfer::testing
