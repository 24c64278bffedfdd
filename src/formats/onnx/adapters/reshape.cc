// Reshape took its shape as an attribute.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) { return context.IntsToInput("shape", 1); }

}  // namespace

WEBINFER_ADAPTER(Reshape) { return {"Reshape", 5, Lift}; }

}  // namespace webinfer::onnx
