// DynamicTimeWarping: the cheapest path through a matrix of costs [rows, columns] (or [1, rows, columns]) from its first to its
// last cell by steps down, right or both; as [2, length], rows above columns. Whisper's word times come from it.
#include <cmath>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  const Shape& x = ctx.In(0).shape;
  if (x.rank_known() && x.rank() != 2 && !(x.rank() == 3 && (x[0] == 1 || x[0] < 0)))
    return Error(Code::kShapeMismatch, "DynamicTimeWarping takes one matrix")
        .Expected("[m, n] or [1, m, n]")
        .Actual("%s", ShapeText(x).text);
  return ctx.SetOutput(0, DType::kInt32, Shape({2, kUnknownDim}));
}

enum Move : uint8_t { kBoth, kDown, kRight };

Status Run(const Step& step, RunContext& run) {
  const Shape& x = step.in[0].shape;
  const int64_t rows = x[x.rank() - 2], columns = x[x.rank() - 1];
  const float* costs = step.in[0].As<float>();
  auto* total = reinterpret_cast<float*>(step.scratch);  // of the row above, then of this one: [columns + 1]
  uint8_t* moves = step.scratch + (static_cast<uint64_t>(columns) + 1) * sizeof(float);
  for (int64_t j = 0; j <= columns; ++j) total[j] = j == 0 ? 0 : INFINITY;
  for (int64_t i = 0; i < rows; ++i) {
    float diagonal = total[0];
    total[0] = INFINITY;
    for (int64_t j = 0; j < columns; ++j) {
      const float both = diagonal, down = total[j + 1], right = total[j];
      const Move move = both < down && both < right ? kBoth : down < both && down < right ? kDown : kRight;
      diagonal = total[j + 1];
      total[j + 1] = costs[i * columns + j] + (move == kBoth ? both : move == kDown ? down : right);
      moves[i * columns + j] = move;
    }
  }
  const auto walk = [&](auto&& visit) {
    int64_t i = rows - 1, j = columns - 1;
    while (i >= 0 && j >= 0) {
      visit(i, j);
      if (i == 0 && j == 0) break;
      const Move move = i == 0 ? kRight : j == 0 ? kDown : static_cast<Move>(moves[i * columns + j]);
      if (move != kRight) --i;
      if (move != kDown) --j;
    }
  };
  int64_t length = 0;
  walk([&](int64_t, int64_t) { ++length; });
  WEBINFER_TRY(run.Resize(step.out[0], DType::kInt32, Shape({2, length})));
  int64_t at = length;
  walk([&](int64_t i, int64_t j) {
    --at;
    step.out[0].As<int32_t>()[at] = static_cast<int32_t>(i);
    step.out[0].As<int32_t>()[length + at] = static_cast<int32_t>(j);
  });
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Shape& x = ctx.In(0).shape;
  if (ctx.In(0).dtype != DType::kFloat32) return Error(Code::kTypeMismatch, "DynamicTimeWarping takes float32");
  const int64_t columns = x[x.rank() - 1];
  ctx.SetScratch((static_cast<uint64_t>(columns) + 1) * sizeof(float) + static_cast<uint64_t>(x.Elements()));
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_DynamicTimeWarping) {
  return {.name = "DynamicTimeWarping", .domain = "com.microsoft", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
