#include "ops/ml/tree_model.h"

#include <cmath>
#include <limits>

namespace webinfer::ops {

namespace {

using kernels::TreeNode;
using kernels::TreeTest;

// The largest T that is not above `value`.
template <typename T>
T RoundDown(double value) {
  const T rounded = static_cast<T>(value);
  return static_cast<double>(rounded) > value ? std::nextafter(rounded, -std::numeric_limits<T>::infinity()) : rounded;
}

// The largest T below `value`; NaN if there is none.
template <typename T>
T Below(double value) {
  const T rounded = RoundDown<T>(value);
  if (static_cast<double>(rounded) < value) return rounded;
  const T below = std::nextafter(rounded, -std::numeric_limits<T>::infinity());
  return below < rounded ? below : std::numeric_limits<T>::quiet_NaN();
}

// A node as the kernel asks it: any comparison becomes "<=" or "==", its branches exchanged where that is the opposite.
template <typename T>
struct Question {
  T split;
  TreeTest test = TreeTest::kLessEqual;
  bool exchanged = false;

  explicit Question(const SourceNode& node) : split(std::numeric_limits<T>::quiet_NaN()) {
    const bool ordered = node.mode <= TreeMode::kGreater;
    if (ordered && std::isnan(node.split)) return;  // nothing but NaN's own way is ever taken to "yes"
    switch (node.mode) {
      case TreeMode::kLessEqual:
      case TreeMode::kGreater: split = RoundDown<T>(node.split); break;
      case TreeMode::kLess:
      case TreeMode::kGreaterEqual: split = Below<T>(node.split); break;
      case TreeMode::kEqual:
      case TreeMode::kNotEqual:
        test = TreeTest::kEqual;
        if (static_cast<double>(static_cast<T>(node.split)) == node.split) split = static_cast<T>(node.split);
        break;
      case TreeMode::kMember: test = TreeTest::kMember; break;
    }
    exchanged = node.mode == TreeMode::kGreater || node.mode == TreeMode::kGreaterEqual || node.mode == TreeMode::kNotEqual;
  }
};

// Lays the nodes out breadth first, so that the two children of a node are neighbours.
template <typename T>
class TreeLayout {
 public:
  TreeLayout(const TreeSource& source, TreeHeader& header) : source_(source), header_(header) {}

  Status Run() {
    for (const TreeRef root : source_.roots) {
      WEBINFER_TRY(roots.Append(static_cast<int32_t>(nodes.size())));
      WEBINFER_TRY(Place(root));
      for (; next_ < from_.size(); ++next_) WEBINFER_TRY(Describe(next_));
    }
    return OkStatus();
  }

  Array<int32_t> roots;
  Array<TreeNode<T>> nodes;

 private:
  Status Place(TreeRef ref) {
    // A node whose branches lead to the same place does not ask anything.
    while (ref >= 0 && Node(ref).yes == Node(ref).no) ref = Node(ref).yes;
    WEBINFER_TRY(from_.Append(ref));
    return nodes.Append(TreeNode<T>());
  }

  Status Describe(size_t at) {
    const TreeRef ref = from_[at];
    if (ref < 0) {
      nodes[at] = {std::numeric_limits<T>::quiet_NaN(), 0, static_cast<int32_t>(at) - 1, ~ref << kernels::kTreeInfoBits};
      return OkStatus();
    }
    const SourceNode& node = Node(ref);
    const Question<T> question(node);
    // NaN differs from every number, so it passes "!=" whatever is said of missing values.
    bool missing_is_yes = node.missing_is_yes || node.mode == TreeMode::kNotEqual;
    if (question.exchanged) missing_is_yes = !missing_is_yes;
    const int32_t set = question.test == TreeTest::kMember ? node.set << kernels::kTreeInfoBits : 0;
    const auto child = static_cast<int32_t>(nodes.size());
    nodes[at] = {question.split, node.feature, child, set | static_cast<int32_t>(question.test) << 1 | missing_is_yes};
    header_.missing |= missing_is_yes;
    header_.other_tests |= question.test != TreeTest::kLessEqual;
    WEBINFER_TRY(Place(question.exchanged ? node.no : node.yes));
    return Place(question.exchanged ? node.yes : node.no);
  }

  const SourceNode& Node(TreeRef ref) const { return source_.nodes[static_cast<size_t>(ref)]; }

