#include "runtime/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/reader.h"
#include "formats/proto_writer.h"

namespace webinfer {
namespace {

using namespace test;  // NOLINT
using ::testing::HasSubstr;

constexpr int64_t kSide = 256;

// y = x w, w too large to be read with the structure.
Proto Product(const char* op = "MatMul") {
  return ModelProto(GraphProto({.nodes = {NodeProto(op, {"x", "w"}, {"y"})},
                                .initializers = {FloatTensor("w", {kSide, kSide}, std::vector<float>(kSide * kSide))},
                                .inputs = {test::ValueInfo("x", DType::kFloat32, {"rows", kSide})},
                                .outputs = {test::ValueInfo("y", DType::kFloat32, {"rows", kSide})}}));
}

ModelReport Inspect(const Proto& proto, const InspectOptions& options = {}) {
  const std::string& bytes = proto.str();
  OnnxReader reader(bytes.size(), OnnxContent::kStructure);
  EXPECT_TRUE(reader.Push({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}).ok());
  auto model = reader.Finish();
  EXPECT_TRUE(model.ok()) << LastError().message;
  const uint64_t before = GetMemoryStats().peak;
  ModelReport report = InspectModel(**model, options);
  EXPECT_LT(GetMemoryStats().peak - before, uint64_t{kSide * kSide * 4}) << "weights must not be allocated";
  return report;
}

TEST(InspectModel, PlansWithoutWeights) {
  InspectOptions options;
  options.input_shapes = {{"x", Shape({1000, kSide})}};
  const ModelReport report = Inspect(Product(), options);
  ASSERT_TRUE(report.memory.known) << report.problem;
  EXPECT_EQ(report.memory.weight_bytes, uint64_t{kSide * kSide * 4});
  EXPECT_GE(report.memory.arena_bytes, uint64_t{1000 * kSide * 4});
  EXPECT_LT(report.memory.arena_bytes, uint64_t{1200 * kSide * 4});
  EXPECT_EQ(report.memory.assumed_size, 0);
}

TEST(InspectModel, FreeSizesAreAssumed) {
  EXPECT_EQ(Inspect(Product()).memory.assumed_size, 1);
  InspectOptions options;
  options.session.free_dimensions = {{"rows", 5}};
  EXPECT_EQ(Inspect(Product(), options).memory.assumed_size, 0);
}

TEST(InspectModel, AWindowGetsTheRowsItNeeds) {
  const Proto pool =
      ModelProto(GraphProto({.nodes = {NodeProto("MaxPool", {"x"}, {"y"}, {IntsAttribute("kernel_shape", {3, 3})})},
                             .inputs = {test::ValueInfo("x", DType::kFloat32, {"n", 4, "h", "w"})},
                             .outputs = {test::ValueInfo("y", DType::kFloat32, {"n", 4, "a", "b"})}}));
  const ModelReport report = Inspect(pool);
  EXPECT_TRUE(report.memory.known);
  EXPECT_EQ(report.memory.assumed_size, 32);
}

TEST(InspectModel, TellsWhatIsMissing) {
  const ModelReport report = Inspect(Product("MatMol"));
  EXPECT_FALSE(report.memory.known);
  ASSERT_EQ(report.missing.size(), 1u);
  EXPECT_EQ(report.missing[0].suggestion, "ai.onnx.MatMul");
  EXPECT_EQ(report.problem, "");
}

TEST(InspectModel, TellsWhatElseIsWrong) {
  const Proto wrong = ModelProto(GraphProto({.nodes = {NodeProto("Add", {"x"}, {"y"})},
                                             .inputs = {test::ValueInfo("x", DType::kFloat32, {2})},
                                             .outputs = {test::ValueInfo("y", DType::kFloat32, {2})}}));
  const ModelReport report = Inspect(wrong);
  EXPECT_FALSE(report.memory.known);
  EXPECT_THAT(report.problem, HasSubstr("wrong number of inputs"));
}

}  // namespace
}  // namespace webinfer
