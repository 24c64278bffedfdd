// Post transforms by their formulas, and what the small operators of ai.onnx.ml refuse.
#include "ops/ml/scores.h"

#include <cmath>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ops::PostTransform;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

std::vector<float> Transformed(PostTransform transform, std::vector<float> scores) {
  ops::TransformScores(transform, scores.data(), static_cast<int64_t>(scores.size()));
  return scores;
}

TEST(TransformScores, FollowsTheFormulas) {
  EXPECT_THAT(Transformed(PostTransform::kLogistic, {0, 2}), ElementsAre(0.5f, FloatNear(1 / (1 + std::exp(-2.0f)), 1e-6f)));
  EXPECT_THAT(Transformed(PostTransform::kSoftmax, {1000, 1000}), ElementsAre(0.5f, 0.5f));
  const float e = std::exp(-1.0f);
  EXPECT_THAT(Transformed(PostTransform::kSoftmaxZero, {2, 0, 1}),
              ElementsAre(FloatNear(1 / (1 + e), 1e-6f), 0, FloatNear(e / (1 + e), 1e-6f)));
  // The quantile of the normal distribution at 0.8413 is 1; the approximation is good to a few thousandths.
  EXPECT_NEAR(Transformed(PostTransform::kProbit, {0.8413447f})[0], 1, 5e-3);
  EXPECT_EQ(Transformed(PostTransform::kSoftmax, {3})[0], 3);
}

TEST(SplitScore, GivesBothClassesTheirs) {
  const auto split = [](PostTransform transform, bool probability) {
    std::vector<float> scores = {0.25f, -9};
    ops::SplitScore(transform, probability, scores.data());
    return scores;
  };
  EXPECT_THAT(split(PostTransform::kNone, true), ElementsAre(0.75f, 0.25f));
  EXPECT_THAT(split(PostTransform::kNone, false), ElementsAre(-0.25f, 0.25f));
  const float likely = 1 / (1 + std::exp(-0.25f));
  EXPECT_THAT(split(PostTransform::kLogistic, true), ElementsAre(FloatNear(1 - likely, 1e-6f), FloatNear(likely, 1e-6f)));
}

RunOp Ml(std::string_view op) { return RunOp(op, "ai.onnx.ml"); }

// What is wrong with `op` on one row of two numbers.
std::string Refused(RunOp& op, int outputs = 1) {
  op.In<float>({1, 2}, {0, 0});
  EXPECT_NE(op.RunForError(outputs), Code::kOk);
  return LastError().message;
}

std::string Refused(RunOp&& op) { return Refused(op); }

TEST(Ml, RefusesAttributesThatDoNotFit) {
  EXPECT_THAT(Refused(Ml("Scaler").Floats("offset", {1, 2, 3})), HasSubstr("offset"));
  EXPECT_THAT(Refused(Ml("Scaler").Floats("scale", {1, 2, 3})), HasSubstr("scale"));
  EXPECT_THAT(Refused(Ml("Imputer")), HasSubstr("nothing to put in"));
  EXPECT_THAT(Refused(Ml("Imputer").Floats("imputed_value_floats", {1, 2, 3})), HasSubstr("imputed_value"));
  EXPECT_THAT(Refused(Ml("Normalizer").Text("norm", "L3")), HasSubstr("norm"));
  EXPECT_THAT(Refused(Ml("LinearRegressor").Floats("coefficients", {1, 2, 3}).Int("targets", 2)), HasSubstr("coefficients"));
  EXPECT_THAT(Refused(Ml("LinearRegressor").Floats("coefficients", {1, 2}).Int("targets", 0)), HasSubstr("coefficients"));
  EXPECT_THAT(Refused(Ml("LinearRegressor").Floats("coefficients", {1, 2, 3})), HasSubstr("number of features"));
  EXPECT_THAT(
      Refused(
          Ml("LinearClassifier").Floats("coefficients", {1, 2, 3, 4}).Floats("intercepts", {0, 0}).Ints("classlabels_ints", {1}),
          2),
      HasSubstr("labels"));
  EXPECT_THAT(
      Refused(Ml("LinearClassifier").Floats("coefficients", {1, 2}).Floats("intercepts", {0}).Text("post_transform", "?"), 2),
      HasSubstr("post_transform"));
  EXPECT_THAT(Refused(Ml("OneHotEncoder")), HasSubstr("categories"));
  EXPECT_THAT(Refused(Ml("OneHotEncoder").Strings("cats_strings", {"a"})), HasSubstr("type of the keys"));
  EXPECT_THAT(Refused(Ml("OneHotEncoder").Ints("cats_int64s", {1}).Int("zeros", 0)), HasSubstr("none of the categories"));
  EXPECT_THAT(Refused(Ml("ZipMap").Ints("classlabels_int64s", {1, 2, 3})), HasSubstr("number of features"));
  EXPECT_THAT(Refused(Ml("LabelEncoder").Ints("keys_int64s", {1, 2}).Ints("values_int64s", {1})), HasSubstr("as many values"));
  EXPECT_THAT(Refused(Ml("FeatureVectorizer").Ints("inputdimensions", {-1})), HasSubstr("inputdimensions"));
  EXPECT_THAT(Refused(Ml("FeatureVectorizer").Ints("inputdimensions", {int64_t{1} << 40})), HasSubstr("inputdimensions"));
  EXPECT_THAT(Refused(Ml("CastMap")), HasSubstr("tensor"));
  EXPECT_THAT(Refused(Ml("DictVectorizer").Ints("int64_vocabulary", {1})), HasSubstr("tensor"));
  EXPECT_THAT(Refused(Ml("CategoryMapper").Strings("cats_strings", {"a"}).Ints("cats_int64s", {})), HasSubstr("cats_int64s"));
}

