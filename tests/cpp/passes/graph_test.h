// Builds a small graph twice, optimises one of them, and holds both to the same results.
//
//   const Optimized graph = Optimize([](Builder& b) { ValueId x = b.Input({1, 3, 8, 8}); b.Output(b.Add("Relu", {x})); });
//   EXPECT_THAT(graph.ops, ElementsAre("Relu"));   // and the outputs agree with those of the graph as it was built
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ops/evaluate.h"
#include "passes/pass.h"

namespace webinfer::testing {

class Builder {
 public:
  explicit Builder(Model& model) : model_(model), random_(7) {}

  Graph& graph() { return model_.graph; }
  // Negative sizes are dimensions named after their value: the same in every input.
  ValueId Input(const Shape& shape, DType dtype = DType::kFloat32) {
    const ValueId id = graph().AddValue("in" + std::to_string(graph().inputs.size()), {ValueKind::kTensor, dtype, shape});
    for (int64_t& dim : std::span(&graph().values[id].type.shape[0], static_cast<size_t>(shape.rank()))) {
      graph().values[id].symbols.push_back(dim < 0 ? "dim" + std::to_string(-dim) : "");
      dim = std::max<int64_t>(dim, kUnknownDim);
    }
    graph().inputs.push_back(id);
    return id;
  }
  ValueId Random(const Shape& shape, float low = -1, float high = 1) {
    std::vector<float> values(static_cast<size_t>(shape.Elements()));
    for (float& value : values) value = std::uniform_real_distribution<float>(low, high)(random_);
    return Floats(values, shape);
  }
  ValueId Floats(const std::vector<float>& values, const Shape& shape) {
    Result<Tensor> tensor = Tensor::Create(DType::kFloat32, shape);
    std::copy(values.begin(), values.end(), tensor->As<float>());
    return graph().AddConstant("", std::make_shared<Tensor>(std::move(*tensor)));
  }
  ValueId Scalar(float value) { return Floats({value}, Shape()); }
  ValueId Ints(const std::vector<int64_t>& values) { return Ints(values, Shape({static_cast<int64_t>(values.size())})); }
  ValueId Ints(const std::vector<int64_t>& values, const Shape& shape) {
    Result<Tensor> tensor = Tensor::Create(DType::kInt64, shape);
    std::copy(values.begin(), values.end(), tensor->As<int64_t>());
    return graph().AddConstant("", std::make_shared<Tensor>(std::move(*tensor)));
  }
  ValueId Add(std::string_view op, std::vector<ValueId> inputs) { return AddMany(op, std::move(inputs), 1)[0]; }
  std::vector<ValueId> AddMany(std::string_view op, std::vector<ValueId> inputs, int outputs) {
    std::vector<ValueId> ids;
    for (int i = 0; i < outputs; ++i) ids.push_back(graph().AddValue(""));
    Node* node = graph().AddNode(op, std::move(inputs), ids);
    node->name = "node" + std::to_string(graph().nodes.size());
    node->opset = 23;
    return ids;
  }
  Attributes& Last() { return graph().nodes.back()->attributes; }
  ValueId Axis(ValueId id, int64_t axis) {
    Last().SetInt("axis", axis);
    return id;
  }
  ValueId Permuted(ValueId x, std::vector<int64_t> perm) {
    const ValueId id = Add("Transpose", {x});
    Last().SetInts("perm", std::move(perm));
    return id;
  }
  ValueId Conv(ValueId x, int64_t in, int64_t out, int64_t kernel, bool bias = true) {
    std::vector<ValueId> inputs = {x, Random({out, in, kernel, kernel})};
    if (bias) inputs.push_back(Random({out}));
    const ValueId id = Add("Conv", std::move(inputs));
    Last().SetInts("pads", std::vector<int64_t>(4, kernel / 2));
    return id;
  }
  void Output(ValueId id) { graph().outputs.push_back(id); }

