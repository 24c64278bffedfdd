// Operators written in JavaScript: what they are asked, and how their results come into the engine.
//
// JavaScript never throws into the engine: its functions give null if all is well, else {code, message}; what was thrown is kept
// on its side (js/src/engine/custom-operators.ts) and becomes the cause.
#include <emscripten/bind.h>

#include <memory>
#include <string>

#include "ops/custom.h"

namespace webinfer {
namespace {

using emscripten::val;

uint32_t AddressOf(const void* pointer) { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer)); }

val DimsOf(const Shape& shape) {
  if (!shape.rank_known()) return val::null();
  val dims = val::array();
  for (int64_t dim : shape) dims.call<void>("push", dim < 0 ? val::null() : val(static_cast<double>(dim)));
  return dims;
}

val DescriptionOf(ValueKind kind, bool present, DType dtype, const Shape& shape) {
  if (!present) return val::null();
  val fields = val::object();
  fields.set("kind", static_cast<int>(kind));
  fields.set("dtype", static_cast<int>(dtype));
  fields.set("dims", DimsOf(shape));
  return fields;
}

template <typename T>
val ListOf(const std::vector<T>& items) {
  val list = val::array();
  for (const T& item : items) {
    if constexpr (std::is_same_v<T, std::string>) {
      list.call<void>("push", item);
    } else {
      list.call<void>("push", static_cast<double>(item));
    }
  }
  return list;
}

val AttributesOf(const Node& node) {
  using Kind = Attribute::Kind;
  val fields = val::object();
  for (const Attribute& attribute : node.attributes.all()) {
    switch (attribute.kind) {
      case Kind::kInt: fields.set(attribute.name, static_cast<double>(attribute.i)); break;
      case Kind::kFloat: fields.set(attribute.name, static_cast<double>(attribute.f)); break;
      case Kind::kString: fields.set(attribute.name, attribute.s); break;
      case Kind::kInts: fields.set(attribute.name, ListOf(attribute.ints)); break;
      case Kind::kFloats: fields.set(attribute.name, ListOf(attribute.floats)); break;
      case Kind::kStrings: fields.set(attribute.name, ListOf(attribute.strings)); break;
      case Kind::kTensor: {
        val tensor = DescriptionOf(ValueKind::kTensor, true, attribute.tensor->dtype, attribute.tensor->shape);
        tensor.set("data", AddressOf(attribute.tensor->buffer.data()));
        fields.set(attribute.name, tensor);
        break;
      }
      default: break;
    }
  }
  return fields;
}

// What is said of a node once: `address` tells nodes apart.
val NodeFields(const Node& node) {
  val fields = val::object();
  fields.set("address", AddressOf(&node));
  fields.set("name", node.name);
  fields.set("domain", node.domain);
  fields.set("op", node.op);
  fields.set("outputs", static_cast<double>(node.outputs.size()));
  fields.set("attributes", AttributesOf(node));
  return fields;
}

Status Failed(const val& failure, const Node& node) {
  const std::string message = failure["message"].as<std::string>();
  return Error(Code::kInternal, "%s", message.c_str())
      .Op("%s.%s", node.domain.empty() ? "ai.onnx" : node.domain.c_str(), node.op.c_str())
      .Node("%s", node.name.c_str());
}

class JavaScriptHost final : public CustomOperatorHost {
 public:
  // {infer(id, node, inputs) -> {failure} or {outputs: [{dtype, dims} or null]}, run(id, node, step) -> failure or null}
  void SetCallbacks(const val& callbacks) { callbacks_ = callbacks; }

