#include "operators.h"

#include <xnnpack.h>

#include <cmath>

namespace webinfer::xnnpack {

// Takes over an operator that was created, and holds the workspace that its shape asked for.
struct Factory {
  static Operator Own(xnn_status created, xnn_operator_t op) {
    Operator made;
    if (created == xnn_status_success) {
      made.op_ = std::shared_ptr<xnn_operator>(op, [](xnn_operator_t dead) { xnn_delete_operator(dead); });
    }
    return made;
  }
  static xnn_operator_t Get(const Operator& made) { return made.op_.get(); }
  static void* Workspace(Operator& made, size_t size, size_t alignment) {
    if (size == 0) return nullptr;
    made.workspace_ = std::make_shared<std::vector<char>>(size + alignment);
    auto address = reinterpret_cast<uintptr_t>(made.workspace_->data());
    return reinterpret_cast<void*>((address + alignment - 1) / alignment * alignment);
  }
  static Operator Keep(Operator made, xnn_status status) { return status == xnn_status_success ? made : Operator(); }
};

namespace {

using Extent = uint32_t;

bool Initialize() {
  static const xnn_status status = xnn_initialize(nullptr);
  return status == xnn_status_success;
}

Extent E(int value) { return static_cast<Extent>(value); }
size_t S(int value) { return static_cast<size_t>(value); }

// The arguments that all convolutions begin with.
template <typename Create, typename... Rest>
Operator CreateConv(Create create, const Image& image, const Window& w, int filters, int group, Rest... rest) {
  xnn_operator_t op = nullptr;
  if (!Initialize()) return Operator();
  const xnn_status status =
      create(E(w.pad_begin[0]), E(w.pad_end[1]), E(w.pad_end[0]), E(w.pad_begin[1]), E(w.kernel[0]), E(w.kernel[1]),
             E(w.stride[0]), E(w.stride[1]), E(w.dilation[0]), E(w.dilation[1]), E(group), S(image.channels / group),
             S(filters / group), S(image.channels), S(filters), rest..., 0, nullptr, nullptr, &op);
  return Factory::Own(status, op);
}

template <typename Reshape, typename Setup, typename T>
Operator PlaceConv(Operator made, Reshape reshape, Setup setup, const Image& image, const T* x, T* y) {
  if (!made.ok()) return made;
  size_t size = 0, alignment = 1, height = 0, width = 0;
  const xnn_operator_t op = Factory::Get(made);
  if (reshape(op, S(image.batch), S(image.height), S(image.width), &size, &alignment, &height, &width, nullptr) !=
      xnn_status_success) {
    return Operator();
  }
  void* workspace = Factory::Workspace(made, size, alignment);
  return Factory::Keep(made, setup(op, workspace, x, y));
}

}  // namespace

void Operator::Run() const { xnn_run_operator(op_.get(), nullptr); }

Operator ConvF32(const Image& image, const Window& window, int filters, int group, const float* weights, const float* bias,
                 Range range, const float* x, float* y) {
  return PlaceConv(
      CreateConv(xnn_create_convolution2d_nhwc_f32, image, window, filters, group, weights, bias, range.low, range.high),
      xnn_reshape_convolution2d_nhwc_f32, xnn_setup_convolution2d_nhwc_f32, image, x, y);
}

Operator FullyConnectedF32(int rows, int channels, int filters, const float* weights, const float* bias, Range range,
                           const float* x, float* y) {
  xnn_operator_t op = nullptr;
  if (!Initialize()) return Operator();
  const xnn_status status = xnn_create_fully_connected_nc_f32(S(channels), S(filters), S(channels), S(filters), weights, bias,
                                                              range.low, range.high, 0, nullptr, nullptr, &op);
  Operator made = Factory::Own(status, op);
  if (!made.ok() || xnn_reshape_fully_connected_nc_f32(op, S(rows), nullptr) != xnn_status_success) return Operator();
  return Factory::Keep(made, xnn_setup_fully_connected_nc_f32(op, x, y));
}

Operator MaxPoolF32(const Image& image, const Window& w, const float* x, float* y) {
  xnn_operator_t op = nullptr;
  if (!Initialize()) return Operator();
  const xnn_status status = xnn_create_max_pooling2d_nhwc_f32(
      E(w.pad_begin[0]), E(w.pad_end[1]), E(w.pad_end[0]), E(w.pad_begin[1]), E(w.kernel[0]), E(w.kernel[1]), E(w.stride[0]),
      E(w.stride[1]), E(w.dilation[0]), E(w.dilation[1]), -INFINITY, INFINITY, 0, &op);
  Operator made = Factory::Own(status, op);
  size_t height = 0, width = 0;
  if (!made.ok() ||
      xnn_reshape_max_pooling2d_nhwc_f32(op, S(image.batch), S(image.height), S(image.width), S(image.channels),
                                         S(image.channels), S(image.channels), &height, &width, nullptr) != xnn_status_success) {
    return Operator();
  }
  return Factory::Keep(made, xnn_setup_max_pooling2d_nhwc_f32(op, x, y));
}

Operator AveragePoolF32(const Image& image, const Window& w, const float* x, float* y) {
  xnn_operator_t op = nullptr;
  if (!Initialize()) return Operator();
  const xnn_status status = xnn_create_average_pooling2d_nhwc_f32(E(w.pad_begin[0]), E(w.pad_end[1]), E(w.pad_end[0]),
                                                                  E(w.pad_begin[1]), E(w.kernel[0]), E(w.kernel[1]),
                                                                  E(w.stride[0]), E(w.stride[1]), -INFINITY, INFINITY, 0, &op);
  Operator made = Factory::Own(status, op);
  size_t size = 0, alignment = 1, height = 0, width = 0;
  if (!made.ok() || xnn_reshape_average_pooling2d_nhwc_f32(op, S(image.batch), S(image.height), S(image.width), S(image.channels),
                                                           S(image.channels), S(image.channels), &size, &alignment, &height,
                                                           &width, nullptr) != xnn_status_success) {
    return Operator();
  }
  void* workspace = Factory::Workspace(made, size, alignment);
  return Factory::Keep(made, xnn_setup_average_pooling2d_nhwc_f32(op, workspace, x, y));
}

Operator SoftmaxF32(int rows, int channels, const float* x, float* y) {
  xnn_operator_t op = nullptr;
  if (!Initialize()) return Operator();
  Operator made = Factory::Own(xnn_create_softmax_nc_f32(0, &op), op);
  if (!made.ok() ||
      xnn_reshape_softmax_nc_f32(op, S(channels), S(channels), S(channels), S(rows), nullptr) != xnn_status_success) {
    return Operator();
  }
  return Factory::Keep(made, xnn_setup_softmax_nc_f32(op, x, y));
}

Operator ConvQs8(const Image& image, const Window& window, int filters, int group, Quantization in, const float* weight_scales,
                 const int8_t* weights, const int32_t* bias, Quantization out, const int8_t* x, int8_t* y) {
  return PlaceConv(CreateConv(xnn_create_convolution2d_nhwc_qs8_qc8w, image, window, filters, group,
                              static_cast<int8_t>(in.zero_point), in.scale, weight_scales, weights, bias,
                              static_cast<int8_t>(out.zero_point), out.scale, int8_t{-128}, int8_t{127}),
                   xnn_reshape_convolution2d_nhwc_qs8_qc8w, xnn_setup_convolution2d_nhwc_qs8_qc8w, image, x, y);
}

Operator ConvQu8(const Image& image, const Window& window, int filters, int group, Quantization in, Quantization weight,
                 const uint8_t* weights, const int32_t* bias, Quantization out, const uint8_t* x, uint8_t* y) {
  return PlaceConv(
      CreateConv(xnn_create_convolution2d_nhwc_qu8, image, window, filters, group, static_cast<uint8_t>(in.zero_point), in.scale,
                 static_cast<uint8_t>(weight.zero_point), weight.scale, weights, bias, static_cast<uint8_t>(out.zero_point),
                 out.scale, uint8_t{0}, uint8_t{255}),
      xnn_reshape_convolution2d_nhwc_qu8, xnn_setup_convolution2d_nhwc_qu8, image, x, y);
}

}  // namespace webinfer::xnnpack
