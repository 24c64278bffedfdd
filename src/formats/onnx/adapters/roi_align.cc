// RoiAlign's coordinates had no half-pixel shift.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  context.attributes().SetString("coordinate_transformation_mode", "output_half_pixel");
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(RoiAlign) { return {"RoiAlign", 16, Lift}; }

}  // namespace webinfer::onnx
