// Trees against a walk written down as the specification says it, for every comparison, size of input and type; and damaged ones.
#include "ops/ml/tree_model.h"

#include <cmath>
#include <random>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

using ::testing::HasSubstr;

// A regression as TreeEnsembleRegressor takes it.
struct Trees {
  std::vector<int64_t> trees, ids, features, yes, no, missing, vote_trees, vote_nodes, vote_targets;
  std::vector<float> splits, weights;
  std::vector<std::string> modes;
  int64_t targets = 1;

  void AddNode(int64_t tree, int64_t id, const char* mode, int64_t feature, float split, int64_t to_yes, int64_t to_no,
               bool missing_is_yes = false) {
    trees.push_back(tree);
    ids.push_back(id);
    modes.push_back(mode);
    features.push_back(feature);
    splits.push_back(split);
    yes.push_back(to_yes);
    no.push_back(to_no);
    missing.push_back(missing_is_yes);
  }
  void AddVote(int64_t tree, int64_t id, int64_t target, float weight) {
    vote_trees.push_back(tree);
    vote_nodes.push_back(id);
    vote_targets.push_back(target);
    weights.push_back(weight);
  }
  RunOp Op() const {
    RunOp op("TreeEnsembleRegressor", "ai.onnx.ml");
    op.Ints("nodes_treeids", trees).Ints("nodes_nodeids", ids).Ints("nodes_featureids", features);
    op.Ints("nodes_truenodeids", yes).Ints("nodes_falsenodeids", no).Ints("nodes_missing_value_tracks_true", missing);
    op.Floats("nodes_values", splits).Strings("nodes_modes", modes).Int("n_targets", targets);
    op.Ints("target_treeids", vote_trees).Ints("target_nodeids", vote_nodes).Ints("target_ids", vote_targets);
    op.Floats("target_weights", weights);
    return op;
  }
  size_t Find(int64_t tree, int64_t id) const {
    for (size_t i = 0; i < ids.size(); ++i) {
      if (trees[i] == tree && ids[i] == id) return i;
    }
    ADD_FAILURE() << "no node " << id << " in tree " << tree;
    return 0;
  }
  bool Passes(size_t node, double value) const {
    const double split = static_cast<double>(splits[node]);
    if (std::isnan(value) && missing[node] != 0) return true;
    const std::string& mode = modes[node];
    return mode == "BRANCH_LEQ"   ? value <= split
           : mode == "BRANCH_LT"  ? value < split
           : mode == "BRANCH_GTE" ? value >= split
           : mode == "BRANCH_GT"  ? value > split
           : mode == "BRANCH_EQ"  ? value == split
                                  : value != split;
  }
  double Score(const double* row, int64_t target) const {
    double sum = 0;
    for (size_t root = 0; root < ids.size(); ++root) {
      if (root > 0 && trees[root] == trees[root - 1]) continue;
      size_t at = root;
      while (modes[at] != "LEAF") at = Find(trees[at], Passes(at, row[features[at]]) ? yes[at] : no[at]);
      for (size_t v = 0; v < weights.size(); ++v) {
        if (vote_trees[v] == trees[at] && vote_nodes[v] == ids[at] && vote_targets[v] == target)
          sum += static_cast<double>(weights[v]);
      }
    }
    return sum;
  }
};

constexpr int kFeatures = 4;

// Whole numbers, so that values meet splits; some NaN and infinities.
double RandomValue(std::mt19937& random, bool finite) {
  if (!finite && random() % 8 == 0) return random() % 2 == 0 ? NAN : random() % 2 == 0 ? INFINITY : -INFINITY;
  return static_cast<double>(random() % 7) - 3;
}

Trees RandomTrees(std::mt19937& random, const std::vector<const char*>& modes, bool missing, int64_t targets) {
  Trees all;
  all.targets = targets;
  const int64_t count = 1 + static_cast<int64_t>(random() % 9);
  for (int64_t tree = 0; tree < count; ++tree) {
    const int64_t inner = static_cast<int64_t>(random() % 12);
    // A heap of inner nodes; its open ends are leaves. Ids are not in order of places.
    const auto id = [&](int64_t place) { return (2 * inner + 1 - place) * 3; };
    for (int64_t place = 0; place < 2 * inner + 1; ++place) {
      if (place < inner) {
        all.AddNode(tree, id(place), modes[random() % modes.size()], static_cast<int64_t>(random() % kFeatures),
                    static_cast<float>(RandomValue(random, random() % 4 != 0)), id(2 * place + 1), id(2 * place + 2),
                    missing && random() % 2 == 0);
      } else {
        all.AddNode(tree, id(place), "LEAF", 0, 0, 0, 0);
        for (int64_t t = 0; t < targets; ++t) all.AddVote(tree, id(place), t, static_cast<float>(random() % 64) / 8 - 4);
      }
    }
  }
  return all;
}

