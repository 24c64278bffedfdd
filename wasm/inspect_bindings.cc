// What a model is and needs, bound by embind: see runtime/inspect.h. Weights are passed over as the file goes by.
#include <emscripten/bind.h>

#include <memory>
#include <string>

#include "formats/onnx/reader.h"
#include "model_cost.h"
#include "runtime/inspect.h"
#include "value_fields.h"

namespace webinfer {
namespace {

using emscripten::val;

val MissingFields(const std::vector<MissingOperator>& operators) {
  val list = val::array();
  for (const MissingOperator& missing : operators) {
    val fields = val::object();
    fields.set("domain", missing.domain);
    fields.set("name", missing.op);
    fields.set("opset", missing.opset);
    fields.set("nodes", val::array(missing.nodes));
    fields.set("types", val::array(missing.types));
    fields.set("suggestion", missing.suggestion);
    list.call<void>("push", fields);
  }
  return list;
}

val LastMissing() { return MissingFields(LastMissingOperators()); }

// Takes a file piece by piece, like ModelLoader; what it gives are plain objects.
class ModelInspector {
 public:
  explicit ModelInspector(double total) : reader_(static_cast<uint64_t>(total), OnnxContent::kStructure) {}

  uint32_t Chunk(uint32_t bytes) {
    return chunk_.Reserve(bytes, "a piece of the model").ok() ? static_cast<uint32_t>(reinterpret_cast<uintptr_t>(chunk_.data()))
                                                              : 0;
  }
  bool Push(uint32_t bytes) { return reader_.Push({chunk_.data(), bytes}).ok(); }

  // `inputs` and `shapes`: names of inputs and their sizes. Null on failure: the file is no model.
  val Finish(const val& session, const val& inputs, const val& shapes, double unknown_size) {
    chunk_.Reset();
    Result<std::unique_ptr<Model>> model = reader_.Finish();
    if (!model.ok()) return val::null();
    InspectOptions options;
    options.session = OptionsOf(session);
    options.unknown_size = static_cast<int64_t>(unknown_size);
    const int count = inputs["length"].as<int>();
    for (int i = 0; i < count; ++i) {
      Shape shape;
      const int rank = shapes[i]["length"].as<int>();
      for (int axis = 0; axis < rank && axis < kMaxRank; ++axis) shape.Append(static_cast<int64_t>(shapes[i][axis].as<double>()));
      options.input_shapes.emplace_back(inputs[i].as<std::string>(), shape);
    }
    const ModelReport report = InspectModel(**model, options);
    val fields = ModelFields(**model);
    fields.set("inputs", MetadataFields(report.inputs));
    fields.set("outputs", MetadataFields(report.outputs));
    val operators = val::array(), weights = val::array(), memory = val::object();
    for (const auto& [op, uses] : reader_.operators()) {
      val entry = val::object();
      entry.set("domain", op.first.empty() ? "ai.onnx" : op.first);
      entry.set("name", op.second);
      entry.set("count", static_cast<double>(uses));
      operators.call<void>("push", entry);
    }
    for (const auto& [dtype, bytes] : report.weights) {
      val entry = val::object();
      entry.set("dtype", static_cast<int>(dtype));
      entry.set("bytes", static_cast<double>(bytes));
      weights.call<void>("push", entry);
    }
    memory.set("known", report.memory.known);
    memory.set("weightBytes", static_cast<double>(report.memory.weight_bytes));
    memory.set("arenaBytes", static_cast<double>(report.memory.arena_bytes));
    memory.set("loadBytes", static_cast<double>(report.memory.load_bytes));
    memory.set("assumedSize", static_cast<double>(report.memory.assumed_size));
    memory.set("totalBytes", static_cast<double>(report.memory.total_bytes));
    fields.set("operators", operators);
    fields.set("weights", weights);
    fields.set("memory", memory);
    fields.set("missing", MissingFields(report.missing));
    fields.set("problem", report.problem);
    return fields;
  }

 private:
  Buffer chunk_;
  OnnxReader reader_;
};

EMSCRIPTEN_BINDINGS(webinfer_inspect) {
  emscripten::class_<ModelInspector>("ModelInspector")
      .constructor<double>()
      .function("chunk", &ModelInspector::Chunk)
      .function("push", &ModelInspector::Push)
      .function("finish", &ModelInspector::Finish);
  emscripten::function("lastMissing", &LastMissing);
}

}  // namespace
}  // namespace webinfer
