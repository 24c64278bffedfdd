// MatMulNBits, MatMulBnb4 and GatherBlockQuantized on small weights whose products can be checked by hand. Layouts and widths
// are tested with the kernels (kernels/nbits_test.cc).
#include <cmath>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ::testing::FloatEq;
using ::testing::Pointwise;

Tensor Filled(DType dtype, const Shape& shape, uint8_t byte) {
  Result<Tensor> tensor = Tensor::Create(dtype, shape);
  std::memset(tensor->As<uint8_t>(), byte, static_cast<size_t>(BytesOf(dtype, static_cast<uint64_t>(shape.Elements()))));
  return std::move(*tensor);
}

Tensor Ones(const Shape& shape) {
  Result<Tensor> tensor = Tensor::Create(DType::kFloat32, shape);
  std::fill_n(tensor->As<float>(), shape.Elements(), 1.0f);
  return std::move(*tensor);
}

// Two columns of two blocks of 16: code 10 in the even places, 9 in the odd ones.
RunOp NBits() {
  RunOp op("MatMulNBits", "com.microsoft");
  op.Int("K", 32).Int("N", 2).Int("bits", 4).Int("block_size", 16);
  op.In(Ones({1, 32})).In(Filled(DType::kUint8, {2, 2, 8}, 0x9a)).In<float>({2, 2}, {1, 10, 100, 1000});
  return op;
}

TEST(MatMulNBits, DefaultZeroAndBias) {
  RunOp op = NBits();
  op.Without().Without().In<float>({2}, {0.5f, -0.5f});
  // (10 - 8 + 9 - 8) * 8 = 24 in each block
  EXPECT_THAT(ValuesOf<float>(op.Run()[0]), Pointwise(FloatEq(), {24 + 240 + 0.5f, 2400 + 24000 - 0.5f}));
}

TEST(MatMulNBits, PackedAndFloatZeros) {
  RunOp packed = NBits();
  packed.In<uint8_t>({2}, {0x98, 0x0a});
  // column 0: blocks with zeros 8 and 9, column 1: 10 and 0
  EXPECT_THAT(ValuesOf<float>(packed.Run()[0]), Pointwise(FloatEq(), {24.0f + 80, -800 + 152000.0f}));
  RunOp floats = NBits();
  floats.In<float>({2, 2}, {8, 9, 10, 0});
  EXPECT_THAT(ValuesOf<float>(floats.Run()[0]), Pointwise(FloatEq(), {24.0f + 80, -800 + 152000.0f}));
}

TEST(MatMulNBits, RowsThatNameTheirBlock) {
  Result<Tensor> groups = Tensor::Create(DType::kInt32, {32});
  for (int i = 0; i < 32; ++i) groups->As<int32_t>()[i] = i % 2;
  RunOp op = NBits();
  op.Without().In(std::move(*groups));
  // 16 codes of 10 take the first scale, 16 of 9 the second
  EXPECT_THAT(ValuesOf<float>(op.Run()[0]), Pointwise(FloatEq(), {32.0f + 160, 3200 + 16000.0f}));
  RunOp wrong = NBits();
  wrong.Without().In(Filled(DType::kInt32, {32}, 1));
  EXPECT_EQ(wrong.RunForError(), Code::kInvalidArgument);
}

TEST(MatMulNBits, EightBitRows) {
  RunOp op = NBits();
  op.Int("accuracy_level", 4);
  // ones are rounded without loss
  EXPECT_THAT(ValuesOf<float>(op.Run()[0]), Pointwise(::testing::FloatNear(1e-2f), {264.0f, 26400.0f}));
}

TEST(MatMulNBits, WeightsThatDoNotFit) {
  RunOp op("MatMulNBits", "com.microsoft");
  op.Int("K", 32).Int("N", 2).Int("bits", 4).Int("block_size", 16);
  op.In(Ones({1, 32})).In(Filled(DType::kUint8, {2, 2, 7}, 0)).In<float>({2, 2}, {1, 1, 1, 1});
  EXPECT_EQ(op.RunForError(), Code::kShapeMismatch);
}

TEST(MatMulBnb4, TableAndTransposition) {
  const auto run = [](int64_t type, int64_t transposed, const Shape& x) {
    RunOp op("MatMulBnb4", "com.microsoft");
    op.Int("K", 16).Int("N", 2).Int("block_size", 32).Int("quant_type", type).Int("transB", transposed);
    op.In(Ones(x)).In(Filled(DType::kUint8, {16}, 0x3d)).In<float>({1}, {2});
    return ValuesOf<float>(op.Run()[0]);
  };
  // 0x3d: first 3, then 13
  constexpr float kFp4 = 2 * (1.0f - 0.5f), kNf4 = 2 * (-0.39491748809814453f + 0.5626170039176941f);
  EXPECT_THAT(run(0, 1, {1, 16}), Pointwise(FloatEq(), {8 * kFp4, 8 * kFp4}));
  EXPECT_THAT(run(1, 1, {1, 16}), Pointwise(::testing::FloatNear(1e-5f), {8 * kNf4, 8 * kNf4}));
  const std::vector<float> rows = run(0, 0, {1, 2});
  ASSERT_EQ(rows.size(), 16u);
  EXPECT_FLOAT_EQ(rows[0], 4.0f);
  EXPECT_FLOAT_EQ(rows[1], -2.0f);
}

TEST(GatherBlockQuantized, PackedBytesAndIndicesOutOfRange) {
  RunOp op("GatherBlockQuantized", "com.microsoft");
  op.Int("bits", 4).Int("block_size", 16).Int("gather_axis", 0).Int("quantize_axis", 1);
  op.In(Filled(DType::kUint8, {3, 9}, 0x9a)).In<int64_t>({3}, {1, -1, 7}).In<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  const auto out = op.Run();
  ASSERT_EQ(out[0].tensor.shape, Shape({3, 18}));
  const std::vector<float> values = ValuesOf<float>(out[0]);
  EXPECT_FLOAT_EQ(values[0], 6);         // (10 - 8) * 3
  EXPECT_FLOAT_EQ(values[17], 4);        // (9 - 8) * 4
  EXPECT_FLOAT_EQ(values[18 + 16], 12);  // (10 - 8) * 6
  for (size_t i = 36; i < 54; ++i) EXPECT_EQ(values[i], 0) << i;
}

TEST(GatherBlockQuantized, ZeroPointsAlongTheFirstAxis) {
  RunOp op("GatherBlockQuantized", "com.microsoft");
  op.Int("block_size", 16).Int("gather_axis", 1).Int("quantize_axis", 0);
  op.In(Filled(DType::kInt4, {17, 2}, 0x21)).In<int32_t>({1}, {1}).In<float>({2, 2}, {1, 10, 100, 1000});
  op.In(Filled(DType::kInt4, {2, 2}, 0x71));
  const std::vector<float> values = ValuesOf<float>(op.Run()[0]);
  ASSERT_EQ(values.size(), 17u);
  EXPECT_FLOAT_EQ(values[0], (2 - 7) * 10);
  EXPECT_FLOAT_EQ(values[16], (2 - 7) * 1000);
}

}  // namespace
}  // namespace webinfer::testing
