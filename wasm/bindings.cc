// The cold path, bound by embind: models are loaded, sessions made and asked about. What a run needs is in hot_path.cc.
//
// Nothing throws: methods that can fail return false or null, and lastError() then tells why.
#include <emscripten/bind.h>
#include <emscripten/heap.h>

#include <memory>
#include <string>
#include <utility>

#include "base/memory.h"
#include "bound_session.h"
#include "formats/onnx/reader.h"
#include "graph/graph.h"
#include "model_cost.h"
#include "ops/registry.h"
#include "runtime/convert.h"
#include "runtime/plan_file.h"
#include "runtime/session.h"
#include "value_fields.h"

namespace webinfer {
namespace {

using emscripten::val;

uint32_t AddressOf(const void* pointer) { return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer)); }

val ErrorFields() {
  const ErrorRecord& error = LastError();
  val fields = val::object();
  fields.set("code", std::string(CodeName(error.code)));
  fields.set("message", std::string(error.message));
  fields.set("op", std::string(error.op));
  fields.set("node", std::string(error.node));
  fields.set("expected", std::string(error.expected));
  fields.set("actual", std::string(error.actual));
  fields.set("hint", std::string(error.hint));
  return fields;
}

}  // namespace

val MetadataFields(const std::vector<ValueMetadata>& values) {
  val list = val::array();
  for (const ValueMetadata& value : values) {
    val shape = val::array();
    const int rank = value.type.shape.rank();
    for (int i = 0; i < rank; ++i) {
      if (value.type.shape[i] >= 0) {
        shape.call<void>("push", static_cast<double>(value.type.shape[i]));
      } else {
        shape.call<void>("push", static_cast<size_t>(i) < value.symbols.size() ? value.symbols[i] : std::string());
      }
    }
    val fields = val::object();
    fields.set("name", value.name);
    fields.set("kind", static_cast<int>(value.type.kind));
    fields.set("dtype", static_cast<int>(value.type.dtype));
    fields.set("key", static_cast<int>(value.type.key));
    fields.set("rankKnown", value.type.shape.rank_known());
    fields.set("shape", shape);
    fields.set("optional", value.optional);
    list.call<void>("push", fields);
  }
  return list;
}

namespace {

WeightMemory WeightMemoryOf(const std::string& name) {
  if (name == "small") return WeightMemory::kSmall;
  return name == "fast" ? WeightMemory::kFast : WeightMemory::kBalanced;
}

}  // namespace

SessionOptions OptionsOf(const val& from) {
  SessionOptions options;
  options.threads = from["threads"].as<int>();
  options.optimize = from["optimize"].as<bool>();
  options.deterministic = from["deterministic"].as<bool>();
  options.weight_memory = WeightMemoryOf(from["weightMemory"].as<std::string>());
  const val names = from["dimensionNames"], sizes = from["dimensionSizes"];
  const unsigned count = names["length"].as<unsigned>();
  for (unsigned i = 0; i < count; ++i) {
    options.free_dimensions.emplace_back(names[i].as<std::string>(), static_cast<int64_t>(sizes[i].as<double>()));
  }
  return options;
}

val ModelFields(const Model& model) {
  val opsets = val::object(), metadata = val::object();
  for (const auto& [domain, version] : model.opsets) opsets.set(domain, static_cast<double>(version));
  for (const auto& [key, value] : model.metadata) metadata.set(key, value);
  val fields = val::object();
  fields.set("producer", model.producer);
  fields.set("description", model.description);
  fields.set("irVersion", static_cast<double>(model.ir_version));
  fields.set("opsets", opsets);
  fields.set("metadata", metadata);
  return fields;
}

namespace {

uint32_t BindSession(Result<std::unique_ptr<Session>> session) {
  if (!session.ok()) return 0;
  auto bound = std::make_unique<BoundSession>();
  bound->session = std::move(*session);
  return AddressOf(bound.release());
}

// Hands each piece to a JavaScript function(address, bytes), which copies it, and gives false to stop.
class CallbackSink final : public ByteSink {
 public:
  explicit CallbackSink(val take) : take_(std::move(take)) {}
  Status Write(std::span<const uint8_t> bytes) override {
    if (bytes.empty() || take_(AddressOf(bytes.data()), static_cast<uint32_t>(bytes.size())).as<bool>()) return OkStatus();
    return Error(Code::kAborted, "Writing the model was stopped");
  }

