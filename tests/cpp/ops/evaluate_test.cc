// Values that are no tensors do not get to kernels that read tensors.
#include "ops/evaluate.h"

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

RuntimeValue OneMap() {
  RuntimeValue map;
  EXPECT_TRUE(map.ResizeMap(DType::kInt64, DType::kInt64, 1).ok());
  map.map_keys().As<int64_t>()[0] = 3;
  map.map_values().As<int64_t>()[0] = 4;
  return map;
}

RuntimeValue Sequence(RuntimeValue element) {
  RuntimeValue sequence;
  sequence.kind = ValueKind::kSequence;
  sequence.tensor.dtype = element.tensor.dtype;
  sequence.elements.push_back(std::move(element));
  return sequence;
}

TEST(ExpectKinds, KeepsSequencesAndMapsFromTensorOperators) {
  const RuntimeValue map = OneMap(), maps = Sequence(OneMap());
  for (const char* op : {"Abs", "Transpose", "Shape", "Flatten", "NonZero", "IsNaN", "Relu", "Size", "Softmax"}) {
    EXPECT_EQ(RunOp(op).In(map).RunForError(), Code::kTypeMismatch) << op;
    EXPECT_EQ(RunOp(op).In(maps).RunForError(), Code::kTypeMismatch) << op;
  }
  EXPECT_EQ(RunOp("Add").In<int64_t>({1}, {1}).In(map).RunForError(), Code::kTypeMismatch);
  EXPECT_EQ(RunOp("LabelEncoder", "ai.onnx.ml").In(map).RunForError(), Code::kTypeMismatch);
}

TEST(ExpectKinds, KeepsMapsFromWhatTakesTensorsOutOfSequences) {
  const RuntimeValue map = OneMap(), maps = Sequence(OneMap());
  EXPECT_EQ(RunOp("SequenceAt").In(maps).In<int64_t>({}, {0}).RunForError(), Code::kTypeMismatch);
  EXPECT_EQ(RunOp("SequenceAt").In(maps).In(map).RunForError(), Code::kTypeMismatch);
  EXPECT_EQ(RunOp("SequenceAt").In(map).In<int64_t>({}, {0}).RunForError(), Code::kTypeMismatch);
  EXPECT_EQ(RunOp("ConcatFromSequence").Int("axis", 0).In(maps).RunForError(), Code::kTypeMismatch);
  EXPECT_EQ(RunOp("SequenceInsert").In(maps).In(map).RunForError(), Code::kTypeMismatch);
  EXPECT_EQ(RunOp("SequenceConstruct").In(map).RunForError(), Code::kTypeMismatch);
}

TEST(ExpectKinds, LetsMapsThroughWhereTheyBelong) {
  const RuntimeValue map = OneMap(), maps = Sequence(OneMap());
  EXPECT_TRUE(RunOp("Identity").In(map).Run()[0].IsMap());
  EXPECT_TRUE(RunOp("OptionalGetElement").In(map).Run()[0].IsMap());
  EXPECT_EQ(RunOp("SequenceErase").In(maps).Run()[0].elements.size(), 0u);
  EXPECT_EQ(ValuesOf<int64_t>(RunOp("SequenceLength").In(maps).Run()[0]), std::vector<int64_t>{1});
}

}  // namespace
}  // namespace webinfer::testing