 private:
  Model& model_;
  std::mt19937 random_;
};

inline std::string ErrorText() {
  const ErrorRecord& e = LastError();
  return std::string(e.message) + " | " + e.op + " | " + e.node + " | " + e.expected + " | " + e.actual;
}

// Evaluates a graph without control flow, node by node.
inline std::vector<RuntimeValue> EvaluateGraph(const Graph& graph, const std::vector<Tensor>& feeds) {
  StringPool strings;
  ThreadPool pool(1);
  std::vector<RuntimeValue> values(graph.values.size());
  std::vector<bool> made(graph.values.size(), false);
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    EXPECT_TRUE(values[graph.inputs[i]].CopyFrom(feeds[i].view()).ok());
    made[graph.inputs[i]] = true;
  }
  const auto operand = [&](ValueId id) {
    if (id == kNoValue) return Operand();
    if (made[id]) return OperandOf(values[id]);
    const Value& value = graph.values[id];
    return OperandOf(TensorView{value.type.dtype, value.type.shape,
                                value.constant == nullptr ? nullptr : const_cast<uint8_t*>(value.constant->buffer.data())});
  };
  for (const auto& node : graph.nodes) {
    std::vector<Operand> in;
    for (ValueId id : node->inputs) in.push_back(operand(id));
    Result<std::vector<RuntimeValue>> out = EvaluateNode(*node, in, strings, pool);
    EXPECT_TRUE(out.ok()) << node->op << ": " << ErrorText();
    if (!out.ok()) return {};
    for (size_t i = 0; i < node->outputs.size(); ++i) {
      if (node->outputs[i] == kNoValue) continue;
      values[node->outputs[i]] = std::move((*out)[i]);
      made[node->outputs[i]] = true;
    }
  }
  std::vector<RuntimeValue> outputs(graph.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) EXPECT_TRUE(outputs[i].CopyFrom(operand(graph.outputs[i]).view()).ok());
  return outputs;
}

// Random values for the inputs; unknown sizes become `unknown`.
inline std::vector<Tensor> RandomFeeds(const Graph& graph, int64_t unknown) {
  std::mt19937 random(11);
  std::vector<Tensor> feeds;
  for (ValueId id : graph.inputs) {
    Shape shape = graph.values[id].type.shape;
    for (int i = 0; i < shape.rank(); ++i) shape[i] = shape[i] < 0 ? unknown : shape[i];
    Result<Tensor> tensor = Tensor::Create(graph.values[id].type.dtype, shape);
    for (int64_t i = 0; i < shape.Elements(); ++i) {
      if (tensor->dtype == DType::kFloat32) tensor->As<float>()[i] = std::uniform_real_distribution<float>(-2, 2)(random);
      if (tensor->dtype == DType::kInt64) tensor->As<int64_t>()[i] = static_cast<int64_t>(random() % 4);
    }
    feeds.push_back(std::move(*tensor));
  }
  return feeds;
}

struct Optimized {
  std::unique_ptr<Model> model = std::make_unique<Model>();
  std::vector<std::string> ops;  // "domain.op" in execution order
  double difference = 0;         // largest, relative to the largest magnitude of the output

  const Node& At(size_t i) const { return *model->graph.nodes[i]; }
  int Count(const std::string& op) const { return static_cast<int>(std::count(ops.begin(), ops.end(), op)); }
};

inline Optimized Optimize(const std::function<void(Builder&)>& build, int64_t unknown = 3) {
  Optimized result;
  Model plain;
  Builder first(plain), second(*result.model);
  build(first);
  build(second);
  PassOptions required;
  required.optimize = false;
  const bool ok = webinfer::Optimize(plain, required).ok() && webinfer::Optimize(*result.model, PassOptions()).ok();
  EXPECT_TRUE(ok) << ErrorText();
  if (!ok) return result;
  for (const auto& node : result.model->graph.nodes) {
    result.ops.push_back(node->domain.empty() ? node->op : node->domain + "." + node->op);
  }
  const std::vector<Tensor> feeds = RandomFeeds(plain.graph, unknown);
  const std::vector<RuntimeValue> want = EvaluateGraph(plain.graph, feeds), got = EvaluateGraph(result.model->graph, feeds);
  EXPECT_EQ(want.size(), got.size());
  for (size_t i = 0; i < want.size() && i < got.size(); ++i) {
    EXPECT_EQ(want[i].tensor.shape, got[i].tensor.shape)
        << ShapeText(want[i].tensor.shape).text << ShapeText(got[i].tensor.shape).text;
    EXPECT_EQ(want[i].tensor.dtype, got[i].tensor.dtype);
    if (want[i].tensor.dtype != DType::kFloat32 || !(want[i].tensor.shape == got[i].tensor.shape)) continue;
    double largest = 1e-6, difference = 0;
    for (int64_t k = 0; k < want[i].tensor.shape.Elements(); ++k) {
      largest = std::max<double>(largest, std::fabs(want[i].tensor.As<float>()[k]));
      const double error = std::fabs(want[i].tensor.As<float>()[k] - got[i].tensor.As<float>()[k]);
      difference = error >= 0 ? std::max(difference, error) : INFINITY;
    }
    result.difference = std::max(result.difference, difference / largest);
  }
  EXPECT_LT(result.difference, 1e-5) << DumpGraph(result.model->graph);
  return result;
}

}  // namespace webinfer::testing
