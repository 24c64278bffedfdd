#include "formats/onnx/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/proto_writer.h"

namespace webinfer {
namespace {

using namespace test;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::span<const uint8_t> Span(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

Result<std::unique_ptr<Model>> ReadModel(const std::string& bytes, size_t piece = 1 << 20) {
  OnnxReader reader;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    WEBINFER_TRY(reader.Push(Span(bytes).subspan(at, std::min(piece, bytes.size() - at))));
  }
  return reader.Finish();
}

std::unique_ptr<Model> Expect(const Proto& proto) {
  auto model = ReadModel(proto.str());
  EXPECT_TRUE(model.ok()) << LastError().message << " node " << LastError().node;
  return model.ok() ? std::move(*model) : nullptr;
}

// Asserts that the model is refused and returns the message.
std::string Refused(const Proto& proto, Code code = Code::kInvalidModel) {
  auto model = ReadModel(proto.str());
  EXPECT_EQ(model.status().code(), code);
  return model.ok() ? "accepted" : LastError().message;
}

ValueId Find(const Graph& graph, std::string_view name) {
  for (size_t id = 0; id < graph.values.size(); ++id) {
    if (graph.values[id].name == name) return static_cast<ValueId>(id);
  }
  return kNoValue;
}

std::vector<std::string> Ops(const Graph& graph) {
  std::vector<std::string> ops;
  for (const auto& node : graph.nodes) ops.push_back(node->op);
  return ops;
}

GraphParts AddParts() {
  return {.nodes = {NodeProto("Add", {"x", "w"}, {"y"})},
          .initializers = {FloatTensor("w", {2}, {1, 2})},
          .inputs = {ValueInfo("x", DType::kFloat32, {"batch", 2})},
          .outputs = {ValueInfo("y", DType::kFloat32, {"batch", 2})}};
}

TEST(OnnxReader, ReadsTypesSymbolsAndMetadata) {
  Proto proto = ModelProto(GraphProto(AddParts()), 17);
  proto.Message(onnx::model_field::kMetadata, Proto().Bytes(1, "author").Bytes(2, "me"));
  proto.Message(onnx::model_field::kOpsetImport, OpsetProto("com.microsoft", 1));
  for (const size_t piece : {size_t{1}, size_t{13}, size_t{1} << 20}) {
    auto result = ReadModel(proto.str(), piece);
    ASSERT_TRUE(result.ok()) << LastError().message;
    const Model& model = **result;
    const Graph& graph = model.graph;
    ASSERT_EQ(graph.inputs.size(), 1u);
    const Value& x = graph.values[graph.inputs[0]];
    EXPECT_EQ(x.name, "x");
    EXPECT_EQ(x.type.dtype, DType::kFloat32);
    EXPECT_EQ(x.type.shape, (Shape{kUnknownDim, 2}));
    EXPECT_THAT(x.symbols, ElementsAre("batch", ""));
    EXPECT_EQ(graph.values[graph.outputs[0]].type.shape, (Shape{kUnknownDim, 2}));
    EXPECT_EQ(graph.Constant(Find(graph, "w"))->As<float>()[1], 2);
    EXPECT_EQ(graph.nodes[0]->opset, 17);
    EXPECT_EQ(graph.nodes[0]->name, "node of Add");
    EXPECT_EQ(model.producer, "webinfer tests");
    EXPECT_EQ(model.OpsetOf(""), 17);
    EXPECT_EQ(model.OpsetOf("com.microsoft"), 1);
    EXPECT_THAT(model.metadata, ElementsAre(std::pair<std::string, std::string>("author", "me")));
  }
}

TEST(OnnxReader, LargeWeightsAreReadInPlaceAndInAnyOrder) {
  std::vector<float> values(5000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  // The data stands before the dimensions that explain it.
  Proto tensor = Proto().PackedFixed(onnx::tensor_field::kRawData, values).Append(TensorHead("w", DType::kFloat32, {50, 100}));
  GraphParts parts = AddParts();
  parts.nodes = {NodeProto("MatMul", {"x", "w"}, {"y"})};
  parts.initializers = {tensor};
  const std::string bytes = ModelProto(GraphProto(parts)).str();
  ResetMemoryPeak();
  const uint64_t before = GetMemoryStats().live;
  OnnxReader reader(bytes.size());
  ASSERT_TRUE(reader.Push(Span(bytes).subspan(0, 10000)).ok());
  ASSERT_TRUE(reader.Push(Span(bytes).subspan(10000)).ok());
  auto model = reader.Finish();
  ASSERT_TRUE(model.ok()) << LastError().message;
  const Graph& graph = (*model)->graph;
  EXPECT_EQ(graph.Constant(Find(graph, "w"))->As<float>()[4999], 4999);
  EXPECT_LT(GetMemoryStats().peak - before, 20000u + 4000u);  // one copy
}

TEST(OnnxReader, AGraphWrittenInPartsIsMerged) {
  GraphParts first = AddParts(), second;
  second.nodes = std::move(first.nodes);
  first.nodes.clear();
  Proto proto = ModelProto(GraphProto(first));
  proto.Message(onnx::model_field::kGraph, GraphProto(second));
  EXPECT_THAT(Ops(Expect(proto)->graph), ElementsAre("Add"));
}

TEST(OnnxReader, AnInitializerThatIsAnInputIsADefaultSinceIrVersion4) {
  GraphParts parts = AddParts();
  parts.inputs.push_back(ValueInfo("w", DType::kFloat32, {2}));
  auto model = Expect(ModelProto(GraphProto(parts)));
  EXPECT_EQ(model->graph.inputs.size(), 2u);
  EXPECT_NE(model->graph.Constant(model->graph.inputs[1]), nullptr);
  auto old = Expect(ModelProto(GraphProto(parts), 9, {}, 3));
  EXPECT_EQ(old->graph.inputs.size(), 1u);
  EXPECT_NE(old->graph.Constant(Find(old->graph, "w")), nullptr);
}

TEST(OnnxReader, ConstantNodesAreConstants) {
  const auto constant = [](const std::string& name, const Proto& attribute) {
    return NodeProto("Constant", {}, {name}, {attribute});
  };
  GraphParts parts = AddParts();
  parts.nodes.push_back(constant("tensor", TensorAttribute("value", FloatTensor("", {1}, {3}))));
  parts.nodes.push_back(constant("int", IntAttribute("value_int", 7)));
  parts.nodes.push_back(constant("ints", IntsAttribute("value_ints", {4, -5})));
  parts.nodes.push_back(constant("float", FloatAttribute("value_float", 0.5f)));
  parts.nodes.push_back(constant("string", StringAttribute("value_string", "text")));
  auto model = Expect(ModelProto(GraphProto(parts)));
  const Graph& graph = model->graph;
  EXPECT_THAT(Ops(graph), ElementsAre("Add"));
  EXPECT_EQ(graph.Constant(Find(graph, "tensor"))->As<float>()[0], 3);
  EXPECT_EQ(graph.Constant(Find(graph, "int"))->shape, Shape());
  EXPECT_EQ(graph.Constant(Find(graph, "int"))->As<int64_t>()[0], 7);
  EXPECT_EQ(graph.Constant(Find(graph, "ints"))->As<int64_t>()[1], -5);
  EXPECT_EQ(graph.Constant(Find(graph, "float"))->As<float>()[0], 0.5f);
  EXPECT_EQ(graph.Constant(Find(graph, "string"))->As<const StringData*>()[0]->view(), "text");
}

// Two bodies, one nested in the other: what the inner one captures from the main graph passes through the outer one.
TEST(OnnxReader, CapturedValuesAreInputsOfNodeAndBodies) {
  const Proto inner_body = GraphProto(
      {.nodes = {NodeProto("Mul", {"t", "x"}, {"i"}), NodeProto("Add", {"i", "w"}, {"j"})}, .outputs = {ValueInfo("j")}});
  const Proto leaf = GraphProto({.nodes = {NodeProto("Neg", {"t"}, {"n"})}, .outputs = {ValueInfo("n")}});
  const Proto outer_body = GraphProto(
      {.nodes = {NodeProto("Relu", {"z"}, {"t"}),
                 NodeProto("If", {"c"}, {"r"}, {GraphAttribute("then_branch", inner_body), GraphAttribute("else_branch", leaf)})},
       .outputs = {ValueInfo("r")}});
  const Proto other = GraphProto({.nodes = {NodeProto("Abs", {"x"}, {"a"})}, .outputs = {ValueInfo("a")}});
  GraphParts parts = AddParts();
  parts.inputs.push_back(ValueInfo("c", DType::kBool));
  // The captured z is made after its reader in the file.
  parts.nodes = {NodeProto("If", {"c"}, {"y"}, {GraphAttribute("then_branch", outer_body), GraphAttribute("else_branch", other)}),
                 NodeProto("Exp", {"x"}, {"z"})};
  auto model = Expect(ModelProto(GraphProto(parts)));
  const Graph& graph = model->graph;
  ASSERT_THAT(Ops(graph), ElementsAre("Exp", "If"));
  const Node& node = *graph.nodes[1];
  EXPECT_EQ(node.formal_inputs, 1);
  std::vector<std::string> captured;
  for (size_t i = 1; i < node.inputs.size(); ++i) captured.push_back(graph.values[node.inputs[i]].name);
  EXPECT_THAT(captured, ::testing::UnorderedElementsAre("x", "c", "z"));
  for (const auto& body : node.bodies) {
    std::vector<std::string> names;
    for (ValueId id : body->inputs) names.push_back(body->values[id].name);
    EXPECT_EQ(names, captured);
  }
  const Graph& outer = *node.bodies[0];
  const Node& nested = *outer.nodes[1];
  EXPECT_EQ(nested.formal_inputs, 1);
  ASSERT_EQ(nested.bodies[0]->inputs.size(), nested.bodies[1]->inputs.size());
  // The weight is a constant in every scope that reads it, shared and not captured.
  const Graph& innermost = *nested.bodies[0];
  EXPECT_EQ(innermost.Constant(Find(innermost, "w")), graph.Constant(Find(graph, "w")));
  EXPECT_EQ(nested.inputs.size(), 3u);  // c, t and x
}

TEST(OnnxReader, FunctionsAreInlined) {
  const Proto scale = FunctionProto({.domain = "my",
                                     .name = "Scale",
                                     .inputs = {"a", "b"},
                                     .outputs = {"r"},
                                     .nodes = {NodeProto("Constant", {}, {"k"}, {ReferenceAttribute("value_float", "factor", 1)}),
                                               NodeProto("Mul", {"a", "k"}, {"t"}), NodeProto("Clip", {"t", "b"}, {"r"})},
                                     .defaults = {FloatAttribute("factor", 3)},
                                     .opset = 13});
  const Proto twice = FunctionProto({.domain = "my",
                                     .name = "Twice",
                                     .inputs = {"a"},
                                     .outputs = {"r", "same"},
                                     .nodes = {NodeProto("Scale", {"a"}, {"t"}, {FloatAttribute("factor", 5)}, "my"),
                                               NodeProto("Scale", {"t", ""}, {"r"}, {}, "my")}});
  GraphParts parts = AddParts();
  parts.nodes = {NodeProto("Twice", {"x"}, {"y"}, {}, "my")};
  auto model = Expect(ModelProto(GraphProto(parts), 21, {scale, twice}));
  const Graph& graph = model->graph;
  ASSERT_THAT(Ops(graph), ElementsAre("Mul", "Clip", "Mul", "Clip"));
  EXPECT_EQ(graph.Constant(graph.nodes[0]->inputs[1])->As<float>()[0], 5);
  EXPECT_EQ(graph.Constant(graph.nodes[2]->inputs[1])->As<float>()[0], 3);
  EXPECT_EQ(graph.nodes[1]->inputs.size(), 1u);  // the bound was left out
  EXPECT_EQ(graph.nodes[0]->opset, 13);
  EXPECT_EQ(graph.nodes[3]->outputs[0], graph.outputs[0]);
  EXPECT_EQ(graph.nodes[0]->name, "node of Twice/node of Scale/node of Mul");
}

TEST(OnnxReader, FunctionsMustNotCallThemselves) {
  const auto calls = [](const char* name, const char* callee) {
    return FunctionProto(
        {.domain = "my", .name = name, .inputs = {"a"}, .outputs = {"r"}, .nodes = {NodeProto(callee, {"a"}, {"r"}, {}, "my")}});
  };
  GraphParts parts = AddParts();
  parts.nodes = {NodeProto("A", {"x"}, {"y"}, {}, "my")};
  EXPECT_THAT(Refused(ModelProto(GraphProto(parts), 21, {calls("A", "B"), calls("B", "A")})), HasSubstr("calls itself"));
}

// Each function calls the one before it ten times: 10^12 nodes from 13 functions.
TEST(OnnxReader, InliningIsBoundedByTheFile) {
  std::vector<Proto> functions;
  for (int level = 0; level < 12; ++level) {
    FunctionParts parts{.domain = "my", .name = "F" + std::to_string(level), .inputs = {"v0"}, .outputs = {"v10"}};
    for (int i = 0; i < 10; ++i) {
      const std::string callee = level == 0 ? "Neg" : "F" + std::to_string(level - 1);
      parts.nodes.push_back(
          NodeProto(callee, {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)}, {}, level == 0 ? "" : "my"));
    }
    functions.push_back(FunctionProto(parts));
  }
  GraphParts parts = AddParts();
  parts.nodes = {NodeProto("F11", {"x"}, {"y"}, {}, "my")};
  EXPECT_THAT(Refused(ModelProto(GraphProto(parts), 21, functions)), HasSubstr("far more memory than its file"));
}

TEST(OnnxReader, ContradictionsNameValueAndNode) {
  GraphParts parts = AddParts();
  parts.nodes = {NodeProto("Add", {"x", "nowhere"}, {"y"})};
  EXPECT_EQ(Refused(ModelProto(GraphProto(parts))), "Nothing makes the value \"nowhere\"");
  EXPECT_STREQ(LastError().node, "node of Add");
  EXPECT_STREQ(LastError().op, "Add");

  parts.nodes = {NodeProto("Add", {"x", "w"}, {"y"}), NodeProto("Sub", {"x", "w"}, {"y"})};
  EXPECT_EQ(Refused(ModelProto(GraphProto(parts))), "The value \"y\" is made twice");
  EXPECT_STREQ(LastError().node, "node of Sub");

  parts.nodes = {NodeProto("Add", {"x", "b"}, {"a"}), NodeProto("Sub", {"x", "a"}, {"b"}), NodeProto("Neg", {"a"}, {"y"})};
  EXPECT_EQ(Refused(ModelProto(GraphProto(parts))), "The graph has a cycle");

  parts = AddParts();
  parts.initializers.push_back(FloatTensor("w", {1}, {1}));
  EXPECT_EQ(Refused(ModelProto(GraphProto(parts))), "The initializer \"w\" is there twice");

  parts = AddParts();
  parts.outputs.push_back(ValueInfo("unknown"));
  EXPECT_EQ(Refused(ModelProto(GraphProto(parts))), "Nothing makes the value \"unknown\"");

  parts = AddParts();
  parts.inputs.push_back(ValueInfo("x"));
  EXPECT_EQ(Refused(ModelProto(GraphProto(parts))), "The value \"x\" is made twice");
}

TEST(OnnxReader, WhatIsNoModelIsRefusedInWords) {
  EXPECT_EQ(ReadModel("").status().code(), Code::kInvalidModel);
  EXPECT_STREQ(LastError().message, "The model is empty");
  EXPECT_EQ(ReadModel("<!DOCTYPE html><html><body>Not Found</body></html>").status().code(), Code::kInvalidModel);
  EXPECT_EQ(ReadModel("version https://git-lfs.github.com/spec/v1\n").status().code(), Code::kInvalidModel);
  EXPECT_EQ(ReadModel(Proto().Int(1, 8).str()).status().code(), Code::kInvalidModel);
  EXPECT_THAT(LastError().message, HasSubstr("no graph"));
}

TEST(OnnxReader, BodiesAreNotNestedWithoutEnd) {
  Proto body = GraphProto({.nodes = {NodeProto("Neg", {"x"}, {"y"})}, .outputs = {ValueInfo("y")}});
  for (int i = 0; i < 60; ++i) {
    body = GraphProto(
        {.nodes = {NodeProto("If", {"x"}, {"y"}, {GraphAttribute("then_branch", body)})}, .outputs = {ValueInfo("y")}});
  }
  GraphParts parts = AddParts();
  parts.nodes = {NodeProto("If", {"x"}, {"y"}, {GraphAttribute("then_branch", body)})};
  EXPECT_THAT(Refused(ModelProto(GraphProto(parts))), HasSubstr("nested too deeply"));
}

TEST(OnnxReader, OtherValuesKeepTheirKind) {
  StringPool strings;
  RuntimeValue value;
  const Proto tensor = FloatTensor("t", {2}, {1, 2});
  ASSERT_TRUE(ReadOnnxValue(Span(tensor.str()), ValueKind::kTensor, strings, &value).ok());
  EXPECT_EQ(value.tensor.As<float>()[1], 2);
  const Proto sequence = Proto().Int(2, 1).Message(3, tensor).Message(3, FloatTensor("u", {1}, {3}));
  ASSERT_TRUE(ReadOnnxValue(Span(sequence.str()), ValueKind::kSequence, strings, &value).ok());
  EXPECT_EQ(value.kind, ValueKind::kSequence);
  ASSERT_EQ(value.elements.size(), 2u);
  EXPECT_EQ(value.elements[1].tensor.As<float>()[0], 3);
  RuntimeValue empty;
  ASSERT_TRUE(ReadOnnxValue({}, ValueKind::kOptional, strings, &empty).ok());
  EXPECT_FALSE(empty.present);
}

TEST(OnnxReader, ReadsMapsOfTestData) {
  StringPool strings;
  RuntimeValue value;
  const Proto values = Proto().Int(2, 1).Message(3, FloatTensor("", {}, {0.5f})).Message(3, FloatTensor("", {}, {2}));
  const Proto numbered = Proto().Int(2, 7).Int(3, 4).Int(3, -9).Message(5, values);
  ASSERT_TRUE(ReadOnnxValue(Span(numbered.str()), ValueKind::kMap, strings, &value).ok());
  ASSERT_TRUE(value.IsMap());
  EXPECT_EQ(value.map_keys().As<int64_t>()[1], -9);
  EXPECT_EQ(value.map_values().As<float>()[1], 2);
  const Proto named = Proto().Int(2, 8).Bytes(4, "a").Bytes(4, "b").Message(5, values);
  const Proto sequence = Proto().Int(2, 3).Message(6, named);
  RuntimeValue maps;
  ASSERT_TRUE(ReadOnnxValue(Span(sequence.str()), ValueKind::kSequence, strings, &maps).ok());
  ASSERT_EQ(maps.elements.size(), 1u);
  ASSERT_TRUE(maps.elements[0].IsMap());
  EXPECT_EQ(maps.elements[0].map_keys().As<const StringData*>()[1]->view(), "b");
  const Proto short_of_values = Proto().Int(2, 7).Int(3, 4).Int(3, 5).Int(3, 6).Message(5, values);
  EXPECT_FALSE(ReadOnnxValue(Span(short_of_values.str()), ValueKind::kMap, strings, &value).ok());
}

TEST(OnnxReader, ReadsTypesOfMaps) {
  const auto typed = [](int64_t key, const Proto& value) {
    GraphParts parts = AddParts();
    const Proto map = Proto().Int(1, key).Message(2, value);
    parts.inputs.push_back(Proto().Bytes(1, "m").Message(2, Proto().Message(5, map)));
    parts.inputs.push_back(Proto().Bytes(1, "s").Message(2, Proto().Message(4, Proto().Message(1, Proto().Message(5, map)))));
    return ModelProto(GraphProto(parts), 17);
  };
  const Proto doubles = Proto().Message(1, Proto().Int(1, 11));
  const auto model = Expect(typed(8, doubles));
  ASSERT_NE(model, nullptr);
  for (const auto& [name, kind] : {std::pair("m", ValueKind::kMap), std::pair("s", ValueKind::kSequence)}) {
    const ValueType& type = model->graph.values[Find(model->graph, name)].type;
    EXPECT_EQ(type.kind, kind);
    EXPECT_EQ(type.dtype, DType::kFloat64);
    EXPECT_EQ(type.key, DType::kString);
  }
  EXPECT_THAT(Refused(typed(1, doubles), Code::kUnsupported), HasSubstr("map"));
  EXPECT_THAT(Refused(typed(7, Proto().Message(4, Proto().Message(1, doubles))), Code::kUnsupported), HasSubstr("map"));
}

}  // namespace
}  // namespace webinfer
