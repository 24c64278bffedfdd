// What LinearRegressor and LinearClassifier share: rows times coefficients.
#pragma once

#include <algorithm>

#include "ops/ml/scores.h"

namespace webinfer::ops {

// Adds rows x coefficients' + intercepts, float32 [N, targets], of the node that is being lowered.
inline Result<ValueId> LinearScores(LowerContext& ctx, int64_t targets) {
  const std::span<const float> coefficients = ctx.attributes().Floats("coefficients"),
                               intercepts = ctx.attributes().Floats("intercepts");
  if (targets < 1 || coefficients.empty() || std::ssize(coefficients) % targets != 0) {
    return Error(Code::kInvalidModel, "The coefficients do not fit the number of targets")
        .Expected("a multiple of %lld", static_cast<long long>(targets))
        .Actual("%zu", coefficients.size());
  }
  const int64_t features = std::ssize(coefficients) / targets;
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  if (rows.columns >= 0) WEBINFER_TRY(ExpectColumns(ctx, rows, features));
  if (!intercepts.empty()) WEBINFER_TRY(ExpectLength("intercepts", std::ssize(intercepts), targets));
  WEBINFER_ASSIGN(const ValueId flat, ctx.Ints({-1, features}));
  ValueId x = ctx.Input(0);
  if (ctx.In(0).dtype != DType::kFloat32) {
    x = ctx.Add("Cast", {x});
    ctx.Last().attributes.SetInt("to", static_cast<int64_t>(DType::kFloat32));
  }
  if (ctx.In(0).shape.rank() != 2) x = ctx.Add("Reshape", {x, flat});
  WEBINFER_ASSIGN(const ValueId weights, ctx.Floats(coefficients, Shape({targets, features})));
  ValueId bias = kNoValue;
  if (!intercepts.empty()) {
    WEBINFER_ASSIGN(bias, ctx.Floats(intercepts, Shape({targets})));
  }
  const ValueId scores = ctx.Add("Gemm", {x, weights, bias});
  ctx.Last().attributes.SetInt("transB", 1);
  return scores;
}

}  // namespace webinfer::ops
