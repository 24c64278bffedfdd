// Moves Transposes to where they cost least.
//
// Contractions compute on channels-last data with a Transpose on either side. Values that operators tie to one layout (all
// operands of an Add, input and output of a Softmax, ...) form a region; between regions stand Transposes and operators that
// want one layout. A region is permuted as a whole when that takes away more transposed elements at its border than it adds.
// Regions only touch at Transposes and fixed operators, so each decides alone; rounds repeat until nothing changes.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "passes/common_subexpressions.h"
#include "passes/editor.h"
#include "passes/layout_ops.h"

namespace webinfer {

namespace {

constexpr int kMostRounds = 4;
constexpr int64_t kUnknownSize = 16;  // stands for an unknown size where costs are compared

// Elements moved, and one more for the node: a Transpose that moves none still keeps its neighbours from being fused.
int64_t CostOf(const Shape& shape, const Permutation& perm) {
  if (perm.IsIdentity()) return 0;
  if (perm.KeepsElements(shape)) return 1;
  int64_t elements = 2;
  for (int64_t dim : shape) {
    const int64_t size = dim < 0 ? kUnknownSize : dim;
    if (size == 0 || elements > (int64_t{1} << 40) / size) return elements;
    elements *= size;
  }
  return elements;
}

struct Region {
  std::vector<Node*> nodes;  // in execution order
  std::vector<ValueId> values;
  int rank = 0;
};

class LayoutPass {
 public:
  explicit LayoutPass(Editor& editor) : editor_(editor) {}

  // True if a region has been permuted.
  Result<bool> Round();

 private:
  void FindRegions();
  ValueId Root(ValueId id);
  bool InRegion(const Node* node, ValueId root) const;
  // The node moves along when its region is permuted by `perm`.
  bool Follows(const Node& node, const Permutation& perm) const;
  bool IsTransposedAnyway(ValueId id, const Permutation& perm) const;
  bool FollowsContraction(const Region& region) const;
  std::vector<Permutation> Candidates(const Region& region, ValueId root);
  int64_t Cost(const Region& region, ValueId root, const Permutation* perm);
  Status Flip(const Region& region, ValueId root, const Permutation& perm);
  Status PermuteIncoming(ValueId id, const Permutation& perm);
  Status RestoreOutgoing(ValueId id, const Permutation& perm);

