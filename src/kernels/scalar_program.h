// The scalar IR: what one output element of an elementwise operator is, as a function of one element of each input.
//
// Plain data in single-assignment form. From it come the reference for every element type (kernels/scalar_functions.h), the
// fused SIMD kernel (kernels/elementwise_simd.h) and, on other backends, generated shader code. Arithmetic runs in six types; a
// narrower element type is widened when it is read (ScalarTypeOf) and narrowed, integers modulo 2^n, when it is written.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace webinfer {

enum class ScalarType : uint8_t { kFloat32, kFloat64, kInt32, kInt64, kUint64, kBool };
inline constexpr int kScalarTypeCount = 6;

// The type in which elements of `dtype` are computed: float32 for every narrower float, int32 for integers of at most 16 bits
// and int4/uint4, int64 for uint32. False for strings and complex numbers, which have none.
bool ScalarTypeOf(DType dtype, ScalarType* type);
const char* ScalarTypeName(ScalarType type);
int ScalarTypeBytes(ScalarType type);  // in a block; a bool is one byte

// Silu is x Sigmoid(x), Gelu x (1 + Erf(x / sqrt 2)) / 2. Comparisons and IsNan, IsInf give a bool; everything else gives the
// type of its first operand, kSelect of its second.
// clang-format off
#define WEBINFER_SCALAR_OPS(X)                                                                                             \
  X(Input, 0) X(Constant, 0) X(Convert, 1)                                                                                 \
  X(Neg, 1) X(Abs, 1) X(Sign, 1) X(Not, 1) X(Floor, 1) X(Ceil, 1) X(Trunc, 1) X(Round, 1) X(Sqrt, 1)                       \
  X(Exp, 1) X(Expm1, 1) X(Log, 1) X(Log1p, 1) X(Erf, 1) X(Sigmoid, 1) X(Tanh, 1) X(Silu, 1) X(Gelu, 1)                     \
  X(Sin, 1) X(Cos, 1) X(Tan, 1) X(Asin, 1) X(Acos, 1) X(Atan, 1)                                                           \
  X(Sinh, 1) X(Cosh, 1) X(Asinh, 1) X(Acosh, 1) X(Atanh, 1) X(IsNan, 1) X(IsInf, 1)                                        \
  X(Add, 2) X(Sub, 2) X(Mul, 2) X(Div, 2) X(Min, 2) X(Max, 2) X(Pow, 2) X(Fmod, 2) X(Mod, 2)                               \
  X(And, 2) X(Or, 2) X(Xor, 2) X(ShiftLeft, 2) X(ShiftRight, 2) X(Equal, 2) X(Less, 2) X(LessOrEqual, 2)                   \
  X(Select, 3)
// clang-format on

enum class ScalarOp : uint8_t {
#define X(name, arity) k##name,
  WEBINFER_SCALAR_OPS(X)
#undef X
};
const char* ScalarOpName(ScalarOp op);
int ScalarOpArity(ScalarOp op);
inline bool GivesBool(ScalarOp op) {
  return op == ScalarOp::kEqual || op == ScalarOp::kLess || op == ScalarOp::kLessOrEqual || op == ScalarOp::kIsNan ||
         op == ScalarOp::kIsInf;
}

// One value: `op` on the values a, b, c that come before it. kInput reads input a, kConstant takes constant a.
struct ScalarInstruction {
  ScalarOp op;
  ScalarType type;  // of the value
  uint8_t a, b, c;
};

struct ScalarConstant {
  double real;      // for float types
  int64_t integer;  // for integers and bool
};

// Not initialised as a whole: one is filled for every elementwise node of every binding, and most are short.
struct ScalarProgram {
  static constexpr int kMostInstructions = 96;
  static constexpr int kMostInputs = 24;
  static constexpr int kMostConstants = 32;

  uint8_t size = 0, input_count = 0, constant_count = 0;
  uint8_t result = 0;                // the value that is written
  DType output = DType::kUndefined;  // its type is ScalarTypeOf(output)
  bool saturate = true;              // out-of-range float8 results become the largest finite value
  DType inputs[kMostInputs];
  ScalarInstruction code[kMostInstructions];
  ScalarConstant constants[kMostConstants];

  ScalarType TypeOf(int value) const { return code[value].type; }
};

// The program as an expression, "max(add(x0, x1), 0)"; for dumps.
std::string ScalarProgramText(const ScalarProgram& program);

}  // namespace webinfer
