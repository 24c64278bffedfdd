// Slice took its bounds as attributes.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  WEBINFER_TRY(context.IntsToInput("starts", 1));
  WEBINFER_TRY(context.IntsToInput("ends", 2));
  return context.IntsToInput("axes", 3);
}

}  // namespace

WEBINFER_ADAPTER(Slice) { return {"Slice", 10, Lift}; }

}  // namespace webinfer::onnx
