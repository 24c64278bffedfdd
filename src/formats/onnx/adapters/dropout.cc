// Dropout took its ratio as an attribute, and once made a mask of the data's type. Old models only ever mean inference.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status LiftMask(AdapterContext& context) {
  context.attributes().Remove("is_test");
  if (!context.node().HasOutput(1)) return OkStatus();
  const ValueId mask = context.DetachOutput(1);
  context.AddAfter("CastLike", {context.node().outputs[1], context.node().inputs[0]}, {mask});
  return OkStatus();
}

Status LiftRatio(AdapterContext& context) {
  const Attribute* ratio = context.attributes().Find("ratio");
  if (ratio == nullptr) return OkStatus();
  WEBINFER_ASSIGN(const ValueId constant, context.Float(ratio->f));
  context.SetInput(1, constant);
  context.attributes().Remove("ratio");
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Dropout10) { return {"Dropout", 10, LiftMask}; }
WEBINFER_ADAPTER(Dropout12) { return {"Dropout", 12, LiftRatio}; }

}  // namespace webinfer::onnx
