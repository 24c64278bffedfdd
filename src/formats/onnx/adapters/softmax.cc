// Softmax and its like worked on the input as a matrix, cut at `axis` (default 1). Whether that is the newer meaning depends
// on the rank, so an internal operator stands in until it is known.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  const int64_t axis = context.attributes().Int("axis", 1);
  Node& node = context.node();
  node.attributes.SetInt("axis", axis);
  if (axis == -1) return OkStatus();
  node.attributes.SetString("op", node.op);
  node.op = "CoercedSoftmax";
  node.domain = "webinfer";
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Softmax) { return {"Softmax", 13, Lift}; }
WEBINFER_ADAPTER(LogSoftmax) { return {"LogSoftmax", 13, Lift}; }
WEBINFER_ADAPTER(Hardmax) { return {"Hardmax", 13, Lift}; }

}  // namespace webinfer::onnx
