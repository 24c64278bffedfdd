#include "ops/ml/tree_model.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "kernels/elements.h"

namespace webinfer::ops {

namespace {

// Numbers of an attribute that may be a list of floats or a tensor.
struct Numbers {
  std::span<const float> floats;
  const Tensor* tensor = nullptr;

  int64_t size() const { return tensor != nullptr ? tensor->shape.Elements() : static_cast<int64_t>(floats.size()); }
  double operator[](int64_t i) const {
    if (tensor == nullptr) return floats[static_cast<size_t>(i)];
    double value = 0;
    kernels::ReadNumber(tensor->dtype, tensor->buffer.data(), i, &value);
    return value;
  }
};

Numbers NumbersOf(const Attributes& attributes, std::string_view name) {
  const Tensor* tensor = attributes.TensorOf(name);
  if (tensor == nullptr) tensor = attributes.TensorOf(std::string(name) + "_as_tensor");
  return {attributes.Floats(name), tensor};
}

template <typename T>
Status AllocateArray(BindContext& ctx, int64_t count, T** array) {
  WEBINFER_ASSIGN(void* memory, ctx.Allocate(static_cast<size_t>(count + 1) * sizeof(T)));
  *array = static_cast<T*>(memory);
  return OkStatus();
}

Status ExpectLength(std::string_view name, int64_t length, int64_t wanted) {
  if (length == wanted) return OkStatus();
  return Error(Code::kInvalidModel, "Attribute %.*s has the wrong length", static_cast<int>(name.size()), name.data())
      .Expected("%lld", static_cast<long long>(wanted))
      .Actual("%lld", static_cast<long long>(length));
}

Status ExpectIndex(const char* what, int64_t index, int64_t count) {
  if (index >= 0 && index < count) return OkStatus();
  return Error(Code::kInvalidModel, "A tree names a %s that is not there", what)
      .Expected("0..%lld", static_cast<long long>(count - 1))
      .Actual("%lld", static_cast<long long>(index));
}

// Trees must be trees: a walk that never comes back.
Status ExpectNoCycles(BindContext& ctx, const TreeModel& model) {
  // Every node may be entered once from above.
  uint8_t* seen;
  WEBINFER_TRY(AllocateArray(ctx, model.node_count, &seen));
  const auto enter = [&](int32_t node) {
    if (node < 0) return true;
    return seen[node]++ == 0;
  };
  bool tree = true;
  for (int32_t i = 0; i < model.root_count; ++i) tree = enter(model.roots[i]) && tree;
  for (int32_t i = 0; i < model.node_count; ++i) {
    const bool twins = model.nodes[i].yes == model.nodes[i].no;
    tree = enter(model.nodes[i].yes) && (twins || enter(model.nodes[i].no)) && tree;
  }
  if (tree) return OkStatus();
  return Error(Code::kInvalidModel, "A node of a tree has two parents");
}

Status AddFeature(TreeModel* model, int64_t feature) {
  WEBINFER_TRY(ExpectIndex("feature", feature, INT32_MAX));
  model->features = std::max(model->features, static_cast<int32_t>(feature) + 1);
  return OkStatus();
}

bool Passes(const TreeModel& model, const TreeNode& node, double value) {
  if (std::isnan(value)) return node.missing_is_yes;
  switch (node.test) {
    case TreeTest::kLessEqual: return value <= node.split;
    case TreeTest::kLess: return value < node.split;
    case TreeTest::kGreaterEqual: return value >= node.split;
    case TreeTest::kGreater: return value > node.split;
    case TreeTest::kEqual: return value == node.split;
    case TreeTest::kNotEqual: return value != node.split;
    case TreeTest::kMember: {
      const double* members = model.members + node.first_member;
      return std::find(members, members + node.members, value) != members + node.members;
    }
  }
  return false;
}

// Puts the member sets, which NaN separates, to the nodes that test membership, in order.
Status ReadMembers(BindContext& ctx, TreeModel* model) {
  const Numbers values = NumbersOf(ctx.attributes(), "membership_values");
  WEBINFER_TRY(AllocateArray(ctx, values.size(), &model->members));
  for (int64_t i = 0; i < values.size(); ++i) model->members[i] = values[i];
  int64_t at = 0;
  for (int32_t i = 0; i < model->node_count; ++i) {
    TreeNode& node = model->nodes[i];
    if (node.test != TreeTest::kMember) continue;
    node.first_member = static_cast<int32_t>(at);
    while (at < values.size() && !std::isnan(model->members[at])) ++at;
    node.members = static_cast<int32_t>(at) - node.first_member;
    ++at;  // the NaN
  }
  return OkStatus();
}

Status ReadTest(std::string_view name, TreeTest* test) {
  constexpr std::string_view kNames[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"};
  for (int i = 0; i < 6; ++i) {
    if (name != kNames[i]) continue;
    *test = static_cast<TreeTest>(i);
    return OkStatus();
  }
  return Error(Code::kInvalidModel, "An unknown mode of a tree's node")
      .Actual("%.*s", static_cast<int>(name.size()), name.data());
}

Status ReadBase(BindContext& ctx, TreeModel* model) {
  const Numbers base = NumbersOf(ctx.attributes(), "base_values");
  if (base.size() == 0) return OkStatus();
  if (base.size() != 1) WEBINFER_TRY(ExpectLength("base_values", base.size(), model->targets));
  WEBINFER_TRY(AllocateArray(ctx, model->targets, &model->base));
  for (int32_t i = 0; i < model->targets; ++i) model->base[i] = base.size() > i ? base[i] : 0;
  return OkStatus();
}

Status ReadNames(const Attributes& attributes, TreeModel* model) {
  constexpr std::string_view kAggregates[] = {"AVERAGE", "SUM", "MIN", "MAX"};
  constexpr std::string_view kTransforms[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
  const auto find = [](auto& names, std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) - std::begin(names);
  };
  const ptrdiff_t aggregate = find(kAggregates, attributes.String("aggregate_function", "SUM"));
  const ptrdiff_t transform = find(kTransforms, attributes.String("post_transform", "NONE"));
  if (aggregate == std::ssize(kAggregates) || transform == std::ssize(kTransforms)) {
    return Error(Code::kInvalidModel, "An unknown aggregate_function or post_transform");
  }
  model->aggregate = static_cast<TreeAggregate>(aggregate);
  model->transform = static_cast<TreeTransform>(transform);
  return OkStatus();
}

// Where (tree, id) stands in `order`, positions sorted by tree and id; -1 if nowhere.
struct NamedNodes {
  std::span<const int64_t> trees, ids;
  int32_t* order;

  bool Less(int32_t a, int64_t tree, int64_t id) const {
    const auto i = static_cast<size_t>(a);
    return trees[i] != tree ? trees[i] < tree : ids[i] < id;
  }
  int32_t Find(int64_t tree, int64_t id) const {
    const auto count = static_cast<int64_t>(ids.size());
    const int32_t* at = std::lower_bound(order, order + count, 0, [&](int32_t a, int) { return Less(a, tree, id); });
    if (at == order + count || trees[static_cast<size_t>(*at)] != tree || ids[static_cast<size_t>(*at)] != id) return -1;
    return *at;
  }
};

}  // namespace

Status BuildTreeEnsemble(BindContext& ctx, TreeModel* model) {
  const Attributes& attributes = ctx.attributes();
  const std::span<const int64_t> features = attributes.Ints("nodes_featureids"), yes = attributes.Ints("nodes_truenodeids"),
                                 no = attributes.Ints("nodes_falsenodeids"), yes_leaf = attributes.Ints("nodes_trueleafs"),
                                 no_leaf = attributes.Ints("nodes_falseleafs"), roots = attributes.Ints("tree_roots"),
                                 targets = attributes.Ints("leaf_targetids"),
                                 missing = attributes.Ints("nodes_missing_value_tracks_true");
  const Numbers splits = NumbersOf(attributes, "nodes_splits"), modes = NumbersOf(attributes, "nodes_modes"),
                weights = NumbersOf(attributes, "leaf_weights");
  const auto count = static_cast<int64_t>(features.size()), leaves = static_cast<int64_t>(targets.size());
  WEBINFER_TRY(ExpectLength("nodes_truenodeids", std::ssize(yes), count));
  WEBINFER_TRY(ExpectLength("nodes_falsenodeids", std::ssize(no), count));
  WEBINFER_TRY(ExpectLength("nodes_trueleafs", std::ssize(yes_leaf), count));
  WEBINFER_TRY(ExpectLength("nodes_falseleafs", std::ssize(no_leaf), count));
  WEBINFER_TRY(ExpectLength("nodes_splits", splits.size(), count));
  WEBINFER_TRY(ExpectLength("nodes_modes", modes.size(), count));
  WEBINFER_TRY(ExpectLength("leaf_weights", weights.size(), leaves));
  WEBINFER_TRY(AllocateArray(ctx, count, &model->nodes));
  WEBINFER_TRY(AllocateArray(ctx, leaves, &model->leaves));
  WEBINFER_TRY(AllocateArray(ctx, leaves, &model->votes));
  WEBINFER_TRY(AllocateArray(ctx, std::ssize(roots), &model->roots));
  model->node_count = static_cast<int32_t>(count);
  model->leaf_count = model->vote_count = static_cast<int32_t>(leaves);
  model->root_count = static_cast<int32_t>(roots.size());
  model->targets = ctx.Out(0).shape.rank() == 2 ? static_cast<int32_t>(ctx.Out(0).shape[1]) : 1;
  const int64_t aggregate = attributes.Int("aggregate_function", 1), transform = attributes.Int("post_transform", 0);
  WEBINFER_TRY(ExpectIndex("aggregate function", aggregate, 4));
  WEBINFER_TRY(ExpectIndex("transform", transform, 5));
  model->aggregate = static_cast<TreeAggregate>(aggregate);
  model->transform = static_cast<TreeTransform>(transform);
  for (int64_t i = 0; i < count; ++i) {
    const auto k = static_cast<size_t>(i);
    WEBINFER_TRY(ExpectIndex(yes_leaf[k] != 0 ? "leaf" : "node", yes[k], yes_leaf[k] != 0 ? leaves : count));
    WEBINFER_TRY(ExpectIndex(no_leaf[k] != 0 ? "leaf" : "node", no[k], no_leaf[k] != 0 ? leaves : count));
    WEBINFER_TRY(ExpectIndex("mode", static_cast<int64_t>(modes[i]), 7));
    WEBINFER_TRY(AddFeature(model, features[k]));
    const auto to_yes = static_cast<int32_t>(yes[k]), to_no = static_cast<int32_t>(no[k]);
    model->nodes[i] = {splits[i],
                       yes_leaf[k] != 0 ? ~to_yes : to_yes,
                       no_leaf[k] != 0 ? ~to_no : to_no,
                       static_cast<int32_t>(features[k]),
                       0,
                       0,
                       static_cast<TreeTest>(static_cast<int64_t>(modes[i])),
                       k < missing.size() && missing[k] != 0};
  }
  for (int64_t i = 0; i < leaves; ++i) {
    WEBINFER_TRY(ExpectIndex("target", targets[static_cast<size_t>(i)], model->targets));
    model->leaves[i] = {static_cast<int32_t>(i), 1};
    model->votes[i] = {static_cast<int32_t>(targets[static_cast<size_t>(i)]), weights[i]};
  }
  for (size_t i = 0; i < roots.size(); ++i) {
    WEBINFER_TRY(ExpectIndex("node", roots[i], count));
    model->roots[i] = static_cast<int32_t>(roots[i]);
  }
  WEBINFER_TRY(ReadMembers(ctx, model));
  return ExpectNoCycles(ctx, *model);
}

Status BuildNamedTrees(BindContext& ctx, std::string_view prefix, int64_t targets, TreeModel* model) {
  const Attributes& attributes = ctx.attributes();
  const auto voted = [&](std::string_view name) { return attributes.Ints(std::string(prefix) + std::string(name)); };
  const std::span<const int64_t> trees = attributes.Ints("nodes_treeids"), ids = attributes.Ints("nodes_nodeids"),
                                 features = attributes.Ints("nodes_featureids"), yes = attributes.Ints("nodes_truenodeids"),
                                 no = attributes.Ints("nodes_falsenodeids"),
                                 missing = attributes.Ints("nodes_missing_value_tracks_true"), vote_trees = voted("_treeids"),
                                 vote_nodes = voted("_nodeids"), vote_targets = voted("_ids");
  const std::span<const std::string> modes = attributes.Strings("nodes_modes");
  const Numbers splits = NumbersOf(attributes, "nodes_values"), weights = NumbersOf(attributes, std::string(prefix) + "_weights");
  const int64_t count = std::ssize(ids), votes = std::ssize(vote_targets);
  WEBINFER_TRY(ExpectLength("nodes_treeids", std::ssize(trees), count));
  WEBINFER_TRY(ExpectLength("nodes_featureids", std::ssize(features), count));
  WEBINFER_TRY(ExpectLength("nodes_truenodeids", std::ssize(yes), count));
  WEBINFER_TRY(ExpectLength("nodes_falsenodeids", std::ssize(no), count));
  WEBINFER_TRY(ExpectLength("nodes_modes", std::ssize(modes), count));
  WEBINFER_TRY(ExpectLength("nodes_values", splits.size(), count));
  WEBINFER_TRY(ExpectLength("the votes' treeids", std::ssize(vote_trees), votes));
  WEBINFER_TRY(ExpectLength("the votes' nodeids", std::ssize(vote_nodes), votes));
  WEBINFER_TRY(ExpectLength("the votes' weights", weights.size(), votes));
  NamedNodes names{trees, ids, nullptr};
  int32_t* vote_order;
  WEBINFER_TRY(AllocateArray(ctx, count, &names.order));
  WEBINFER_TRY(AllocateArray(ctx, votes, &vote_order));
  WEBINFER_TRY(AllocateArray(ctx, count, &model->nodes));
  WEBINFER_TRY(AllocateArray(ctx, count, &model->leaves));  // leaf i belongs to node i
  WEBINFER_TRY(AllocateArray(ctx, votes, &model->votes));
  WEBINFER_TRY(AllocateArray(ctx, count, &model->roots));
  for (int32_t i = 0; i < static_cast<int32_t>(count); ++i) names.order[i] = i;
  std::sort(names.order, names.order + count, [&](int32_t a, int32_t b) {
    const auto k = static_cast<size_t>(b);
    return names.Less(a, trees[k], ids[k]);
  });
  model->node_count = model->leaf_count = static_cast<int32_t>(count);
  model->vote_count = static_cast<int32_t>(votes);
  model->targets = static_cast<int32_t>(targets);
  WEBINFER_TRY(ReadNames(attributes, model));

  // Votes, grouped by their leaf.
  for (int32_t i = 0; i < static_cast<int32_t>(votes); ++i) {
    const auto k = static_cast<size_t>(i);
    const int32_t leaf = names.Find(vote_trees[k], vote_nodes[k]);
    WEBINFER_TRY(ExpectIndex("leaf", leaf, count));
    WEBINFER_TRY(ExpectIndex("target", vote_targets[k], targets));
    vote_order[i] = leaf;
    ++model->leaves[leaf].votes;
  }
  int32_t next = 0;
  for (int64_t i = 0; i < count; ++i) {
    model->leaves[i].first_vote = next;
    next += std::exchange(model->leaves[i].votes, 0);
  }
  for (int64_t i = 0; i < votes; ++i) {
    TreeLeaf& leaf = model->leaves[vote_order[i]];
    model->votes[leaf.first_vote + leaf.votes++] = {static_cast<int32_t>(vote_targets[static_cast<size_t>(i)]), weights[i]};
  }

  // The first node of a tree is its root.
  for (int64_t i = 0; i < count; ++i) {
    const auto k = static_cast<size_t>(i);
    const bool leaf = modes[k] == "LEAF";
    const auto place = static_cast<int32_t>(i);
    if (i == 0 || trees[k] != trees[k - 1]) model->roots[model->root_count++] = leaf ? ~place : place;
    if (leaf) continue;
    TreeNode& node = model->nodes[i];
    node.split = splits[i];
    node.feature = static_cast<int32_t>(features[k]);
    node.missing_is_yes = k < missing.size() && missing[k] != 0;
    WEBINFER_TRY(AddFeature(model, features[k]));
    WEBINFER_TRY(ReadTest(modes[k], &node.test));
    for (int branch = 0; branch < 2; ++branch) {
      const int32_t child = names.Find(trees[k], branch == 0 ? yes[k] : no[k]);
      WEBINFER_TRY(ExpectIndex("node", child, count));
      (branch == 0 ? node.yes : node.no) = modes[static_cast<size_t>(child)] == "LEAF" ? ~child : child;
    }
  }
  // Leaves never lead anywhere: as nodes they point at themselves as leaves.
  for (int64_t i = 0; i < count; ++i) {
    if (modes[static_cast<size_t>(i)] == "LEAF") model->nodes[i].yes = model->nodes[i].no = ~static_cast<int32_t>(i);
  }
  WEBINFER_TRY(ReadBase(ctx, model));
  return ExpectNoCycles(ctx, *model);
}

Status ExpectTreeInput(const InferContext& ctx, const TreeModel& model) {
  const ValueInfo& x = ctx.In(0);
  const bool numeric =
      x.dtype != DType::kString && DTypeBits(x.dtype) >= 8 && x.dtype != DType::kComplex64 && x.dtype != DType::kComplex128;
  const int rank = x.shape.rank();
  if (numeric && (rank == 1 || rank == 2) && x.shape[rank - 1] >= model.features) return OkStatus();
  return Error(Code::kShapeMismatch, "The input does not fit the trees")
      .Expected("numbers [N, %d or more]", model.features)
      .Actual("%s%s", DTypeName(x.dtype), ShapeText(x.shape).text);
}

void EvaluateTrees(const TreeModel& model, const Operand& x, int64_t first, double* scores) {
  const bool extremes = model.aggregate == TreeAggregate::kMin || model.aggregate == TreeAggregate::kMax;
  // NaN: no vote yet.
  std::fill(scores, scores + model.targets, extremes ? static_cast<double>(NAN) : 0.0);
  for (int32_t i = 0; i < model.root_count; ++i) {
    int32_t at = model.roots[i];
    while (at >= 0) {
      const TreeNode& node = model.nodes[at];
      double value = 0;
      if (x.dtype == DType::kFloat32) {
        value = x.As<float>()[first + node.feature];
      } else {
        kernels::ReadNumber(x.dtype, x.data, first + node.feature, &value);
      }
      at = Passes(model, node, value) ? node.yes : node.no;
    }
    const TreeLeaf& leaf = model.leaves[~at];
    for (int32_t k = leaf.first_vote; k < leaf.first_vote + leaf.votes; ++k) {
      double& score = scores[model.votes[k].target];
      const double weight = model.votes[k].weight;
      if (!extremes) {
        score += weight;
      } else {
        score = model.aggregate == TreeAggregate::kMin ? std::fmin(score, weight) : std::fmax(score, weight);
      }
    }
  }
  for (int32_t i = 0; i < model.targets; ++i) {
    if (model.aggregate == TreeAggregate::kAverage && model.root_count > 0) scores[i] /= model.root_count;
    if (std::isnan(scores[i])) scores[i] = 0;
    if (model.base != nullptr) scores[i] += model.base[i];
  }
}

void TransformScores(TreeTransform transform, double* scores, int64_t count) {
  switch (transform) {
    case TreeTransform::kNone: return;
    case TreeTransform::kLogistic:
      for (int64_t i = 0; i < count; ++i) scores[i] = 1 / (1 + std::exp(-scores[i]));
      return;
    case TreeTransform::kSoftmax:
    case TreeTransform::kSoftmaxZero: {
      const bool keep_zeros = transform == TreeTransform::kSoftmaxZero;
      const double largest = count > 0 ? *std::max_element(scores, scores + count) : 0;
      double total = 0;
      for (int64_t i = 0; i < count; ++i) {
        if (keep_zeros && scores[i] == 0) continue;
        total += scores[i] = std::exp(scores[i] - largest);
      }
      for (int64_t i = 0; i < count && total > 0; ++i) scores[i] /= total;
      return;
    }
    case TreeTransform::kProbit:
      for (int64_t i = 0; i < count; ++i) {  // sqrt(2) erfinv(2 p - 1), by Winitzki's approximation as onnxruntime does
        const double x = 2 * scores[i] - 1, log = std::log((1 - x) * (1 + x));
        const double v = 2 / (3.14159265358979323846 * 0.147) + 0.5 * log;
        const double root = std::sqrt(-v + std::sqrt(v * v - log / 0.147));
        scores[i] = 1.41421356237309515 * (x < 0 ? -root : root);
      }
      return;
  }
}

}  // namespace webinfer::ops
