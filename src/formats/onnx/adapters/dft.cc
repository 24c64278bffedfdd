// DFT took its axis as an attribute.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  WEBINFER_ASSIGN(const ValueId axis, context.Int(context.attributes().Int("axis", 1)));
  context.SetInput(2, axis);
  context.attributes().Remove("axis");
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(DFT) { return {"DFT", 20, Lift}; }

}  // namespace webinfer::onnx
