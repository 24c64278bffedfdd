// Reductions over every set of axes against sums written out in double.
#include <cmath>
#include <limits>
#include <random>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

struct Definition {
  const char* op;
  double start;
  double (*step)(double acc, double x);
  double (*finish)(double acc, double count);
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
double Same(double acc, double) { return acc; }

const Definition kDefinitions[] = {
    {"ReduceSum", 0, [](double a, double x) { return a + x; }, Same},
    {"ReduceMean", 0, [](double a, double x) { return a + x; }, [](double a, double n) { return a / n; }},
    {"ReduceMax", -kInfinity, [](double a, double x) { return std::max(a, x); }, Same},
    {"ReduceMin", kInfinity, [](double a, double x) { return std::min(a, x); }, Same},
    {"ReduceProd", 1, [](double a, double x) { return a * x; }, Same},
    {"ReduceL1", 0, [](double a, double x) { return a + std::fabs(x); }, Same},
    {"ReduceL2", 0, [](double a, double x) { return a + x * x; }, [](double a, double) { return std::sqrt(a); }},
    {"ReduceSumSquare", 0, [](double a, double x) { return a + x * x; }, Same},
    {"ReduceLogSum", 0, [](double a, double x) { return a + x; }, [](double a, double) { return std::log(a); }},
};

// Axes are the bits of `mask`; results in row-major order of the kept axes.
std::vector<double> Expected(const Definition& d, const std::vector<double>& x, const Shape& shape, unsigned mask) {
  Shape kept = shape;
  int64_t count = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    count *= shape[i];
    kept[i] = 1;
  }
  std::vector<double> acc(static_cast<size_t>(kept.Elements()), d.start);
  for (size_t i = 0; i < x.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), at = 0, stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (kept[axis] != 1) at += rest % shape[axis] * stride;
      stride *= kept[axis];
      rest /= shape[axis];
    }
    double& a = acc[static_cast<size_t>(at)];
    a = d.step(a, x[i]);
  }
  for (double& a : acc) a = d.finish(a, static_cast<double>(count));
  return acc;
}

template <typename T>
void CheckAll(const Shape& shape, double tolerance) {
  std::mt19937 random(5);
  Result<Tensor> tensor = Tensor::Create(DTypeOf<T>(), shape);
  std::vector<double> wide;
  for (int64_t i = 0; i < shape.Elements(); ++i) {
    const double value = std::is_integral_v<T> ? static_cast<double>(random() % 3 + 1) : 0.5 + (random() % 1000) / 1000.0;
    tensor->template As<T>()[i] = static_cast<T>(value);
    wide.push_back(static_cast<double>(tensor->template As<T>()[i]));
  }
  for (const Definition& d : kDefinitions) {
    if (std::is_integral_v<T> && (std::string_view(d.op) == "ReduceLogSum" || std::string_view(d.op) == "ReduceProd")) continue;
    for (unsigned mask = 1; mask < 1u << shape.rank(); ++mask) {
      std::vector<int64_t> axes;
      for (int i = 0; i < shape.rank(); ++i) {
        if ((mask >> i & 1) != 0) axes.push_back(i - (i % 2 == 0 ? 0 : shape.rank()));
      }
      Result<Tensor> copy = Tensor::Create(DTypeOf<T>(), shape);
      std::copy(tensor->template As<T>(), tensor->template As<T>() + shape.Elements(), copy->template As<T>());
      const auto out = RunOp(d.op).In(std::move(*copy)).Ints("axes", axes).Int("keepdims", static_cast<int64_t>(mask % 2)).Run();
      const std::vector<T> got = ValuesOf<T>(out[0]);
      const std::vector<double> want = Expected(d, wide, shape, mask);
      ASSERT_EQ(got.size(), want.size()) << d.op << " " << mask;
      for (size_t i = 0; i < got.size(); ++i) {
        const double exact = std::is_integral_v<T> ? std::trunc(want[i]) : want[i];
        ASSERT_NEAR(static_cast<double>(got[i]), exact, tolerance * std::max(1.0, std::fabs(exact))) << d.op << " " << mask;
      }
    }
  }
}