TEST(Ml, TakesKeysThatNoDoubleTellsApart) {
  const int64_t big = (int64_t{1} << 53) + 1;
  RunOp op = Ml("LabelEncoder");
  op.Ints("keys_int64s", {big - 1, big}).Ints("values_int64s", {1, 2}).Int("default_int64", 9);
  EXPECT_EQ(ValuesOf<int64_t>(op.In<int64_t>({3}, {big, big - 1, big + 1}).Run()[0]), (std::vector<int64_t>{2, 1, 9}));
}

TEST(Ml, CutsAndFillsFeatures) {
  RunOp op = Ml("FeatureVectorizer");
  op.Ints("inputdimensions", {1, 3}).In<float>({2, 2}, {1, 2, 3, 4}).In<int64_t>({2, 2}, {5, 6, 7, 8});
  EXPECT_EQ(ValuesOf<float>(op.Run()[0]), (std::vector<float>{1, 5, 6, 0, 3, 7, 8, 0}));
}

RuntimeValue Map(std::vector<int64_t> keys, std::vector<float> values) {
  RuntimeValue map;
  EXPECT_TRUE(map.ResizeMap(DType::kInt64, DType::kFloat32, static_cast<int64_t>(keys.size())).ok());
  std::copy(keys.begin(), keys.end(), map.map_keys().As<int64_t>());
  std::copy(values.begin(), values.end(), map.map_values().As<float>());
  return map;
}

TEST(Ml, TakesMaps) {
  const RuntimeValue map = Map({4, 0, 1}, {2, 3, -1}), negative = Map({-1}, {1}), empty = Map({}, {});
  EXPECT_EQ(ValuesOf<float>(Ml("CastMap").In(map).Run()[0]), (std::vector<float>{3, -1, 2}));
  EXPECT_TRUE(ValuesOf<float>(Ml("CastMap").In(empty).Run()[0]).empty());
  EXPECT_EQ(ValuesOf<float>(Ml("CastMap").Text("map_form", "SPARSE").Int("max_map", 3).In(map).Run()[0]),
            (std::vector<float>{3, -1, 0}));
  EXPECT_EQ(Ml("CastMap").Text("map_form", "SPARSE").Int("max_map", 3).In(negative).RunForError(), Code::kOutOfRange);
  EXPECT_EQ(Ml("CastMap").Text("map_form", "SPARSE").Int("max_map", -3).In(map).RunForError(), Code::kInvalidModel);
  EXPECT_EQ(ValuesOf<float>(Ml("DictVectorizer").Ints("int64_vocabulary", {1, 7, 4}).In(map).Run()[0]),
            (std::vector<float>{-1, 0, 2}));
  EXPECT_EQ(Ml("DictVectorizer").Strings("string_vocabulary", {"a"}).In(map).RunForError(), Code::kTypeMismatch);
}

}  // namespace
}  // namespace webinfer::testing
