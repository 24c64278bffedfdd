// BiasSplitGelu against its formula.
#include <cmath>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

TEST(BiasSplitGelu, IsLeftTimesGeluOfRight) {
  const auto out = RunOp("BiasSplitGelu", "com.microsoft")
                       .In<float>({1, 2, 4}, {1, 2, 3, -1, -2, 0.5f, 0, 4})
                       .In<float>({4}, {0.5f, -1, 1, 2})
                       .Run();
  ASSERT_EQ(out[0].tensor.shape, Shape({1, 2, 2}));
  const auto gelu = [](double x) { return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))); };
  const std::vector<float> got = ValuesOf<float>(out[0]);
  const double expected[] = {1.5 * gelu(4), 1 * gelu(1), -1.5 * gelu(1), -0.5 * gelu(6)};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(got[i], expected[i], 1e-6) << i;
}

TEST(BiasSplitGelu, RefusesAnOddLastDimension) {
  EXPECT_EQ(RunOp("BiasSplitGelu", "com.microsoft").In<float>({3}, {1, 2, 3}).In<float>({3}, {0, 0, 0}).RunForError(),
            Code::kShapeMismatch);
}

}  // namespace
}  // namespace webinfer::testing
