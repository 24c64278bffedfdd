// Elementwise operators are expressions: `expression` of an OpDef says what one output element is, and from that come its type
// rule, its kernels for every element type, constant folding and fusion.
//
//   void Gelu(const Node& node, ScalarBuilder& s) { ScalarValue x = s.In(0); s.Return(x * 0.5 * (Erf(x * 0.7071) + 1)); }
//
// Operators on values record an instruction; operands must have the same type, a C++ number takes the type of the other side.
// A builder that met an error keeps it: values stay usable, the error is reported when the program is taken.
#pragma once

#include <span>

#include "kernels/scalar_program.h"
#include "ops/op.h"

namespace webinfer::ops {

class ScalarBuilder;

struct ScalarValue {
  ScalarBuilder* builder = nullptr;
  uint8_t id = 0;

  ScalarType type() const;
};

class ScalarBuilder {
 public:
  // `in` describes the node's inputs, `program` is filled.
  ScalarBuilder(const Node& node, std::span<const ValueInfo> in, ScalarProgram* program);
  // Appends to a program: the node's input i is the program's value `bound[i]`.
  ScalarBuilder(const Node& node, std::span<const ValueInfo> in, ScalarProgram* program, const uint8_t* bound)
      : node_(node), in_(in), program_(program), bound_(bound) {}

  const Node& node() const { return node_; }
  int input_count() const { return static_cast<int>(in_.size()); }
  bool Has(int i) const { return i < input_count() && in_[static_cast<size_t>(i)].present; }
  DType DTypeOf(int i) const { return in_[static_cast<size_t>(i)].dtype; }
  // The only element of input i, if it is known before the run.
  bool KnownNumber(int i, double* value) const;

  // The element of input i, in the type it is computed in.
  ScalarValue In(int i);
  ScalarValue Constant(ScalarType type, double value);
  ScalarValue Integer(ScalarType type, int64_t value);
  ScalarValue Apply(ScalarOp op, ScalarValue a);
  ScalarValue Apply(ScalarOp op, ScalarValue a, ScalarValue b);
  ScalarValue Select(ScalarValue mask, ScalarValue yes, ScalarValue no);
  ScalarValue Convert(ScalarValue a, ScalarType type);

  // The result and the type it is stored in: input 0's type, or bool for a bool value.
  void Return(ScalarValue value);
  void Return(ScalarValue value, DType output, bool saturate = true);
  // For types the operator does not take.
  void Fail(Code code, const char* what);

  Status status() const { return status_; }
  ScalarType TypeOf(uint8_t id) const { return program_->code[id].type; }
  // The node's input behind each of the program's inputs.
  std::span<const uint8_t> ProgramInputs(uint8_t* inputs) const;

 private:
  ScalarValue Emit(ScalarInstruction instruction);
  ScalarValue AddConstant(ScalarType type, ScalarConstant constant);

  const Node& node_;
  std::span<const ValueInfo> in_;
  ScalarProgram* program_;
  const uint8_t* bound_ = nullptr;
  uint8_t program_input_[64] = {};  // node input -> program input + 1
  Status status_;
};

inline ScalarValue operator+(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kAdd, a, b); }
inline ScalarValue operator-(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kSub, a, b); }
inline ScalarValue operator*(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kMul, a, b); }
inline ScalarValue operator/(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kDiv, a, b); }
inline ScalarValue operator-(ScalarValue a) { return a.builder->Apply(ScalarOp::kNeg, a); }
inline ScalarValue operator<(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kLess, a, b); }
inline ScalarValue operator<=(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kLessOrEqual, a, b); }
inline ScalarValue operator>(ScalarValue a, ScalarValue b) { return b < a; }
inline ScalarValue operator>=(ScalarValue a, ScalarValue b) { return b <= a; }
inline ScalarValue operator&(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kAnd, a, b); }
inline ScalarValue operator|(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kOr, a, b); }
inline ScalarValue Equal(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kEqual, a, b); }
inline ScalarValue Min(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kMin, a, b); }
inline ScalarValue Max(ScalarValue a, ScalarValue b) { return a.builder->Apply(ScalarOp::kMax, a, b); }
inline ScalarValue Select(ScalarValue mask, ScalarValue yes, ScalarValue no) { return mask.builder->Select(mask, yes, no); }
inline ScalarValue Convert(ScalarValue a, ScalarType type) { return a.builder->Convert(a, type); }

