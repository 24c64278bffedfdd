#include "kernels/scalar_program.h"

#include <cstdio>

namespace webinfer {

bool ScalarTypeOf(DType dtype, ScalarType* type) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kFloat16:
    case DType::kBfloat16:
    case DType::kFloat8E4M3FN:
    case DType::kFloat8E4M3FNUZ:
    case DType::kFloat8E5M2:
    case DType::kFloat8E5M2FNUZ:
    case DType::kFloat8E8M0:
    case DType::kFloat4E2M1: *type = ScalarType::kFloat32; return true;
    case DType::kFloat64: *type = ScalarType::kFloat64; return true;
    case DType::kInt32:
    case DType::kInt16:
    case DType::kUint16:
    case DType::kInt8:
    case DType::kUint8:
    case DType::kInt4:
    case DType::kUint4:
    case DType::kInt2:
    case DType::kUint2: *type = ScalarType::kInt32; return true;
    case DType::kInt64:
    case DType::kUint32: *type = ScalarType::kInt64; return true;
    case DType::kUint64: *type = ScalarType::kUint64; return true;
    case DType::kBool: *type = ScalarType::kBool; return true;
    default: return false;
  }
}

const char* ScalarTypeName(ScalarType type) {
  constexpr const char* kNames[] = {"float32", "float64", "int32", "int64", "uint64", "bool"};
  return kNames[static_cast<int>(type)];
}

int ScalarTypeBytes(ScalarType type) {
  constexpr int kBytes[] = {4, 8, 4, 8, 8, 1};
  return kBytes[static_cast<int>(type)];
}

const char* ScalarOpName(ScalarOp op) {
  constexpr const char* kNames[] = {
#define X(name, arity) #name,
      WEBINFER_SCALAR_OPS(X)
#undef X
  };
  return kNames[static_cast<int>(op)];
}

int ScalarOpArity(ScalarOp op) {
  constexpr uint8_t kArity[] = {
#define X(name, arity) arity,
      WEBINFER_SCALAR_OPS(X)
#undef X
  };
  return kArity[static_cast<int>(op)];
}

namespace {

void AppendValue(const ScalarProgram& program, int value, std::string* text) {
  const ScalarInstruction& in = program.code[value];
  char number[40];
  switch (in.op) {
    case ScalarOp::kInput:
      std::snprintf(number, sizeof(number), "x%d", in.a);
      *text += number;
      return;
    case ScalarOp::kConstant: {
      const ScalarConstant& constant = program.constants[in.a];
      const bool real = in.type == ScalarType::kFloat32 || in.type == ScalarType::kFloat64;
      if (real) {
        std::snprintf(number, sizeof(number), "%g", constant.real);
      } else {
        std::snprintf(number, sizeof(number), "%lld", static_cast<long long>(constant.integer));
      }
      *text += number;
      return;
    }
    default: break;
  }
  const uint8_t operands[] = {in.a, in.b, in.c};
  *text += in.op == ScalarOp::kConvert ? ScalarTypeName(in.type) : ScalarOpName(in.op);
  for (int i = 0; i < ScalarOpArity(in.op); ++i) {
    *text += i == 0 ? "(" : ", ";
    if (text->size() > 2000) {  // a shared value is written once per use: the text may grow beyond any use
      *text += "...";
    } else {
      AppendValue(program, operands[i], text);
    }
  }
  *text += ")";
}

}  // namespace

std::string ScalarProgramText(const ScalarProgram& program) {
  std::string text;
  if (program.size > 0) AppendValue(program, program.result, &text);
  return text;
}

}  // namespace webinfer
