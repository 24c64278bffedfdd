// webinfer.SparseAttentionMask: which keys a query of SparseAttention sees, as Attention's mask.
//
//   (block_row_indices [layouts, blocks + 1], block_col_indices [layouts, most], total_length, key_lengths [batch], query, keys)
//   -> bool [batch, layouts or heads, queries, keys]
//
// Query i of a batch entry stands at key_lengths - queries + i, or at i where the whole sequence comes at once. It sees the keys
// up to its own place that lie in blocks of its block's row. Attributes: sparse_block_size, num_heads; only sizes count of query
// [batch, queries, ...] and keys [batch, heads, keys, ...]. Heads take the layouts in turn.
#include <cstring>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

enum Input { kRows, kColumns, kTotal, kLengths, kQuery, kKeys };

Status Infer(InferContext& ctx) {
  const Shape &rows = ctx.In(kRows).shape, &query = ctx.In(kQuery).shape, &keys = ctx.In(kKeys).shape;
  WEBINFER_TRY(ctx.ExpectRank(kRows, 2));
  WEBINFER_TRY(ctx.ExpectRank(kColumns, 2));
  WEBINFER_TRY(ctx.ExpectRank(kLengths, 1));
  WEBINFER_TRY(ctx.ExpectRank(kKeys, 4));
  Shape mask = Shape::Unknown(4);
  if (query.rank_known() && query.rank() >= 2) {
    mask[0] = query[0];
    mask[2] = query[1];
  }
  if (rows.rank_known() && rows[0] >= 0) mask[1] = rows[0] == 1 ? 1 : ctx.attributes().Int("num_heads", 1);
  if (keys.rank_known()) mask[3] = keys[2];
  return ctx.SetOutput(0, DType::kBool, mask);
}

struct Layout {
  const int32_t *rows, *columns;
  int64_t blocks, most;  // blocks of a side; room for column numbers
};

// Marks the keys before `end` in the blocks that row `block` of the layout names.
Status MarkBlocks(const Layout& layout, int64_t block, int64_t block_size, int64_t end, bool* mask) {
  if (block >= layout.blocks)
    return Error(Code::kOutOfRange, "A query lies behind the sparse layout")
        .Expected("block < %lld", static_cast<long long>(layout.blocks));
  const int64_t first = layout.rows[block], last = layout.rows[block + 1];
  if (first < 0 || last < first || last > layout.most) return Error(Code::kOutOfRange, "block_row_indices are not in order");
  for (int64_t i = first; i < last; ++i) {
    const int64_t start = layout.columns[i] * block_size;
    if (start < 0) return Error(Code::kOutOfRange, "block_col_indices has a negative block");
    if (start < end) std::memset(mask + start, 1, static_cast<size_t>(start + block_size < end ? block_size : end - start));
  }
  return OkStatus();
}

Status Run(const Step& step, RunContext&) {
  const int64_t block_size = step.node->attributes.Int("sparse_block_size", 0);
  const Shape& shape = step.out[0].shape;
  const int64_t heads = shape[1], queries = shape[2], keys = shape[3], layouts = step.in[kRows].shape[0];
  const bool whole = step.in[kTotal].elements() > 0 && *step.in[kTotal].As<int32_t>() == queries;
  const int64_t stride = step.in[kRows].shape[1], most = step.in[kColumns].shape[1];
  auto* mask = step.out[0].As<bool>();
  std::memset(mask, 0, step.out[0].bytes());
  for (int64_t batch = 0; batch < shape[0]; ++batch) {
    const int64_t past = whole ? 0 : step.in[kLengths].As<int32_t>()[batch] - queries;
    if (past < 0 || past + queries > keys) {
      return Error(Code::kOutOfRange, "A sequence does not fit its cache")
          .Expected("%lld to %lld tokens", static_cast<long long>(queries), static_cast<long long>(keys))
          .Actual("%lld", static_cast<long long>(past + queries));
    }
    for (int64_t head = 0; head < heads; ++head) {
      const int64_t number = head % layouts;
      const Layout layout{step.in[kRows].As<int32_t>() + number * stride, step.in[kColumns].As<int32_t>() + number * most,
                          stride - 1, most};
      for (int64_t i = 0; i < queries; ++i, mask += keys)
        WEBINFER_TRY(MarkBlocks(layout, (past + i) / block_size, block_size, past + i + 1, mask));
    }
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Shape &rows = ctx.In(kRows).shape, &columns = ctx.In(kColumns).shape, &out = ctx.Out(0).shape;
  const int64_t block = ctx.attributes().Int("sparse_block_size", 0);
  bool fits = block >= 1 && block <= INT32_MAX && rows[0] >= 1 && rows[1] >= 2 && columns[0] == rows[0] &&
              out[1] % rows[0] == 0 && ctx.In(kLengths).shape[0] == out[0];
  for (int i = kRows; i <= kLengths; ++i) fits = fits && ctx.In(i).dtype == DType::kInt32;
  if (!fits) {
    return Error(Code::kShapeMismatch, "The layout of SparseAttention does not fit")
        .Expected("int32 rows and columns of as many layouts, which divide the heads, and a length for each of the batch")
        .Actual("%s and %s", ShapeText(rows).text, ShapeText(columns).text);
  }
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Webinfer_SparseAttentionMask) {
  using namespace webinfer::ops;
  return {.name = "SparseAttentionMask", .domain = "webinfer", .min_inputs = 6, .max_inputs = 6, .infer = Infer, .bind = Bind};
}
