// Split took its sizes as an attribute, and without them made as many equal parts as it had outputs.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status LiftSizes(AdapterContext& context) { return context.IntsToInput("split", 1); }

Status LiftCount(AdapterContext& context) {
  if (!context.node().HasInput(1))
    context.attributes().SetInt("num_outputs", static_cast<int64_t>(context.node().outputs.size()));
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Split13) { return {"Split", 13, LiftSizes}; }
WEBINFER_ADAPTER(Split18) { return {"Split", 18, LiftCount}; }

}  // namespace webinfer::onnx
