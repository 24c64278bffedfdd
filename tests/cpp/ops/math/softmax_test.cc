// Softmax and LogSoftmax along every axis against their formulas in double.
#include <cmath>
#include <random>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

Tensor Numbers(const Shape& shape, float scale) {
  std::mt19937 random(9);
  Result<Tensor> tensor = Tensor::Create(DType::kFloat32, shape);
  for (int64_t i = 0; i < shape.Elements(); ++i) {
    tensor->As<float>()[i] = scale * (static_cast<float>(random() % 2001) / 1000 - 1);
  }
  return std::move(*tensor);
}

void Check(const Shape& shape, int axis, float scale) {
  const Tensor x = Numbers(shape, scale);
  const std::vector<float> soft = ValuesOf<float>(RunOp("Softmax").In(Numbers(shape, scale)).Int("axis", axis).Run()[0]);
  const std::vector<float> log = ValuesOf<float>(RunOp("LogSoftmax").In(Numbers(shape, scale)).Int("axis", axis).Run()[0]);
  const int64_t inner = shape.Elements(axis + 1, shape.rank()), length = shape[axis];
  for (int64_t i = 0; i < shape.Elements(); ++i) {
    const int64_t start = i / (inner * length) * inner * length + i % inner;
    double sum = 0;
    for (int64_t k = 0; k < length; ++k) sum += std::exp(static_cast<double>(x.As<float>()[start + k * inner]));
    const double want = std::exp(static_cast<double>(x.As<float>()[i])) / sum;
    ASSERT_NEAR(soft[static_cast<size_t>(i)], want, 2e-6 * want + 1e-12) << ShapeText(shape).text << " axis " << axis;
    ASSERT_NEAR(log[static_cast<size_t>(i)], std::log(want), 1e-5) << ShapeText(shape).text << " axis " << axis;
  }
}

TEST(Softmax, AlongEveryAxis) {
  for (const Shape& shape : {Shape({3, 37, 45}), Shape({2, 5, 64}), Shape({1, 197}), Shape({7, 1, 3})}) {
    for (int axis = 0; axis < shape.rank(); ++axis) Check(shape, axis, 3);
  }
  Check({4, 33}, 1, 20);
}

TEST(Softmax, LargeNumbersAndMasks) {
  const auto out = RunOp("Softmax").In<float>({2, 5}, {1e30f, 1e30f, -1e30f, 0, 1, -INFINITY, 0, 0, -INFINITY, -200}).Run();
  EXPECT_EQ(ValuesOf<float>(out[0]), (std::vector<float>{0.5f, 0.5f, 0, 0, 0, 0, 0.5f, 0.5f, 0, 0}));
}

TEST(Softmax, OtherTypesAreWidened) {
  const auto out = RunOp("Softmax").In<double>({2, 2}, {0, std::log(3.0), 5, 5}).Run();
  const std::vector<double> got = ValuesOf<double>(out[0]);
  EXPECT_NEAR(got[0], 0.25, 1e-15);
  EXPECT_NEAR(got[1], 0.75, 1e-15);
  EXPECT_EQ(RunOp("Softmax").In<int64_t>({2}, {1, 2}).RunForError(), Code::kUnsupported);
}

TEST(Hardmax, MarksTheFirstLargest) {
  const auto out = RunOp("Hardmax").In<float>({2, 3}, {1, 3, 3, -1, -2, -1}).Run();
  EXPECT_EQ(ValuesOf<float>(out[0]), (std::vector<float>{0, 1, 0, 1, 0, 0}));
}

}  // namespace
}  // namespace webinfer::testing
