// What elementwise operators say about types they do not take, and values that are easy to get wrong.
#include <cmath>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ::testing::HasSubstr;

TEST(Expression, InputsOfDifferentTypesAreAnError) {
  EXPECT_EQ(RunOp("Add").In<float>({1}, {1}).In<int64_t>({1}, {1}).RunForError(), Code::kTypeMismatch);
  EXPECT_THAT(LastError().message, HasSubstr("Add"));
  EXPECT_THAT(LastError().expected, HasSubstr("float32"));
  EXPECT_THAT(LastError().actual, HasSubstr("int64"));
}

TEST(Expression, ATypeWithoutTheOperationIsAnError) {
  EXPECT_EQ(RunOp("Sin").In<int32_t>({1}, {1}).RunForError(), Code::kUnsupported);
  EXPECT_THAT(LastError().message, HasSubstr("Sin"));
  EXPECT_THAT(LastError().actual, HasSubstr("int32"));
}

TEST(Expression, ShapesThatDoNotBroadcastAreAnError) {
  EXPECT_EQ(RunOp("Mul").In<float>({2}, {1, 2}).In<float>({3}, {1, 2, 3}).RunForError(), Code::kShapeMismatch);
}

TEST(Div, OfIntegersTruncatesAndSurvivesZero) {
  const auto out = RunOp("Div").In<int32_t>({4}, {-7, 7, 5, INT32_MIN}).In<int32_t>({4}, {2, -2, 0, -1}).Run();
  EXPECT_EQ(ValuesOf<int32_t>(out[0]), (std::vector<int32_t>{-3, -3, 0, INT32_MIN}));
}

TEST(Mod, HasTheSignOfTheDivisorUnlessFmod) {
  const auto mod = [](int64_t fmod) {
    return ValuesOf<int64_t>(
        RunOp("Mod").In<int64_t>({4}, {-7, 7, -6, 5}).In<int64_t>({4}, {3, -3, 3, 0}).Int("fmod", fmod).Run()[0]);
  };
  EXPECT_EQ(mod(0), (std::vector<int64_t>{2, -2, 0, 0}));
  EXPECT_EQ(mod(1), (std::vector<int64_t>{-1, 1, 0, 0}));
}

TEST(Pow, OfIntegersIsExactAndMixesTypes) {
  EXPECT_EQ(ValuesOf<int64_t>(RunOp("Pow").In<int64_t>({3}, {3, -2, 10}).In<int32_t>({3}, {39, 63, 18}).Run()[0]),
            (std::vector<int64_t>{4052555153018976267, INT64_MIN, 1000000000000000000}));
  EXPECT_EQ(ValuesOf<float>(RunOp("Pow").In<float>({2}, {3, -3}).In<int64_t>({}, {2}).Run()[0]), (std::vector<float>{9, 9}));
}

TEST(Elu, IsAccurateNearZero) {
  const std::vector<float> got = ValuesOf<float>(RunOp("Elu").In<float>({3}, {-1e-6f, -1e-3f, -50}).Run()[0]);
  EXPECT_NEAR(got[0], std::expm1(-1e-6), 1e-12);
  EXPECT_NEAR(got[1], std::expm1(-1e-3), 1e-9);
  EXPECT_EQ(got[2], -1);
}

TEST(Softplus, DoesNotOverflow) {
  const std::vector<float> got = ValuesOf<float>(RunOp("Softplus").In<float>({3}, {100, -100, 0}).Run()[0]);
  EXPECT_EQ(got[0], 100);
  EXPECT_NEAR(got[1], 0, 1e-37);
  EXPECT_NEAR(got[2], std::log(2.0), 1e-7);
}

TEST(Relu, KeepsNan) { EXPECT_TRUE(std::isnan(ValuesOf<float>(RunOp("Relu").In<float>({1}, {NAN}).Run()[0])[0])); }

TEST(Sum, OfManyInputs) {
  RunOp op("Sum");
  for (int i = 0; i < 10; ++i)
    op.In<float>(i % 2 == 0 ? Shape({2}) : Shape({1}),
                 i % 2 == 0 ? std::initializer_list<float>{1, 2} : std::initializer_list<float>{10});
  EXPECT_EQ(ValuesOf<float>(op.Run()[0]), (std::vector<float>{55, 60}));
}

TEST(Cast, RoundsTowardsZeroSaturatesAndWraps) {
  const auto cast = [](std::initializer_list<float> values, DType to) {
    return RunOp("Cast")
        .In<float>(Shape({static_cast<int64_t>(values.size())}), values)
        .Int("to", static_cast<int64_t>(to))
        .Run();
  };
  EXPECT_EQ(ValuesOf<int32_t>(cast({1.9f, -1.9f, 3e9f, -3e9f}, DType::kInt32)[0]),
            (std::vector<int32_t>{1, -1, INT32_MAX, INT32_MIN}));
  EXPECT_EQ(ValuesOf<uint8_t>(cast({255.5f, 256, -1}, DType::kUint8)[0]), (std::vector<uint8_t>{255, 0, 255}));
  EXPECT_EQ(ValuesOf<bool>(cast({0, -0.0f, 0.1f, NAN}, DType::kBool)[0]), (std::vector<bool>{false, false, true, true}));
}

}  // namespace
}  // namespace webinfer::testing
