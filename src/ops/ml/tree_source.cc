#include "ops/ml/tree_source.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

#include "kernels/elements.h"

namespace webinfer::ops {

namespace {

using kernels::TreeRange;

// Numbers of an attribute that may be a list of floats or a tensor.
struct Numbers {
  std::span<const float> floats;
  const Tensor* tensor = nullptr;

  static Numbers Of(const Attributes& attributes, const std::string& name) {
    const Tensor* tensor = attributes.TensorOf(name);
    if (tensor == nullptr) tensor = attributes.TensorOf(name + "_as_tensor");
    return {attributes.Floats(name), tensor};
  }
  int64_t size() const { return tensor != nullptr ? tensor->shape.Elements() : static_cast<int64_t>(floats.size()); }
  double operator[](size_t i) const {
    if (tensor == nullptr) return floats[i];
    double value = 0;
    kernels::ReadNumber(tensor->dtype, tensor->buffer.data(), static_cast<int64_t>(i), &value);
    return value;
  }
};

Status ExpectIndex(const char* what, int64_t index, int64_t count) {
  if (index >= 0 && index < count) return OkStatus();
  return Error(Code::kInvalidModel, "A tree names a %s that is not there", what)
      .Expected("0..%lld", static_cast<long long>(count - 1))
      .Actual("%lld", static_cast<long long>(index));
}

Status ExpectSize(int64_t nodes) {
  if (nodes < kernels::kMostTreeNodes / 4) return OkStatus();
  return Error(Code::kUnsupported, "The trees have too many nodes").Actual("%lld", static_cast<long long>(nodes));
}

// A walk from a root never comes back: every inner node is entered once. A node whose branches lead to the same place counts
// once.
Status ExpectTrees(const TreeSource& source) {
  Array<uint8_t> seen;
  WEBINFER_TRY(seen.Resize(source.nodes.size()));
  std::fill(seen.begin(), seen.end(), uint8_t{0});
  bool tree = true;
  const auto enter = [&](TreeRef to) { tree = (to < 0 || seen[static_cast<size_t>(to)]++ == 0) && tree; };
  for (const TreeRef root : source.roots) enter(root);
  for (const SourceNode& node : source.nodes) {
    enter(node.yes);
    if (node.no != node.yes) enter(node.no);
  }
  return tree ? OkStatus() : Status(Error(Code::kInvalidModel, "A node of a tree has two parents"));
}

Status ReadFeature(int64_t feature, TreeSource* source) {
  WEBINFER_TRY(ExpectIndex("feature", feature, INT32_MAX));
  source->features = std::max(source->features, static_cast<int32_t>(feature) + 1);
  return OkStatus();
}

// The member sets, which NaN separates, belong to the nodes that test membership, in order.
Status ReadSets(const Attributes& attributes, TreeSource* source) {
  const Numbers values = Numbers::Of(attributes, "membership_values");
  const auto count = static_cast<size_t>(values.size());
  WEBINFER_TRY(source->members.Resize(count));
  for (size_t i = 0; i < count; ++i) source->members[i] = values[i];
  size_t at = 0;
  for (SourceNode& node : source->nodes) {
    if (node.mode != TreeMode::kMember) continue;
    const size_t first = std::min(at, count);
    while (at < count && !std::isnan(source->members[at])) ++at;
    node.set = static_cast<int32_t>(source->sets.size());
    WEBINFER_TRY(source->sets.Append({static_cast<int32_t>(first), static_cast<int32_t>(std::min(at, count) - first)}));
    ++at;  // the NaN
  }
  return OkStatus();
}

Status ReadMode(std::string_view name, TreeMode* mode) {
  constexpr std::string_view kNames[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"};
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    return Error(Code::kInvalidModel, "The mode of a tree's node is unknown")
        .Actual("%.*s", static_cast<int>(std::min<size_t>(name.size(), 40)), name.data());
  }
  *mode = static_cast<TreeMode>(found - std::begin(kNames));
  return OkStatus();
}

Status ReadAggregate(const Attributes& attributes, TreeSource* source) {
  constexpr std::string_view kNames[] = {"AVERAGE", "SUM", "MIN", "MAX"};
  const std::string_view name = attributes.String("aggregate_function", "SUM");
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    return Error(Code::kInvalidModel, "aggregate_function is unknown")
        .Expected("AVERAGE, SUM, MIN or MAX")
        .Actual("%.*s", static_cast<int>(std::min<size_t>(name.size(), 40)), name.data());
  }
  source->aggregate = static_cast<kernels::TreeAggregate>(found - std::begin(kNames));
  return OkStatus();
}

Status ReadBase(const Attributes& attributes, TreeSource* source) {
  const Numbers base = Numbers::Of(attributes, "base_values");
  const int64_t count = base.size();
  if (count > 1 && count != source->targets) WEBINFER_TRY(ExpectLength("base_values", count, source->targets));
  WEBINFER_TRY(source->base.Resize(static_cast<size_t>(count)));
  for (size_t i = 0; i < source->base.size(); ++i) source->base[i] = base[i];
  return OkStatus();
}

// Nodes found by tree and id.
class NodeIndex {
 public:
  Status Build(std::span<const int64_t> trees, std::span<const int64_t> ids) {
    trees_ = trees;
    ids_ = ids;
    WEBINFER_TRY(order_.Resize(ids.size()));
    for (size_t i = 0; i < ids.size(); ++i) order_[i] = static_cast<int32_t>(i);
    // As exporters write them they are in order already, and found without a search.
    const auto before = [&](int32_t a, int32_t b) { return Key(a) < Key(b); };
    if (!std::is_sorted(order_.begin(), order_.end(), before)) std::sort(order_.begin(), order_.end(), before);
    for (size_t i = 1; i < ids.size(); ++i) {
      if (Key(order_[i - 1]) != Key(order_[i])) continue;
      const auto [tree, id] = Key(order_[i]);
      return Error(Code::kInvalidModel, "A node of a tree is there twice")
          .Actual("tree %lld, node %lld", static_cast<long long>(tree), static_cast<long long>(id));
    }
    return OkStatus();
  }

