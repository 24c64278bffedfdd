#include "ops/math/expression.h"

#include <bit>

#include "kernels/elements.h"
#include "kernels/elementwise.h"

namespace webinfer::ops {

ScalarBuilder::ScalarBuilder(const Node& node, std::span<const ValueInfo> in, ScalarProgram* program)
    : node_(node), in_(in), program_(program) {
  program->size = program->input_count = program->constant_count = program->result = 0;
  program->output = DType::kUndefined;
  program->saturate = true;
}

bool ScalarBuilder::KnownNumber(int i, double* value) const {
  if (!Has(i)) return false;
  const ValueInfo& info = in_[static_cast<size_t>(i)];
  if (info.known == nullptr || !info.shape.known() || info.shape.Elements() != 1) return false;
  return kernels::ReadNumber(info.dtype, info.known, 0, value);
}

void ScalarBuilder::Fail(Code code, const char* what) {
  if (status_.ok()) status_ = Error(code, "%s", what).Op("%s", node_.op.c_str());
}

ScalarValue ScalarBuilder::Emit(ScalarInstruction instruction) {
  if (program_->size == ScalarProgram::kMostInstructions) {
    Fail(Code::kUnsupported, "An elementwise expression is too long");
    return {this, 0};
  }
  program_->code[program_->size] = instruction;
  return {this, program_->size++};
}

ScalarValue ScalarBuilder::In(int i) {
  const auto slot = static_cast<size_t>(i);
  ScalarType type;
  if (!Has(i) || slot >= sizeof(program_input_)) {
    Fail(Code::kInvalidModel, "An elementwise operator lacks an input");
    return Constant(ScalarType::kFloat32, 0);
  }
  if (!ScalarTypeOf(DTypeOf(i), &type)) {
    if (status_.ok()) {
      status_ = Error(Code::kUnsupported, "%s does not take this type", node_.op.c_str())
                    .Expected("a number or bool for input %d", i)
                    .Actual("%s", DTypeName(DTypeOf(i)));
    }
    return Constant(ScalarType::kFloat32, 0);
  }
  if (bound_ != nullptr) return {this, bound_[i]};
  if (program_input_[slot] == 0) {
    if (program_->input_count == ScalarProgram::kMostInputs) {
      Fail(Code::kUnsupported, "An elementwise operator has too many inputs");
      return Constant(type, 0);
    }
    program_->inputs[program_->input_count++] = DTypeOf(i);
    program_input_[slot] = program_->input_count;
  }
  return Emit({ScalarOp::kInput, type, static_cast<uint8_t>(program_input_[slot] - 1)});
}

ScalarValue ScalarBuilder::AddConstant(ScalarType type, ScalarConstant constant) {
  int index = 0;
  while (index < program_->constant_count &&
         (program_->constants[index].real != constant.real || program_->constants[index].integer != constant.integer)) {
    ++index;
  }
  // One place holds one type: equal numbers of other types get a place of their own.
  for (int v = 0; v < program_->size && index < program_->constant_count; ++v) {
    const ScalarInstruction& in = program_->code[v];
    if (in.op == ScalarOp::kConstant && in.a == index && in.type != type) index = program_->constant_count;
  }
  if (index == program_->constant_count) {
    if (index == ScalarProgram::kMostConstants) {
      Fail(Code::kUnsupported, "An elementwise expression has too many constants");
      index = 0;
    } else {
      program_->constants[program_->constant_count++] = constant;
    }
  }
  return Emit({ScalarOp::kConstant, type, static_cast<uint8_t>(index)});
}

ScalarValue ScalarBuilder::Constant(ScalarType type, double value) {
  const bool real = type == ScalarType::kFloat32 || type == ScalarType::kFloat64;
  return AddConstant(type, {value, real ? 0 : static_cast<int64_t>(value)});
}

ScalarValue ScalarBuilder::Integer(ScalarType type, int64_t value) {
  return AddConstant(type, {static_cast<double>(value), value});
}

namespace {

Error NotDefined(const Node& node, ScalarType type) {
  return Error(Code::kUnsupported, "%s is not defined for this type", node.op.c_str()).Actual("%s", ScalarTypeName(type));
}

}  // namespace

ScalarValue ScalarBuilder::Apply(ScalarOp op, ScalarValue a) {
  if (status_.ok() && kernels::FindBlockFunction(op, a.type()) == nullptr) status_ = NotDefined(node_, a.type());
  return Emit({op, GivesBool(op) ? ScalarType::kBool : a.type(), a.id});
}

ScalarValue ScalarBuilder::Apply(ScalarOp op, ScalarValue a, ScalarValue b) {
  if (status_.ok() && a.type() != b.type()) {
    status_ = Error(Code::kTypeMismatch, "%s needs inputs of one type", node_.op.c_str())
                  .Expected("%s", ScalarTypeName(a.type()))
                  .Actual("%s", ScalarTypeName(b.type()));
  }
  if (status_.ok() && kernels::FindBlockFunction(op, a.type()) == nullptr) status_ = NotDefined(node_, a.type());
  return Emit({op, GivesBool(op) ? ScalarType::kBool : a.type(), a.id, b.id});
}

ScalarValue ScalarBuilder::Select(ScalarValue mask, ScalarValue yes, ScalarValue no) {
  if (mask.type() != ScalarType::kBool || yes.type() != no.type()) {
    Fail(Code::kTypeMismatch, "A choice needs a bool and two values of one type");
  }
  return Emit({ScalarOp::kSelect, yes.type(), mask.id, yes.id, no.id});
}

ScalarValue ScalarBuilder::Convert(ScalarValue a, ScalarType type) {
  return a.type() == type ? a : Emit({ScalarOp::kConvert, type, a.id});
}

ScalarType ScalarValue::type() const { return builder->TypeOf(id); }

void ScalarBuilder::Return(ScalarValue value) { Return(value, value.type() == ScalarType::kBool ? DType::kBool : DTypeOf(0)); }

void ScalarBuilder::Return(ScalarValue value, DType output, bool saturate) {
  ScalarType type;
  if (!ScalarTypeOf(output, &type)) {
    Fail(Code::kUnsupported, "An elementwise operator cannot produce this type");
    return;
  }
  value = Convert(value, type);
  program_->result = value.id;
  program_->output = output;
  program_->saturate = saturate;
}

std::span<const uint8_t> ScalarBuilder::ProgramInputs(uint8_t* inputs) const {
  for (size_t i = 0; i < sizeof(program_input_); ++i) {
    if (program_input_[i] != 0) inputs[program_input_[i] - 1] = static_cast<uint8_t>(i);
  }
  return {inputs, program_->input_count};
}

ScalarValue Softplus(ScalarValue x) { return Max(x, 0) + Log1p(Exp(-Abs(x))); }

ScalarValue GeluTanh(ScalarValue x) {
  const ScalarValue half = x * 0.5;
  return half * Tanh((x * x * 0.044715 + 1) * x * 0.79788456080286536) + half;
}

Status BuildProgram(const Node& node, const OpDef& def, std::span<const ValueInfo> in, ScalarProgram* program) {
  ScalarBuilder builder(node, in, program);
  def.expression(node, builder);
  return AtNode(node, builder.status());
}

void WriteProgram(const ScalarProgram& program, Attributes* attributes) {
  std::vector<int64_t> code, constants;
  for (int i = 0; i < program.size; ++i) {
    const ScalarInstruction& in = program.code[i];
    code.insert(code.end(), {static_cast<int64_t>(in.op), static_cast<int64_t>(in.type), in.a, in.b, in.c});
  }
  for (int i = 0; i < program.constant_count; ++i) {
    constants.insert(constants.end(), {std::bit_cast<int64_t>(program.constants[i].real), program.constants[i].integer});
  }
  attributes->SetString("expression", ScalarProgramText(program));
  attributes->SetInts("code", std::move(code));
  attributes->SetInts("constants", std::move(constants));
  attributes->SetInt("result", program.result);
  attributes->SetInt("output", static_cast<int64_t>(program.output));
  attributes->SetInt("saturate", program.saturate);
}

Status ReadProgram(const Attributes& attributes, ScalarProgram* program) {
  const std::span<const int64_t> code = attributes.Ints("code"), constants = attributes.Ints("constants");
  if (code.size() % 5 != 0 || code.size() / 5 > ScalarProgram::kMostInstructions ||
      constants.size() / 2 > ScalarProgram::kMostConstants) {
    return Error(Code::kInternal, "A fused elementwise program is damaged");
  }
  program->size = static_cast<uint8_t>(code.size() / 5);
  program->constant_count = static_cast<uint8_t>(constants.size() / 2);
  for (size_t i = 0; i < program->size; ++i) {
    const int64_t* in = code.data() + 5 * i;
    program->code[i] = {static_cast<ScalarOp>(in[0]), static_cast<ScalarType>(in[1]), static_cast<uint8_t>(in[2]),
                        static_cast<uint8_t>(in[3]), static_cast<uint8_t>(in[4])};
  }
  for (size_t i = 0; i < program->constant_count; ++i) {
    program->constants[i] = {std::bit_cast<double>(constants[2 * i]), constants[2 * i + 1]};
  }
  program->result = static_cast<uint8_t>(attributes.Int("result", 0));
  program->output = static_cast<DType>(attributes.Int("output", 0));
  program->saturate = attributes.Int("saturate", 1) != 0;
  return OkStatus();
}

Result<Shape> BroadcastInputs(const InferContext& ctx) {
  Shape shape;
  for (int i = 0; i < ctx.input_count(); ++i) {
    if (!ctx.HasInput(i)) continue;
    WEBINFER_ASSIGN(shape, Broadcast(shape, ctx.In(i).shape));
  }
  return shape;
}

namespace {

struct ElementwiseParams {
  const kernels::ElementwisePlan* plan;
  int input_count;
  uint8_t inputs[ScalarProgram::kMostInputs];
};

Status Run(const Step& step, RunContext& run) {
  const auto& params = step.Params<ElementwiseParams>();
  const void* inputs[ScalarProgram::kMostInputs];
  for (int i = 0; i < params.input_count; ++i) inputs[i] = step.in[params.inputs[i]].data;
  kernels::RunElementwise(*params.plan, inputs, step.out[0].data, step.scratch, run.pool());
  return OkStatus();
}

// The types are known when every present input's is.
bool TypesKnown(const InferContext& ctx) {
  for (int i = 0; i < ctx.input_count(); ++i) {
    if (ctx.HasInput(i) && ctx.In(i).dtype == DType::kUndefined) return false;
  }
  return true;
}

}  // namespace

Status BindProgram(BindContext& ctx, const ScalarProgram& program, std::span<const uint8_t> inputs) {
  WEBINFER_ASSIGN(ElementwiseParams * params, ctx.Params<ElementwiseParams>());
  WEBINFER_ASSIGN(void* memory, ctx.Allocate(kernels::ElementwisePlanBytes(program)));
  params->input_count = static_cast<int>(inputs.size());
  std::span<const int64_t> dims[ScalarProgram::kMostInputs];
  for (size_t k = 0; k < inputs.size(); ++k) {
    params->inputs[k] = inputs[k];
    dims[k] = ctx.In(inputs[k]).shape.dims();
  }
  const Shape& shape = ctx.Out(0).shape;
  params->plan = kernels::MakeElementwisePlan(memory, program, shape.dims(), {dims, inputs.size()});
  for (size_t k = 0; k < inputs.size(); ++k) {
    const ValueInfo& in = ctx.In(inputs[k]);
    if (in.shape == shape && DTypeBits(in.dtype) == DTypeBits(program.output)) ctx.MayShare(0, inputs[k]);
  }
  ctx.SetScratch(kernels::ElementwiseScratchBytes(*params->plan, ctx.threads()));
  ctx.SetKernel(Run);
  return OkStatus();
}

Status InferExpression(InferContext& ctx) {
  WEBINFER_ASSIGN(const Shape shape, BroadcastInputs(ctx));
  if (!TypesKnown(ctx)) return ctx.SetOutput(0, DType::kUndefined, shape);
  ScalarProgram program;
  WEBINFER_TRY(BuildProgram(ctx.node(), *ctx.node().def, ctx.ins(), &program));
  return ctx.SetOutput(0, program.output, shape);
}

Status BindExpression(BindContext& ctx) {
  ScalarProgram program;
  ScalarBuilder builder(ctx.node(), ctx.ins(), &program);
  ctx.node().def->expression(ctx.node(), builder);
  WEBINFER_TRY(AtNode(ctx.node(), builder.status()));
  uint8_t inputs[ScalarProgram::kMostInputs];
  return BindProgram(ctx, program, builder.ProgramInputs(inputs));
}

}  // namespace webinfer::ops
