// HannWindow, HammingWindow, BlackmanWindow: a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N), N = size or, symmetric, size - 1.
#pragma once

#include <cmath>

#include "base/visit_dtype.h"
#include "ops/op.h"

namespace webinfer::ops {

inline Status InferWindow(InferContext& ctx) {
  int64_t size = kUnknownDim;
  if (!ctx.KnownInt(0, &size)) ctx.NeedValue(0);
  if (ctx.In(0).known != nullptr && size < 0)
    return Error(Code::kInvalidModel, "A window has a negative size").Actual("%lld", static_cast<long long>(size));
  return ctx.SetOutput(0, static_cast<DType>(ctx.attributes().Int("output_datatype", static_cast<int64_t>(DType::kFloat32))),
                       Shape({size}));
}

template <const double (&coefficients)[3]>
Status BindWindow(BindContext& ctx) {
  ctx.SetKernel([](const Step& step, RunContext&) {
    const int64_t size = step.out[0].elements();
    const bool periodic = step.node->attributes.Int("periodic", 1) != 0;
    const auto turn = static_cast<double>(periodic ? size : size - 1);
    constexpr double kPi = 3.14159265358979323846;
    return VisitNumeric(step.out[0].dtype, [&]<typename T>(T) {
      for (int64_t i = 0; i < size; ++i) {
        const double angle = turn == 0 ? 0 : 2 * kPi * static_cast<double>(i) / turn;
        const double value = coefficients[0] - coefficients[1] * std::cos(angle) + coefficients[2] * std::cos(2 * angle);
        step.out[0].As<T>()[i] = static_cast<T>(value);
      }
      return OkStatus();
    });
  });
  return OkStatus();
}

}  // namespace webinfer::ops