  Editor& editor_;
  std::vector<ValueId> parent_;
  struct Member {
    LayoutRole role;
    ValueId root;
  };
  std::unordered_map<const Node*, Member> members_;  // movable nodes
  std::unordered_set<const Node*> followers_;        // of the region being permuted
  std::unordered_map<ValueId, Region> regions_;
  std::vector<ValueId> order_;  // roots, in execution order
};

ValueId LayoutPass::Root(ValueId id) {
  while (parent_[static_cast<size_t>(id)] != id) {
    parent_[static_cast<size_t>(id)] = parent_[static_cast<size_t>(parent_[static_cast<size_t>(id)])];
    id = parent_[static_cast<size_t>(id)];
  }
  return id;
}

void LayoutPass::FindRegions() {
  parent_.resize(editor_.graph().values.size());
  for (size_t id = 0; id < parent_.size(); ++id) parent_[id] = static_cast<ValueId>(id);
  members_.clear();
  regions_.clear();
  order_.clear();
  const auto first_value = [](const Node& node, const LayoutRole& role) {
    return role.inputs.empty() ? node.outputs[0] : node.inputs[role.inputs[0]];
  };
  for (const auto& node : editor_.graph().nodes) {
    if (node->op.empty() || node->Is("Transpose")) continue;
    LayoutRole role = LayoutRoleOf(editor_, *node);
    if (!role.movable) continue;
    const ValueId first = Root(first_value(*node, role));
    for (size_t i : role.inputs) parent_[static_cast<size_t>(Root(node->inputs[i]))] = first;
    for (ValueId id : node->outputs) {
      if (id != kNoValue && !role.drops) parent_[static_cast<size_t>(Root(id))] = first;
    }
    members_[node.get()] = {std::move(role), kNoValue};
  }
  for (const auto& node : editor_.graph().nodes) {
    const auto it = members_.find(node.get());
    if (it == members_.end()) continue;
    const LayoutRole& role = it->second.role;
    const ValueId root = it->second.root = Root(first_value(*node, role));
    Region& region = regions_[root];
    if (region.nodes.empty()) order_.push_back(root);
    region.rank = role.rank;
    region.nodes.push_back(node.get());
    for (size_t i : role.inputs) region.values.push_back(node->inputs[i]);
    for (ValueId id : node->outputs) {
      if (id != kNoValue && !role.drops) region.values.push_back(id);
    }
  }
  for (auto& [root, region] : regions_) {
    std::sort(region.values.begin(), region.values.end());
    region.values.erase(std::unique(region.values.begin(), region.values.end()), region.values.end());
  }
}

bool LayoutPass::InRegion(const Node* node, ValueId root) const {
  const auto it = members_.find(node);
  return it != members_.end() && it->second.root == root;
}

bool LayoutPass::Follows(const Node& node, const Permutation& perm) const {
  return !members_.at(&node).role.drops || KeepsDroppedOutput(editor_, node, perm);
}

bool LayoutPass::IsTransposedAnyway(ValueId id, const Permutation& perm) const {
  for (const Node* user : editor_.Users(id)) {
    if (user->Is("Transpose") && PermutationOf(*user, perm.rank) == perm) return true;
  }
  return false;
}

// A contraction's output comes into the region through a Transpose: without it, what follows can be fused.
bool LayoutPass::FollowsContraction(const Region& region) const {
  for (ValueId id : region.values) {
    const Node* producer = editor_.Producer(id);
    if (producer == nullptr || !producer->Is("Transpose")) continue;
    const Node* source = editor_.Producer(producer->inputs[0]);
    if (source != nullptr && source->domain == "webinfer") return true;
  }
  return false;
}

std::vector<Permutation> LayoutPass::Candidates(const Region& region, ValueId root) {
  std::vector<Permutation> candidates;
  const auto add = [&](const Permutation& perm) {
    if (perm.rank == region.rank && !perm.IsIdentity() &&
        std::find(candidates.begin(), candidates.end(), perm) == candidates.end()) {
      candidates.push_back(perm);
    }
  };
  for (ValueId id : region.values) {
    if (const Node* producer = editor_.Producer(id); producer != nullptr && producer->Is("Transpose")) {
      if (const auto perm = PermutationOf(*producer, region.rank)) add(perm->Inverse());
    }
    for (const Node* user : editor_.Users(id)) {
      if (!user->Is("Transpose") || InRegion(user, root)) continue;
      if (const auto perm = PermutationOf(*user, region.rank)) add(*perm);
    }
  }
  return candidates;
}

// Elements that Transposes at the region's border move, when the region is permuted by `perm` (nullptr: as it is).
int64_t LayoutPass::Cost(const Region& region, ValueId root, const Permutation* perm) {
  int64_t cost = 0;
  for (ValueId id : region.values) {
    const Shape& shape = editor_.ShapeOf(id);
    const Node* producer = editor_.Producer(id);
    const bool made = InRegion(producer, root), transposed = producer != nullptr && producer->Is("Transpose");
    if (transposed) {
      const auto before = PermutationOf(*producer, region.rank);
      if (!before) continue;
      const Permutation now = perm == nullptr ? *before : before->Then(*perm);
      if (!now.IsIdentity()) cost += CostOf(editor_.ShapeOf(producer->inputs[0]), now);
    } else if (perm != nullptr && !made && editor_.Constant(id) == nullptr && !IsTransposedAnyway(id, *perm)) {
      cost += CostOf(shape, *perm);
    }
    bool restored = perm != nullptr && editor_.IsOutput(id);
    for (const Node* user : editor_.Users(id)) {
      if (InRegion(user, root)) {
        if (perm != nullptr && !Follows(*user, *perm)) restored = true;
        continue;
      }
      const auto after = user->Is("Transpose") ? PermutationOf(*user, region.rank) : std::nullopt;
      if (!after) {
        restored |= perm != nullptr;
      } else if (made) {
        const Permutation now = perm == nullptr ? *after : perm->Inverse().Then(*after);
        if (!now.IsIdentity()) cost += CostOf(perm == nullptr ? shape : perm->Apply(shape), now);
      }
    }
    if (restored && (made || transposed)) cost += CostOf(shape, *perm);
  }
  return cost;
}

std::unique_ptr<Node> MakeTranspose(const Editor& editor, ValueId id, const Permutation& perm) {
  auto node = editor.Make("Transpose", {id});
  node->attributes.SetInts("perm", perm.ToInts());
  return node;
}

// A value of the region that is made outside of it: nodes inside read it permuted.
Status LayoutPass::PermuteIncoming(ValueId id, const Permutation& perm) {
  ValueId source = id;
  Permutation now = perm;
  Node* producer = editor_.Producer(id);
  if (producer != nullptr && producer->Is("Transpose")) {
    if (const auto before = PermutationOf(*producer, perm.rank)) {
      source = producer->inputs[0];
      now = before->Then(perm);
    }
  }
  ValueId permuted = source;
  if (!now.IsIdentity()) {
    WEBINFER_ASSIGN(permuted, editor_.InsertAfter(producer, MakeTranspose(editor_, source, now)));
  }
  const std::vector<Node*> users(editor_.Users(id).begin(), editor_.Users(id).end());
  for (Node* user : users) {
    if (user->op.empty() || !followers_.contains(user)) continue;
    editor_.ReplaceUsesBy(*user, id, permuted);
  }
  return OkStatus();
}

// A value made in the region is permuted now: readers outside get it back as it was.
Status LayoutPass::RestoreOutgoing(ValueId id, const Permutation& perm) {
  ValueId restored = kNoValue;
  const auto restore = [&]() -> Status {
    if (restored != kNoValue) return OkStatus();
    WEBINFER_ASSIGN(restored, editor_.InsertAfter(editor_.Producer(id), MakeTranspose(editor_, id, perm.Inverse())));
    return OkStatus();
  };
  if (editor_.IsOutput(id)) {
    WEBINFER_TRY(restore());
    editor_.ReplaceOutput(id, restored);
  }
  const std::vector<Node*> users(editor_.Users(id).begin(), editor_.Users(id).end());
  for (Node* user : users) {
    if (user->op.empty() || (restored != kNoValue && user == editor_.Producer(restored))) continue;
    if (followers_.contains(user)) continue;
    const auto after = user->Is("Transpose") ? PermutationOf(*user, perm.rank) : std::nullopt;
    if (!after) {
      WEBINFER_TRY(restore());
      editor_.ReplaceUsesBy(*user, id, restored);
      continue;
    }
    const Permutation now = perm.Inverse().Then(*after);
    if (now.IsIdentity() && editor_.ReplaceUses(user->outputs[0], id)) continue;
    user->attributes.SetInts("perm", now.ToInts());
  }
  return OkStatus();
}

Status LayoutPass::Flip(const Region& region, ValueId root, const Permutation& perm) {
  followers_.clear();
  for (Node* node : region.nodes) {
    if (Follows(*node, perm)) followers_.insert(node);
  }
  std::vector<ValueId> made;
  for (ValueId id : region.values) {
    if (InRegion(editor_.Producer(id), root)) {
      made.push_back(id);
    } else {
      WEBINFER_TRY(PermuteIncoming(id, perm));
    }
  }
  for (Node* node : region.nodes) {
    if (!followers_.contains(node)) continue;
    WEBINFER_TRY(Permute(editor_, *node, perm));
    WEBINFER_TRY(editor_.Infer(*node));
  }
  for (ValueId id : made) WEBINFER_TRY(RestoreOutgoing(id, perm));
  return OkStatus();
}

Result<bool> LayoutPass::Round() {
  FindRegions();
  bool changed = false;
  for (ValueId root : order_) {
    const Region& region = regions_[root];
    const int64_t keep = Cost(region, root, nullptr);
    if (keep == 0) continue;
    int64_t least = keep + (FollowsContraction(region) ? 1 : 0);
    std::optional<Permutation> best;
    for (const Permutation& candidate : Candidates(region, root)) {
      const int64_t cost = Cost(region, root, &candidate);
      if (cost >= least) continue;
      least = cost;
      best = candidate;
    }
    if (!best) continue;
    WEBINFER_TRY(Flip(region, root, *best));
    changed = true;
  }
  return changed;
}

Status Run(PassContext& context) {
  for (int round = 0; round < kMostRounds; ++round) {
    WEBINFER_ASSIGN(const bool changed, LayoutPass(context.editor).Round());
    if (!changed) break;
    context.editor.Finish();
    WEBINFER_TRY(context.editor.Start());
    // A value that both a region and a contraction want permuted must be seen as one, or the next round would flip back.
    MergeCommonSubexpressions(context.editor);
    context.editor.Finish();
  }
  return OkStatus();
}

}  // namespace

}  // namespace webinfer

WEBINFER_PASS(Layout, 40) { return {.name = "layout", .run = webinfer::Run}; }
