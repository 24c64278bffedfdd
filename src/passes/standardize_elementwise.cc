// webinfer.Elementwise as ONNX's operators, one for each instruction of its program.
#include "ops/math/expression.h"
#include "passes/standardize.h"

namespace webinfer::standardize {

namespace {

DType DTypeOf(ScalarType type) {
  switch (type) {
    case ScalarType::kFloat32: return DType::kFloat32;
    case ScalarType::kFloat64: return DType::kFloat64;
    case ScalarType::kInt32: return DType::kInt32;
    case ScalarType::kInt64: return DType::kInt64;
    case ScalarType::kUint64: return DType::kUint64;
    case ScalarType::kBool: return DType::kBool;
  }
  return DType::kUndefined;
}

bool IsReal(ScalarType type) { return type == ScalarType::kFloat32 || type == ScalarType::kFloat64; }

class Expansion {
 public:
  Expansion(Context& context, const ScalarProgram& program) : context_(context), program_(program) {}

  Status Run() {
    for (int i = 0; i < program_.size; ++i) {
      WEBINFER_ASSIGN(values_[i], Value(program_.code[i]));
    }
    ValueId y = values_[program_.result];
    if (DTypeOf(program_.TypeOf(program_.result)) != program_.output) {
      y = context_.Cast(y, program_.output);
      if (!program_.saturate) context_.Last().attributes.SetInt("saturate", 0);
    }
    context_.Return(0, y);
    return OkStatus();
  }

 private:
  Result<ValueId> Value(const ScalarInstruction& code) {
    const ScalarType operand =
        code.op == ScalarOp::kInput || code.op == ScalarOp::kConstant ? code.type : program_.TypeOf(code.a);
    const auto a = [&] { return values_[code.a]; };
    const auto b = [&] { return values_[code.b]; };
    const auto number = [&](double value) { return context_.Scalar(DTypeOf(operand), value); };
    switch (code.op) {
      case ScalarOp::kInput:
        return context_.In(code.a).dtype == DTypeOf(code.type) ? context_.Input(code.a)
                                                               : context_.Cast(context_.Input(code.a), DTypeOf(code.type));
      case ScalarOp::kConstant: return Constant(code);
      case ScalarOp::kConvert: return context_.Cast(a(), DTypeOf(code.type));
      case ScalarOp::kTrunc:
        return context_.Add("Mul", {context_.Add("Sign", {a()}), context_.Add("Floor", {context_.Add("Abs", {a()})})});
      case ScalarOp::kSilu: return context_.Add("Mul", {a(), context_.Add("Sigmoid", {a()})});
      case ScalarOp::kExpm1: {
        WEBINFER_ASSIGN(const ValueId one, number(1));
        return context_.Add("Sub", {context_.Add("Exp", {a()}), one});
      }
      case ScalarOp::kLog1p: {
        WEBINFER_ASSIGN(const ValueId one, number(1));
        return context_.Add("Log", {context_.Add("Add", {a(), one})});
      }
      case ScalarOp::kMod:
        if (!IsReal(operand)) return context_.Add("Mod", {a(), b()});
        return context_.Add("Sub", {a(), context_.Add("Mul", {context_.Add("Floor", {context_.Add("Div", {a(), b()})}), b()})});
      case ScalarOp::kFmod: return context_.AddWith("Mod", {a(), b()}, "fmod", 1);
      case ScalarOp::kShiftLeft:
      case ScalarOp::kShiftRight: {
        const ValueId y = context_.Add("BitShift", {a(), b()});
        context_.Last().attributes.SetString("direction", code.op == ScalarOp::kShiftLeft ? "LEFT" : "RIGHT");
        return y;
      }
      case ScalarOp::kSelect: return context_.Add("Where", {a(), b(), values_[code.c]});
      case ScalarOp::kIsNan: return context_.Add("IsNaN", {a()});
      case ScalarOp::kAnd:
      case ScalarOp::kOr:
      case ScalarOp::kXor:
      case ScalarOp::kNot: {
        const std::string name = (operand == ScalarType::kBool ? "" : "Bitwise") + std::string(ScalarOpName(code.op));
        return code.op == ScalarOp::kNot ? context_.Add(name, {a()}) : context_.Add(name, {a(), b()});
      }
      default: break;
    }
    const std::string_view name = ScalarOpName(code.op);  // the rest are named as ONNX names them
    return ScalarOpArity(code.op) == 1 ? context_.Add(name, {a()}) : context_.Add(name, {a(), b()});
  }

  Result<ValueId> Constant(const ScalarInstruction& code) {
    const ScalarConstant& constant = program_.constants[code.a];
    if (IsReal(code.type)) return context_.Scalar(DTypeOf(code.type), constant.real);
    return context_.Scalar(DTypeOf(code.type), static_cast<double>(constant.integer));
  }

  Context& context_;
  const ScalarProgram& program_;
  ValueId values_[ScalarProgram::kMostInstructions] = {};
};

}  // namespace

Status Elementwise(Context& context) {
  ScalarProgram program;
  WEBINFER_TRY(ops::ReadProgram(context.attributes(), &program));
  return Expansion(context, program).Run();
}

}  // namespace webinfer::standardize
