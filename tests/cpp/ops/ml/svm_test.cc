// Support vector machines by the formula, and with attributes that do not fit each other. The rest is in tests/operators.
#include "ops/ml/svm.h"

#include <cmath>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ::testing::HasSubstr;

RunOp Regressor() {
  RunOp op("SVMRegressor", "ai.onnx.ml");
  op.Text("kernel_type", "RBF").Floats("kernel_params", {0.5f, 0, 0}).Floats("support_vectors", {1, 2, -1, 0});
  op.Floats("coefficients", {2, -3}).Floats("rho", {0.25f}).Int("n_supports", 2);
  return op;
}

TEST(Svm, SumsRadialBasisFunctions) {
  const auto results = Regressor().In<double>({2, 2}, {1, 2, 0, 0}).Run();
  const std::vector<float> y = ValuesOf<float>(results[0]);
  EXPECT_NEAR(y[0], 2 - 3 * std::exp(-0.5 * 8) + 0.25, 1e-6);
  EXPECT_NEAR(y[1], 2 * std::exp(-0.5 * 5) - 3 * std::exp(-0.5) + 0.25, 1e-6);
}

RunOp Classifier() {
  RunOp op("SVMClassifier", "ai.onnx.ml");
  op.Text("kernel_type", "LINEAR").Floats("support_vectors", {1, 0, 0, 1}).Ints("vectors_per_class", {1, 1});
  op.Floats("coefficients", {1, -1}).Floats("rho", {0}).Ints("classlabels_ints", {5, 7});
  return op;
}

TEST(Svm, VotesForTheFirstClassAboveZero) {
  const auto results = Classifier().In<float>({2, 2}, {3, 1, 0, 1}).Run(2);
  EXPECT_EQ(ValuesOf<int64_t>(results[0]), (std::vector<int64_t>{5, 7}));
  EXPECT_EQ(ValuesOf<float>(results[1]), (std::vector<float>{-2, 2, 1, -1}));
}

// What is wrong with `op`, which takes two features.
std::string Refused(RunOp& op) {
  op.In<float>({1, 2}, {0, 0});
  EXPECT_NE(op.RunForError(op.node().op == "SVMClassifier" ? 2 : 1), Code::kOk);
  return LastError().message;
}

TEST(Svm, RefusesAttributesThatDoNotFit) {
  EXPECT_THAT(Refused(Regressor().Text("kernel_type", "CUBIC")), HasSubstr("kernel_type"));
  EXPECT_THAT(Refused(Regressor().Floats("kernel_params", {1})), HasSubstr("kernel_params"));
  EXPECT_THAT(Refused(Regressor().Int("n_supports", 3)), HasSubstr("support vectors"));
  EXPECT_THAT(Refused(Regressor().Int("n_supports", INT64_MAX)), HasSubstr("support vectors"));
  EXPECT_THAT(Refused(Regressor().Int("n_supports", -1)), HasSubstr("n_supports"));
  EXPECT_THAT(Refused(Regressor().Floats("coefficients", {1})), HasSubstr("coefficients"));
  EXPECT_THAT(Refused(Regressor().Floats("support_vectors", {1, 2, 3, 4, 5, 6})), HasSubstr("number of features"));
  EXPECT_THAT(Refused(Classifier().Ints("vectors_per_class", {1, -1})), HasSubstr("vectors_per_class"));
  EXPECT_THAT(Refused(Classifier().Ints("vectors_per_class", {2})), HasSubstr("vectors_per_class"));
  EXPECT_THAT(Refused(Classifier().Ints("vectors_per_class", {1, INT64_MAX})), HasSubstr("vectors_per_class"));
  EXPECT_THAT(Refused(Classifier().Floats("coefficients", {1})), HasSubstr("coefficients"));
  EXPECT_THAT(Refused(Classifier().Floats("rho", {})), HasSubstr("rho"));
  EXPECT_THAT(Refused(Classifier().Floats("prob_a", {1}).Floats("prob_b", {})), HasSubstr("prob_b"));
  EXPECT_THAT(Refused(Classifier().Floats("prob_a", {1, 2}).Floats("prob_b", {1, 2})), HasSubstr("prob_a"));
  EXPECT_THAT(Refused(Classifier().Ints("classlabels_ints", {})), HasSubstr("labels"));
  EXPECT_THAT(Refused(Classifier().Text("post_transform", "CUBE")), HasSubstr("post_transform"));
}

}  // namespace
}  // namespace webinfer::testing