TEST(Reduce, EveryOperatorOverEverySetOfAxes) {
  CheckAll<float>({2, 3, 5, 37}, 1e-5);
  CheckAll<float>({3, 70, 2}, 1e-5);
  CheckAll<double>({2, 3, 4, 5}, 1e-12);
  CheckAll<int64_t>({2, 3, 4, 5}, 0);
  CheckAll<int32_t>({4, 600}, 0);
}

TEST(Reduce, NoAxesIsEverythingOrNothing) {
  EXPECT_EQ(ValuesOf<float>(RunOp("ReduceSum").In<float>({2, 2}, {1, 2, 3, 4}).Run()[0]), std::vector<float>{10});
  const auto kept = RunOp("ReduceSumSquare").In<float>({3}, {1, 2, 3}).Int("noop_with_empty_axes", 1).Run();
  EXPECT_EQ(ValuesOf<float>(kept[0]), (std::vector<float>{1, 4, 9}));
}

TEST(Reduce, NothingGivesTheNeutralElement) {
  EXPECT_EQ(ValuesOf<float>(RunOp("ReduceMax").In<float>({0, 2}, {}).Ints("axes", {0}).Run()[0]),
            (std::vector<float>{-INFINITY, -INFINITY}));
  EXPECT_EQ(ValuesOf<float>(RunOp("ReduceProd").In<float>({2, 0}, {}).Ints("axes", {1}).Run()[0]), (std::vector<float>{1, 1}));
}

TEST(Reduce, AnAxisOutOfRangeIsAnError) {
  EXPECT_EQ(RunOp("ReduceSum").In<float>({2, 2}, {1, 2, 3, 4}).Ints("axes", {2}).RunForError(), Code::kInvalidModel);
}

TEST(Reduce, AxesThatAreNoIntegersAreAnError) {
  EXPECT_EQ(RunOp("ReduceSum").In<float>({2, 2}, {1, 2, 3, 4}).In<float>({1}, {0}).RunForError(), Code::kTypeMismatch);
}

TEST(ArgMax, TakesTheFirstOrLastOfEqualOnesAndNan) {
  const auto arg = [](std::initializer_list<float> values, int64_t last) {
    const Shape shape({static_cast<int64_t>(values.size())});
    return ValuesOf<int64_t>(RunOp("ArgMax").In<float>(shape, values).Int("select_last_index", last).Run()[0])[0];
  };
  EXPECT_EQ(arg({1, 5, 2, 5, 0}, 0), 1);
  EXPECT_EQ(arg({1, 5, 2, 5, 0}, 1), 3);
  EXPECT_EQ(arg({1, NAN, 2, 5, 0}, 0), 1);
  EXPECT_EQ(arg({-3, -3}, 1), 1);
}

TEST(CumSum, ExclusiveAndReverse) {
  const auto sum = [](int64_t exclusive, int64_t reverse) {
    return ValuesOf<float>(RunOp("CumSum")
                               .In<float>({2, 3}, {1, 2, 3, 4, 5, 6})
                               .In<int64_t>({}, {1})
                               .Int("exclusive", exclusive)
                               .Int("reverse", reverse)
                               .Run()[0]);
  };
  EXPECT_EQ(sum(0, 0), (std::vector<float>{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(sum(1, 0), (std::vector<float>{0, 1, 3, 0, 4, 9}));
  EXPECT_EQ(sum(0, 1), (std::vector<float>{6, 5, 3, 15, 11, 6}));
  EXPECT_EQ(sum(1, 1), (std::vector<float>{5, 3, 0, 11, 6, 0}));
}

}  // namespace
}  // namespace webinfer::testing
