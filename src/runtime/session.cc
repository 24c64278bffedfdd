#include "runtime/session.h"

#include <algorithm>
#include <set>

#include "passes/pass.h"
#include "runtime/executor.h"

namespace webinfer {

namespace {

constexpr uint64_t kLeastSpareBytes = 32 << 20;

uint64_t ConstantBytes(const Graph& graph) {
  uint64_t bytes = 0;
  for (const Value& value : graph.values) bytes += value.constant != nullptr ? value.constant->buffer.size() : 0;
  for (const auto& node : graph.nodes) {
    for (const auto& body : node->bodies) bytes += ConstantBytes(*body);
  }
  return bytes;
}

// Constants and packed weights, each once.
uint64_t WeightBytes(const Graph& graph) {
  std::set<const void*> seen;
  uint64_t bytes = 0;
  const auto add = [&](const Buffer& buffer) { bytes += seen.insert(buffer.data()).second ? buffer.size() : 0; };
  for (const Value& value : graph.values) {
    if (value.constant != nullptr) add(value.constant->buffer);
  }
  for (const auto& node : graph.nodes) {
    for (const auto& packed : node->prepared) {
      if (packed != nullptr) add(*packed);
    }
    for (const auto& body : node->bodies) bytes += WeightBytes(*body);
  }
  return bytes;
}

// Half of what the address space has left, so that second copies never cost a large model the memory it needs.
uint64_t RoomBytes() {
  const uint64_t live = GetMemoryStats().live;
  return live < SIZE_MAX ? (SIZE_MAX - live) / 2 : 0;
}

uint64_t SpareBytes(WeightMemory choice, uint64_t model_bytes) {
  switch (choice) {
    case WeightMemory::kSmall: return 0;
    case WeightMemory::kBalanced: return std::min(std::max(model_bytes / 2, kLeastSpareBytes), RoomBytes());
    case WeightMemory::kFast: break;
  }
  return RoomBytes();
}

void FixDimensions(Graph& graph, const std::vector<std::pair<std::string, int64_t>>& dimensions) {
  for (ValueId id : graph.inputs) {
    Value& value = graph.values[static_cast<size_t>(id)];
    for (size_t axis = 0; axis < value.symbols.size() && value.type.shape.rank_known(); ++axis) {
      for (const auto& [symbol, size] : dimensions) {
        if (value.symbols[axis] == symbol) value.type.shape[static_cast<int>(axis)] = size;
      }
    }
  }
}

ValueMetadata MetadataOf(const Value& value) { return {value.name, value.type, value.symbols, value.constant != nullptr}; }

bool ShapeAccepted(const Shape& declared, const Shape& given) {
  if (!declared.rank_known()) return true;
  if (declared.rank() != given.rank()) return false;
  for (int i = 0; i < given.rank(); ++i) {
    if (declared[i] >= 0 && declared[i] != given[i]) return false;
  }
  return true;
}

// A map, or each map of a sequence, has the declared types.
Status CheckMaps(const ValueMetadata& declared, const RuntimeValue& value) {
  if (declared.type.key == DType::kUndefined) return OkStatus();
  if (value.kind == ValueKind::kSequence) {
    for (const RuntimeValue& element : value.elements) WEBINFER_TRY(CheckMaps(declared, element));
    return OkStatus();
  }
  if (value.IsMap() && value.map_keys().dtype == declared.type.key && value.map_values().dtype == declared.type.dtype) {
    return OkStatus();
  }
  return Error(Code::kTypeMismatch, "Input \"%s\" is no map of the declared types", declared.name.c_str())
      .Expected("%s to %s", DTypeName(declared.type.key), DTypeName(declared.type.dtype));
}

}  // namespace

struct Session::Impl : PreparedModel {
  std::unique_ptr<Executor> executor;
  Profiler profiler;
  std::vector<Operand> feeds;
  std::vector<int32_t> into;  // per feed: the output that may be written over it, or -1
  std::vector<Buffer> feed_buffers;
  uint64_t allocations_before = 0;
  SessionStats stats;
  bool profiling = false;

