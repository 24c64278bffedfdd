// Movement operators against the index formula of their definition, their rules for odd arguments, and their errors.
#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Tensor Iota(const Shape& shape) {
  Result<Tensor> tensor = Tensor::Create(DType::kInt32, shape);
  for (int64_t i = 0; i < shape.Elements(); ++i) tensor->As<int32_t>()[i] = static_cast<int32_t>(i);
  return std::move(*tensor);
}

// Shape inference with nothing but types and shapes.
Shape Inferred(Node& node, std::initializer_list<ValueInfo> in, Status* status = nullptr) {
  for (size_t i = 0; i < in.size(); ++i) node.inputs.push_back(static_cast<ValueId>(i));
  ValueInfo out;
  out.present = true;
  std::vector<ValueInfo> inputs(in);
  InferContext ctx(node, inputs, std::span(&out, 1));
  const Status result = node.def->infer(ctx);
  if (status != nullptr) *status = result;
  return out.shape;
}

ValueInfo Info(const Shape& shape, DType dtype = DType::kFloat32, const void* known = nullptr) {
  ValueInfo info;
  info.present = true;
  info.dtype = dtype;
  info.shape = shape;
  info.known = known;
  return info;
}

TEST(Transpose, MatchesTheIndexFormula) {
  const auto out = RunOp("Transpose").In(Iota({3, 5, 7})).Ints("perm", {2, 0, 1}).Run();
  EXPECT_EQ(out[0].tensor.shape, Shape({7, 3, 5}));
  for (int i = 0; i < 7; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 5; ++k) EXPECT_EQ(out[0].tensor.As<int32_t>()[(i * 3 + j) * 5 + k], (j * 5 + k) * 7 + i);
    }
  }
}

TEST(Transpose, PackedFourBitElements) {
  Result<Tensor> packed = Tensor::Create(DType::kUint4, {2, 3});
  const uint8_t bytes[3] = {0x21, 0x43, 0x65};  // 1 2 3 / 4 5 6
  std::memcpy(packed->buffer.data(), bytes, 3);
  const auto out = RunOp("Transpose").In(std::move(*packed)).Run();
  EXPECT_THAT(std::vector<uint8_t>(out[0].tensor.As<uint8_t>(), out[0].tensor.As<uint8_t>() + 3), ElementsAre(0x41, 0x52, 0x63));
}

TEST(Transpose, RefusesWhatIsNoPermutation) {
  EXPECT_EQ(RunOp("Transpose").In(Iota({2, 3})).Ints("perm", {0, 0}).RunForError(), Code::kInvalidModel);
  EXPECT_EQ(RunOp("Transpose").In(Iota({2, 3})).Ints("perm", {0, 1, 2}).RunForError(), Code::kInvalidModel);
}

TEST(Reshape, ZeroCopiesAndMinusOneFills) {
  EXPECT_EQ(RunOp("Reshape").In(Iota({2, 3, 4})).In<int64_t>({3}, {0, -1, 2}).Run()[0].tensor.shape, Shape({2, 6, 2}));
  EXPECT_EQ(RunOp("Reshape").In(Iota({0, 3})).In<int64_t>({2}, {3, 0}).Int("allowzero", 1).Run()[0].tensor.shape, Shape({3, 0}));
  EXPECT_EQ(RunOp("Reshape").In(Iota({2, 3})).In<int64_t>({2}, {4, -1}).RunForError(), Code::kShapeMismatch);
  EXPECT_EQ(RunOp("Reshape").In(Iota({2, 3})).In<int64_t>({1}, {5}).RunForError(), Code::kShapeMismatch);
  EXPECT_EQ(RunOp("Reshape").In(Iota({2, 3})).In<int64_t>({2}, {-1, -1}).RunForError(), Code::kInvalidModel);
}

TEST(Reshape, SymbolsCancel) {
  const int64_t split_heads[] = {0, -1, 12, 64};
  Node node;
  node.def = FindOp("", "Reshape");
  const Shape out = Inferred(node, {Info({-2, -3, 768}), Info({4}, DType::kInt64, split_heads)});
  EXPECT_EQ(out, Shape({-2, -3, 12, 64}));
}

TEST(Slice, ClampsAsNumPyDoes) {
  const auto slice = [](int64_t start, int64_t end, int64_t step) {
    return ValuesOf<int32_t>(RunOp("Slice")
                                 .In(Iota({5}))
                                 .In<int64_t>({1}, {start})
                                 .In<int64_t>({1}, {end})
                                 .In<int64_t>({1}, {-1})
                                 .In<int64_t>({1}, {step})
                                 .Run()[0]);
  };
  EXPECT_THAT(slice(1, 3, 1), ElementsAre(1, 2));
  EXPECT_THAT(slice(-2, INT64_MAX, 1), ElementsAre(3, 4));
  EXPECT_THAT(slice(-100, 100, 2), ElementsAre(0, 2, 4));
  EXPECT_THAT(slice(INT64_MAX, INT64_MIN, -1), ElementsAre(4, 3, 2, 1, 0));
  EXPECT_THAT(slice(3, 0, -2), ElementsAre(3, 1));
  EXPECT_THAT(slice(3, 3, 1), IsEmpty());
  EXPECT_THAT(slice(INT64_MIN, INT64_MAX, 1), ElementsAre(0, 1, 2, 3, 4));
}

TEST(Slice, RefusesStepZero) {
  EXPECT_EQ(RunOp("Slice")
                .In(Iota({5}))
                .In<int64_t>({1}, {0})
                .In<int64_t>({1}, {1})
                .In<int64_t>({1}, {0})
                .In<int64_t>({1}, {0})
                .RunForError(),
            Code::kInvalidModel);
}

