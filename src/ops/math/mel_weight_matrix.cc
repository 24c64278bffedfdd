// MelWeightMatrix: triangular filters that turn a linear spectrogram into a mel one, [dft_length / 2 + 1, num_mel_bins].
#include <cmath>
#include <cstring>

#include "base/visit_dtype.h"
#include "kernels/elements.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) {
  int64_t bins = kUnknownDim, length = kUnknownDim;
  if (!ctx.KnownInt(0, &bins)) ctx.NeedValue(0);
  if (!ctx.KnownInt(1, &length)) ctx.NeedValue(1);
  if ((ctx.In(0).known != nullptr && bins < 0) || (ctx.In(1).known != nullptr && length < 0)) {
    return Error(Code::kInvalidModel, "MelWeightMatrix has negative sizes");
  }
  const auto dtype = static_cast<DType>(ctx.attributes().Int("output_datatype", static_cast<int64_t>(DType::kFloat32)));
  return ctx.SetOutput(0, dtype, Shape({length < 0 ? kUnknownDim : length / 2 + 1, bins}));
}

double Number(const Operand& operand) {
  double number = 0;
  kernels::ReadNumber(operand.dtype, operand.data, 0, &number);
  return number;
}

double Mel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double Hertz(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

Status Kernel(const Step& step, RunContext&) {
  const int64_t rows = step.out[0].shape[0], bins = step.out[0].shape[1];
  const double length = Number(step.in[1]), rate = Number(step.in[2]);
  const double low = Mel(Number(step.in[3])), high = Mel(Number(step.in[4]));
  const double mel_step = (high - low) / static_cast<double>(bins + 2);
  std::memset(step.out[0].data, 0, step.out[0].bytes());
  const auto place = [&](int64_t i) { return std::floor((length + 1) * Hertz(low + mel_step * static_cast<double>(i)) / rate); };
  const auto edge = [&](int64_t i) { return static_cast<int64_t>(place(i)); };
  const bool fits = rate > 0 && low <= high && place(0) >= 0 && place(bins + 1) <= static_cast<double>(rows);
  if (bins > 0 && !fits) {
    return Error(Code::kOutOfRange, "The mel filters do not fit the spectrum")
        .Expected("edges from 0 to half the sample rate %g", rate)
        .Actual("%g to %g Hz", Number(step.in[3]), Number(step.in[4]));
  }
  return VisitNumeric(step.out[0].dtype, [&]<typename T>(T) {
    T* out = step.out[0].As<T>();
    for (int64_t i = 0; i < bins; ++i) {
      const int64_t left = edge(i), centre = edge(i + 1), right = edge(i + 2);
      const auto set = [&](int64_t row, double value) {
        if (row < rows) out[row * bins + i] = static_cast<T>(value);
      };
      if (left == centre) set(centre, 1);
      for (int64_t k = left; k <= centre && left < centre; ++k)
        set(k, static_cast<double>(k - left) / static_cast<double>(centre - left));
      for (int64_t k = centre; k < right; ++k) set(k, static_cast<double>(right - k) / static_cast<double>(right - centre));
    }
    return OkStatus();
  });
}

Status Bind(BindContext& ctx) {
  for (int i = 0; i < 5; ++i) {
    if (ctx.In(i).shape.Elements() != 1)
      return Error(Code::kShapeMismatch, "Input %d is not one number", i).Actual("%s", ShapeText(ctx.In(i).shape).text);
  }
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(MelWeightMatrix) {
  return {.name = "MelWeightMatrix",
          .since = 17,
          .min_inputs = 5,
          .max_inputs = 5,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
