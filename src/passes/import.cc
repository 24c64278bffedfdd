#include "passes/import.h"

#include <algorithm>
#include <string>

#include "ops/custom.h"
#include "passes/control.h"
#include "passes/infer.h"
#include "passes/missing.h"

namespace webinfer {

namespace {

constexpr int kDeepestLowering = 16;  // of lowerings within lowerings; a cycle among them is a fault of ours

struct Pending {
  std::unique_ptr<Node> node;
  int depth = 0;
};

class Importer {
 public:
  Importer(Model& model, SymbolTable& symbols, ThreadPool& pool)
      : model_(model), symbols_(symbols), pool_(pool), budget_(FoldBudget::For(model)) {}

  Status Walk(Graph& graph);
  Status ReportMissing() const { return missing_.Report(); }

 private:
  struct Scope {
    Graph& graph;
    GraphInfo info;
    Inference inference;
    std::vector<Pending> stack;  // the next node is the last

    Scope(Graph& g, SymbolTable& symbols) : graph(g), inference(g, symbols, info) {}
    void Push(std::vector<std::unique_ptr<Node>> nodes, int depth) {
      for (size_t i = nodes.size(); i-- > 0;) stack.push_back({std::move(nodes[i]), depth});
      inference.Update();
    }
  };

  Status Visit(Scope& scope, Pending next);
  bool KeepsQuantized(const Scope& scope, const Node& node) const;
  Status VisitBodies(Scope& scope, Node& node);
  bool InlineKnownIf(Scope& scope, Node& node, int depth);
  Result<bool> Lower(Scope& scope, Node& node, int depth);

