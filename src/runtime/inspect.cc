#include "runtime/inspect.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "ops/nn/convolution.h"
#include "passes/pass.h"
#include "plan/plan.h"

namespace webinfer {

namespace {

constexpr uint64_t kLeastSpareBytes = 32 << 20;
// The engine's stack, tables and small blocks; the piece of a file that is being read; the WebAssembly memory at the start, and
// what it grows by, half of which is unused on average.
constexpr uint64_t kEngineBytes = 1 << 20, kPieceBytes = 1 << 20, kInitialBytes = 4 << 20, kGrowthBytes = 1 << 20;
constexpr uint64_t kBytesPerNode = 1500;  // graph, plan and binding

// A small session grows step by step; a large one asks for more than a step at once.
uint64_t WholeMemory(uint64_t bytes) {
  if (bytes <= kInitialBytes) return kInitialBytes;
  if (bytes > 2 * kInitialBytes) return bytes + kGrowthBytes / 2;
  return kInitialBytes + (bytes - kInitialBytes + kGrowthBytes - 1) / kGrowthBytes * kGrowthBytes;
}

bool WithoutElements(const Tensor* tensor) {
  return tensor != nullptr && tensor->buffer.data() == nullptr && tensor->shape.Elements() > 0;
}

void CountWeights(const Graph& graph, std::set<const Tensor*>* seen, std::map<DType, uint64_t>* bytes) {
  for (const Value& value : graph.values) {
    if (value.constant != nullptr && seen->insert(value.constant.get()).second) {
      (*bytes)[value.constant->dtype] += value.constant->view().bytes();
    }
  }
  for (const auto& node : graph.nodes) {
    for (const auto& body : node->bodies) CountWeights(*body, seen, bytes);
  }
}

// Bodies keep their constants: they get elements, zeros.
Status FillBodies(Graph& graph) {
  for (const auto& node : graph.nodes) {
    for (const auto& body : node->bodies) {
      for (Value& value : body->values) {
        if (!WithoutElements(value.constant.get())) continue;
        WEBINFER_ASSIGN(Tensor zeros, Tensor::Create(value.constant->dtype, value.constant->shape));
        std::memset(zeros.buffer.data(), 0, zeros.buffer.size());
        value.constant = std::make_shared<Tensor>(std::move(zeros));
      }
      WEBINFER_TRY(FillBodies(*body));
    }
  }
  return OkStatus();
}

// Weights become inputs behind the model's own: of known type and shape, without elements.
void WeightsToInputs(Graph& graph) {
  for (size_t id = 0; id < graph.values.size(); ++id) {
    Value& value = graph.values[id];
    if (!WithoutElements(value.constant.get())) continue;
    value.type = {ValueKind::kTensor, value.constant->dtype, value.constant->shape};
    value.symbols.clear();
    value.constant.reset();
    graph.inputs.push_back(static_cast<ValueId>(id));
  }
}

class Estimator {
 public:
  Estimator(Model& model, const InspectOptions& options, size_t own_inputs)
      : model_(model), options_(options), own_inputs_(own_inputs) {}

  Status Run(uint64_t file_weights, MemoryEstimate* memory) {
    spare_bytes_ = options_.session.weight_memory == WeightMemory::kSmall      ? 0
                   : options_.session.weight_memory == WeightMemory::kBalanced ? std::max(file_weights / 2, kLeastSpareBytes)
                                                                               : UINT64_MAX;
    PassOptions passes{options_.session.optimize, options_.session.deterministic};
    passes.prepare = false;
    WEBINFER_TRY(Optimize(model_, passes));
    Graph& graph = model_.graph;
    WEBINFER_TRY(Place(graph));
    if (!PlanForSomeSize(graph, memory)) return OkStatus();
    memory->weight_bytes = WeightBytes(graph);
    const uint64_t nodes = kBytesPerNode * graph.nodes.size();
    // While weights are prepared, one stands beside its packed form. The gap that it leaves serves smaller things, or grows into
    // what is behind it: half is between what models of both kinds take.
    memory->load_bytes = std::max(file_weights + kPieceBytes, memory->weight_bytes + largest_) + nodes;
    const uint64_t values = memory->arena_bytes + feed_bytes_;
    const uint64_t held = memory->weight_bytes + nodes + (memory->arena_bytes > largest_ ? values + largest_ / 2 : values);
    const uint64_t most = kEngineBytes + std::max(held, memory->load_bytes);
    memory->total_bytes = WholeMemory(most);
    memory->known = true;
    return OkStatus();
  }

