// Runs of elements of any stored type <-> blocks of the type they are computed in (ScalarTypeOf).
//
// The only place that knows how each element type lies in memory: kernels that compute in a wider type read and write blocks
// through it, never a widened copy of a whole tensor.
#pragma once

#include <cstdint>

#include "kernels/scalar_program.h"

namespace webinfer::kernels {

// out[i] = element offset + i of `data`, for i < count. `out` is a block of the type ScalarTypeOf(dtype).
void LoadElements(DType dtype, const void* data, int64_t offset, int64_t count, void* out);
// The same element `count` times.
void SplatElement(DType dtype, const void* data, int64_t offset, int64_t count, void* out);
// Element offset + i of `data` = in[i]. Types narrower than a byte are packed, so two threads must not share a byte.
void StoreElements(DType dtype, const void* in, int64_t offset, int64_t count, void* data, bool saturate = true);

// The same between any stored number and blocks of float32: for kernels that compute in float32 whatever comes.
void LoadFloats(DType dtype, const void* data, int64_t offset, int64_t count, float* out);
void StoreFloats(DType dtype, const float* in, int64_t offset, int64_t count, void* data);

// One element as a number; bool gives 0 or 1. False for types without one (string, complex).
bool ReadNumber(DType dtype, const void* data, int64_t offset, double* value);

// block of `from` -> block of `to`: floats truncate towards zero and saturate, integers wrap, bool is "not zero".
void ConvertBlock(ScalarType from, ScalarType to, const void* in, int64_t count, void* out);

}  // namespace webinfer::kernels