inline ScalarValue Like(ScalarValue a, double number) { return a.builder->Constant(a.type(), number); }
inline ScalarValue operator+(ScalarValue a, double b) { return a + Like(a, b); }
inline ScalarValue operator-(ScalarValue a, double b) { return a - Like(a, b); }
inline ScalarValue operator-(double a, ScalarValue b) { return Like(b, a) - b; }
inline ScalarValue operator*(ScalarValue a, double b) { return a * Like(a, b); }
inline ScalarValue operator*(double a, ScalarValue b) { return b * Like(b, a); }
inline ScalarValue operator/(ScalarValue a, double b) { return a / Like(a, b); }
inline ScalarValue operator/(double a, ScalarValue b) { return Like(b, a) / b; }
inline ScalarValue operator<(ScalarValue a, double b) { return a < Like(a, b); }
inline ScalarValue operator>(ScalarValue a, double b) { return a > Like(a, b); }
inline ScalarValue operator<=(ScalarValue a, double b) { return a <= Like(a, b); }
inline ScalarValue operator>=(ScalarValue a, double b) { return a >= Like(a, b); }
inline ScalarValue Min(ScalarValue a, double b) { return Min(a, Like(a, b)); }
inline ScalarValue Max(ScalarValue a, double b) { return Max(a, Like(a, b)); }

#define WEBINFER_SCALAR_FUNCTION(name) \
  inline ScalarValue name(ScalarValue a) { return a.builder->Apply(ScalarOp::k##name, a); }
WEBINFER_SCALAR_FUNCTION(Abs)
WEBINFER_SCALAR_FUNCTION(Erf)
WEBINFER_SCALAR_FUNCTION(Exp)
WEBINFER_SCALAR_FUNCTION(Expm1)
WEBINFER_SCALAR_FUNCTION(Gelu)
WEBINFER_SCALAR_FUNCTION(Log1p)
WEBINFER_SCALAR_FUNCTION(Not)
WEBINFER_SCALAR_FUNCTION(Sigmoid)
WEBINFER_SCALAR_FUNCTION(Silu)
WEBINFER_SCALAR_FUNCTION(Sqrt)
WEBINFER_SCALAR_FUNCTION(Tanh)
#undef WEBINFER_SCALAR_FUNCTION

// Expressions that several operators share.
ScalarValue Softplus(ScalarValue x);  // log(1 + exp(x)) without overflow
ScalarValue GeluTanh(ScalarValue x);  // Gelu by its tanh approximation

// The program of an operator's expression for inputs of these types.
Status BuildProgram(const Node& node, const OpDef& def, std::span<const ValueInfo> in, ScalarProgram* program);

// Runs `program` on `inputs` of the node (indices of its inputs); what the operators below and the fusion pass bind with.
Status BindProgram(BindContext& ctx, const ScalarProgram& program, std::span<const uint8_t> inputs);

// A program as attributes of a node (webinfer.Elementwise) and back; the inputs' types are not part of it.
void WriteProgram(const ScalarProgram& program, Attributes* attributes);
Status ReadProgram(const Attributes& attributes, ScalarProgram* program);

// Infer and bind of every operator with an expression: broadcast rule, type rule, engine.
Status InferExpression(InferContext& ctx);
Status BindExpression(BindContext& ctx);

// The broadcast of all present inputs of a node.
Result<Shape> BroadcastInputs(const InferContext& ctx);

}  // namespace webinfer::ops