 private:
  val take_;
};

// Takes a model piece by piece: write a piece to Chunk(), Push it, Finish, fill the external weights, CreateSession.
class ModelLoader {
 public:
  // `total`: the size of the whole file, 0 if unknown.
  // The heap grows for all of it at once, which takes 0.25 ms however much it is; without the room, reading says so in its place.
  explicit ModelLoader(double total) : reader_(static_cast<uint64_t>(total)) {
    Buffer all;
    static_cast<void>(all.Allocate(static_cast<uint64_t>(total), "a model").ok());
  }

  // Where a piece of up to `bytes` goes; 0 if there is no memory.
  uint32_t Chunk(uint32_t bytes) { return chunk_.Reserve(bytes, "a piece of the model").ok() ? AddressOf(chunk_.data()) : 0; }
  bool Push(uint32_t bytes) { return reader_.Push({chunk_.data(), bytes}).ok(); }

  bool Finish() {
    chunk_.Reset();
    Result<std::unique_ptr<Model>> model = reader_.Finish();
    if (!model.ok()) return false;
    model_ = std::move(*model);
    return true;
  }

  // [{tensor, location, offset, length, data}]: `length` bytes at `offset` of the file `location` belong at `data`.
  val External() const {
    val list = val::array();
    for (const ExternalTensor& tensor : reader_.external()) {
      val fields = val::object();
      fields.set("tensor", tensor.tensor);
      fields.set("location", tensor.location);
      fields.set("offset", static_cast<double>(tensor.offset));
      fields.set("length", static_cast<double>(tensor.length));
      fields.set("data", AddressOf(tensor.data));
      list.call<void>("push", fields);
    }
    return list;
  }

  // The handle of the new session, 0 on failure.
  uint32_t CreateSession(const val& options) { return BindSession(Session::Create(std::move(model_), OptionsOf(options))); }

  // Writes the model as ONNX: to `take` and, if `location` names a file for them, large weights to `take_weights`.
  bool Write(bool optimize, const std::string& location, double least_bytes, const val& take, const val& take_weights) {
    ConvertOptions options{optimize, location, static_cast<uint64_t>(least_bytes)};
    CallbackSink sink(take), weights(take_weights);
    return ConvertToOnnx(std::move(model_), options, sink, &weights).ok();
  }

 private:
  Buffer chunk_;
  OnnxReader reader_;
  std::unique_ptr<Model> model_;
};

bool UsesImageDecoder(const Graph& graph) {
  for (const auto& node : graph.nodes) {
    if (node->Is("ImageDecoder")) return true;
    for (const auto& body : node->bodies) {
      if (UsesImageDecoder(*body)) return true;
    }
  }
  return false;
}

BoundSession& At(uint32_t handle) { return *reinterpret_cast<BoundSession*>(static_cast<uintptr_t>(handle)); }

// A session's prepared model as the pieces of a file: [{data, bytes}]; good until the next image is made or the session is
// released.
class PlanImages {
 public:
  bool Write(uint32_t handle, const std::string& identity) { return image_.Write(At(handle).session->prepared(), identity).ok(); }
  val Pieces() const {
    val list = val::array();
    for (const auto& piece : image_.pieces()) {
      val fields = val::object();
      fields.set("data", AddressOf(piece.data()));
      fields.set("bytes", static_cast<double>(piece.size()));
      list.call<void>("push", fields);
    }
    return list;
  }

 private:
  PlanImage image_;
};

// Takes such a file: its first bytes to Chunk() and Begin, the structure to Chunk() and ReadStructure, each blob to its place.
class PlanLoader {
 public:
  uint32_t Chunk(uint32_t bytes) { return chunk_.Reserve(bytes, "a stored plan").ok() ? AddressOf(chunk_.data()) : 0; }
  // The bytes of the structure, below 0 on failure.
  double Begin(uint32_t bytes, double file_bytes, const std::string& identity) {
    if (!reader_.Begin({chunk_.data(), bytes}, static_cast<uint64_t>(file_bytes), identity).ok()) return -1;
    return static_cast<double>(reader_.structure_bytes());
  }
  bool ReadStructure(uint32_t bytes) {
    const bool ok = reader_.ReadStructure({chunk_.data(), bytes}).ok();
    chunk_.Reset();
    return ok;
  }
  val Blobs() const {
    val list = val::array();
    for (const PlanReader::Blob& blob : reader_.blobs()) {
      val fields = val::object();
      fields.set("offset", static_cast<double>(blob.offset));
      fields.set("bytes", static_cast<double>(blob.bytes));
      fields.set("data", AddressOf(blob.data));
      list.call<void>("push", fields);
    }
    return list;
  }
  bool Filled(uint32_t blob, double bytes) { return reader_.Filled(blob, static_cast<uint64_t>(bytes)).ok(); }
  uint32_t CreateSession(int threads) {
    Result<PreparedModel> prepared = reader_.Finish();
    return prepared.ok() ? BindSession(Session::Create(std::move(*prepared), threads)) : 0;
  }

