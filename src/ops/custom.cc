#include "ops/custom.h"

#include <memory>
#include <string>
#include <vector>

namespace webinfer {

namespace {

struct CustomOperator {
  OpDef def;
  std::string domain, name;
  int id;
  CustomOperatorHost* host;
  bool hidden = false;
};

std::vector<std::unique_ptr<CustomOperator>>& Operators() {
  static std::vector<std::unique_ptr<CustomOperator>> operators;
  return operators;
}

const CustomOperator& OperatorOf(const Node& node) {
  for (const auto& custom : Operators()) {
    if (&custom->def == node.def) return *custom;
  }
  __builtin_unreachable();  // only definitions made here call this
}

Status Infer(InferContext& ctx) {
  const CustomOperator& custom = OperatorOf(ctx.node());
  return custom.host->Infer(custom.id, ctx);
}

Status Run(const Step& step, RunContext& run) {
  const CustomOperator& custom = OperatorOf(*step.node);
  return custom.host->Run(custom.id, step, run);
}

Status Bind(BindContext& ctx) {
  ctx.SetKernel(Run);
  return OkStatus();
}

}  // namespace

void AddCustomOperator(std::string_view domain, std::string_view name, int id, CustomOperatorHost& host) {
  auto custom = std::make_unique<CustomOperator>();
  custom->domain = domain == "ai.onnx" ? "" : domain;
  custom->name = name;
  custom->id = id;
  custom->host = &host;
  // Not "any number", which would make all of them required.
  constexpr int kMost = 1 << 16;
  custom->def = {.name = custom->name,
                 .domain = custom->domain,
                 .min_inputs = 0,
                 .max_inputs = kMost,
                 .min_outputs = 0,
                 .max_outputs = kMost,
                 .infer = Infer,
                 .bind = Bind,
                 .deterministic = false};
  Operators().push_back(std::move(custom));
}

void HideCustomOperator(int id) {
  for (const auto& custom : Operators()) custom->hidden |= custom->id == id;
}

const OpDef* FindCustomOperator(std::string_view domain, std::string_view name) {
  const auto& operators = Operators();
  for (size_t i = operators.size(); i-- > 0;) {
    const CustomOperator& custom = *operators[i];
    if (!custom.hidden && custom.domain == domain && custom.name == name) return &custom.def;
  }
  return nullptr;
}

}  // namespace webinfer
