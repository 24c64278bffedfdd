#include "formats/onnx/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/reader.h"
#include "formats/proto_writer.h"

namespace webinfer {
namespace {

using namespace test;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct StringSink final : ByteSink {
  Status Write(std::span<const uint8_t> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return OkStatus();
  }
  std::string text;
};

std::span<const uint8_t> Span(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

std::unique_ptr<Model> Read(const std::string& bytes, std::vector<ExternalTensor>* external = nullptr) {
  OnnxReader reader;
  EXPECT_TRUE(reader.Push(Span(bytes)).ok());
  auto model = reader.Finish();
  EXPECT_TRUE(model.ok()) << LastError().message << LastError().expected << LastError().actual;
  if (external != nullptr) *external = reader.external();
  return model.ok() ? std::move(*model) : nullptr;
}

std::string Written(const Model& model, const OnnxWriteOptions& options = {}) {
  StringSink sink;
  EXPECT_TRUE(WriteOnnx(model, options, sink).ok()) << LastError().message;
  return sink.text;
}

std::unique_ptr<Model> Again(const Proto& proto) {
  const std::unique_ptr<Model> model = Read(proto.str());
  return model == nullptr ? nullptr : Read(Written(*model));
}

const Value& Named(const Graph& graph, std::string_view name) {
  for (const Value& value : graph.values) {
    if (value.name == name) return value;
  }
  static const Value none;
  ADD_FAILURE() << "no value " << name;
  return none;
}

GraphParts AddParts() {
  return {.nodes = {NodeProto("Add", {"x", "w"}, {"y"})},
          .initializers = {FloatTensor("w", {2}, {1, 2})},
          .inputs = {ValueInfo("x", DType::kFloat32, {"batch", 2})},
          .outputs = {ValueInfo("y", DType::kFloat32, {"batch", 2})}};
}

TEST(OnnxWriter, KeepsNamesTypesAndMetadata) {
  Proto proto = ModelProto(GraphProto(AddParts()), 17);
  proto.Message(onnx::model_field::kMetadata, Proto().Bytes(1, "author").Bytes(2, "me"));
  const auto model = Again(proto);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->producer, "webinfer tests");
  EXPECT_THAT(model->metadata, ElementsAre(std::pair<std::string, std::string>("author", "me")));
  EXPECT_EQ(model->OpsetOf(""), 21);
  const Value& x = model->graph.values[static_cast<size_t>(model->graph.inputs[0])];
  EXPECT_EQ(x.name, "x");
  EXPECT_THAT(x.symbols, ElementsAre("batch", ""));
  EXPECT_EQ(model->graph.values[static_cast<size_t>(model->graph.outputs[0])].name, "y");
  EXPECT_EQ(Named(model->graph, "w").constant->As<float>()[1], 2);
}

TEST(OnnxWriter, AsksForTheOperatorSetOfTheNewestForm) {
  GraphParts parts = AddParts();
  parts.nodes = {NodeProto("Swish", {"x"}, {"y"})};
  EXPECT_EQ(Again(ModelProto(GraphProto(parts), 24))->OpsetOf(""), 24);
  // What only newer runtimes know is not asked for without need.
  EXPECT_EQ(Again(ModelProto(GraphProto(AddParts()), 28))->OpsetOf(""), 26);
}

TEST(OnnxWriter, EveryKindOfAttribute) {
  GraphParts parts = AddParts();
  parts.nodes = {NodeProto("Thing", {"x"}, {"y"},
                           {IntAttribute("i", -3), IntsAttribute("is", {1, -2}), FloatAttribute("f", 0.5f),
                            StringAttribute("s", "text"), TensorAttribute("t", Int64Tensor("", {7, 8}))},
                           "com.example")};
  Proto proto = ModelProto(GraphProto(parts));
  proto.Message(onnx::model_field::kOpsetImport, OpsetProto("com.example", 3));
  const auto model = Again(proto);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->OpsetOf("com.example"), 3);
  const Attributes& attributes = model->graph.nodes[0]->attributes;
  EXPECT_EQ(attributes.Int("i", 0), -3);
  EXPECT_THAT(attributes.Ints("is"), ElementsAre(1, -2));
  EXPECT_EQ(attributes.Float("f", 0), 0.5f);
  EXPECT_EQ(attributes.String("s", ""), "text");
  EXPECT_EQ(attributes.TensorOf("t")->As<int64_t>()[1], 8);
}

TEST(OnnxWriter, BodiesCaptureByNameAndNamesAreUnique) {
  const auto branch = [](const char* op) {
    return GraphProto({.nodes = {NodeProto(op, {"x", "w"}, {"local"})}, .outputs = {ValueInfo("local", DType::kFloat32, {2})}});
  };
  GraphParts parts = AddParts();
  parts.inputs.push_back(ValueInfo("c", DType::kBool));
  parts.nodes = {NodeProto("If", {"c"}, {"y"},
                           {GraphAttribute("then_branch", branch("Add")), GraphAttribute("else_branch", branch("Sub"))})};
  const auto model = Again(ModelProto(GraphProto(parts)));
  ASSERT_NE(model, nullptr);
  const Node& node = *model->graph.nodes[0];
  ASSERT_EQ(node.bodies.size(), 2u);
  EXPECT_EQ(node.formal_inputs, 1);
  EXPECT_NE(node.bodies[0]->values[static_cast<size_t>(node.bodies[0]->outputs[0])].name,
            node.bodies[1]->values[static_cast<size_t>(node.bodies[1]->outputs[0])].name);
}

TEST(OnnxWriter, OutputsThatNoNodeMakesGetOne) {
  GraphParts parts = AddParts();
  parts.nodes.clear();
  parts.outputs = {ValueInfo("x", DType::kFloat32, {"batch", 2}), ValueInfo("w", DType::kFloat32, {2})};
  const std::string bytes = Written(*Read(ModelProto(GraphProto(parts)).str()));
  EXPECT_THAT(bytes, HasSubstr("Identity"));
}

TEST(OnnxWriter, LargeWeightsGoToAFile) {
  GraphParts parts = AddParts();
  parts.nodes.push_back(NodeProto("Add", {"y", "v"}, {"z"}));
  parts.initializers.push_back(FloatTensor("v", {2}, {3, 4}));
  const auto model = Read(ModelProto(GraphProto(parts)).str());
  StringSink sink, weights;
  OnnxWriteOptions options;
  options.external_location = "weights.bin";
  options.external_bytes = 8;
  ASSERT_TRUE(WriteOnnx(*model, options, sink, &weights).ok());
  std::vector<ExternalTensor> external;
  Read(sink.text, &external);
  ASSERT_EQ(external.size(), 2u);
  EXPECT_EQ(external[0].location, "weights.bin");
  EXPECT_EQ(external[0].length, 8u);
  EXPECT_EQ(external[1].offset, 64u);
  EXPECT_EQ(weights.text.size(), 128u);
  EXPECT_EQ(std::memcmp(weights.text.data(), "\0\0\x80\x3f\0\0\0\x40", 8), 0);
  EXPECT_FALSE(WriteOnnx(*model, options, sink).ok());
}

TEST(OnnxWriter, StringsOptionalsAndPackedTypes) {
  Proto strings = TensorHead("s", DType::kString, {2});
  strings.Bytes(onnx::tensor_field::kStringData, "one").Bytes(onnx::tensor_field::kStringData, "");
  GraphParts parts = {.nodes = {NodeProto("Identity", {"s"}, {"a"}), NodeProto("Identity", {"p"}, {"b"})},
                      .initializers = {strings, RawTensor<uint8_t>("p", DType::kInt4, {3}, {0x21, 0x0f})},
                      .outputs = {ValueInfo("a", DType::kString, {2}), ValueInfo("b", DType::kInt4, {3})}};
  const auto model = Again(ModelProto(GraphProto(parts)));
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(Named(model->graph, "s").constant->As<const StringData*>()[0]->view(), "one");
  EXPECT_EQ(Named(model->graph, "p").constant->As<uint8_t>()[1], 0x0f);
}

TEST(OnnxWriter, RefusesInternalOperators) {
  const auto model = Read(ModelProto(GraphProto(AddParts())).str());
  model->graph.nodes[0]->domain = "webinfer";
  StringSink sink;
  EXPECT_EQ(WriteOnnx(*model, {}, sink).code(), Code::kInternal);
}

TEST(OnnxReader, StructureHasNoElements) {
  GraphParts parts = AddParts();
  parts.nodes.push_back(NodeProto("Add", {"y", "v"}, {"z"}));
  parts.initializers.push_back(FloatTensor("v", {1 << 15}, std::vector<float>(1 << 15)));
  OnnxReader reader(0, OnnxContent::kStructure);
  ASSERT_TRUE(reader.Push(Span(ModelProto(GraphProto(parts)).str())).ok());
  const auto model = reader.Finish();
  ASSERT_TRUE(model.ok()) << LastError().message;
  EXPECT_EQ(Named((*model)->graph, "v").constant->buffer.data(), nullptr);
  EXPECT_EQ(Named((*model)->graph, "v").constant->shape, Shape({1 << 15}));
  EXPECT_EQ(Named((*model)->graph, "w").constant->As<float>()[1], 2) << "small ones are read";
}

}  // namespace
}  // namespace webinfer
