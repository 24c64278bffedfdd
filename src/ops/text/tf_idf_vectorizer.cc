// TfIdfVectorizer: counts the n-grams of a pool in each row, with skips, weighted by TF, IDF or both.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

// The pool as a trie of nodes with children sorted by key; plain memory of the binding.
struct GramNode {
  int32_t output = -1;  // column this n-gram counts in
  int32_t first_child = -1, sibling = -1;
  int32_t item = -1;  // index into the pool
};

struct TfIdfParams {
  GramNode* nodes;  // nodes[0] is the root
  int64_t rows, columns, outputs;
  int32_t min_length, max_length, max_skips;
  bool use_weights, use_counts;
};

struct Pool {
  std::span<const int64_t> numbers;
  std::span<const std::string> strings;
  size_t size() const { return numbers.empty() ? strings.size() : numbers.size(); }
  bool Same(size_t a, size_t b) const { return numbers.empty() ? strings[a] == strings[b] : numbers[a] == numbers[b]; }
};

Pool PoolOf(const Attributes& attributes) { return {attributes.Ints("pool_int64s"), attributes.Strings("pool_strings")}; }

Status Infer(InferContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  const std::span<const int64_t> columns = ctx.attributes().Ints("ngram_indexes");
  int64_t outputs = 0;
  for (int64_t column : columns) {
    if (column < 0 || column >= INT32_MAX)
      return Error(Code::kInvalidModel, "An n-gram index is out of range").Actual("%lld", static_cast<long long>(column));
    outputs = std::max(outputs, column + 1);
  }
  if (in.rank_known() && in.rank() > 2) {
    return Error(Code::kShapeMismatch, "TfIdfVectorizer takes one row or several")
        .Expected("[C] or [B,C]")
        .Actual("%s", ShapeText(in).text);
  }
  Shape out = Shape::UnknownRank();
  if (in.rank_known()) out = in.rank() == 2 ? Shape({in[0], outputs}) : Shape({outputs});
  return ctx.SetOutput(0, DType::kFloat32, out);
}

int32_t FindChild(const GramNode* nodes, int32_t parent, const auto& same) {
  for (int32_t child = nodes[parent].first_child; child >= 0; child = nodes[child].sibling) {
    if (same(static_cast<size_t>(nodes[child].item))) return child;
  }
  return -1;
}

// Enters the n-grams of each length; ngram_counts[n - 1] is where those of n items start in the pool.
Status BuildTrie(const Attributes& attributes, TfIdfParams* params) {
  const Pool pool = PoolOf(attributes);
  const std::span<const int64_t> counts = attributes.Ints("ngram_counts"), columns = attributes.Ints("ngram_indexes");
  int32_t nodes = 1;
  size_t gram = 0;
  params->nodes[0] = GramNode();
  for (size_t n = 1; n <= counts.size(); ++n) {
    const int64_t start = counts[n - 1], end = n < counts.size() ? counts[n] : static_cast<int64_t>(pool.size());
    if (start < 0 || start > end || end > static_cast<int64_t>(pool.size())) {
      return Error(Code::kInvalidModel, "ngram_counts do not fit the pool")
          .Actual("%lld..%lld of %zu", static_cast<long long>(start), static_cast<long long>(end), pool.size());
    }
    for (int64_t at = start; at + static_cast<int64_t>(n) <= end; at += static_cast<int64_t>(n), ++gram) {
      if (static_cast<int64_t>(n) < params->min_length || static_cast<int64_t>(n) > params->max_length) continue;
      if (gram >= columns.size())
        return Error(Code::kInvalidModel, "There are more n-grams than ngram_indexes").Expected("%zu", columns.size());
      int32_t node = 0;
      for (size_t item = static_cast<size_t>(at); item < static_cast<size_t>(at) + n; ++item) {
        int32_t child = FindChild(params->nodes, node, [&](size_t other) { return pool.Same(item, other); });
        if (child < 0) {
          child = nodes++;
          params->nodes[child] = {-1, -1, params->nodes[node].first_child, static_cast<int32_t>(item)};
          params->nodes[node].first_child = child;
        }
        node = child;
      }
      params->nodes[node].output = static_cast<int32_t>(columns[gram]);
    }
  }
  return OkStatus();
}