 private:
  bool IsWeight(const Graph& graph, ValueId id) const {
    if (id == kNoValue) return false;
    const auto begin = graph.inputs.begin() + static_cast<std::ptrdiff_t>(own_inputs_);
    return graph.Constant(id) != nullptr || std::find(begin, graph.inputs.end(), id) != graph.inputs.end();
  }

  // Stands in for packed weights, so that kernels are chosen that read them.
  Status Place(Graph& graph) {
    auto stand_in = std::make_shared<Buffer>();
    WEBINFER_TRY(stand_in->Allocate(kAlignment, "a stand-in"));
    for (const auto& node : graph.nodes) {
      if (node->def->prepare == nullptr || node->inputs.size() < 2 || !IsWeight(graph, node->inputs[1])) continue;
      node->prepared.assign(1, stand_in);
      if (node->IsInternal("Conv")) PlaceWinograd(graph, *node, stand_in);
    }
    return OkStatus();
  }

  void PlaceWinograd(const Graph& graph, Node& node, const std::shared_ptr<Buffer>& stand_in) {
    const auto info = [&](ValueId id) {
      const ValueType& type = graph.values[static_cast<size_t>(id)].type;
      return ValueInfo{type.kind, true, type.dtype, type.shape, nullptr};
    };
    ValueInfo in[] = {info(node.inputs[0]), info(node.inputs[1])}, out[] = {info(node.outputs[0])};
    const InferContext context(node, in, out);
    kernels::ConvGeometry g;
    if (!ops::ReadConvGeometry(context, out[0].shape, &g).ok()) return;
    const bool known = in[0].shape.known() && out[0].shape.known();
    const uint64_t bytes = ops::TransformedWeightFloats(g, known) * sizeof(float);
    if (bytes == 0) return;
    const uint64_t extra = bytes - (known ? std::min(bytes, ops::PackedWeightFloats(g) * sizeof(float)) : 0);
    if (extra > spare_bytes_) return;
    spare_bytes_ -= extra;
    second_copies_ += extra;
    largest_ = std::max(largest_, bytes);
    node.prepared.assign(2, stand_in);
  }

  // A window may need more than one row: sizes that nothing tells are tried from the one that is asked for upwards.
  bool PlanForSomeSize(Graph& graph, MemoryEstimate* memory) {
    for (int64_t size : {options_.unknown_size, int64_t{32}, int64_t{64}, int64_t{224}, int64_t{640}}) {
      if (size < options_.unknown_size) continue;
      feed_bytes_ = 0;
      assumed_ = false;
      if (Plan(graph, size, &memory->arena_bytes).ok()) {
        memory->assumed_size = assumed_ ? size : 0;
        return true;
      }
      if (!assumed_) return false;
    }
    return false;
  }