  Result<int32_t> Find(int64_t tree, int64_t id) const {
    const std::pair<int64_t, int64_t> wanted(tree, id);
    const int32_t* at =
        std::lower_bound(order_.begin(), order_.end(), wanted, [&](int32_t a, const auto& key) { return Key(a) < key; });
    if (at != order_.end() && Key(*at) == wanted) return *at;
    return Error(Code::kInvalidModel, "A tree names a node that is not there")
        .Actual("tree %lld, node %lld", static_cast<long long>(tree), static_cast<long long>(id));
  }

 private:
  std::pair<int64_t, int64_t> Key(int32_t i) const { return {trees_[static_cast<size_t>(i)], ids_[static_cast<size_t>(i)]}; }
  std::span<const int64_t> trees_, ids_;
  Array<int32_t> order_;
};

// Attributes `<prefix>_treeids` and so on: which leaf votes for what.
Status ReadVotes(const Attributes& attributes, const std::string& prefix, const NodeIndex& index, TreeSource* source) {
  const std::span<const int64_t> trees = attributes.Ints(prefix + "_treeids"), nodes = attributes.Ints(prefix + "_nodeids"),
                                 targets = attributes.Ints(prefix + "_ids");
  const Numbers weights = Numbers::Of(attributes, prefix + "_weights");
  const size_t count = targets.size();
  WEBINFER_TRY(ExpectLength(prefix + "_treeids", std::ssize(trees), std::ssize(targets)));
  WEBINFER_TRY(ExpectLength(prefix + "_nodeids", std::ssize(nodes), std::ssize(targets)));
  WEBINFER_TRY(ExpectLength(prefix + "_weights", weights.size(), std::ssize(targets)));
  Array<int32_t> leaf_of;
  WEBINFER_TRY(leaf_of.Resize(count));
  WEBINFER_TRY(source->votes.Resize(count));
  for (size_t i = 0; i < count; ++i) {
    WEBINFER_ASSIGN(leaf_of[i], index.Find(trees[i], nodes[i]));
    WEBINFER_TRY(ExpectIndex("target", targets[i], source->targets));
    ++source->leaves[static_cast<size_t>(leaf_of[i])].count;
  }
  int32_t next = 0;
  for (TreeRange& leaf : source->leaves) {
    leaf.first = next;
    next += leaf.count;
    leaf.count = 0;
  }
  for (size_t i = 0; i < count; ++i) {
    TreeRange& leaf = source->leaves[static_cast<size_t>(leaf_of[i])];
    source->votes[static_cast<size_t>(leaf.first + leaf.count++)] = {weights[i], static_cast<int32_t>(targets[i])};
  }
  // Of several votes for the only target the first one counts, as in onnxruntime: exports of decision paths rely on it.
  if (source->targets == 1) {
    for (TreeRange& leaf : source->leaves) leaf.count = std::min(leaf.count, 1);
  }
  return OkStatus();
}

}  // namespace

