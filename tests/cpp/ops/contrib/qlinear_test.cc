// onnxruntime's quantised elementwise operators: what they mean in real numbers, within one step of the result's scale.
#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

TEST(QLinearAdd, AddsRealValues) {
  const auto out = RunOp("QLinearAdd", "com.microsoft")
                       .In<uint8_t>({3}, {10, 20, 255})
                       .In<float>({}, {0.5f})
                       .In<uint8_t>({}, {10})
                       .In<uint8_t>({1}, {6})
                       .In<float>({}, {0.25f})
                       .In<uint8_t>({}, {2})
                       .In<float>({}, {0.5f})
                       .In<uint8_t>({}, {4})
                       .Run();
  EXPECT_THAT(ValuesOf<uint8_t>(out[0]), ElementsAre(6, 16, 251));  // (0, 5, 122.5) + 1
}

TEST(QLinearConcat, BringsAllToOneScale) {
  const auto out = RunOp("QLinearConcat", "com.microsoft")
                       .In<float>({}, {1})
                       .In<int8_t>({}, {0})
                       .In<int8_t>({2}, {10, -20})
                       .In<float>({}, {0.5f})
                       .In<int8_t>({}, {0})
                       .In<int8_t>({1}, {100})
                       .In<float>({}, {2})
                       .In<int8_t>({}, {90})
                       .Int("axis", 0)
                       .Run();
  EXPECT_THAT(ValuesOf<int8_t>(out[0]), ElementsAre(5, -10, 20));
}

TEST(QLinearSoftmax, OldModelsFlattenFromTheAxis) {
  const auto out = RunOp("QLinearSoftmax", "com.microsoft")
                       .In<uint8_t>({1, 2, 2}, {7, 7, 7, 7})
                       .In<float>({}, {0.1f})
                       .In<uint8_t>({}, {0})
                       .In<float>({}, {1.0f / 256})
                       .In<uint8_t>({}, {0})
                       .Int("axis", 1)
                       .Int("opset", 12)
                       .Run();
  EXPECT_THAT(ValuesOf<uint8_t>(out[0]), ElementsAre(64, 64, 64, 64));
}

}  // namespace
}  // namespace webinfer::testing
