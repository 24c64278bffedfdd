// The internal contractions (domain "webinfer") that the passes aim at. All take and give float32.
//
//   Conv(x, w, bias?, residual?, factors?, more x...)
//                                          x, residual and output NHWC ([N, spatial..., C]; 1 to 3 spatial axes), w as in ONNX
//                                          ([M, C/group, kernel...]), usually constant. ONNX's attributes: kernel_shape,
//                                          strides, pads, dilations, group, auto_pad. Only of pointwise convolutions: x is
//                                          multiplied by factors [N, 1..., C] first; or the channels of further images are put
//                                          behind those of x, at most kMostConvParts images in all.
//   ConvTranspose(x, w, bias?)             the same for ONNX's ConvTranspose (w [C, M/group, kernel...])
//   MaxPool(x), AveragePool(x), LpPool(x)  NHWC, ONNX's attributes, one output
//   MatMul(a, b, bias?, residual?)         alpha * op(a) op(b); attributes transA, transB (of the last two axes), alpha
//                                          (default 1); bias broadcasts along the last axis only ([N])
//   Attention(q, k, v, mask?)              softmax(scale q k' + mask) v, head by head; all of rank 4. Attributes scale (default
//                                          1 / sqrt(head size)) and, for each operand, the axis of its heads: q_heads, k_heads,
//                                          v_heads, out_heads = 1 ([batch, heads, rows, size], the default) or 2 ([batch, rows,
//                                          heads, size]). k and v may have fewer heads (query head h reads head h / group).
//                                          mask: float32, broadcasts to [batch, heads, query rows, key rows]. No epilogue.
//
// What the others share: y = tail(activation(sum + bias + residual)), or tail(activation(sum + bias)) + residual with
// activation_first = 1.
// `residual` has exactly the output's shape. Attributes (onnxruntime's FusedConv):
//   activation         "" or an operator's name: Relu, Clip, LeakyRelu, Sigmoid, HardSigmoid, HardSwish, Silu, Gelu (erf),
//                      Tanh, Elu
//   activation_params  [min, max] of Clip; [alpha] of LeakyRelu and Elu; [alpha, beta] of HardSigmoid
//   activation_tail    [scale, shift, low, high]: tail(x) = clip(scale x + shift, low, high); without it tail(x) = x
//
// The public Conv, ConvTranspose and pools lower to Transpose + internal form + Transpose. Resize needs no internal form:
// with its `axes` attribute it is told which axes change, and the last one staying is its fast case. GlobalAveragePool and
// its like lower to reductions.
#pragma once

#include "kernels/epilogue.h"
#include "ops/op.h"

namespace webinfer::ops {

inline constexpr int kMostConvParts = 16;

// Reads activation, activation_params and activation_first; kUnsupported for a name outside the list.
Status ReadActivation(const Attributes& attributes, kernels::Epilogue* epilogue);

// Inputs 2 (bias) and 3 (residual), where present, are float32 and fit an output of `columns` channels.
Status CheckEpilogueInputs(const InferContext& ctx, int64_t columns, const Shape& out);

}  // namespace webinfer::ops
