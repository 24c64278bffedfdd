// Old forms of operators, as files of their time hold them, and what the newest operator set calls the same thing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "formats/onnx/reader.h"
#include "formats/proto_writer.h"

namespace webinfer {
namespace {

using namespace test;  // NOLINT
using ::testing::ElementsAre;

// Reads a model of one node whose inputs are graph inputs x0, x1, ... (names that are empty are left out).
class Lifted {
 public:
  Lifted(int opset, const Proto& node, size_t inputs = 1, DType dtype = DType::kFloat32, size_t outputs = 1) {
    GraphParts parts{.nodes = {node}};
    for (size_t i = 0; i < inputs; ++i) parts.inputs.push_back(ValueInfo("x" + std::to_string(i), dtype, {"n", "m"}));
    for (size_t i = 0; i < outputs; ++i) parts.outputs.push_back(ValueInfo("y" + std::to_string(i)));
    const std::string bytes = ModelProto(GraphProto(parts), opset).str();
    OnnxReader reader(bytes.size());
    EXPECT_TRUE(reader.Push({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}).ok());
    auto model = reader.Finish();
    EXPECT_TRUE(model.ok()) << LastError().message;
    if (model.ok()) model_ = std::move(*model);
  }
  const Graph& graph() const { return model_->graph; }
  const Node& node(std::string_view op) const {
    for (const auto& node : graph().nodes) {
      if (node->op == op) return *node;
    }
    ADD_FAILURE() << "no " << op;
    return *graph().nodes[0];
  }
  std::vector<int64_t> Ints(const Node& node, size_t input) const {
    const Tensor* constant = graph().Constant(node.inputs.at(input));
    if (constant == nullptr || constant->dtype != DType::kInt64) return {-999};
    return {constant->As<int64_t>(), constant->As<int64_t>() + constant->shape.Elements()};
  }
  float Float(const Node& node, size_t input) const { return graph().Constant(node.inputs.at(input))->As<float>()[0]; }

