// RegexFullMatch: whether all of each string matches attribute `pattern`.
#include "ops/op.h"
#include "ops/text/regex.h"

namespace webinfer::ops {
namespace {

Status Infer(InferContext& ctx) { return ctx.SetOutput(0, DType::kBool, ctx.In(0).shape); }

Status Kernel(const Step& step, RunContext&) {
  WEBINFER_ASSIGN(Regex regex, Regex::Compile(step.node->attributes.String("pattern", "")));
  for (int64_t i = 0; i < step.in[0].elements(); ++i) {
    step.out[0].As<bool>()[i] = regex.FullMatch(step.in[0].As<const StringData*>()[i]->view());
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  if (ctx.In(0).dtype != DType::kString)
    return Error(Code::kTypeMismatch, "RegexFullMatch takes strings").Actual("%s", DTypeName(ctx.In(0).dtype));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(RegexFullMatch) {
  return {.name = "RegexFullMatch", .since = 20, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
