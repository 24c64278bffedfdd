// One vector against the rows of a matrix: squared distances and products, each summed directly (not by |a|^2 - 2ab + |b|^2,
// which loses what differs little).
#pragma once

#include <cstdint>

namespace webinfer::kernels {

// out[i] = sum over k of (x[k] - rows[i * n + k])^2.
void SquaredDistances(const float* x, const float* rows, int64_t count, int64_t n, float* out);
void SquaredDistances(const double* x, const double* rows, int64_t count, int64_t n, double* out);

// out[i] = sum over k of x[k] * rows[i * n + k].
void DotProducts(const float* x, const float* rows, int64_t count, int64_t n, float* out);

}  // namespace webinfer::kernels