  Status Plan(Graph& graph, int64_t unknown_size, uint64_t* arena_bytes) {
    std::vector<BindingInput> inputs;
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const Value& value = graph.values[static_cast<size_t>(graph.inputs[i])];
      Shape shape = value.type.shape;
      for (const auto& [name, given] : options_.input_shapes) {
        if (i < own_inputs_ && name == value.name) shape = given;
      }
      if (value.type.kind != ValueKind::kTensor || !shape.rank_known()) {
        return Error(Code::kUnsupported, "Memory depends on input \"%s\", whose shape is not known", value.name.c_str());
      }
      for (int axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] >= 0) continue;
        shape[axis] = axis == 0 ? options_.unknown_size : unknown_size;
        assumed_ = true;
      }
      inputs.push_back({value.type.kind, value.type.dtype, shape});
      if (i < own_inputs_) feed_bytes_ += BytesOf(value.type.dtype, static_cast<uint64_t>(shape.Elements()));
    }
    WEBINFER_ASSIGN(const std::unique_ptr<webinfer::Plan> plan, webinfer::Plan::Create(graph));
    ThreadPool pool(1);
    StringPool strings;
    struct NoBodies final : BodyRunner {
      Status RunBody(const Node&, int, std::span<const Operand>, std::span<const Operand>*) override {
        return Error(Code::kUnsupported, "Bodies do not run while a model is inspected");
      }
    } bodies;
    RunContext run(pool, strings, bodies);
    Binding binding;
    WEBINFER_TRY(plan->Bind(inputs, ~uint64_t{0}, run, binding));
    *arena_bytes = binding.arena_bytes;
    return OkStatus();
  }

  // Packed once for each kernel that reads them, and as they were for other readers.
  uint64_t WeightBytes(const Graph& graph) {
    std::vector<uint64_t> packed(graph.values.size(), 0), plain(graph.values.size(), 0);
    for (const auto& node : graph.nodes) {
      for (size_t i = 0; i < node->inputs.size(); ++i) {
        if (!IsWeight(graph, node->inputs[i])) continue;
        const auto id = static_cast<size_t>(node->inputs[i]);
        const ValueType& type = graph.values[id].type;
        const uint64_t own = BytesOf(type.dtype, static_cast<uint64_t>(type.shape.Elements()));
        if (i == 1 && !node->prepared.empty()) {
          packed[id] += own;
        } else {
          plain[id] = own;
        }
      }
    }
    uint64_t bytes = second_copies_ + BodyBytes(graph);
    for (size_t id = 0; id < packed.size(); ++id) {
      bytes += packed[id] + plain[id];
      if (plain[id] == 0) largest_ = std::max(largest_, packed[id]);
    }
    return bytes;
  }

  static uint64_t BodyBytes(const Graph& graph) {
    uint64_t bytes = 0;
    for (const auto& node : graph.nodes) {
      for (const auto& body : node->bodies) {
        for (const Value& value : body->values) bytes += value.constant != nullptr ? value.constant->buffer.size() : 0;
        bytes += BodyBytes(*body);
      }
    }
    return bytes;
  }

  Model& model_;
  const InspectOptions& options_;
  const size_t own_inputs_;
  uint64_t spare_bytes_ = 0, second_copies_ = 0, largest_ = 0, feed_bytes_ = 0;
  bool assumed_ = false;
};

std::string ProblemText() {
  const ErrorRecord& error = LastError();
  std::string text = error.message;
  if (error.op[0] != 0) text += " (operator " + std::string(error.op) + ", node \"" + error.node + "\")";
  if (error.expected[0] != 0) text += ": expected " + std::string(error.expected);
  if (error.actual[0] != 0) text += ", got " + std::string(error.actual);
  return text;
}

}  // namespace

ModelReport InspectModel(Model& model, const InspectOptions& options) {
  ModelReport report;
  Graph& graph = model.graph;
  for (ValueId id : graph.inputs) {
    Value& value = graph.values[static_cast<size_t>(id)];
    report.inputs.push_back({value.name, value.type, value.symbols, value.constant != nullptr});
    value.constant.reset();
    for (size_t axis = 0; axis < value.symbols.size() && value.type.shape.rank_known(); ++axis) {
      for (const auto& [symbol, size] : options.session.free_dimensions) {
        if (value.symbols[axis] == symbol) value.type.shape[static_cast<int>(axis)] = size;
      }
    }
  }
  for (ValueId id : graph.outputs) {
    const Value& value = graph.values[static_cast<size_t>(id)];
    report.outputs.push_back({value.name, value.type, value.symbols, false});
  }
  std::set<const Tensor*> seen;
  std::map<DType, uint64_t> weights;
  CountWeights(graph, &seen, &weights);
  uint64_t weight_bytes = 0;
  for (const auto& [dtype, bytes] : weights) {
    report.weights.emplace_back(dtype, bytes);
    weight_bytes += bytes;
  }
  const size_t own_inputs = graph.inputs.size();
  Status status = FillBodies(graph);
  if (status.ok()) {
    WeightsToInputs(graph);
    status = Estimator(model, options, own_inputs).Run(weight_bytes, &report.memory);
  }
  if (status.ok()) return report;
  report.missing = LastMissingOperators();
  if (report.missing.empty()) report.problem = ProblemText();
  return report;
}

}  // namespace webinfer