  const TreeSource& source_;
  TreeHeader& header_;
  Array<TreeRef> from_;
  size_t next_ = 0;
};

// `items` as T's in a buffer of their own.
template <typename T, typename Items, typename Convert>
Status Store(const Items& items, const Convert& convert, std::shared_ptr<Buffer>* buffer) {
  *buffer = std::make_shared<Buffer>();
  WEBINFER_TRY((*buffer)->Allocate(std::max<size_t>(items.size(), 1) * sizeof(T), "decision trees"));
  std::transform(items.begin(), items.end(), reinterpret_cast<T*>((*buffer)->data()), convert);
  return OkStatus();
}

template <typename T>
Status Store(const Array<T>& items, std::shared_ptr<Buffer>* buffer) {
  return Store<T>(
      items, [](const T& item) { return item; }, buffer);
}

template <typename T>
Status StoreTrees(const TreeSource& source, TreeHeader header, TreeBuffers* buffers) {
  TreeLayout<T> layout(source, header);
  WEBINFER_TRY(layout.Run());
  const auto number = [](double x) { return static_cast<T>(x); };
  const auto vote = [](const kernels::TreeVote<double>& v) { return kernels::TreeVote<T>{static_cast<T>(v.weight), v.target}; };
  auto& slots = buffers->slots;
  WEBINFER_TRY(Store(layout.roots, &slots[TreeBuffers::kRoots]));
  WEBINFER_TRY(Store(layout.nodes, &slots[TreeBuffers::kNodes]));
  WEBINFER_TRY(Store(source.leaves, &slots[TreeBuffers::kLeaves]));
  WEBINFER_TRY(Store<kernels::TreeVote<T>>(source.votes, vote, &slots[TreeBuffers::kVotes]));
  WEBINFER_TRY(Store(source.sets, &slots[TreeBuffers::kSets]));
  WEBINFER_TRY(Store<T>(source.members, number, &slots[TreeBuffers::kMembers]));
  WEBINFER_TRY(Store<T>(source.base, number, &slots[TreeBuffers::kBase]));
  return Store<TreeHeader>(
      std::span(&header, 1), [](const TreeHeader& h) { return h; }, &slots[TreeBuffers::kHeader]);
}

Status Build(const Node& node, DType input, ReadTrees read, TreeBuffers* buffers) {
  TreeSource source;
  WEBINFER_TRY(read(node, &source));
  TreeHeader header;
  header.root_count = static_cast<int32_t>(source.roots.size());
  header.targets = source.targets;
  header.base_count = static_cast<int32_t>(source.base.size());
  header.features = source.features;
  header.aggregate = source.aggregate;
  header.transform = source.transform;
  for (const auto& vote : source.votes) {
    header.one_target_voted &= vote.target == source.votes[0].target;
    header.positive &= vote.weight >= 0;
  }
  return input == DType::kFloat32 ? StoreTrees<float>(source, header, buffers) : StoreTrees<double>(source, header, buffers);
}

}  // namespace

Status PrepareTrees(PrepareContext& ctx, ReadTrees read) {
  if (ctx.In(0).dtype == DType::kUndefined) return OkStatus();
  TreeBuffers buffers;
  WEBINFER_TRY(Build(ctx.node(), ctx.In(0).dtype, read, &buffers));
  for (int slot = 0; slot < TreeBuffers::kSlots; ++slot) ctx.Keep(slot, std::move(buffers.slots[slot]));
  return OkStatus();
}

Status OpenTrees(const Step& step, ReadTrees read, TreeModel* model) {
  const auto& prepared = step.node->prepared;
  const bool kept = prepared.size() == TreeBuffers::kSlots;
  if (!kept) WEBINFER_TRY(Build(*step.node, step.in[0].dtype, read, &model->made_));
  for (size_t slot = 0; slot < TreeBuffers::kSlots; ++slot) {
    model->slots_[slot] = kept ? static_cast<const Buffer*>(prepared[slot].get()) : model->made_.slots[slot].get();
  }
  return OkStatus();
}

TreeBlocks TreeBlocks::Of(DType input, int64_t columns, int64_t targets) {
  constexpr int64_t kMostScores = 16 << 10, kMostNumbers = 64 << 10;
  const bool converted = input != DType::kFloat32 && input != DType::kFloat64;
  TreeBlocks blocks;
  blocks.rows_per_block = std::min<int64_t>(kernels::kTreeRows, kMostScores / targets);
  if (converted && columns > 0) blocks.rows_per_block = std::min(blocks.rows_per_block, kMostNumbers / columns);
  blocks.rows_per_block = std::max<int64_t>(blocks.rows_per_block, 1);
  const auto rounded = [](int64_t bytes) { return (bytes + 63) / 64 * 64; };
  // Two scores more: a classifier with one score gives two.
  blocks.score_bytes = rounded((blocks.rows_per_block * targets + 2) * static_cast<int64_t>(sizeof(double)));
  blocks.voted_bytes = rounded(blocks.rows_per_block * targets + 2);
  blocks.thread_bytes = blocks.score_bytes + blocks.voted_bytes +
                        (converted ? rounded(blocks.rows_per_block * columns * static_cast<int64_t>(sizeof(double))) : 0);
  return blocks;
}

Status SetTreeScratch(BindContext& ctx, int64_t targets, uint64_t header) {
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  const TreeBlocks blocks = TreeBlocks::Of(ctx.In(0).dtype, rows.columns, targets);
  ctx.SetScratch(header + static_cast<uint64_t>(blocks.thread_bytes) * static_cast<uint64_t>(ctx.threads()));
  return OkStatus();
}

Status ExpectFeatures(const TreeModel& model, const Operand& x) {
  const int32_t features = model.header().features;
  if (x.shape[x.shape.rank() - 1] >= features) return OkStatus();
  return Error(Code::kShapeMismatch, "The rows of the input have too few features for the trees")
      .Expected("%d or more", features)
      .Actual("%s", ShapeText(x.shape).text);
}

}  // namespace webinfer::ops
