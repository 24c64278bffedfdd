// webinfer.MatMul: MatMul with transposes, alpha and an epilogue; see ops/nn/fused.h.
#include "ops/nn/matrix_product.h"

WEBINFER_OP(webinfer_MatMul) {
  using namespace webinfer::ops;
  return {.name = "MatMul",
          .domain = "webinfer",
          .min_inputs = 2,
          .max_inputs = 4,
          .infer = InferMatrixProduct,
          .bind = BindMatrixProduct,
          .prepare = PrepareMatrixProduct};
}
