// The elementwise engine: runs a ScalarProgram over whole tensors with broadcasting.
//
// The result's axes are merged as far as all operands allow; then one of three ways walks them:
//   flat     every operand is as large as the result or a scalar: one run over everything
//   runs     the innermost merged axis is long: an odometer over the others, in each run an operand is contiguous or a scalar
//   rows     the innermost merged axis is short (NHWC bias, per-head masks): several rows at a time, broadcast operands
//            are expanded into a block first, once if they repeat for every row
// A program of float32, int32 and bool runs in the SIMD interpreter (elementwise_simd.h), any other by blocks of the reference
// functions. Other element types are widened block by block.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/elementwise_simd.h"
#include "kernels/scalar_functions.h"
#include "kernels/scalar_program.h"

namespace webinfer::kernels {

inline constexpr int kElementwiseRank = 8;

struct ElementwiseOperand {
  DType dtype;
  bool scalar;                        // one element for the whole of a run (flat, runs) or of the result (rows)
  bool contiguous;                    // laid out like the result
  bool repeats;                       // rows: only the innermost axis moves it
  bool direct;                        // kernels read the elements where they are
  int64_t strides[kElementwiseRank];  // by merged axis; 0 where it is broadcast
};

// Plain data in one piece of memory.
struct ElementwisePlan {
  enum class Walk : uint8_t { kFlat, kRuns, kRows };
  Walk walk;
  bool simd;
  bool saturate, direct_output;
  uint8_t input_count, value_count, constant_count, rank, result;
  DType output;
  int64_t count;                   // elements of the result
  int64_t dims[kElementwiseRank];  // merged
  int64_t chunk;                   // most elements handled at once
  uint64_t thread_scratch;         // bytes
  ElementwiseOperand* inputs;
  // Either the SIMD interpreter's code, or the values of the program in order with their functions.
  const SimdInstruction* simd_code;
  uint8_t simd_slots;
  const ScalarInstruction* values;
  const BlockFunction* functions;
  const uint8_t* constants;  // each one block
};

// Bytes MakeElementwisePlan needs, 16-byte aligned.
size_t ElementwisePlanBytes(const ScalarProgram& program);

// The plan for a result of `dims`; input i has `input_dims[i]`, aligned with the result's from the right. Every operation must
// be defined for its type (FindBlockFunction).
const ElementwisePlan* MakeElementwisePlan(void* memory, const ScalarProgram& program, std::span<const int64_t> dims,
                                           std::span<const std::span<const int64_t>> input_dims);

uint64_t ElementwiseScratchBytes(const ElementwisePlan& plan, int threads);

// The output may be the memory of an input that is contiguous and whose elements are as wide as the output's.
void RunElementwise(const ElementwisePlan& plan, const void* const* inputs, void* output, uint8_t* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