// Counts the n-grams of one row; same(column, pool item).
template <typename Same>
void CountRow(const TfIdfParams& params, const Same& same, float* counts) {
  int32_t shortest = params.min_length;
  for (int64_t skip = 1; skip <= params.max_skips + 1; ++skip) {
    for (int64_t start = 0; start + skip * (shortest - 1) < params.columns; ++start) {
      int32_t node = 0;
      for (int64_t n = 1, at = start; n <= params.max_length && at < params.columns; ++n, at += skip) {
        node = FindChild(params.nodes, node, [&](size_t item) { return same(at, item); });
        if (node < 0) break;
        if (n >= shortest && params.nodes[node].output >= 0) counts[params.nodes[node].output] += 1;
      }
    }
    // Single items do not depend on the distance: they are counted once.
    if (shortest == 1 && ++shortest > params.max_length) break;
  }
}

Status Kernel(const Step& step, RunContext&) {
  const auto& params = step.Params<TfIdfParams>();
  const Operand& in = step.in[0];
  const Pool pool = PoolOf(step.node->attributes);
  const std::span<const float> weights = step.node->attributes.Floats("weights");
  auto* out = step.out[0].As<float>();
  std::memset(out, 0, step.out[0].bytes());
  for (int64_t row = 0; row < params.rows; ++row, out += params.outputs) {
    const int64_t first = row * params.columns;
    if (in.dtype == DType::kString) {
      CountRow(
          params, [&](int64_t at, size_t item) { return in.As<const StringData*>()[first + at]->view() == pool.strings[item]; },
          out);
    } else if (in.dtype == DType::kInt32) {
      CountRow(
          params, [&](int64_t at, size_t item) { return in.As<int32_t>()[first + at] == pool.numbers[item]; }, out);
    } else {
      CountRow(
          params, [&](int64_t at, size_t item) { return in.As<int64_t>()[first + at] == pool.numbers[item]; }, out);
    }
    for (int64_t i = 0; i < params.outputs; ++i) {
      if (!params.use_counts && out[i] > 0) out[i] = 1;
      if (params.use_weights && static_cast<size_t>(i) < weights.size()) out[i] *= weights[static_cast<size_t>(i)];
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Shape& in = ctx.In(0).shape;
  const Attributes& attributes = ctx.attributes();
  const Pool pool = PoolOf(attributes);
  const DType dtype = ctx.In(0).dtype;
  if (dtype == DType::kString ? pool.strings.empty() && pool.size() > 0
                              : (dtype != DType::kInt32 && dtype != DType::kInt64) || !pool.strings.empty()) {
    return Error(Code::kTypeMismatch, "The input does not fit the pool")
        .Expected("%s", pool.strings.empty() ? "int32 or int64" : "string")
        .Actual("%s", DTypeName(dtype));
  }
  WEBINFER_ASSIGN(TfIdfParams * params, ctx.Params<TfIdfParams>());
  params->rows = in.rank() == 2 ? in[0] : 1;
  params->columns = in.rank() == 0 ? 1 : in[in.rank() - 1];
  params->outputs = ctx.Out(0).shape[ctx.Out(0).shape.rank() - 1];
  const auto small = [&](std::string_view name, int64_t otherwise) {
    return static_cast<int32_t>(std::clamp<int64_t>(attributes.Int(name, otherwise), 0, 1 << 20));
  };
  params->min_length = std::max(small("min_gram_length", 1), 1);
  params->max_length = small("max_gram_length", 1);
  params->max_skips = small("max_skip_count", 0);
  const std::string_view mode = attributes.String("mode", "TF");
  params->use_counts = mode != "IDF";
  params->use_weights = mode != "TF";
  WEBINFER_ASSIGN(void* nodes, ctx.Allocate((pool.size() + 1) * sizeof(GramNode)));
  params->nodes = static_cast<GramNode*>(nodes);
  WEBINFER_TRY(BuildTrie(attributes, params));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(TfIdfVectorizer) {
  return {.name = "TfIdfVectorizer", .since = 9, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
