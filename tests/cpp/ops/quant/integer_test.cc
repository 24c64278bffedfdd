// MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv: small cases worked out by hand, and what they refuse. The arithmetic
// for all shapes is held by tests/cpp/kernels/int8_test.cc.
#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;

TEST(MatMulInteger, SubtractsZeroPoints) {
  // ((1-2) (3-2)) . (5 6 / 7 8) and so on.
  const auto y = RunOp("MatMulInteger")
                     .In<uint8_t>({2, 2}, {1, 3, 4, 0})
                     .In<int8_t>({2, 2}, {5, -6, 7, 8})
                     .In<uint8_t>({}, {2})
                     .In<int8_t>({2}, {1, -1})
                     .Run();
  EXPECT_THAT(ValuesOf<int32_t>(y[0]), ElementsAre(-4 + 6, 5 + 9, 8 - 12, -10 - 18));
}

TEST(MatMulInteger, BroadcastsBatches) {
  const auto y = RunOp("MatMulInteger").In<int8_t>({2, 1, 2}, {1, 2, -3, 4}).In<uint8_t>({2, 1}, {10, 200}).Run();
  EXPECT_EQ(y[0].tensor.shape, Shape({2, 1, 1}));
  EXPECT_THAT(ValuesOf<int32_t>(y[0]), ElementsAre(410, 770));
}

TEST(QLinearMatMul, RoundsHalfToEvenAndSaturates) {
  // Sums 1, 3, 5, 600 times 0.5 plus 10.
  const auto y = RunOp("QLinearMatMul")
                     .In<uint8_t>({4, 1}, {1, 3, 5, 200})
                     .In<float>({}, {1})
                     .In<uint8_t>({}, {0})
                     .In<int8_t>({1, 1}, {1})
                     .In<float>({1}, {0.5f})
                     .In<int8_t>({}, {0})
                     .In<float>({}, {0.25f})
                     .In<uint8_t>({}, {10})
                     .Run();
  EXPECT_THAT(ValuesOf<uint8_t>(y[0]), ElementsAre(12, 16, 20, 255));
  const auto even = RunOp("QLinearMatMul")
                        .In<int8_t>({4, 1}, {1, 3, 5, -100})
                        .In<float>({}, {1})
                        .In<int8_t>({}, {0})
                        .In<int8_t>({1, 1}, {1})
                        .In<float>({}, {0.5f})
                        .In<int8_t>({}, {0})
                        .In<float>({}, {1})
                        .In<int8_t>({}, {-100})
                        .Run();
  EXPECT_THAT(ValuesOf<int8_t>(even[0]), ElementsAre(-100, -98, -98, -128));
}

TEST(QLinearConv, PadsWithTheZeroPoint) {
  // One channel, 3 x 3 of ones over a 2 x 2 image of 7 with zero point 5: every output sees all four values, 2 each.
  const auto y = RunOp("QLinearConv")
                     .Ints("pads", {1, 1, 1, 1})
                     .In<uint8_t>({1, 1, 2, 2}, {7, 7, 7, 7})
                     .In<float>({}, {1})
                     .In<uint8_t>({}, {5})
                     .In<int8_t>({1, 1, 3, 3}, {1, 1, 1, 1, 1, 1, 1, 1, 1})
                     .In<float>({}, {1})
                     .In<int8_t>({}, {0})
                     .In<float>({}, {1})
                     .In<uint8_t>({}, {3})
                     .In<int32_t>({1}, {100})
                     .Run();
  EXPECT_THAT(ValuesOf<uint8_t>(y[0]), ElementsAre(111, 111, 111, 111));
}

TEST(ConvInteger, TakesAZeroPointForEachFilter) {
  const auto y = RunOp("ConvInteger")
                     .In<uint8_t>({1, 1, 1, 2}, {3, 4})
                     .In<uint8_t>({2, 1, 1, 1}, {10, 20})
                     .In<uint8_t>({}, {1})
                     .In<uint8_t>({2}, {9, 22})
                     .Run();
  EXPECT_THAT(ValuesOf<int32_t>(y[0]), ElementsAre(2, 3, -4, -6));
}

TEST(QLinearMatMul, NamesWhatDoesNotFit) {
  RunOp op("QLinearMatMul");
  op.In<uint8_t>({1, 2}, {1, 2})
      .In<float>({}, {1})
      .In<int8_t>({}, {0})
      .In<int8_t>({2, 1}, {1, 1})
      .In<float>({}, {1})
      .In<int8_t>({}, {0});
  op.In<float>({}, {1}).In<uint8_t>({}, {0});
  EXPECT_EQ(op.RunForError(), Code::kTypeMismatch);
  RunOp scales("QLinearMatMul");
  scales.In<uint8_t>({1, 1}, {1}).In<float>({}, {1}).In<uint8_t>({}, {0}).In<int8_t>({1, 2}, {1, 1}).In<float>({3}, {1, 1, 1});
  scales.In<int8_t>({}, {0}).In<float>({}, {1}).In<uint8_t>({}, {0});
  EXPECT_EQ(scales.RunForError(), Code::kShapeMismatch);
}

}  // namespace
}  // namespace webinfer::testing