  Status Infer(int id, InferContext& ctx) override {
    val inputs = val::array();
    for (const ValueInfo& info : ctx.ins()) {
      inputs.call<void>("push", DescriptionOf(info.kind, info.present, info.dtype, info.shape));
    }
    const val result = callbacks_.call<val>("infer", id, NodeFields(ctx.node()), inputs);
    if (!result["failure"].isUndefined()) return Failed(result["failure"], ctx.node());
    const val outputs = result["outputs"];
    const int count = std::min(ctx.output_count(), outputs["length"].as<int>());
    for (int i = 0; i < count; ++i) {
      if (outputs[i].isNull()) continue;
      Shape shape = Shape::UnknownRank();
      const val dims = outputs[i]["dims"];
      if (!dims.isNull()) {
        shape = Shape();
        const int rank = dims["length"].as<int>();
        for (int axis = 0; axis < rank; ++axis) {
          shape.Append(dims[axis].isNull() ? kUnknownDim : static_cast<int64_t>(dims[axis].as<double>()));
        }
      }
      WEBINFER_TRY(ctx.SetOutput(i, static_cast<DType>(outputs[i]["dtype"].as<int>()), shape));
    }
    return OkStatus();
  }

  Status Run(int id, const Step& step, RunContext& run) override {
    val inputs = val::array(), outputs = val::array();
    for (int i = 0; i < step.input_count; ++i) {
      const Operand& in = step.in[i];
      val fields = DescriptionOf(in.kind, in.present, in.dtype, in.shape);
      if (in.present) fields.set("data", AddressOf(in.data));
      inputs.call<void>("push", fields);
    }
    for (int i = 0; i < step.output_count; ++i) {
      const Operand& out = step.out[i];
      // A dynamic output gets its memory when its shape is known; what it has now is the last run's.
      const bool dynamic = out.value != nullptr;
      val fields = DescriptionOf(out.kind, out.present, out.dtype, dynamic ? Shape::UnknownRank() : out.shape);
      if (out.present) fields.set("data", dynamic ? 0u : AddressOf(out.data));
      outputs.call<void>("push", fields);
    }
    const Current before = std::exchange(current_, Current{&step, &run});
    const val failure = callbacks_.call<val>("run", id, NodeFields(*step.node), inputs, outputs);
    current_ = before;
    return failure.isNull() ? OkStatus() : Failed(failure, *step.node);
  }

  // For the run that JavaScript is in: memory for dynamic output `i`, 0 if there is none.
  uint32_t Resize(int i, int dtype, const val& dims) {
    Shape shape;
    const int rank = dims["length"].as<int>();
    for (int axis = 0; axis < rank; ++axis) shape.Append(static_cast<int64_t>(dims[axis].as<double>()));
    Operand& out = current_.step->out[i];
    if (!shape.CheckedElements().ok() || !current_.run->Resize(out, static_cast<DType>(dtype), shape).ok()) return 0;
    return AddressOf(out.data);
  }

  // A string element, as it stands in tensors; 0 if there is no memory.
  uint32_t AddString(const std::string& text) {
    const Result<const StringData*> string = current_.run->strings().Add(text);
    return string.ok() ? AddressOf(*string) : 0;
  }

 private:
  struct Current {
    const Step* step = nullptr;
    RunContext* run = nullptr;
  };
  val callbacks_ = val::undefined();
  Current current_;
};

JavaScriptHost& Host() {
  static JavaScriptHost host;
  return host;
}

void SetOperatorCallbacks(const val& callbacks) { Host().SetCallbacks(callbacks); }
void AddOperator(const std::string& domain, const std::string& name, int id) { AddCustomOperator(domain, name, id, Host()); }
void HideOperator(int id) { HideCustomOperator(id); }
uint32_t ResizeOutput(int i, int dtype, const val& dims) { return Host().Resize(i, dtype, dims); }
uint32_t AddString(const std::string& text) { return Host().AddString(text); }

EMSCRIPTEN_BINDINGS(webinfer_custom_operators) {
  emscripten::function("setOperatorCallbacks", &SetOperatorCallbacks);
  emscripten::function("addOperator", &AddOperator);
  emscripten::function("hideOperator", &HideOperator);
  emscripten::function("resizeOutput", &ResizeOutput);
  emscripten::function("addString", &AddString);
}

}  // namespace
}  // namespace webinfer
