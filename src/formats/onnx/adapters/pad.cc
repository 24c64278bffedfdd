// Pad took the widths (first called "paddings") and the value as attributes.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  WEBINFER_TRY(context.IntsToInput("paddings", 1));
  WEBINFER_TRY(context.IntsToInput("pads", 1));
  const float value = context.attributes().Float("value", 0);
  context.attributes().Remove("value");
  if (value == 0) return OkStatus();
  WEBINFER_ASSIGN(const ValueId constant, context.FloatLike(value, 0));
  context.SetInput(2, constant);
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Pad) { return {"Pad", 11, Lift}; }

}  // namespace webinfer::onnx
