// Squeeze and Unsqueeze took their axes as an attribute.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) { return context.IntsToInput("axes", 1); }

}  // namespace

WEBINFER_ADAPTER(Squeeze) { return {"Squeeze", 13, Lift}; }
WEBINFER_ADAPTER(Unsqueeze) { return {"Unsqueeze", 13, Lift}; }

}  // namespace webinfer::onnx