Status ReadTreeEnsemble(const Attributes& attributes, TreeSource* source) {
  const std::span<const int64_t> features = attributes.Ints("nodes_featureids"), yes = attributes.Ints("nodes_truenodeids"),
                                 no = attributes.Ints("nodes_falsenodeids"), yes_leaf = attributes.Ints("nodes_trueleafs"),
                                 no_leaf = attributes.Ints("nodes_falseleafs"), roots = attributes.Ints("tree_roots"),
                                 targets = attributes.Ints("leaf_targetids"),
                                 missing = attributes.Ints("nodes_missing_value_tracks_true");
  const Numbers splits = Numbers::Of(attributes, "nodes_splits"), modes = Numbers::Of(attributes, "nodes_modes"),
                weights = Numbers::Of(attributes, "leaf_weights");
  const int64_t count = std::ssize(features), leaves = std::ssize(targets);
  WEBINFER_TRY(ExpectSize(count + leaves));
  WEBINFER_TRY(ExpectLength("nodes_truenodeids", std::ssize(yes), count));
  WEBINFER_TRY(ExpectLength("nodes_falsenodeids", std::ssize(no), count));
  WEBINFER_TRY(ExpectLength("nodes_trueleafs", std::ssize(yes_leaf), count));
  WEBINFER_TRY(ExpectLength("nodes_falseleafs", std::ssize(no_leaf), count));
  WEBINFER_TRY(ExpectLength("nodes_splits", splits.size(), count));
  WEBINFER_TRY(ExpectLength("nodes_modes", modes.size(), count));
  WEBINFER_TRY(ExpectLength("leaf_weights", weights.size(), leaves));
  // SOFTMAX is 1 and LOGISTIC 2 in the specification; onnxruntime, which models are tested with, has them the other way round.
  constexpr PostTransform kTransforms[] = {PostTransform::kNone, PostTransform::kLogistic, PostTransform::kSoftmax,
                                           PostTransform::kSoftmaxZero, PostTransform::kProbit};
  const int64_t aggregate = attributes.Int("aggregate_function", 1), transform = attributes.Int("post_transform", 0),
                target_count = attributes.Int("n_targets", 1);
  WEBINFER_TRY(ExpectIndex("aggregate function", aggregate, 4));
  WEBINFER_TRY(ExpectIndex("post transform", transform, std::ssize(kTransforms)));
  WEBINFER_TRY(ExpectIndex("number of targets", target_count - 1, INT32_MAX - 1));
  source->aggregate = static_cast<kernels::TreeAggregate>(aggregate);
  source->transform = kTransforms[transform];
  source->targets = static_cast<int32_t>(target_count);
  for (size_t i = 0; i < features.size(); ++i) {
    WEBINFER_TRY(ExpectIndex(yes_leaf[i] != 0 ? "leaf" : "node", yes[i], yes_leaf[i] != 0 ? leaves : count));
    WEBINFER_TRY(ExpectIndex(no_leaf[i] != 0 ? "leaf" : "node", no[i], no_leaf[i] != 0 ? leaves : count));
    WEBINFER_TRY(ReadFeature(features[i], source));
    const double mode = modes[i];
    WEBINFER_TRY(ExpectIndex("mode", mode >= 0 && mode < 7 ? static_cast<int64_t>(mode) : -1, 7));
    const auto to_yes = static_cast<TreeRef>(yes[i]), to_no = static_cast<TreeRef>(no[i]);
    WEBINFER_TRY(source->nodes.Append({splits[i], yes_leaf[i] != 0 ? ~to_yes : to_yes, no_leaf[i] != 0 ? ~to_no : to_no,
                                       static_cast<int32_t>(features[i]), 0, static_cast<TreeMode>(mode),
                                       i < missing.size() && missing[i] != 0}));
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    WEBINFER_TRY(ExpectIndex("target", targets[i], target_count));
    WEBINFER_TRY(source->leaves.Append({static_cast<int32_t>(i), 1}));
    WEBINFER_TRY(source->votes.Append({weights[i], static_cast<int32_t>(targets[i])}));
  }
  for (const int64_t root : roots) {
    WEBINFER_TRY(ExpectIndex("node", root, count));
    WEBINFER_TRY(source->roots.Append(static_cast<TreeRef>(root)));
  }
  WEBINFER_TRY(ReadSets(attributes, source));
  return ExpectTrees(*source);
}

