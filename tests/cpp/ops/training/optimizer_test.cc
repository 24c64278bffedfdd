// One step of each optimizer against its formula (ai.onnx.preview.training, version 1).
#include <cmath>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

constexpr const char* kDomain = "ai.onnx.preview.training";
constexpr float kX[] = {1.2f, -2.8f}, kG[] = {-0.94f, 2.5f}, kV[] = {1.7f, 3.6f}, kH[] = {0.1f, 0.2f};

// Rate 0.1, the step count, then one parameter of two elements with its gradient and states.
RunOp Step(const char* op, int64_t count, bool second_state = false) {
  RunOp run(op, kDomain);
  run.In<float>({}, {0.1f}).In<int64_t>({}, {count});
  run.In<float>({2}, {kX[0], kX[1]}).In<float>({2}, {kG[0], kG[1]}).In<float>({2}, {kV[0], kV[1]});
  if (second_state) run.In<float>({2}, {kH[0], kH[1]});
  return run;
}

TEST(Momentum, StandardAndNesterov) {
  for (const bool nesterov : {false, true}) {
    RunOp step = Step("Momentum", 3);
    step.Text("mode", nesterov ? "nesterov" : "standard")
        .Float("alpha", 0.95f)
        .Float("beta", 0.5f)
        .Float("norm_coefficient", 0.01f);
    const auto out = step.Run(2);
    for (size_t i = 0; i < 2; ++i) {
      const double g = 0.01 * kX[i] + kG[i], v = 0.95 * kV[i] + 0.5 * g;
      EXPECT_NEAR(ValuesOf<float>(out[1])[i], v, 1e-6);
      EXPECT_NEAR(ValuesOf<float>(out[0])[i], kX[i] - 0.1 * (nesterov ? g + 0.95 * v : v), 1e-6);
    }
  }
}

TEST(Momentum, TheFirstStepTakesTheWholeGradient) {
  const auto out = Step("Momentum", 0).Text("mode", "standard").Float("alpha", 0).Float("beta", 0.25f).Run(2);
  EXPECT_NEAR(ValuesOf<float>(out[1])[0], kG[0], 1e-6);
}

TEST(Adagrad, DividesByTheRootOfAllSquares) {
  const auto out = Step("Adagrad", 4).Float("decay_factor", 0.1f).Float("epsilon", 1e-3f).Run(2);
  for (size_t i = 0; i < 2; ++i) {
    const double h = kV[i] + static_cast<double>(kG[i]) * kG[i];
    EXPECT_NEAR(ValuesOf<float>(out[1])[i], h, 1e-5);
    EXPECT_NEAR(ValuesOf<float>(out[0])[i], kX[i] - 0.1 / 1.4 * kG[i] / (std::sqrt(h) + 1e-3), 1e-6);
  }
}

TEST(Adam, CorrectsForHavingStartedAtZero) {
  const auto out = Step("Adam", 2, true).Float("alpha", 0.9f).Float("beta", 0.99f).Float("epsilon", 1e-2f).Run(3);
  const double rate = 0.1 * std::sqrt(1 - 0.99 * 0.99) / (1 - 0.9 * 0.9);
  for (size_t i = 0; i < 2; ++i) {
    const double v = 0.9 * kV[i] + 0.1 * kG[i], h = 0.99 * kH[i] + 0.01 * kG[i] * kG[i];
    EXPECT_NEAR(ValuesOf<float>(out[1])[i], v, 1e-6);
    EXPECT_NEAR(ValuesOf<float>(out[2])[i], h, 1e-6);
    EXPECT_NEAR(ValuesOf<float>(out[0])[i], kX[i] - rate * v / (std::sqrt(h) + 1e-2), 1e-5);
  }
}

}  // namespace
}  // namespace webinfer::testing
