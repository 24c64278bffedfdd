#include <cmath>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

TEST(SwiGlu, IsSwishOfTheFirstTimesTheSecond) {
  const auto out = RunOp("SwiGLU").In<float>({2, 2}, {-3, 0, 0.5f, 4}).In<float>({2}, {2, -1}).Float("alpha", 1.7f).Run();
  const auto expected = [](double gate, double x) { return static_cast<float>(gate / (1 + std::exp(-1.7 * gate)) * x); };
  EXPECT_EQ(out[0].tensor.shape, Shape({2, 2}));
  EXPECT_THAT(ValuesOf<float>(out[0]), ::testing::Pointwise(::testing::FloatNear(1e-6f), {expected(-3, 2), expected(0, -1),
                                                                                          expected(0.5, 2), expected(4, -1)}));
}

}  // namespace
}  // namespace webinfer::testing
