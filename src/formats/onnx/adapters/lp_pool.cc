// The exponent of Lp pooling was a float.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  const Attribute* p = context.attributes().Find("p");
  if (p != nullptr && p->kind == Attribute::Kind::kFloat) context.attributes().SetInt("p", static_cast<int64_t>(p->f));
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(LpPool) { return {"LpPool", 2, Lift}; }
WEBINFER_ADAPTER(GlobalLpPool) { return {"GlobalLpPool", 2, Lift}; }

}  // namespace webinfer::onnx
