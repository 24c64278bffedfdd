// Proves that a graph can be executed: every read value is made, once, before it is read.
#include <algorithm>

#include "graph/graph.h"

namespace webinfer {

namespace {

Status CheckIds(const Graph& graph) {
  const auto bad = [&](const std::vector<ValueId>& ids) {
    return std::any_of(ids.begin(), ids.end(),
                       [&](ValueId id) { return id < kNoValue || id >= static_cast<ValueId>(graph.values.size()); });
  };
  for (const auto& node : graph.nodes) {
    if (bad(node->inputs) || bad(node->outputs))
      return Error(Code::kInternal, "A node refers to no value").Node("%s", node->name.c_str());
  }
  if (bad(graph.inputs) || bad(graph.outputs)) return Error(Code::kInternal, "A graph refers to no value");
  return OkStatus();
}

Status MarkMade(std::vector<bool>& made, const Graph& graph, ValueId id) {
  if (made[id]) {
    return Error(Code::kInvalidModel, "The value \"%s\" is made twice", graph.values[id].name.c_str())
        .Hint("Each name may be an input, an initializer or the output of one node only.");
  }
  made[id] = true;
  return OkStatus();
}

const Node* FirstUnmade(const Graph& graph, const std::vector<bool>& placed, const std::vector<int>& missing) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!placed[i] && missing[i] > 0) return graph.nodes[i].get();
  }
  return nullptr;
}

}  // namespace

Status SortAndVerify(Graph& graph) {
  WEBINFER_TRY(CheckIds(graph));
  const size_t count = graph.nodes.size();
  std::vector<bool> made(graph.values.size(), false);
  for (size_t id = 0; id < graph.values.size(); ++id) made[id] = graph.values[id].constant != nullptr;
  for (ValueId id : graph.inputs) made[id] = true;  // an initializer that is an input too is a default value

  std::vector<bool> has_producer = made;
  for (const auto& node : graph.nodes) {
    for (ValueId id : node->outputs) {
      if (id != kNoValue) WEBINFER_TRY(MarkMade(has_producer, graph, id));
    }
  }
  const auto require = [&](ValueId id, const char* where) -> Status {
    if (id == kNoValue || has_producer[id]) return OkStatus();
    return Error(Code::kInvalidModel, "Nothing makes the value \"%s\"", graph.values[id].name.c_str()).Node("%s", where);
  };
  for (const auto& node : graph.nodes) {
    for (ValueId id : node->inputs) WEBINFER_TRY(require(id, node->name.c_str()));
  }
  for (ValueId id : graph.outputs) WEBINFER_TRY(require(id, "graph output"));

  // Kahn's algorithm, keeping the file's order among nodes that are ready.
  std::vector<std::vector<int>> waiting(graph.values.size());
  std::vector<int> missing(count, 0);
  for (size_t i = 0; i < count; ++i) {
    for (ValueId id : graph.nodes[i]->inputs) {
      if (id == kNoValue || made[id]) continue;
      waiting[id].push_back(static_cast<int>(i));
      ++missing[i];
    }
  }
  std::vector<std::unique_ptr<Node>> sorted;
  sorted.reserve(count);
  std::vector<bool> placed(count, false);
  std::vector<int> ready;
  for (size_t i = count; i-- > 0;) {
    if (missing[i] == 0) ready.push_back(static_cast<int>(i));
  }
  // `ready` is a heap by index, so a graph that is in order stays exactly as it was.
  const auto later = std::greater<int>();
  std::make_heap(ready.begin(), ready.end(), later);
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), later);
    const int i = ready.back();
    ready.pop_back();
    placed[i] = true;
    for (ValueId id : graph.nodes[i]->outputs) {
      if (id == kNoValue) continue;
      for (int reader : waiting[id]) {
        if (--missing[reader] > 0) continue;
        ready.push_back(reader);
        std::push_heap(ready.begin(), ready.end(), later);
      }
    }
    sorted.push_back(std::move(graph.nodes[i]));
  }
  if (sorted.size() != count) {
    const Node* node = FirstUnmade(graph, placed, missing);
    return Error(Code::kInvalidModel, "The graph has a cycle").Op("%s", node->op.c_str()).Node("%s", node->name.c_str());
  }
  graph.nodes = std::move(sorted);
  for (const auto& node : graph.nodes) {
    for (const auto& body : node->bodies) WEBINFER_TRY(SortAndVerify(*body));
  }
  return OkStatus();
}

}  // namespace webinfer
