// The register interpreter: programs of float32, int32 and bool, 32 elements at a time.
//
// Eight vectors (one value of 32 elements) stay in locals across instructions, as an accumulator; an instruction's second
// operand comes from memory: an input, a constant, or a slot to which an earlier value was put aside. Bools are masks, all
// ones or zero. Keeping the accumulator in registers makes this 2-3x as fast as an interpreter over blocks in memory, and
// 78-100 % of code made for the one chain.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/scalar_program.h"

namespace webinfer::kernels {

inline constexpr int kSimdBlock = 32;  // elements of one pass
inline constexpr int kSimdBlockBytes = kSimdBlock * 4;

struct SimdInstruction {
  uint8_t op;
  uint8_t b, c;  // places: inputs, then constants, then slots
};

// Where a place's elements are while a run of elements is processed.
struct SimdPlace {
  const uint8_t* data;
  size_t advance;  // ~0 when the place moves with the elements, 0 when one block serves all
};

struct SimdProgram {
  static constexpr int kMost = 4 * ScalarProgram::kMostInstructions;
  int size = 0;
  int slots = 0;
  SimdInstruction code[kMost];
};

// False if the program holds an operation or type the interpreter does not have. `scalar_inputs[i]` says that input i is one
// element everywhere; its place, like a constant's, then is one block filled with it.
bool CompileSimd(const ScalarProgram& program, const bool* scalar_inputs, SimdProgram* simd);

// Runs `blocks` whole blocks: block i of place p is at data + (i * kSimdBlockBytes & advance), the result's at out +
// i * kSimdBlockBytes. `slots` are writable and follow inputs and constants in `places`.
void RunSimd(const SimdInstruction* code, const SimdPlace* places, void* out, size_t blocks);

}  // namespace webinfer::kernels
