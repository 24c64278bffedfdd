// XNNPACK's operators as tests and benchmarks of kernels/ use them: made once for a shape and its data, run any number of times
// in the calling thread. Images are NHWC; weights are [filters, kernel height, kernel width, channels / group].
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

struct xnn_operator;

namespace webinfer::xnnpack {

// Floats (bytes) that XNNPACK may read behind an input.
inline constexpr int kReadSlack = 128;

struct Image {
  int batch = 1, height = 1, width = 1, channels = 1;
};

struct Window {
  int kernel[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1};
  int pad_begin[2] = {0, 0}, pad_end[2] = {0, 0};
};

struct Range {
  float low, high;
};

// How integers stand for reals: real = scale * (integer - zero_point).
struct Quantization {
  float scale = 1;
  int zero_point = 0;
};

class Operator {
 public:
  Operator() = default;
  bool ok() const { return op_ != nullptr; }  // false if XNNPACK refused the shape
  void Run() const;

 private:
  friend struct Factory;
  std::shared_ptr<xnn_operator> op_;
  std::shared_ptr<std::vector<char>> workspace_;
};

Operator ConvF32(const Image& image, const Window& window, int filters, int group, const float* weights, const float* bias,
                 Range range, const float* x, float* y);
// y[rows x filters] = x[rows x channels] * weights^T + bias, weights [filters, channels].
Operator FullyConnectedF32(int rows, int channels, int filters, const float* weights, const float* bias, Range range,
                           const float* x, float* y);
Operator MaxPoolF32(const Image& image, const Window& window, const float* x, float* y);
// Padding does not count.
Operator AveragePoolF32(const Image& image, const Window& window, const float* x, float* y);
Operator SoftmaxF32(int rows, int channels, const float* x, float* y);

// Signed input and weights, the weights with a scale per filter and no zero point.
Operator ConvQs8(const Image& image, const Window& window, int filters, int group, Quantization in, const float* weight_scales,
                 const int8_t* weights, const int32_t* bias, Quantization out, const int8_t* x, int8_t* y);
// Unsigned input and weights, one scale and zero point for all weights.
Operator ConvQu8(const Image& image, const Window& window, int filters, int group, Quantization in, Quantization weight,
                 const uint8_t* weights, const int32_t* bias, Quantization out, const uint8_t* x, uint8_t* y);

}  // namespace webinfer::xnnpack