  Model& model_;
  SymbolTable& symbols_;
  ThreadPool& pool_;
  FoldBudget budget_;
  bool quantizes_ = false;  // some activations are quantised
  MissingOperators missing_;
};

Status CheckCount(const Node& node, const char* what, size_t count, int least, int most) {
  if (static_cast<int>(count) >= least && (most < 0 || static_cast<int>(count) <= most)) return OkStatus();
  Error error(Code::kInvalidModel, "The node has the wrong number of %s", what);
  error.Op("%s", node.op.c_str()).Node("%s", node.name.c_str()).Actual("%zu", count);
  if (most < 0) {
    error.Expected("at least %d", least);
  } else if (least == most) {
    error.Expected("%d", least);
  } else {
    error.Expected("%d to %d", least, most);
  }
  return error;
}

size_t CountPresent(const std::vector<ValueId>& ids) {  // left-out ones at the end are not counted
  size_t count = ids.size();
  while (count > 0 && ids[count - 1] == kNoValue) --count;
  return count;
}

Status CheckCounts(const Node& node) {
  const size_t formal = node.formal_inputs < 0 ? node.inputs.size() : static_cast<size_t>(node.formal_inputs);
  const size_t captured = node.inputs.size() - formal;
  WEBINFER_TRY(CheckCount(node, "inputs", CountPresent(node.inputs) - captured, node.def->min_inputs, node.def->max_inputs));
  const size_t required = node.def->max_inputs < 0 ? formal : static_cast<size_t>(node.def->min_inputs);
  for (size_t i = 0; i < required && !node.Is("Loop"); ++i) {  // whose trip count may be left out
    if (node.HasInput(i)) continue;
    return Error(Code::kInvalidModel, "Input %zu is left out but is not optional", i)
        .Op("%s", node.op.c_str())
        .Node("%s", node.name.c_str());
  }
  return CheckCount(node, "outputs", CountPresent(node.outputs), 0, node.def->max_outputs);
}

bool Importer::InlineKnownIf(Scope& scope, Node& node, int depth) {
  if (!node.Is("If") || node.bodies.size() != 2 || !node.HasInput(0)) return false;
  const ValueInfo& condition = scope.info[static_cast<size_t>(node.inputs[0])];
  if (condition.known == nullptr || condition.dtype != DType::kBool) return false;
  const bool taken = *static_cast<const uint8_t*>(condition.known) != 0;
  const Attribute* branch = node.attributes.Find(taken ? "then_branch" : "else_branch");
  if (branch == nullptr || branch->graph < 0) return false;
  scope.Push(InlineBody(scope.graph, node, branch->graph, std::span(node.inputs).subspan(1)), depth);
  return true;
}

Status Importer::VisitBodies(Scope& scope, Node& node) {
  if (node.bodies.empty()) return OkStatus();
  SinkConstants(scope.graph, node);
  if (node.def != nullptr && node.def->lower != nullptr) return OkStatus();  // bodies are walked where the lowering puts them
  TypeBodyInputs(node, scope.inference.Inputs(node));
  for (auto& body : node.bodies) WEBINFER_TRY(Walk(*body));
  return OkStatus();
}

Result<bool> Importer::Lower(Scope& scope, Node& node, int depth) {
  if (node.def->lower == nullptr) return false;
  LowerContext context(scope.graph, node, scope.inference.Inputs(node), scope.inference.Outputs(node));
  bool done = true;
  WEBINFER_TRY(AtNode(node, node.def->lower(context, &done)));
  if (!done) {
    scope.inference.Update();
    return false;
  }
  if (depth >= kDeepestLowering)
    return Error(Code::kInternal, "Lowering does not end").Op("%s", node.op.c_str()).Node("%s", node.name.c_str());
  std::vector<std::unique_ptr<Node>> nodes = context.TakeNodes();
  for (auto& lowered : nodes) lowered->opset = node.opset;
  scope.Push(std::move(nodes), depth + 1);
  return true;
}

// Weights of 8 bits stay so in models that quantise activations too: passes/quantize.cc has integer operators for them.
bool Importer::KeepsQuantized(const Scope& scope, const Node& node) const {
  if (!quantizes_ || node.op != "DequantizeLinear" || !node.HasInput(0)) return false;
  const DType dtype = scope.info[static_cast<size_t>(node.inputs[0])].dtype;
  return dtype == DType::kInt8 || dtype == DType::kUint8;
}

Status Importer::Visit(Scope& scope, Pending next) {
  Node& node = *next.node;
  if (InlineKnownIf(scope, node, next.depth)) return OkStatus();
  node.def = FindCustomOperator(node.domain, node.op);
  if (node.def == nullptr) node.def = FindOp(node.domain, node.op);
  if (node.def == nullptr) {
    missing_.Add(node, scope.inference.Inputs(node));
  } else {
    WEBINFER_TRY(CheckCounts(node));
    for (size_t i = 0; i < node.outputs.size() && static_cast<int>(i) < node.def->min_outputs; ++i) {
      if (node.outputs[i] != kNoValue) continue;
      node.outputs[i] = scope.graph.AddValue("");  // kernels write required outputs unasked
      scope.inference.Update();
    }
  }
  WEBINFER_TRY(VisitBodies(scope, node));
  if (node.def != nullptr) {
    WEBINFER_ASSIGN(const bool lowered, Lower(scope, node, next.depth));
    if (lowered) return OkStatus();
    if (node.def->bind == nullptr) missing_.Add(node, scope.inference.Inputs(node));
  }
  WEBINFER_TRY(scope.inference.Infer(node));
  if (KeepsQuantized(scope, node)) {
    scope.graph.nodes.push_back(std::move(next.node));
    return OkStatus();
  }
  WEBINFER_ASSIGN(const bool folded, FoldNode(scope.graph, node, scope.inference, scope.info, model_.strings, pool_, budget_));
  if (!folded) scope.graph.nodes.push_back(std::move(next.node));
  return OkStatus();
}

Status Importer::Walk(Graph& graph) {
  Scope scope(graph, symbols_);
  std::vector<std::unique_ptr<Node>> nodes = std::move(graph.nodes);
  graph.nodes.clear();
  for (const auto& node : nodes)
    quantizes_ |= node->op == "QuantizeLinear" || node->op == "QGemm" || node->op.starts_with("QLinear");
  scope.Push(std::move(nodes), 0);
  while (!scope.stack.empty()) {
    Pending next = std::move(scope.stack.back());
    scope.stack.pop_back();
    const Status status = Visit(scope, std::move(next));
    if (!status.ok() && missing_.empty()) return status;
    if (!status.ok()) scope.inference.Update();  // a consequence of what is missing, which is reported in the end
  }
  RemoveDead(graph);
  return OkStatus();
}

}  // namespace

Status Import(Model& model, SymbolTable& symbols, ThreadPool& pool) {
  Importer importer(model, symbols, pool);
  WEBINFER_TRY(importer.Walk(model.graph));
  return importer.ReportMissing();
}

}  // namespace webinfer
