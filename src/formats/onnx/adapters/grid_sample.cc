// GridSample's modes had names for two dimensions.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  const std::string_view mode = context.attributes().String("mode", "bilinear");
  if (mode == "bilinear") context.attributes().SetString("mode", "linear");
  if (mode == "bicubic") context.attributes().SetString("mode", "cubic");
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(GridSample) { return {"GridSample", 20, Lift}; }

}  // namespace webinfer::onnx
