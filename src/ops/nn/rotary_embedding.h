// RotaryEmbedding as ONNX and onnxruntime (com.microsoft) have it: they differ in the order of their inputs, and
// onnxruntime's position_ids may be one number, the position of the first token.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

struct RotaryInputs {
  int cos, sin, positions;
};
inline constexpr RotaryInputs kOnnxRotary{1, 2, 3}, kMicrosoftRotary{2, 3, 1};

Status InferRotary(InferContext& ctx);
Status BindRotary(BindContext& ctx, const RotaryInputs& inputs);

}  // namespace webinfer::ops
