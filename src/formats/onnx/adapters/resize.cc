// Upsample is Resize as it began: scales only, pixel 0 at position 0. Set 11 brought the coordinate modes.
#include <climits>

#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Result<ValueId> Floats(AdapterContext& context, std::span<const float> values) {
  WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(DType::kFloat32, {static_cast<int64_t>(values.size())}));
  std::copy(values.begin(), values.end(), tensor.As<float>());
  return context.graph().AddConstant("", std::make_shared<Tensor>(std::move(tensor)));
}

Status LiftUpsample(AdapterContext& context) {
  Attributes& attributes = context.attributes();
  std::vector<float> scales(attributes.Floats("scales").begin(), attributes.Floats("scales").end());
  if (scales.empty() && attributes.Has("height_scale")) {
    scales = {1, 1, attributes.Float("height_scale", 1), attributes.Float("width_scale", 1)};
  }
  ValueId input = context.node().HasInput(1) ? context.node().inputs[1] : kNoValue;
  if (!scales.empty()) {
    WEBINFER_ASSIGN(input, Floats(context, scales));
  }
  if (attributes.String("mode", "nearest") == "bilinear") attributes.SetString("mode", "linear");
  context.node().op = "Resize";
  for (const char* name : {"scales", "height_scale", "width_scale"}) attributes.Remove(name);
  attributes.SetString("coordinate_transformation_mode", "asymmetric");
  attributes.SetString("nearest_mode", "floor");
  context.SetInput(1, kNoValue);
  context.SetInput(2, input);
  return OkStatus();
}

Status LiftResize10(AdapterContext& context) {
  context.attributes().SetString("coordinate_transformation_mode", "asymmetric");
  context.attributes().SetString("nearest_mode", "floor");
  context.SetInput(2, context.node().HasInput(1) ? context.node().inputs[1] : kNoValue);
  context.SetInput(1, kNoValue);
  return OkStatus();
}

// Set 11 could not leave inputs out; exporters write empty constants to this day.
Status DropEmptyInputs(AdapterContext& context) {
  for (size_t i = 1; i < context.node().inputs.size(); ++i) {
    const Tensor* constant = context.Constant(i);
    if (constant != nullptr && constant->shape.Elements() == 0) context.node().inputs[i] = kNoValue;
  }
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Upsample) { return {"Upsample", INT_MAX, LiftUpsample}; }
WEBINFER_ADAPTER(Resize11) { return {"Resize", 11, LiftResize10}; }
WEBINFER_ADAPTER(Resize) { return {"Resize", INT_MAX, DropEmptyInputs}; }

}  // namespace webinfer::onnx
