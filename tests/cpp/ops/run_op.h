// Runs one operator in a test: RunOp("Slice").In<float>({4}, {1, 2, 3, 4}).In<int64_t>({1}, {1})...Run() gives its outputs.
// An operator that is composed of others is lowered, and those are run one after the other.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/visit_dtype.h"
#include "ops/evaluate.h"

namespace webinfer::testing {

template <typename T>
constexpr DType DTypeOf() {
  if constexpr (std::is_same_v<T, float>) return DType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return DType::kFloat64;
  if constexpr (std::is_same_v<T, Float16>) return DType::kFloat16;
  if constexpr (std::is_same_v<T, Bfloat16>) return DType::kBfloat16;
  if constexpr (std::is_same_v<T, int64_t>) return DType::kInt64;
  if constexpr (std::is_same_v<T, int32_t>) return DType::kInt32;
  if constexpr (std::is_same_v<T, int16_t>) return DType::kInt16;
  if constexpr (std::is_same_v<T, int8_t>) return DType::kInt8;
  if constexpr (std::is_same_v<T, uint64_t>) return DType::kUint64;
  if constexpr (std::is_same_v<T, uint32_t>) return DType::kUint32;
  if constexpr (std::is_same_v<T, uint16_t>) return DType::kUint16;
  if constexpr (std::is_same_v<T, uint8_t>) return DType::kUint8;
  if constexpr (std::is_same_v<T, bool>) return DType::kBool;
  return DType::kUndefined;
}

template <typename T>
Tensor MakeTensor(const Shape& shape, std::initializer_list<T> values) {
  Result<Tensor> tensor = Tensor::Create(DTypeOf<T>(), shape);
  EXPECT_TRUE(tensor.ok());
  EXPECT_EQ(static_cast<size_t>(shape.Elements()), values.size());
  std::copy(values.begin(), values.end(), tensor->template As<T>());
  return std::move(*tensor);
}

template <typename T>
std::vector<T> ValuesOf(const RuntimeValue& value) {
  EXPECT_EQ(value.tensor.dtype, DTypeOf<T>());
  const T* data = value.tensor.As<T>();
  return std::vector<T>(data, data + value.tensor.shape.Elements());
}

class RunOp {
 public:
  explicit RunOp(std::string_view op, std::string_view domain = "") {
    node_.op = op;
    node_.domain = domain;
    node_.def = FindOp(domain, op);
    EXPECT_NE(node_.def, nullptr) << op;
  }
  template <typename T>
  RunOp& In(const Shape& shape, std::initializer_list<T> values) {
    return In(MakeTensor<T>(shape, values));
  }
  RunOp& In(Tensor tensor) {
    tensors_.push_back(std::make_unique<Tensor>(std::move(tensor)));
    return Add(OperandOf(tensors_.back()->view()));
  }
  RunOp& In(const RuntimeValue& value) { return Add(OperandOf(value)); }
  RunOp& Without() {
    node_.inputs.push_back(kNoValue);
    operands_.push_back(Operand());
    return *this;
  }
  RunOp& Int(std::string_view name, int64_t value) { return node_.attributes.SetInt(name, value), *this; }
  RunOp& Float(std::string_view name, float value) { return node_.attributes.SetFloat(name, value), *this; }
  RunOp& Text(std::string_view name, std::string_view value) { return node_.attributes.SetString(name, value), *this; }
  RunOp& Ints(std::string_view name, std::vector<int64_t> values) {
    return node_.attributes.SetInts(name, std::move(values)), *this;
  }
  RunOp& Floats(std::string_view name, std::vector<float> values) {
    Attribute attribute;
    attribute.name = name;
    attribute.kind = Attribute::Kind::kFloats;
    attribute.floats = std::move(values);
    return node_.attributes.Set(std::move(attribute)), *this;
  }
  RunOp& Strings(std::string_view name, std::vector<std::string> values) {
    Attribute attribute;
    attribute.name = name;
    attribute.kind = Attribute::Kind::kStrings;
    attribute.strings = std::move(values);
    return node_.attributes.Set(std::move(attribute)), *this;
  }
  Node& node() { return node_; }