  explicit Impl(PreparedModel prepared) : PreparedModel(std::move(prepared)) {}
  Status CheckFeed(int input, ValueKind kind, DType dtype, const Shape& shape) const;
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::Create(std::unique_ptr<Model> model, const SessionOptions& options) {
  PreparedModel prepared;
  prepared.model = std::move(model);
  Graph& graph = prepared.model->graph;
  const uint64_t model_bytes = ConstantBytes(graph), others = GetMemoryStats().live - model_bytes;
  FixDimensions(graph, options.free_dimensions);
  for (ValueId id : graph.inputs) {
    Value& value = graph.values[static_cast<size_t>(id)];
    prepared.inputs.push_back(MetadataOf(value));
    prepared.defaults.push_back(std::move(value.constant));  // a caller may replace it: not a constant for the passes
  }
  for (ValueId id : graph.outputs) prepared.outputs.push_back(MetadataOf(graph.values[static_cast<size_t>(id)]));

  const PassOptions passes{options.optimize, options.deterministic, SpareBytes(options.weight_memory, model_bytes)};
  WEBINFER_TRY(Optimize(*prepared.model, passes));
  const uint64_t weight_bytes = GetMemoryStats().live - others;
  WEBINFER_ASSIGN(std::unique_ptr<Session> session, Create(std::move(prepared), options.threads));
  session->impl_->stats.weight_bytes = weight_bytes;
  return session;
}

Result<std::unique_ptr<Session>> Session::Create(PreparedModel prepared, int threads) {
  auto impl = std::make_unique<Impl>(std::move(prepared));
  const Graph& graph = impl->model->graph;
  WEBINFER_ASSIGN(impl->executor, Executor::Create(graph, threads));
  impl->feeds.resize(graph.inputs.size());
  impl->into.resize(graph.inputs.size(), -1);
  impl->feed_buffers.resize(graph.inputs.size());
  impl->stats.nodes = graph.nodes.size();
  impl->stats.weight_bytes = WeightBytes(graph);
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

const std::vector<ValueMetadata>& Session::inputs() const { return impl_->inputs; }
const std::vector<ValueMetadata>& Session::outputs() const { return impl_->outputs; }
const Model& Session::model() const { return *impl_->model; }
const PreparedModel& Session::prepared() const { return *impl_; }

Result<void*> Session::FeedBuffer(int input, uint64_t bytes) {
  Buffer& buffer = impl_->feed_buffers[static_cast<size_t>(input)];
  WEBINFER_TRY(buffer.Reserve(bytes, "an input"));
  return static_cast<void*>(buffer.data());
}

Status Session::Impl::CheckFeed(int input, ValueKind kind, DType dtype, const Shape& shape) const {
  const ValueMetadata& declared = inputs[static_cast<size_t>(input)];
  const bool tensor = kind == ValueKind::kTensor;
  if (kind != declared.type.kind && declared.type.kind != ValueKind::kOptional) {
    return Error(Code::kTypeMismatch, "Input \"%s\" has the wrong kind", declared.name.c_str())
        .Expected("%s", ValueKindName(declared.type.kind))
        .Actual("%s", ValueKindName(kind));
  }
  if (tensor && declared.type.kind == ValueKind::kTensor && declared.type.dtype != DType::kUndefined &&
      dtype != declared.type.dtype) {
    return Error(Code::kTypeMismatch, "Input \"%s\" has the wrong type", declared.name.c_str())
        .Expected("%s", DTypeName(declared.type.dtype))
        .Actual("%s", DTypeName(dtype));
  }
  if (tensor && declared.type.kind == ValueKind::kTensor && !ShapeAccepted(declared.type.shape, shape)) {
    return Error(Code::kShapeMismatch, "Input \"%s\" has the wrong shape", declared.name.c_str())
        .Expected("%s", ShapeText(declared.type.shape).text)
        .Actual("%s", ShapeText(shape).text);
  }
  return OkStatus();
}

Status Session::Feed(int input, const TensorView& tensor) {
  WEBINFER_TRY(impl_->CheckFeed(input, ValueKind::kTensor, tensor.dtype, tensor.shape));
  const Result<int64_t> elements = tensor.shape.CheckedElements();
  if (!elements.ok()) return elements.status();
  impl_->feeds[static_cast<size_t>(input)] = OperandOf(tensor);
  return OkStatus();
}

Status Session::Feed(int input, const RuntimeValue& value) {
  WEBINFER_TRY(impl_->CheckFeed(input, value.kind, value.tensor.dtype, value.tensor.shape));
  WEBINFER_TRY(CheckMaps(impl_->inputs[static_cast<size_t>(input)], value));
  impl_->feeds[static_cast<size_t>(input)] = OperandOf(value);
  return OkStatus();
}

void Session::WriteOver(int input, int output) { impl_->into[static_cast<size_t>(input)] = output; }

void Session::ClearFeeds() {
  std::fill(impl_->feeds.begin(), impl_->feeds.end(), Operand());
  std::fill(impl_->into.begin(), impl_->into.end(), -1);
}

Status Session::Begin(uint64_t wanted_outputs) {
  for (size_t i = 0; i < impl_->feeds.size(); ++i) {
    if (impl_->feeds[i].present) continue;
    if (impl_->defaults[i] == nullptr) {
      return Error(Code::kInvalidArgument, "Input \"%s\" is missing", impl_->inputs[i].name.c_str())
          .Expected("%s%s", DTypeName(impl_->inputs[i].type.dtype), ShapeText(impl_->inputs[i].type.shape).text)
          .Actual("nothing");
    }
    impl_->feeds[i] = OperandOf(impl_->defaults[i]->view());
  }
  RunControl& control = impl_->executor->control();
  control.aborted = false;
  control.profiler = impl_->profiling ? &impl_->profiler : nullptr;
  if (impl_->profiling) impl_->profiler.Clear();
  impl_->allocations_before = GetMemoryStats().allocations;
  return impl_->executor->Begin(impl_->feeds, impl_->into, wanted_outputs);
}

Status Session::Continue(double budget_ms, bool* done) {
  RunControl& control = impl_->executor->control();
  control.has_deadline = budget_ms > 0;
  if (budget_ms > 0) {
    control.deadline = Profiler::Clock::now() + std::chrono::microseconds(static_cast<int64_t>(budget_ms * 1000));
  }
  return impl_->executor->Continue(done);
}

void Session::Abort() { impl_->executor->control().aborted = true; }

Status Session::Run(uint64_t wanted_outputs) {
  WEBINFER_TRY(Begin(wanted_outputs));
  bool done = false;
  return Continue(0, &done);
}

const Operand& Session::Output(int output) const { return impl_->executor->main().outputs()[static_cast<size_t>(output)]; }

Result<std::unique_ptr<RuntimeValue>> Session::CopyOutput(int output) const {
  auto copy = std::make_unique<RuntimeValue>();
  WEBINFER_TRY(CopyOutput(output, copy.get()));
  return copy;
}

Status Session::CopyOutput(int output, RuntimeValue* value) const {
  const Operand& operand = Output(output);
  if (operand.kind != ValueKind::kTensor) return value->CopyFrom(*operand.value);
  if (operand.data != nullptr && operand.data == value->tensor.buffer.data()) return OkStatus();
  return value->CopyFrom(operand.view());
}

void Session::SetProfiling(bool on) { impl_->profiling = on; }
std::vector<ProfileEntry> Session::Profile() const { return impl_->profiler.entries(); }

SessionStats Session::Stats() const {
  SessionStats stats = impl_->stats;
  const GraphExecutor& main = impl_->executor->main();
  stats.arena_bytes = impl_->executor->arena_bytes();
  for (const Buffer& buffer : impl_->feed_buffers) stats.arena_bytes += buffer.size();
  stats.bindings = main.bindings_made();
  stats.steps = main.binding() != nullptr ? main.binding()->steps.size() : 0;
  stats.run_allocations = GetMemoryStats().allocations - impl_->allocations_before;
  return stats;
}

std::string Session::DumpText() const {
  std::string text = DumpGraph(impl_->model->graph);
  if (const Binding* binding = impl_->executor->main().binding()) text += "\n" + DumpBinding(*binding);
  return text;
}

}  // namespace webinfer
