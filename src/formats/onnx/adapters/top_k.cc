// TopK took k as an attribute.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  const Attribute* k = context.attributes().Find("k");
  if (k == nullptr) return OkStatus();
  WEBINFER_ASSIGN(const ValueId constant, context.Ints({&k->i, 1}));
  context.SetInput(1, constant);
  context.attributes().Remove("k");
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(TopK) { return {"TopK", 10, Lift}; }

}  // namespace webinfer::onnx