  Result<std::vector<RuntimeValue>> TryRun(int outputs = 1) {
    node_.outputs.clear();
    for (int i = 0; i < outputs; ++i) node_.outputs.push_back(static_cast<ValueId>(operands_.size()) + i);
    return Evaluate(node_, operands_);
  }
  // Outputs; a failed expectation if there are none.
  std::vector<RuntimeValue> Run(int outputs = 1) {
    Result<std::vector<RuntimeValue>> result = TryRun(outputs);
    EXPECT_TRUE(result.ok()) << LastError().message << ": " << LastError().expected << " / " << LastError().actual;
    if (!result.ok()) return std::vector<RuntimeValue>(static_cast<size_t>(outputs));
    return std::move(*result);
  }
  Code RunForError(int outputs = 1) { return TryRun(outputs).status().code(); }

 private:
  static Result<std::vector<RuntimeValue>> Evaluate(Node& node, std::span<const Operand> inputs) {
    const bool composed = node.def->lower != nullptr && node.def->bind == nullptr && node.def->expression == nullptr;
    if (composed) return EvaluateLowered(node, inputs);
    StringPool strings;
    ThreadPool pool(1);
    return EvaluateNode(node, inputs, strings, pool);
  }

  // `node` names its operands and outputs 0, 1, 2, ... in a graph of their own.
  static Result<std::vector<RuntimeValue>> EvaluateLowered(Node& node, std::span<const Operand> inputs) {
    Graph graph;
    std::map<ValueId, Operand> operands;
    std::vector<ValueInfo> in, out(node.outputs.size());
    for (size_t i = 0; i < inputs.size() + node.outputs.size(); ++i) graph.AddValue("");
    for (size_t i = 0; i < inputs.size(); ++i) {
      in.push_back(inputs[i].present ? InfoOf(inputs[i]) : ValueInfo());
      operands[static_cast<ValueId>(i)] = inputs[i];
    }
    for (ValueInfo& info : out) info.present = true;
    if (node.def->infer != nullptr) {
      InferContext infer(node, in, out);
      WEBINFER_TRY(node.def->infer(infer));
    }
    LowerContext context(graph, node, in, out);
    bool done = true;
    WEBINFER_TRY(node.def->lower(context, &done));
    if (!done) return Error(Code::kInternal, "The operator neither lowers nor has a kernel");
    std::map<ValueId, RuntimeValue> made;
    for (const auto& lowered : context.TakeNodes()) {
      lowered->def = FindOp(lowered->domain, lowered->op);
      if (lowered->def == nullptr) return Error(Code::kUnsupported, "No operator %s", lowered->op.c_str());
      std::vector<Operand> arguments;
      for (ValueId& id : lowered->inputs) {
        const Tensor* constant = graph.Constant(id);
        arguments.push_back(id == kNoValue ? Operand() : constant != nullptr ? OperandOf(constant->view()) : operands[id]);
      }
      const std::vector<ValueId> outputs = lowered->outputs;
      for (size_t i = 0; i < arguments.size(); ++i) {
        if (lowered->inputs[i] != kNoValue) lowered->inputs[i] = static_cast<ValueId>(i);
      }
      for (size_t i = 0; i < outputs.size(); ++i) lowered->outputs[i] = static_cast<ValueId>(arguments.size() + i);
      WEBINFER_ASSIGN(std::vector<RuntimeValue> results, Evaluate(*lowered, arguments));
      for (size_t i = 0; i < outputs.size(); ++i) {
        made[outputs[i]] = std::move(results[i]);
        operands[outputs[i]] = OperandOf(made[outputs[i]]);
      }
    }
    std::vector<RuntimeValue> results;
    for (const ValueId id : node.outputs) results.push_back(std::move(made[id]));
    return results;
  }

  RunOp& Add(const Operand& operand) {
    node_.inputs.push_back(static_cast<ValueId>(operands_.size()));
    operands_.push_back(operand);
    return *this;
  }
  Node node_;
  std::vector<std::unique_ptr<Tensor>> tensors_;
  std::vector<Operand> operands_;
};

}  // namespace webinfer::testing
