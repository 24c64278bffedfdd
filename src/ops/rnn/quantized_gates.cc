#include "ops/rnn/quantized_gates.h"

#include <algorithm>
#include <cmath>

#include "base/memory.h"
#include "kernels/int8_elementwise.h"
#include "kernels/recurrent.h"

namespace webinfer::ops {
namespace {

size_t Aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

size_t WeightBytes(int64_t inputs, int64_t padded) {
  return Aligned(kernels::PackedInt8Bytes(static_cast<int>(inputs), static_cast<int>(4 * padded)));
}

// Rows of bytes end in zeros up to what kernels read at once.
int64_t RowBytes(int64_t inputs) { return kernels::Int8Depth(static_cast<int>(inputs)); }

uint8_t Rounded(float x, float scale, int zero) {
  return static_cast<uint8_t>(std::clamp(static_cast<int>(std::nearbyint(x / scale)) + zero, 0, 255));
}

}  // namespace

size_t QuantizedGatesBytes(int64_t inputs, int64_t padded) {
  const auto columns = static_cast<size_t>(4 * padded);
  return WeightBytes(inputs, padded) + Aligned(columns * sizeof(float)) + Aligned(columns);
}

Status PackQuantizedGates(const QuantizedSource& s, uint8_t* memory) {
  const int64_t padded = kernels::PaddedUnits(s.hidden), columns = 4 * padded;
  auto* scales = reinterpret_cast<float*>(memory + WeightBytes(s.inputs, padded));
  uint8_t* zeros = reinterpret_cast<uint8_t*>(scales) + Aligned(static_cast<size_t>(columns) * sizeof(float));
  Buffer interleaved;
  WEBINFER_TRY(interleaved.Allocate(static_cast<uint64_t>(s.inputs) * static_cast<uint64_t>(columns), "packed weights"));
  std::fill_n(interleaved.data(), s.inputs * columns, uint8_t{0});
  std::fill_n(scales, columns, 0.0f);
  std::fill_n(zeros, columns, uint8_t{0});
  for (int64_t from = 0; from < 4 * s.hidden; ++from) {
    const int64_t gate = from / s.hidden, unit = from % s.hidden;
    const int64_t to =
        unit / kernels::kUnitBlock * 4 * kernels::kUnitBlock + gate * kernels::kUnitBlock + unit % kernels::kUnitBlock;
    scales[to] = s.scales[s.scale_per_column ? from : 0];
    zeros[to] = s.zeros[s.zero_per_column ? from : 0];
    for (int64_t i = 0; i < s.inputs; ++i) interleaved.data()[i * columns + to] = s.weights[i * 4 * s.hidden + from];
  }
  kernels::PackInt8({interleaved.data(), s.is_signed, 1, static_cast<size_t>(columns), 0, 1}, static_cast<int>(s.inputs),
                    static_cast<int>(columns), kernels::ProbeInt8Dot(), memory);
  return OkStatus();
}

size_t QuantizedScratch(int64_t inputs, int64_t padded, int64_t rows, int threads) {
  const auto columns = static_cast<size_t>(4 * padded);
  return Aligned(columns * sizeof(float)) + Aligned(static_cast<size_t>(rows * RowBytes(inputs))) +
         Aligned(static_cast<size_t>(rows) * columns * sizeof(float)) +
         kernels::Int8GemmScratch(static_cast<int>(rows), static_cast<int>(columns), static_cast<int>(inputs), threads);
}

void MultiplyQuantized(const QuantizedGates& g, const float* x, int64_t x_stride, int64_t rows, const float* init,
                       int64_t init_stride, float* out, int64_t out_stride, uint8_t* scratch, ThreadPool& pool) {
  const int64_t columns = 4 * int64_t{g.padded};
  const auto* weight_scales = reinterpret_cast<const float*>(g.memory + WeightBytes(g.inputs, g.padded));
  auto* scales = reinterpret_cast<float*>(scratch);
  uint8_t* bytes = scratch + Aligned(static_cast<size_t>(columns) * sizeof(float));
  auto* products = reinterpret_cast<float*>(bytes + Aligned(static_cast<size_t>(rows * RowBytes(g.inputs))));
  kernels::FloatRange range{0, 0};
  for (int64_t row = 0; row < rows; ++row) {
    const kernels::FloatRange own = kernels::RangeWithZero(x + row * x_stride, static_cast<size_t>(g.inputs));
    range = {std::min(range.low, own.low), std::max(range.high, own.high)};
  }
  const kernels::ByteScale scale = kernels::UnsignedScale(range);
  for (int64_t row = 0; row < rows; ++row) {
    uint8_t* to = bytes + row * RowBytes(g.inputs);
    for (int64_t i = 0; i < g.inputs; ++i) to[i] = Rounded(x[row * x_stride + i], scale.scale, scale.zero_point);
    std::fill(to + g.inputs, to + RowBytes(g.inputs), uint8_t{0});
  }
  for (int64_t i = 0; i < columns; ++i) scales[i] = scale.scale * weight_scales[i];
  const bool is_bias = init_stride == 0;
  kernels::Int8Gemm gemm;
  gemm.a = bytes;
  gemm.a_stride = static_cast<size_t>(RowBytes(g.inputs));
  gemm.a_zero = scale.zero_point;
  gemm.b = kernels::Int8WeightsAt(g.memory, g.inputs, static_cast<int>(columns), kernels::ProbeInt8Dot());
  gemm.b_signed = g.is_signed;
  gemm.b_zero = reinterpret_cast<const uint8_t*>(weight_scales) + Aligned(static_cast<size_t>(columns) * sizeof(float));
  gemm.b_zero_per_column = true;
  gemm.c = is_bias ? out : products;
  gemm.c_stride = static_cast<size_t>(is_bias ? out_stride : columns);
  gemm.m = static_cast<int>(rows);
  gemm.n = static_cast<int>(columns);
  gemm.k = g.inputs;
  gemm.output.kind = kernels::Int8Output::Kind::kFloat;
  gemm.output.scale = scales;
  gemm.output.per_column = true;
  gemm.output.float_bias = is_bias ? init : nullptr;
  kernels::RunInt8Gemm(gemm, reinterpret_cast<uint8_t*>(products) + Aligned(static_cast<size_t>(rows * columns) * sizeof(float)),
                       pool);
  for (int64_t row = 0; row < rows && !is_bias; ++row) {
    for (int64_t i = 0; i < columns; ++i) out[row * out_stride + i] = init[row * init_stride + i] + products[row * columns + i];
  }
}

}  // namespace webinfer::ops