template <typename T>
void Compare(std::mt19937& random, const Trees& trees, int64_t rows, DType dtype) {
  Result<Tensor> x = Tensor::Create(dtype, {rows, kFeatures});
  std::vector<double> values;
  for (int64_t i = 0; i < rows * kFeatures; ++i) {
    values.push_back(RandomValue(random, !IsFloat(dtype)));
    x->template As<T>()[i] = static_cast<T>(values.back());
  }
  const auto results = trees.Op().In(std::move(*x)).Run();
  const std::vector<float> scores = ValuesOf<float>(results[0]);
  ASSERT_EQ(static_cast<int64_t>(scores.size()), rows * trees.targets);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t t = 0; t < trees.targets; ++t) {
      // Weights are eighths: sums are exact.
      EXPECT_EQ(static_cast<double>(scores[static_cast<size_t>(row * trees.targets + t)]),
                trees.Score(values.data() + row * kFeatures, t))
          << "row " << row << " of " << rows;
    }
  }
}

TEST(TreeModel, WalksAsTheSpecificationSays) {
  std::mt19937 random(5);
  const std::vector<std::vector<const char*>> sets = {
      {"BRANCH_LEQ"},
      {"BRANCH_LT"},
      {"BRANCH_GTE"},
      {"BRANCH_GT"},
      {"BRANCH_EQ"},
      {"BRANCH_NEQ"},
      {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"}};
  for (const auto& modes : sets) {
    for (const bool missing : {false, true}) {
      for (const int64_t rows : {1, 3, 4, 7, 70}) {
        const Trees trees = RandomTrees(random, modes, missing, 1 + static_cast<int64_t>(random() % 3));
        Compare<float>(random, trees, rows, DType::kFloat32);
        Compare<double>(random, trees, rows, DType::kFloat64);
        Compare<int64_t>(random, trees, rows, DType::kInt64);
      }
    }
  }
}

// One question, two leaves.
Trees Small() {
  Trees trees;
  trees.AddNode(0, 0, "BRANCH_LEQ", 1, 0.5f, 1, 2);
  trees.AddNode(0, 1, "LEAF", 0, 0, 0, 0);
  trees.AddNode(0, 2, "LEAF", 0, 0, 0, 0);
  trees.AddVote(0, 1, 0, 1);
  trees.AddVote(0, 2, 0, 2);
  return trees;
}

std::string Refused(const Trees& trees) {
  RunOp op = trees.Op();
  op.In<float>({1, 2}, {0, 0});
  EXPECT_NE(op.RunForError(), Code::kOk);
  return LastError().message;
}

TEST(TreeModel, RefusesWhatIsNoTree) {
  ASSERT_EQ(ValuesOf<float>(Small().Op().In<float>({2, 2}, {0, 0, 0, 1}).Run()[0]), (std::vector<float>{1, 2}));
  Trees trees = Small();
  trees.yes[0] = 0;  // a node that leads to itself
  EXPECT_THAT(Refused(trees), HasSubstr("two parents"));
  trees = Small();
  trees.yes[0] = 7;
  EXPECT_THAT(Refused(trees), HasSubstr("not there"));
  trees = Small();
  trees.no[0] = -1;
  EXPECT_THAT(Refused(trees), HasSubstr("not there"));
  trees = Small();
  trees.ids[2] = 1;
  EXPECT_THAT(Refused(trees), HasSubstr("twice"));
  trees = Small();
  trees.vote_nodes[0] = 9;
  EXPECT_THAT(Refused(trees), HasSubstr("not there"));
  trees = Small();
  trees.vote_targets[1] = int64_t{1} << 40;
  EXPECT_THAT(Refused(trees), HasSubstr("target"));
  trees = Small();
  trees.features[0] = -1;
  EXPECT_THAT(Refused(trees), HasSubstr("feature"));
  trees = Small();
  trees.features[0] = INT64_MAX;
  EXPECT_THAT(Refused(trees), HasSubstr("feature"));
  trees = Small();
  trees.features[0] = 2;
  EXPECT_THAT(Refused(trees), HasSubstr("too few features"));
  trees = Small();
  trees.modes[0] = "BRANCH_SOMEHOW";
  EXPECT_THAT(Refused(trees), HasSubstr("mode"));
  trees = Small();
  trees.splits.pop_back();
  EXPECT_THAT(Refused(trees), HasSubstr("nodes_values"));
  trees = Small();
  trees.weights.push_back(1);
  EXPECT_THAT(Refused(trees), HasSubstr("target_weights"));
  trees = Small();
  trees.targets = int64_t{1} << 33;
  EXPECT_THAT(Refused(trees), HasSubstr("n_targets"));
  RunOp op = Small().Op();
  op.Text("aggregate_function", "MEDIAN").In<float>({1, 2}, {0, 0});
  EXPECT_EQ(op.RunForError(), Code::kInvalidModel);
}

TEST(TreeModel, TakesNoRowsAndTreesWithoutNodes) {
  EXPECT_TRUE(ValuesOf<float>(Small().Op().In<float>({0, 2}, {}).Run()[0]).empty());
  EXPECT_EQ(ValuesOf<float>(Trees().Op().In<float>({2, 1}, {1, 2}).Run()[0]), (std::vector<float>{0, 0}));
}

// TreeEnsemble has nodes and leaves apart.
RunOp Ensemble(std::vector<int64_t> yes, std::vector<int64_t> no, std::vector<int64_t> yes_leaf, std::vector<int64_t> no_leaf,
               double mode = 0) {
  RunOp op("TreeEnsemble", "ai.onnx.ml");
  const auto set = [&](const char* name, DType dtype, const std::vector<double>& values) {
    auto tensor = std::make_shared<Tensor>(std::move(*Tensor::Create(dtype, {static_cast<int64_t>(values.size())})));
    for (size_t i = 0; i < values.size(); ++i) {
      if (dtype == DType::kUint8) tensor->As<uint8_t>()[i] = static_cast<uint8_t>(values[i]);
      if (dtype == DType::kFloat32) tensor->As<float>()[i] = static_cast<float>(values[i]);
    }
    Attribute attribute;
    attribute.name = name;
    attribute.kind = Attribute::Kind::kTensor;
    attribute.tensor = tensor;
    op.node().attributes.Set(std::move(attribute));
  };
  const size_t count = yes.size();
  set("nodes_modes", DType::kUint8, std::vector<double>(count, mode));
  set("nodes_splits", DType::kFloat32, std::vector<double>(count, 0.5));
  set("leaf_weights", DType::kFloat32, {1, 2});
  op.Ints("nodes_featureids", std::vector<int64_t>(count, 0)).Ints("leaf_targetids", {0, 0}).Ints("tree_roots", {0});
  op.Ints("nodes_truenodeids", std::move(yes)).Ints("nodes_falsenodeids", std::move(no));
  op.Ints("nodes_trueleafs", std::move(yes_leaf)).Ints("nodes_falseleafs", std::move(no_leaf));
  op.In<float>({1, 1}, {1});
  return op;
}

TEST(TreeModel, ChecksTreeEnsemble) {
  EXPECT_EQ(ValuesOf<float>(Ensemble({0}, {1}, {1}, {1}).Run()[0]), (std::vector<float>{2}));
  EXPECT_EQ(ValuesOf<float>(Ensemble({1, 0}, {1, 1}, {0, 1}, {0, 1}).Run()[0]), (std::vector<float>{2}));  // twins
  EXPECT_EQ(Ensemble({0}, {1}, {0}, {1}).RunForError(), Code::kInvalidModel);                              // its own child
  EXPECT_EQ(Ensemble({0, 0}, {1, 1}, {1, 0}, {0, 1}).RunForError(), Code::kInvalidModel);                  // a cycle
  EXPECT_EQ(Ensemble({2}, {1}, {1}, {1}).RunForError(), Code::kInvalidModel);
  EXPECT_EQ(Ensemble({0}, {1}, {1}, {1}, 9).RunForError(), Code::kInvalidModel);
  EXPECT_EQ(Ensemble({0}, {1}, {1}, {}).RunForError(), Code::kInvalidModel);
}

}  // namespace
}  // namespace webinfer::testing
