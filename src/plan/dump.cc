// A binding in words.
#include "plan/plan.h"

namespace webinfer {

namespace {

std::string OperandText(const Operand& operand) {
  if (!operand.present) return "-";
  if (operand.kind != ValueKind::kTensor) return ValueKindName(operand.kind);
  return std::string(DTypeName(operand.dtype)) + ShapeText(operand.shape).text;
}

std::string ListText(const Operand* operands, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + OperandText(operands[i]);
  return text;
}

}  // namespace

std::string DumpBinding(const Binding& binding) {
  std::string text = "arena " + std::to_string(binding.arena_bytes) + " bytes\n";
  for (const PlannedStep& planned : binding.steps) {
    const Step& step = planned.step;
    text += ListText(step.out, step.output_count) + " = " + (step.node->domain.empty() ? "" : step.node->domain + ".") +
            step.node->op + "(" + ListText(step.in, step.input_count) + ")" + (planned.deferred ? " deferred" : "");
    if (!step.node->name.empty()) text += "  # " + step.node->name;
    text += "\n";
  }
  return text;
}

}  // namespace webinfer