 private:
  Buffer chunk_;
  PlanReader reader_;
};

val Describe(uint32_t handle) {
  const Model& model = At(handle).session->model();
  val fields = ModelFields(model);
  fields.set("inputs", MetadataFields(At(handle).session->inputs()));
  fields.set("outputs", MetadataFields(At(handle).session->outputs()));
  fields.set("operations", EstimateOperations(model.graph));
  fields.set("decodesImages", UsesImageDecoder(model.graph));
  return fields;
}

val Profile(uint32_t handle) {
  val list = val::array();
  for (const ProfileEntry& entry : At(handle).session->Profile()) {
    val fields = val::object();
    fields.set("op", std::string(entry.op));
    fields.set("node", std::string(entry.node));
    fields.set("microseconds", entry.microseconds);
    fields.set("calls", static_cast<double>(entry.calls));
    list.call<void>("push", fields);
  }
  return list;
}

val Stats(uint32_t handle) {
  const SessionStats stats = At(handle).session->Stats();
  const MemoryStats memory = GetMemoryStats();
  val fields = val::object();
  fields.set("weightBytes", static_cast<double>(stats.weight_bytes));
  fields.set("arenaBytes", static_cast<double>(stats.arena_bytes));
  fields.set("runAllocations", static_cast<double>(stats.run_allocations));
  fields.set("bindings", static_cast<double>(stats.bindings));
  fields.set("nodes", static_cast<double>(stats.nodes));
  fields.set("steps", static_cast<double>(stats.steps));
  fields.set("engineBytes", static_cast<double>(memory.live));
  fields.set("peakEngineBytes", static_cast<double>(memory.peak));
  fields.set("memoryBytes", static_cast<double>(emscripten_get_heap_size()));
  return fields;
}

bool IsMainNode(uint32_t handle, uint32_t address) {
  for (const auto& node : At(handle).session->model().graph.nodes) {
    if (AddressOf(node.get()) == address) return true;
  }
  return false;
}

void SetProfiling(uint32_t handle, bool on) { At(handle).session->SetProfiling(on); }
std::string DumpText(uint32_t handle) { return At(handle).session->DumpText(); }
void Release(uint32_t handle) { delete &At(handle); }
// [{domain, name, askedFor}] in the order of op_makers (src/ops/registry.cc), for subset builds; what is left out has no name.
val Registry() {
  val list = val::array();
  for (const RegisteredOp& op : RegisteredOps()) {
    const OpDef def = op.make != nullptr ? op.make() : OpDef{};
    val fields = val::object();
    fields.set("domain", std::string(def.domain));
    fields.set("name", std::string(def.name));
    fields.set("askedFor", op.asked_for);
    list.call<void>("push", fields);
  }
  return list;
}
void LimitMemory(double bytes) { SetMemoryLimit(static_cast<uint64_t>(bytes)); }

EMSCRIPTEN_BINDINGS(webinfer) {
  emscripten::class_<ModelLoader>("ModelLoader")
      .constructor<double>()
      .function("chunk", &ModelLoader::Chunk)
      .function("push", &ModelLoader::Push)
      .function("finish", &ModelLoader::Finish)
      .function("external", &ModelLoader::External)
      .function("write", &ModelLoader::Write)
      .function("createSession", &ModelLoader::CreateSession);
  emscripten::class_<PlanImages>("PlanImages")
      .constructor<>()
      .function("write", &PlanImages::Write)
      .function("pieces", &PlanImages::Pieces);
  emscripten::class_<PlanLoader>("PlanLoader")
      .constructor<>()
      .function("chunk", &PlanLoader::Chunk)
      .function("begin", &PlanLoader::Begin)
      .function("readStructure", &PlanLoader::ReadStructure)
      .function("blobs", &PlanLoader::Blobs)
      .function("filled", &PlanLoader::Filled)
      .function("createSession", &PlanLoader::CreateSession);
  emscripten::function("lastError", &ErrorFields);
  emscripten::function("describe", &Describe);
  emscripten::function("profile", &Profile);
  emscripten::function("stats", &Stats);
  emscripten::function("isMainNode", &IsMainNode);
  emscripten::function("setProfiling", &SetProfiling);
  emscripten::function("dumpText", &DumpText);
  emscripten::function("release", &Release);
  emscripten::function("registry", &Registry);
  emscripten::function("limitMemory", &LimitMemory);
}

}  // namespace
}  // namespace webinfer
