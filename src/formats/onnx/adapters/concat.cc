// Concat joined axis 1 where nothing else was said.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  if (!context.attributes().Has("axis")) context.attributes().SetInt("axis", 1);
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Concat) { return {"Concat", 4, Lift}; }

}  // namespace webinfer::onnx
