// The engine against index arithmetic written out, and its two ways to run a program against each other.
#include "kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/elements.h"

namespace webinfer::kernels {
namespace {

ScalarProgram BinaryProgram(ScalarOp op, DType dtype) {
  ScalarProgram program;
  ScalarType type = ScalarType::kFloat32;
  EXPECT_TRUE(ScalarTypeOf(dtype, &type));
  program.input_count = 2;
  program.inputs[0] = program.inputs[1] = dtype;
  program.code[0] = {ScalarOp::kInput, type, 0};
  program.code[1] = {ScalarOp::kInput, type, 1};
  program.code[2] = {op, GivesBool(op) ? ScalarType::kBool : type, 0, 1};
  program.size = 3;
  program.result = 2;
  program.output = GivesBool(op) ? DType::kBool : dtype;
  return program;
}

// A block of memory as the engine promises it: some readable bytes behind the end.
struct Block {
  explicit Block(size_t bytes) : memory((bytes + 64 + 15) / 16 * 2 + 2) {}
  uint8_t* data() { return reinterpret_cast<uint8_t*>(memory.data()); }
  std::vector<uint64_t> memory;
};

using Dims = std::vector<int64_t>;

int64_t Count(const Dims& dims) {
  int64_t count = 1;
  for (int64_t d : dims) count *= d;
  return count;
}

// The element of an operand of `dims` behind element `index` of a result of `result`.
int64_t Source(const Dims& result, int64_t index, const Dims& dims) {
  int64_t offset = 0, stride = 1;
  for (size_t i = 1; i <= dims.size(); ++i) {
    const int64_t size = dims[dims.size() - i], at = index % result[result.size() - i];
    if (size != 1) offset += at * stride;
    index /= result[result.size() - i];
    stride *= size;
  }
  return offset;
}

void Compute(const ScalarProgram& program, const Dims& result, const std::vector<Dims>& inputs,
             const std::vector<const void*>& data, void* out, int threads) {
  Block memory(ElementwisePlanBytes(program));
  std::vector<std::span<const int64_t>> dims(inputs.begin(), inputs.end());
  const ElementwisePlan* plan = MakeElementwisePlan(memory.data(), program, result, dims);
  Block scratch(ElementwiseScratchBytes(*plan, threads));
  ThreadPool pool(threads);
  RunElementwise(*plan, data.data(), out, scratch.data(), pool);
}

// Small integers, which every type holds.
Block Numbers(DType dtype, int64_t count, std::mt19937& random) {
  Block block(BytesOf(dtype, static_cast<uint64_t>(count)));
  ScalarType type = ScalarType::kFloat32;
  EXPECT_TRUE(ScalarTypeOf(dtype, &type));
  for (int64_t i = 0; i < count; ++i) {
    const double value = static_cast<double>(random() % 7);
    alignas(8) uint8_t element[8];
    ConvertBlock(ScalarType::kFloat64, type, &value, 1, element);
    StoreElements(dtype, element, i, 1, block.data());
  }
  return block;
}

void CheckSum(DType dtype, const Dims& a, const Dims& b, const Dims& result, int threads = 1) {
  std::mt19937 random(7);
  Block x = Numbers(dtype, Count(a), random), y = Numbers(dtype, Count(b), random);
  Block sum(BytesOf(dtype, static_cast<uint64_t>(Count(result))));
  Compute(BinaryProgram(ScalarOp::kAdd, dtype), result, {a, b}, {x.data(), y.data()}, sum.data(), threads);
  int64_t wrong = 0;
  for (int64_t i = 0; i < Count(result); ++i) {
    double left = 0, right = 0, got = 0;
    ReadNumber(dtype, x.data(), Source(result, i, a), &left);
    ReadNumber(dtype, y.data(), Source(result, i, b), &right);
    ReadNumber(dtype, sum.data(), i, &got);
    wrong += got != left + right;
  }
  EXPECT_EQ(wrong, 0) << DTypeName(dtype) << " " << ::testing::PrintToString(a) << " + " << ::testing::PrintToString(b);
}

TEST(Elementwise, BroadcastsEveryShapeAndType) {
  const std::vector<std::array<Dims, 3>> shapes = {
      {Dims{}, Dims{}, Dims{}},
      {Dims{1000}, Dims{1000}, Dims{1000}},
      {Dims{3, 77}, Dims{}, Dims{3, 77}},
      {Dims{2, 3, 4}, Dims{4}, Dims{2, 3, 4}},
      {Dims{90, 5}, Dims{5}, Dims{90, 5}},
      {Dims{4, 300}, Dims{4, 1}, Dims{4, 300}},
      {Dims{2, 4, 150}, Dims{4, 1}, Dims{2, 4, 150}},
      {Dims{2, 40, 7, 7}, Dims{40, 1, 1}, Dims{2, 40, 7, 7}},
      {Dims{1, 5, 1, 3}, Dims{2, 1, 6, 1}, Dims{2, 5, 6, 3}},
      {Dims{300, 1}, Dims{1, 300}, Dims{300, 300}},
      {Dims{3, 1, 2}, Dims{3, 40, 1}, Dims{3, 40, 2}},
      {Dims{0, 3}, Dims{3}, Dims{0, 3}},
  };
  const DType dtypes[] = {DType::kFloat32, DType::kFloat64, DType::kFloat16,      DType::kBfloat16,
                          DType::kInt32,   DType::kInt64,   DType::kUint64,       DType::kUint32,
                          DType::kInt16,   DType::kUint8,   DType::kFloat8E4M3FN, DType::kUint4};
  for (const auto& [a, b, result] : shapes) {
    for (DType dtype : dtypes) {
      CheckSum(dtype, a, b, result);
      CheckSum(dtype, b, a, result);
    }
  }
}

TEST(Elementwise, ThreadsShareLargeTensors) {
  CheckSum(DType::kFloat32, {300, 1000}, {300, 1000}, {300, 1000}, 3);
  CheckSum(DType::kFloat32, {300, 1000}, {300, 1}, {300, 1000}, 3);
  CheckSum(DType::kFloat32, {30000, 10}, {10}, {30000, 10}, 3);
  CheckSum(DType::kUint4, {30001, 10}, {10}, {30001, 10}, 3);
}

TEST(Elementwise, ResultMayReplaceAnOperand) {
  std::mt19937 random(3);
  Block x = Numbers(DType::kFloat32, 1001, random), y = Numbers(DType::kFloat32, 1001, random);
  const std::vector<uint64_t> before = x.memory;
  Compute(BinaryProgram(ScalarOp::kMul, DType::kFloat32), {1001}, {{1001}, {1001}}, {x.data(), y.data()}, x.data(), 1);
  for (int i = 0; i < 1001; ++i) {
    const float a = reinterpret_cast<const float*>(before.data())[i], b = reinterpret_cast<float*>(y.data())[i];
    ASSERT_EQ(reinterpret_cast<float*>(x.data())[i], a * b);
  }
}

// A random program of float32 and bool over three inputs.
ScalarProgram RandomProgram(std::mt19937& random) {
  ScalarProgram program;
  program.input_count = 3;
  std::vector<uint8_t> numbers, masks;
  const auto add = [&](ScalarInstruction in) {
    program.code[program.size] = in;
    (in.type == ScalarType::kBool ? masks : numbers).push_back(program.size++);
  };
  for (uint8_t k = 0; k < 3; ++k) {
    program.inputs[k] = DType::kFloat32;
    add({ScalarOp::kInput, ScalarType::kFloat32, k});
  }
  program.constant_count = 2;
  program.constants[0].real = 0.75;
  program.constants[1].real = -1.5;
  for (uint8_t k = 0; k < 2; ++k) add({ScalarOp::kConstant, ScalarType::kFloat32, k});
  const auto number = [&] { return numbers[random() % numbers.size()]; };
  const auto mask = [&] { return masks[random() % masks.size()]; };
  constexpr ScalarOp kUnary[] = {ScalarOp::kNeg, ScalarOp::kAbs, ScalarOp::kFloor, ScalarOp::kTanh, ScalarOp::kSign};
  constexpr ScalarOp kBinary[] = {ScalarOp::kAdd, ScalarOp::kSub, ScalarOp::kMul, ScalarOp::kMin, ScalarOp::kMax};
  constexpr ScalarOp kCompare[] = {ScalarOp::kLess, ScalarOp::kLessOrEqual, ScalarOp::kEqual};
  const int length = 3 + static_cast<int>(random() % 20);
  for (int i = 0; i < length; ++i) {
    switch (random() % 6) {
      case 0: add({kUnary[random() % 5], ScalarType::kFloat32, number()}); break;
      case 1: add({kCompare[random() % 3], ScalarType::kBool, number(), number()}); break;
      case 2:
        if (!masks.empty()) add({ScalarOp::kSelect, ScalarType::kFloat32, mask(), number(), number()});
        break;
      case 3:
        if (!masks.empty()) add({ScalarOp::kConvert, ScalarType::kFloat32, mask()});
        break;
      default: add({kBinary[random() % 5], ScalarType::kFloat32, number(), number()});
    }
  }
  program.result = numbers.back();
  program.output = DType::kFloat32;
  return program;
}

// The same program with float64 in place of float32, which runs in the reference functions.
ScalarProgram InDouble(ScalarProgram program) {
  for (int i = 0; i < program.size; ++i) {
    if (program.code[i].type == ScalarType::kFloat32) program.code[i].type = ScalarType::kFloat64;
  }
  for (DType& dtype : program.inputs) dtype = DType::kFloat64;
  program.output = DType::kFloat64;
  return program;
}

TEST(Elementwise, RegisterInterpreterComputesWhatTheReferenceComputes) {
  std::mt19937 random(11);
  const Dims inputs[] = {{9, 41}, {41}, {}}, result = {9, 41};
  for (int round = 0; round < 300; ++round) {
    const ScalarProgram program = RandomProgram(random);
    std::vector<float> x[3], y(9 * 41 + 16);
    std::vector<double> wide[3], want(9 * 41 + 16);
    for (int k = 0; k < 3; ++k) {
      for (int64_t i = 0; i < Count(inputs[k]); ++i) x[k].push_back(static_cast<float>(static_cast<int>(random() % 33) - 16) / 4);
      wide[k].assign(x[k].begin(), x[k].end());
    }
    Compute(program, result, {inputs[0], inputs[1], inputs[2]}, {x[0].data(), x[1].data(), x[2].data()}, y.data(), 1);
    Compute(InDouble(program), result, {inputs[0], inputs[1], inputs[2]}, {wide[0].data(), wide[1].data(), wide[2].data()},
            want.data(), 1);
    int wrong = 0;
    for (size_t i = 0; i < 9 * 41; ++i) wrong += !(std::fabs(y[i] - want[i]) <= 1e-3 * (1 + std::fabs(want[i])));
    // A comparison of almost equal numbers may differ in the last bit: a wrong slot or operand spoils far more.
    ASSERT_LE(wrong, 9 * 41 / 20) << ScalarProgramText(program);
  }
}

TEST(Elementwise, MinimumKeepsNan) {
  for (ScalarOp op : {ScalarOp::kMin, ScalarOp::kMax}) {
    const float a[20] = {NAN, 1}, b[20] = {1, NAN};
    float out[20];
    Compute(BinaryProgram(op, DType::kFloat32), {2}, {{2}, {2}}, {a, b}, out, 1);
    EXPECT_TRUE(std::isnan(out[0]));
    EXPECT_TRUE(std::isnan(out[1]));
  }
}

}  // namespace
}  // namespace webinfer::kernels