 private:
  std::unique_ptr<Model> model_;
};

TEST(Adapters, AxesMoveToTheInputOfTheirSet) {
  const auto node = [](const char* op) {
    return NodeProto(op, {"x0"}, {"y0"}, {IntsAttribute("axes", {1, -1}), IntAttribute("keepdims", 0)});
  };
  for (const char* op : {"Squeeze", "Unsqueeze", "ReduceSum", "ReduceMean", "ReduceL2", "ReduceLogSumExp"}) {
    const Lifted old(12, node(op));
    EXPECT_THAT(old.Ints(old.node(op), 1), ElementsAre(1, -1)) << op;
    EXPECT_FALSE(old.node(op).attributes.Has("axes"));
    EXPECT_TRUE(old.node(op).attributes.Has("keepdims"));
  }
  // ReduceMean kept the attribute until 18; ReduceSum and Squeeze gave it up in 13.
  const Lifted mean(17, node("ReduceMean")), squeeze(13, node("Squeeze"));
  EXPECT_EQ(mean.node("ReduceMean").inputs.size(), 2u);
  EXPECT_EQ(squeeze.node("Squeeze").inputs.size(), 1u);
}

TEST(Adapters, SplitKnowsItsSizesOrItsCount) {
  const Lifted sizes(11, NodeProto("Split", {"x0"}, {"y0", "y1"}, {IntsAttribute("split", {2, 3})}), 1, DType::kFloat32, 2);
  EXPECT_THAT(sizes.Ints(sizes.node("Split"), 1), ElementsAre(2, 3));
  EXPECT_FALSE(sizes.node("Split").attributes.Has("num_outputs"));
  const Lifted even(13, NodeProto("Split", {"x0"}, {"y0", "y1"}), 1, DType::kFloat32, 2);
  EXPECT_EQ(even.node("Split").attributes.Int("num_outputs", 0), 2);
}

TEST(Adapters, SlicePadClipAndTopKTakeInputs) {
  const Lifted slice(9, NodeProto("Slice", {"x0"}, {"y0"},
                                  {IntsAttribute("starts", {1}), IntsAttribute("ends", {-1}), IntsAttribute("axes", {1})}));
  EXPECT_THAT(slice.Ints(slice.node("Slice"), 1), ElementsAre(1));
  EXPECT_THAT(slice.Ints(slice.node("Slice"), 2), ElementsAre(-1));
  EXPECT_THAT(slice.Ints(slice.node("Slice"), 3), ElementsAre(1));

  const Lifted pad(2, NodeProto("Pad", {"x0"}, {"y0"}, {IntsAttribute("pads", {0, 1, 2, 3}), FloatAttribute("value", 5)}));
  EXPECT_THAT(pad.Ints(pad.node("Pad"), 1), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(pad.Float(pad.node("Pad"), 2), 5);
  const Lifted first(1, NodeProto("Pad", {"x0"}, {"y0"}, {IntsAttribute("paddings", {0, 1, 2, 3})}));
  EXPECT_THAT(first.Ints(first.node("Pad"), 1), ElementsAre(0, 1, 2, 3));

  const Lifted clip(6, NodeProto("Clip", {"x0"}, {"y0"}, {FloatAttribute("max", 6)}));
  EXPECT_EQ(clip.node("Clip").inputs[1], kNoValue);
  EXPECT_EQ(clip.Float(clip.node("Clip"), 2), 6);
  // The bound takes the type of the data, which is not float32 here.
  const Lifted half(6, NodeProto("Clip", {"x0"}, {"y0"}, {FloatAttribute("min", 1)}), 1, DType::kFloat16);
  EXPECT_EQ(half.node("CastLike").outputs[0], half.node("Clip").inputs[1]);
  EXPECT_EQ(half.node("CastLike").inputs[1], half.graph().inputs[0]);

  const Lifted top(1, NodeProto("TopK", {"x0"}, {"y0", "y1"}, {IntAttribute("k", 3)}), 1, DType::kFloat32, 2);
  EXPECT_THAT(top.Ints(top.node("TopK"), 1), ElementsAre(3));
}

TEST(Adapters, BroadcastingByAxisBecomesNumpys) {
  const Lifted axis(6, NodeProto("Add", {"x0", "x1"}, {"y0"}, {IntAttribute("broadcast", 1), IntAttribute("axis", 1)}), 2);
  const Node& align = axis.node("AlignAxis");
  EXPECT_EQ(align.domain, "webinfer");
  EXPECT_EQ(align.attributes.Int("axis", -9), 1);
  EXPECT_THAT(align.inputs, ElementsAre(axis.graph().inputs[1], axis.graph().inputs[0]));
  EXPECT_EQ(axis.node("Add").inputs[1], align.outputs[0]);
  EXPECT_TRUE(axis.node("Add").attributes.all().empty());
  const Lifted suffix(6, NodeProto("Mul", {"x0", "x1"}, {"y0"}, {IntAttribute("broadcast", 1)}), 2);
  EXPECT_EQ(suffix.graph().nodes.size(), 1u);
  const Lifted recent(7, NodeProto("Add", {"x0", "x1"}, {"y0"}), 2);
  EXPECT_EQ(recent.graph().nodes.size(), 1u);
}

TEST(Adapters, SoftmaxOverAMatrixWaitsForTheRank) {
  const Lifted matrix(12, NodeProto("LogSoftmax", {"x0"}, {"y0"}));
  const Node& node = matrix.node("CoercedSoftmax");
  EXPECT_EQ(node.attributes.String("op", ""), "LogSoftmax");
  EXPECT_EQ(node.attributes.Int("axis", 0), 1);
  const Lifted last(12, NodeProto("Softmax", {"x0"}, {"y0"}, {IntAttribute("axis", -1)}));
  EXPECT_EQ(last.node("Softmax").attributes.Int("axis", 0), -1);
  const Lifted recent(13, NodeProto("Softmax", {"x0"}, {"y0"}));
  EXPECT_FALSE(recent.node("Softmax").attributes.Has("axis"));
}

TEST(Adapters, UpsampleAndEarlyResizeAreResize) {
  const Lifted upsample(9, NodeProto("Upsample", {"x0", "x1"}, {"y0"}, {StringAttribute("mode", "linear")}), 2);
  const Node& resize = upsample.node("Resize");
  EXPECT_THAT(resize.inputs, ElementsAre(upsample.graph().inputs[0], kNoValue, upsample.graph().inputs[1]));
  EXPECT_EQ(resize.attributes.String("coordinate_transformation_mode", ""), "asymmetric");
  EXPECT_EQ(resize.attributes.String("nearest_mode", ""), "floor");
  EXPECT_EQ(resize.attributes.String("mode", ""), "linear");
  Proto scales =
      Proto().Bytes(onnx::attribute_field::kName, "scales").PackedFixed<float>(onnx::attribute_field::kFloats, {1, 1, 2, 3});
  scales.Int(onnx::attribute_field::kType, 6);
  const Lifted attribute(7, NodeProto("Upsample", {"x0"}, {"y0"}, {scales}));
  EXPECT_EQ(attribute.graph().Constant(attribute.node("Resize").inputs[2])->As<float>()[3], 3);
  const Lifted ten(10, NodeProto("Resize", {"x0", "x1"}, {"y0"}), 2);
  EXPECT_EQ(ten.node("Resize").inputs[2], ten.graph().inputs[1]);
}

TEST(Adapters, SmallChangesOfMeaning) {
  const Lifted cast(1, NodeProto("Cast", {"x0"}, {"y0"}, {StringAttribute("to", "DOUBLE")}));
  EXPECT_EQ(cast.node("Cast").attributes.Int("to", 0), static_cast<int64_t>(DType::kFloat64));
  const Lifted concat(3, NodeProto("Concat", {"x0", "x1"}, {"y0"}), 2);
  EXPECT_EQ(concat.node("Concat").attributes.Int("axis", -9), 1);
  const Lifted reshape(1, NodeProto("Reshape", {"x0"}, {"y0"}, {IntsAttribute("shape", {0, -1})}));
  EXPECT_THAT(reshape.Ints(reshape.node("Reshape"), 1), ElementsAre(0, -1));
  const Lifted scatter(9, NodeProto("Scatter", {"x0", "x1", "x2"}, {"y0"}), 3);
  EXPECT_EQ(scatter.graph().nodes[0]->op, "ScatterElements");
  const Lifted grid(16, NodeProto("GridSample", {"x0", "x1"}, {"y0"}), 2);
  EXPECT_EQ(grid.node("GridSample").attributes.String("mode", ""), "linear");
  const Lifted dft(17, NodeProto("DFT", {"x0"}, {"y0"}));
  EXPECT_THAT(dft.Ints(dft.node("DFT"), 2), ElementsAre(1));
  const Lifted roi(10, NodeProto("RoiAlign", {"x0", "x1", "x2"}, {"y0"}), 3);
  EXPECT_EQ(roi.node("RoiAlign").attributes.String("coordinate_transformation_mode", ""), "output_half_pixel");
  const Lifted pool(1, NodeProto("LpPool", {"x0"}, {"y0"}, {FloatAttribute("p", 3)}));
  EXPECT_EQ(pool.node("LpPool").attributes.Int("p", 0), 3);
  const Lifted dropout(7, NodeProto("Dropout", {"x0"}, {"y0", "y1"}, {FloatAttribute("ratio", 0.25f)}), 1, DType::kFloat32, 2);
  EXPECT_EQ(dropout.Float(dropout.node("Dropout"), 1), 0.25f);
  EXPECT_EQ(dropout.node("CastLike").outputs[0], dropout.graph().outputs[1]);  // the mask was of the data's type
}

TEST(Adapters, ScanOverABatchIsAScanOfScans) {
  const Proto body = GraphProto({.nodes = {NodeProto("Add", {"s", "e"}, {"t"}), NodeProto("Mul", {"t", "x2"}, {"o"})},
                                 .inputs = {ValueInfo("s"), ValueInfo("e")},
                                 .outputs = {ValueInfo("t"), ValueInfo("o")}});
  const Lifted scan(
      8, NodeProto("Scan", {"", "x0", "x1"}, {"y0", "y1"}, {GraphAttribute("body", body), IntAttribute("num_scan_inputs", 1)}), 3,
      DType::kFloat32, 2);
  const Node& outer = scan.node("Scan");
  EXPECT_EQ(outer.attributes.Int("num_scan_inputs", 0), 2);
  EXPECT_EQ(outer.formal_inputs, 2);
  EXPECT_EQ(outer.inputs, scan.graph().inputs);  // x2 is captured
  const Graph& batch = *outer.bodies[0];
  ASSERT_EQ(batch.nodes.size(), 1u);
  EXPECT_EQ(batch.nodes[0]->attributes.Int("num_scan_inputs", 0), 1);
  EXPECT_EQ(batch.nodes[0]->formal_inputs, 2);
  EXPECT_EQ(batch.nodes[0]->bodies[0]->nodes.size(), 2u);
}

TEST(Adapters, LabelEncoderHadClassesForBothWaysAndNoNaN) {
  namespace field = onnx::attribute_field;
  const auto read = [](int64_t version, const std::vector<Proto>& attributes) {
    const Proto node = NodeProto("LabelEncoder", {"x"}, {"y"}, attributes, "ai.onnx.ml");
    Proto model = ModelProto(
        GraphProto({.nodes = {node}, .inputs = {ValueInfo("x", DType::kFloat32, {"n"})}, .outputs = {ValueInfo("y")}}));
    const std::string bytes = model.Message(onnx::model_field::kOpsetImport, OpsetProto("ai.onnx.ml", version)).str();
    OnnxReader reader(bytes.size());
    EXPECT_TRUE(reader.Push({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}).ok());
    auto result = reader.Finish();
    EXPECT_TRUE(result.ok()) << LastError().message;
    return std::move(*result);
  };
  const Proto classes =
      Proto().Bytes(field::kName, "classes_strings").Bytes(field::kStrings, "a").Bytes(field::kStrings, "b").Int(field::kType, 8);
  const auto first = read(1, {classes, IntAttribute("default_int64", -7)});
  const Node& mapper = *first->graph.nodes[0];
  EXPECT_EQ(mapper.op, "CategoryMapper");
  EXPECT_THAT(mapper.attributes.Strings("cats_strings"), ElementsAre("a", "b"));
  EXPECT_THAT(mapper.attributes.Ints("cats_int64s"), ElementsAre(0, 1));
  EXPECT_EQ(mapper.attributes.Int("default_int64", 0), -7);

  const Proto keys =
      Proto().Bytes(field::kName, "keys_floats").Float(field::kFloats, NAN).Float(field::kFloats, 2).Int(field::kType, 6);
  const auto second = read(2, {keys, IntsAttribute("values_int64s", {5, 6})}),
             fourth = read(4, {keys, IntsAttribute("values_int64s", {5, 6})});
  EXPECT_THAT(second->graph.nodes[0]->attributes.Floats("keys_floats"), ElementsAre(2));
  EXPECT_THAT(second->graph.nodes[0]->attributes.Ints("values_int64s"), ElementsAre(6));
  EXPECT_THAT(fourth->graph.nodes[0]->attributes.Ints("values_int64s"), ElementsAre(5, 6));
}

}  // namespace
}  // namespace webinfer