Status ReadNamedTrees(const Attributes& attributes, std::string_view prefix, int64_t targets, TreeSource* source) {
  const std::span<const int64_t> trees = attributes.Ints("nodes_treeids"), ids = attributes.Ints("nodes_nodeids"),
                                 features = attributes.Ints("nodes_featureids"), yes = attributes.Ints("nodes_truenodeids"),
                                 no = attributes.Ints("nodes_falsenodeids"),
                                 missing = attributes.Ints("nodes_missing_value_tracks_true");
  const std::span<const std::string> modes = attributes.Strings("nodes_modes");
  const Numbers splits = Numbers::Of(attributes, "nodes_values");
  const int64_t count = std::ssize(ids);
  WEBINFER_TRY(ExpectSize(count));
  WEBINFER_TRY(ExpectLength("nodes_treeids", std::ssize(trees), count));
  WEBINFER_TRY(ExpectLength("nodes_featureids", std::ssize(features), count));
  WEBINFER_TRY(ExpectLength("nodes_truenodeids", std::ssize(yes), count));
  WEBINFER_TRY(ExpectLength("nodes_falsenodeids", std::ssize(no), count));
  WEBINFER_TRY(ExpectLength("nodes_modes", std::ssize(modes), count));
  WEBINFER_TRY(ExpectLength("nodes_values", splits.size(), count));
  WEBINFER_TRY(ExpectIndex("number of targets", targets - 1, INT32_MAX - 1));
  source->targets = static_cast<int32_t>(targets);
  WEBINFER_TRY(ReadAggregate(attributes, source));
  WEBINFER_TRY(ReadPostTransform(attributes, &source->transform));
  NodeIndex index;
  WEBINFER_TRY(index.Build(trees, ids));
  WEBINFER_TRY(source->nodes.Resize(ids.size()));
  WEBINFER_TRY(source->leaves.Resize(ids.size()));  // leaf i is node i
  std::fill(source->leaves.begin(), source->leaves.end(), TreeRange());
  WEBINFER_TRY(ReadVotes(attributes, std::string(prefix), index, source));
  const auto refer = [&](int32_t node) { return modes[static_cast<size_t>(node)] == "LEAF" ? ~node : node; };
  for (size_t i = 0; i < ids.size(); ++i) {
    const TreeRef self = refer(static_cast<int32_t>(i));
    // The first node of a tree is its root.
    if (i == 0 || trees[i] != trees[i - 1]) WEBINFER_TRY(source->roots.Append(self));
    SourceNode& node = source->nodes[i];
    node = {0, self, self, 0, 0, TreeMode::kLessEqual, false};
    if (self < 0) continue;
    node.split = splits[i];
    node.feature = static_cast<int32_t>(features[i]);
    node.missing_is_yes = i < missing.size() && missing[i] != 0;
    WEBINFER_TRY(ReadFeature(features[i], source));
    WEBINFER_TRY(ReadMode(modes[i], &node.mode));
    WEBINFER_ASSIGN(const int32_t to_yes, index.Find(trees[i], yes[i]));
    WEBINFER_ASSIGN(const int32_t to_no, index.Find(trees[i], no[i]));
    node.yes = refer(to_yes);
    node.no = refer(to_no);
  }
  WEBINFER_TRY(ReadBase(attributes, source));
  return ExpectTrees(*source);
}

}  // namespace webinfer::ops
