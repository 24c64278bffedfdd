// Scatter is ScatterElements by its first name.
#include <climits>

#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  context.node().op = "ScatterElements";
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Scatter) { return {"Scatter", INT_MAX, Lift}; }

}  // namespace webinfer::onnx
