// MatMul (ONNX 13), NumPy's rules for vectors and batches.
#include "ops/float32.h"
#include "ops/nn/matrix_product.h"

WEBINFER_OP(MatMul) {
  using namespace webinfer::ops;
  return {.name = "MatMul",
          .since = 13,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer = InferMatrixProduct,
          .bind = BindMatrixProduct,
          .lower = LowerHalf,
          .prepare = PrepareMatrixProduct};
}
