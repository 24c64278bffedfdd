// Models of the operator sets that are no longer written, from their bytes to their results.
#include "runtime/one_node.h"

namespace webinfer::testing {
namespace {

using namespace test;  // NOLINT
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

TEST(OldOpsets, TileRepeatsOneAxis) {
  OneNode tile(1, "Tile");
  tile.In<float>({2, 2}, {1, 2, 3, 4}).In<float>({1}, {2}).In<float>({1}, {1}).Run();
  EXPECT_THAT(tile.OutShape(), ElementsAre(2, 4));
  EXPECT_THAT(tile.Out(), ElementsAre(1, 2, 1, 2, 3, 4, 3, 4));
}

TEST(OldOpsets, BatchNormalizationOfCaffe2) {
  OneNode first(1, "BatchNormalization");
  first.In<float>({1, 2, 2}, {1, 2, 3, 4})
      .In<float>({2}, {1, 2})
      .In<float>({2}, {0, 1})
      .In<float>({2}, {1, 2})
      .In<float>({2}, {4, 1});
  first.With(IntAttribute("is_test", 1))
      .With(IntsAttribute("consumed_inputs", {0, 0, 0, 1, 1}))
      .With(FloatAttribute("epsilon", 0))
      .Run();
  EXPECT_THAT(first.Out(), Near({0, 0.5, 3, 5}));
}

TEST(OldOpsets, BatchNormalizationByPosition) {
  OneNode node(7, "BatchNormalization");
  node.In<float>({2, 1, 2}, {1, 2, 3, 4})
      .In<float>({1, 2}, {1, 2})
      .In<float>({1, 2}, {0, 1})
      .In<float>({1, 2}, {1, 2})
      .In<float>({1, 2}, {4, 1});
  node.With(IntAttribute("spatial", 0)).With(FloatAttribute("epsilon", 0)).Run();
  EXPECT_THAT(node.Out(), Near({0, 1, 1, 5}));
}

TEST(OldOpsets, PoolingWithAFloatExponent) {
  OneNode pool(1, "LpPool");
  pool.In<float>({1, 1, 4}, {3, 4, 6, 8}).With(FloatAttribute("p", 2)).With(IntsAttribute("kernel_shape", {2}));
  pool.With(IntsAttribute("strides", {2})).Run();
  EXPECT_THAT(pool.Out(), Near({5, 10}));
  for (const int opset : {1, 2, 22}) {
    OneNode global(opset, "GlobalLpPool");
    global.In<float>({1, 2, 2}, {3, 4, 6, 8}).With(opset == 1 ? FloatAttribute("p", 2) : IntAttribute("p", 2)).Run();
    EXPECT_THAT(global.Out(), Near({5, 10})) << opset;
  }
}

TEST(OldOpsets, MaxRoiPool) {
  for (const int opset : {1, 22}) {
    OneNode pool(opset, "MaxRoiPool");
    pool.In<float>({1, 1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}).In<float>({2, 5}, {0, 0, 0, 3, 1, 0, 0, 0, 1, 0});
    pool.With(IntsAttribute("pooled_shape", {1, 2})).Run();
    EXPECT_THAT(pool.OutShape(), ElementsAre(2, 1, 1, 2)) << opset;
    EXPECT_THAT(pool.Out(), ElementsAre(6, 8, 1, 2)) << opset;
  }
}

TEST(OldOpsets, UpsampleAndResize) {
  OneNode first(1, "Upsample");
  first.In<float>({1, 1, 1, 2}, {1, 2}).With(FloatAttribute("width_scale", 2)).With(FloatAttribute("height_scale", 2)).Run();
  EXPECT_THAT(first.Out(), ElementsAre(1, 1, 2, 2, 1, 1, 2, 2));
  OneNode seven(7, "Upsample");
  seven.In<float>({1, 1, 1, 2}, {1, 2});
  seven.With(Proto()
                 .Bytes(onnx::attribute_field::kName, "scales")
                 .PackedFixed(onnx::attribute_field::kFloats, std::vector<float>{1, 1, 1, 2})
                 .Int(onnx::attribute_field::kType, 6));
  seven.Run();
  EXPECT_THAT(seven.Out(), ElementsAre(1, 1, 2, 2));
  for (const int opset : {9, 10}) {
    OneNode node(opset, opset == 9 ? "Upsample" : "Resize");
    node.In<float>({1, 1, 1, 2}, {1, 3}).In<float>({4}, {1, 1, 1, 2}).With(StringAttribute("mode", "linear")).Run();
    EXPECT_THAT(node.Out(), ElementsAre(1, 2, 3, 3)) << opset;
  }
  OneNode eleven(11, "Resize");
  eleven.In<float>({1, 1, 1, 2}, {1, 3}).Without().In<float>({4}, {1, 1, 1, 2}).With(StringAttribute("mode", "linear")).Run();
  EXPECT_THAT(eleven.Out(), ElementsAre(1, 1.5, 2.5, 3));
}

TEST(OldOpsets, ScatterIsScatterElements) {
  for (const int opset : {9, 11}) {
    OneNode node(opset, "Scatter");
    node.In<float>({1, 4}, {1, 2, 3, 4})
        .In<int64_t>({1, 2}, {1, 3})
        .In<float>({1, 2}, {8, 9})
        .With(IntAttribute("axis", 1))
        .Run();
    EXPECT_THAT(node.Out(), ElementsAre(1, 8, 3, 9)) << opset;
  }
}

TEST(OldOpsets, RandomValuesHaveTheirShapeAndRange) {
  for (const int opset : {1, 22}) {
    OneNode uniform(opset, "RandomUniform");
    uniform.With(IntsAttribute("shape", {64})).With(FloatAttribute("low", 2)).With(FloatAttribute("high", 3)).Run();
    EXPECT_EQ(uniform.Out().size(), 64u);
    EXPECT_THAT(uniform.Out(), ::testing::Each(::testing::AllOf(::testing::Ge(2), ::testing::Le(3)))) << opset;
    for (const char* op : {"RandomNormalLike", "RandomUniformLike"}) {
      OneNode like(opset, op);
      like.In<float>({3, 2}, {0, 0, 0, 0, 0, 0}).Run();
      EXPECT_THAT(like.OutShape(), ElementsAre(3, 2)) << op << opset;
    }
    OneNode multinomial(opset == 1 ? 7 : 22, "Multinomial");
    multinomial.In<float>({1, 2}, {-1e9f, 0}).With(IntAttribute("sample_size", 5)).Run();
    EXPECT_THAT(multinomial.Out<int32_t>(), ElementsAre(1, 1, 1, 1, 1)) << opset;
  }
}

// Running sums along each sequence of a batch; one of them backwards, and one cut short.
TEST(OldOpsets, ScanOverABatch) {
  GraphParts body;
  body.inputs = {test::ValueInfo("sum", DType::kFloat32, {}), test::ValueInfo("element", DType::kFloat32, {})};
  body.nodes = {NodeProto("Add", {"sum", "element"}, {"next"}), NodeProto("Identity", {"next"}, {"out"})};
  body.outputs = {test::ValueInfo("next", DType::kFloat32, {}), test::ValueInfo("out", DType::kFloat32, {})};
  for (const bool lengths : {false, true}) {
    for (const bool backwards : {false, true}) {
      OneNode scan(8, "Scan");
      if (lengths) {
        scan.In<int64_t>({2}, {3, 2});
      } else {
        scan.Without();
      }
      scan.In<float>({2}, {0, 10}).In<float>({2, 3}, {1, 2, 3, 4, 5, 6});
      scan.With(GraphAttribute("body", GraphProto(body))).With(IntAttribute("num_scan_inputs", 1));
      if (backwards) scan.With(IntsAttribute("directions", {1}));
      scan.Run(2);
      const float last = lengths ? 19 : 25;
      EXPECT_THAT(scan.Out(0), ElementsAre(6, last)) << lengths << backwards;
      const std::vector<float> second = lengths     ? (backwards ? std::vector<float>{15, 19, 0} : std::vector<float>{14, 19, 0})
                                        : backwards ? std::vector<float>{16, 21, 25}
                                                    : std::vector<float>{14, 19, 25};
      std::vector<float> all = backwards ? std::vector<float>{3, 5, 6} : std::vector<float>{1, 3, 6};
      all.insert(all.end(), second.begin(), second.end());
      EXPECT_THAT(scan.Out(1), ElementsAreArray(all)) << lengths << backwards;
    }
  }
}

TEST(OldOpsets, LoopOfTheFirstSet) {
  GraphParts body;
  body.inputs = {test::ValueInfo("i", DType::kInt64, {}), test::ValueInfo("go", DType::kBool, {}),
                 test::ValueInfo("v", DType::kFloat32, {})};
  body.nodes = {NodeProto("Identity", {"go"}, {"on"}), NodeProto("Add", {"v", "v"}, {"next"}),
                NodeProto("Identity", {"next"}, {"out"})};
  body.outputs = {test::ValueInfo("on", DType::kBool, {}), test::ValueInfo("next", DType::kFloat32, {}),
                  test::ValueInfo("out", DType::kFloat32, {})};
  OneNode loop(1, "Loop");
  loop.In<int64_t>({}, {3}).In<bool>({}, {true}).In<float>({}, {1}).With(GraphAttribute("body", GraphProto(body))).Run(2);
  EXPECT_THAT(loop.Out(0), ElementsAre(8));
  EXPECT_THAT(loop.Out(1), ElementsAre(2, 4, 8));
}

TEST(OldOpsets, UnreleasedSetsAreTheNewest) {
  OneNode relu(99, "Relu");
  relu.In<float>({2}, {-1, 1}).Run();
  EXPECT_THAT(relu.Out(), ElementsAre(0, 1));
}

}  // namespace
}  // namespace webinfer::testing
