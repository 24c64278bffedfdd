// What SVMClassifier and SVMRegressor share: a row against all support vectors, through the kernel function.
#pragma once

#include "ops/ml/scores.h"

namespace webinfer::ops {

enum class SvmKernel : uint8_t { kLinear, kPoly, kRbf, kSigmoid };

struct SvmVectors {
  SvmKernel kernel;
  float gamma, coef0, degree;
  const float* vectors;  // [count, features]; without support vectors, the coefficients of linear models
  int64_t count, features;

  // out[i] = kernel(x, vector i).
  void Evaluate(const float* x, float* out) const;
};

// Reads kernel_type, kernel_params and support_vectors of `count` support vectors, or none: then `models` linear models whose
// coefficients take the place of vectors.
Status ReadSvmVectors(const Attributes& attributes, int64_t count, int64_t models, SvmVectors* vectors);

// The row of a step's input as float32; `scratch` has room for it.
const float* FloatRow(const Operand& x, int64_t row, int64_t columns, float* scratch);

}  // namespace webinfer::ops
