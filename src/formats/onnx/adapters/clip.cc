// Clip took its bounds as attributes.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) {
  constexpr std::string_view kBounds[] = {"min", "max"};
  for (size_t i = 0; i < std::size(kBounds); ++i) {
    const Attribute* bound = context.attributes().Find(kBounds[i]);
    if (bound == nullptr) continue;
    WEBINFER_ASSIGN(const ValueId constant, context.FloatLike(bound->f, 0));
    context.SetInput(i + 1, constant);
    context.attributes().Remove(kBounds[i]);
  }
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Clip) { return {"Clip", 11, Lift}; }

}  // namespace webinfer::onnx
