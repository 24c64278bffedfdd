// The reference of the scalar IR: each operation on blocks of each type, element by element.
//
// Every other way to run a ScalarProgram is checked against this one.
#pragma once

#include <cstdint>

#include "kernels/scalar_program.h"

namespace webinfer::kernels {

// out[i] = f(a[i * step_a], b[i * step_b], c[i * step_c]); a step is 1, or 0 for a scalar. Operands that the operation does not
// have are ignored. Each operand may be `out` itself when its step is 1.
struct BlockOperand {
  const void* data;
  int step;
};
using BlockFunction = void (*)(void* out, BlockOperand a, BlockOperand b, BlockOperand c, int count);

// `op` on operands of `type` (of kSelect: the type of the second operand), or nullptr if it is not defined there.
// kInput, kConstant and kConvert are not functions.
BlockFunction FindBlockFunction(ScalarOp op, ScalarType type);

}  // namespace webinfer::kernels
