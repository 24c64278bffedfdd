// webinfer.SparseAttentionMask in ONNX's operators: the blocks that the layout names, spread over queries and keys, and no key
// behind its query.
#include "passes/standardize.h"

namespace webinfer::standardize {

namespace {

// [0, 1, ..., count - 1]
Result<ValueId> Numbers(Context& ctx, ValueId count) {
  WEBINFER_ASSIGN(const ValueId from, ctx.Scalar(DType::kInt64, 0));
  WEBINFER_ASSIGN(const ValueId step, ctx.Scalar(DType::kInt64, 1));
  return ctx.Add("Range", {from, count, step});
}

// The size of axis `axis` of input `i`, a scalar.
Result<ValueId> SizeOf(Context& ctx, int i, int64_t axis) {
  WEBINFER_ASSIGN(const ValueId index, ctx.Scalar(DType::kInt64, static_cast<double>(axis)));
  return ctx.AddWith("Gather", {ctx.Add("Shape", {ctx.Input(i)}), index}, "axis", 0);
}

Result<ValueId> Slice(Context& ctx, ValueId value, int64_t start, int64_t end, int64_t axis) {
  WEBINFER_ASSIGN(const ValueId starts, ctx.Ints({start}));
  WEBINFER_ASSIGN(const ValueId ends, ctx.Ints({end}));
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({axis}));
  return ctx.Add("Slice", {value, starts, ends, axes});
}

Result<ValueId> Unsqueeze(Context& ctx, ValueId value, int64_t axis) {
  WEBINFER_ASSIGN(const ValueId axes, ctx.Ints({axis}));
  return ctx.Add("Unsqueeze", {value, axes});
}

}  // namespace

Status SparseAttentionMask(Context& ctx) {
  enum Input { kRows, kColumns, kTotal, kLengths, kQuery, kKeys };
  const int64_t layouts = ctx.In(kRows).shape.rank() == 2 ? ctx.In(kRows).shape[0] : kUnknownDim;
  if (layouts < 1) return Error(Code::kUnsupported, "A sparse layout whose size is not known");
  WEBINFER_ASSIGN(const ValueId block,
                  ctx.Scalar(DType::kInt64, static_cast<double>(ctx.attributes().Int("sparse_block_size", 1))));
  const ValueId rows = ctx.Cast(ctx.Input(kRows), DType::kInt64), columns = ctx.Cast(ctx.Input(kColumns), DType::kInt64);
  WEBINFER_ASSIGN(const ValueId keys, SizeOf(ctx, kKeys, 2));
  WEBINFER_ASSIGN(const ValueId queries, SizeOf(ctx, kQuery, 1));
  WEBINFER_ASSIGN(const ValueId key_numbers, Numbers(ctx, keys));

  // [layouts, blocks, most] x [layouts, most, keys]: entry i belongs to the row, and names the block of the key.
  WEBINFER_ASSIGN(const ValueId most, SizeOf(ctx, kColumns, 1));
  WEBINFER_ASSIGN(const ValueId entries, Numbers(ctx, most));
  WEBINFER_ASSIGN(ValueId first, Slice(ctx, rows, 0, -1, 1));
  WEBINFER_ASSIGN(first, Unsqueeze(ctx, first, 2));
  WEBINFER_ASSIGN(ValueId end, Slice(ctx, rows, 1, INT64_MAX, 1));
  WEBINFER_ASSIGN(end, Unsqueeze(ctx, end, 2));
  const ValueId of_row = ctx.Add("And", {ctx.Add("GreaterOrEqual", {entries, first}), ctx.Add("Less", {entries, end})});
  WEBINFER_ASSIGN(const ValueId named, Unsqueeze(ctx, columns, 2));
  const ValueId of_key = ctx.Add("Equal", {named, ctx.Add("Div", {key_numbers, block})});
  const ValueId hits = ctx.Add("MatMul", {ctx.Cast(of_row, DType::kFloat32), ctx.Cast(of_key, DType::kFloat32)});

  // Where each query stands: [batch, queries].
  WEBINFER_ASSIGN(const ValueId zero, ctx.Scalar(DType::kInt64, 0));
  const ValueId total = ctx.Cast(ctx.Input(kTotal), DType::kInt64);
  const ValueId before = ctx.Add("Sub", {ctx.Cast(ctx.Input(kLengths), DType::kInt64), queries});
  WEBINFER_ASSIGN(const ValueId past, Unsqueeze(ctx, ctx.Add("Where", {ctx.Add("Equal", {total, queries}), zero, before}), 1));
  WEBINFER_ASSIGN(const ValueId query_numbers, Numbers(ctx, queries));
  const ValueId places = ctx.Add("Add", {past, query_numbers});

  // [layouts, batch, queries, keys]
  const ValueId seen = ctx.AddWith("Gather", {hits, ctx.Add("Div", {places, block})}, "axis", 1);
  WEBINFER_ASSIGN(const ValueId column, Unsqueeze(ctx, places, 2));
  const ValueId causal = ctx.Add("LessOrEqual", {key_numbers, column});
  ValueId mask = ctx.Transpose(ctx.Add("And", {ctx.Cast(seen, DType::kBool), causal}), {1, 0, 2, 3});
  const int64_t heads = ctx.attributes().Int("num_heads", 1);
  if (layouts > 1) {
    WEBINFER_ASSIGN(const ValueId repeats, ctx.Ints({1, heads / layouts, 1, 1}));
    mask = ctx.Add("Tile", {mask, repeats});
  }
  ctx.Return(0, mask);
  return OkStatus();
}

}  // namespace webinfer::standardize