TEST(Split, UnevenPartsAndLeftOutOutputs) {
  RunOp run("Split");
  run.In(Iota({7})).Int("num_outputs", 3);
  const auto out = run.Run(3);
  EXPECT_THAT(ValuesOf<int32_t>(out[0]), ElementsAre(0, 1, 2));
  EXPECT_THAT(ValuesOf<int32_t>(out[2]), ElementsAre(6));
  EXPECT_EQ(RunOp("Split").In(Iota({7})).In<int64_t>({2}, {3, 3}).RunForError(2), Code::kShapeMismatch);
  EXPECT_EQ(RunOp("Split").In(Iota({7})).In<int64_t>({2}, {9, -2}).RunForError(2), Code::kShapeMismatch);
}

TEST(Concat, KeepsSymbolsAndAddsSizes) {
  Node node;
  node.def = FindOp("", "Concat");
  node.attributes.SetInt("axis", 1);
  EXPECT_EQ(Inferred(node, {Info({-2, 3}), Info({-2, 4})}), Shape({-2, 7}));
  EXPECT_EQ(RunOp("Concat").In(Iota({2, 3})).In(Iota({3, 3})).Int("axis", 1).RunForError(), Code::kShapeMismatch);
}

TEST(Pad, EveryMode) {
  const auto pad = [](std::string_view mode) {
    return ValuesOf<int32_t>(
        RunOp("Pad").In(Iota({3})).In<int64_t>({2}, {4, 3}).In<int32_t>({}, {9}).Text("mode", mode).Run()[0]);
  };
  EXPECT_THAT(pad("constant"), ElementsAre(9, 9, 9, 9, 0, 1, 2, 9, 9, 9));
  EXPECT_THAT(pad("edge"), ElementsAre(0, 0, 0, 0, 0, 1, 2, 2, 2, 2));
  EXPECT_THAT(pad("reflect"), ElementsAre(0, 1, 2, 1, 0, 1, 2, 1, 0, 1));
  EXPECT_THAT(pad("wrap"), ElementsAre(2, 0, 1, 2, 0, 1, 2, 0, 1, 2));
}

TEST(Pad, NegativePadsAndAxes) {
  const auto out = RunOp("Pad").In(Iota({2, 3})).In<int64_t>({2}, {-1, 2}).Without().In<int64_t>({1}, {-1}).Run();
  EXPECT_THAT(ValuesOf<int32_t>(out[0]), ElementsAre(1, 2, 0, 0, 4, 5, 0, 0));
  EXPECT_EQ(RunOp("Pad").In(Iota({2})).In<int64_t>({2}, {-2, -2}).RunForError(), Code::kShapeMismatch);
}

TEST(Gather, NegativeIndicesAndErrors) {
  const auto out = RunOp("Gather").In(Iota({3, 2})).In<int32_t>({2}, {-1, 0}).Run();
  EXPECT_THAT(ValuesOf<int32_t>(out[0]), ElementsAre(4, 5, 0, 1));
  EXPECT_EQ(RunOp("Gather").In(Iota({3, 2})).In<int64_t>({1}, {3}).RunForError(), Code::kOutOfRange);
  EXPECT_STREQ(LastError().actual, "3");
}

TEST(ScatterNd, OutOfRangeAndReduction) {
  const auto out =
      RunOp("ScatterND").In(Iota({4})).In<int64_t>({2, 1}, {1, 1}).In<int32_t>({2}, {10, 20}).Text("reduction", "add").Run();
  EXPECT_THAT(ValuesOf<int32_t>(out[0]), ElementsAre(0, 31, 2, 3));
  EXPECT_EQ(RunOp("ScatterND").In(Iota({4})).In<int64_t>({1, 1}, {-5}).In<int32_t>({1}, {1}).RunForError(), Code::kOutOfRange);
  EXPECT_EQ(RunOp("ScatterND").In(Iota({4})).In<int64_t>({1, 1}, {0}).In<int32_t>({2}, {1, 2}).RunForError(),
            Code::kShapeMismatch);
}

TEST(TopK, TiesKeepTheLowerPositionFirst) {
  const auto out = RunOp("TopK").In<float>({5}, {1, 3, 3, 0, 3}).In<int64_t>({1}, {2}).Run(2);
  EXPECT_THAT(ValuesOf<float>(out[0]), ElementsAre(3, 3));
  EXPECT_THAT(ValuesOf<int64_t>(out[1]), ElementsAre(1, 2));
  EXPECT_EQ(RunOp("TopK").In<float>({2}, {1, 3}).In<int64_t>({1}, {3}).RunForError(2), Code::kOutOfRange);
}

TEST(Range, CountsAsTheDefinitionSays) {
  EXPECT_THAT(ValuesOf<int64_t>(RunOp("Range").In<int64_t>({}, {10}).In<int64_t>({}, {4}).In<int64_t>({}, {-2}).Run()[0]),
              ElementsAre(10, 8, 6));
  EXPECT_EQ(RunOp("Range").In<int64_t>({}, {0}).In<int64_t>({}, {4}).In<int64_t>({}, {0}).RunForError(), Code::kInvalidModel);
}

TEST(NonZero, NegativeZeroIsZero) {
  const auto out = RunOp("NonZero").In<float>({2, 2}, {1, -0.0f, 0, 2}).Run();
  EXPECT_THAT(ValuesOf<int64_t>(out[0]), ElementsAre(0, 1, 0, 1));
}

}  // namespace
}  // namespace webinfer::testing
