// BatchNormalization had a form with statistics for each position, and training as soon as its statistics were wanted.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status LiftSpatial(AdapterContext& context) {
  if (context.attributes().Int("spatial", 1) == 0) {
    return Error(Code::kUnsupported, "Statistics for each position are not supported")
        .Expected("spatial = 1")
        .Actual("spatial = 0");
  }
  context.attributes().Remove("spatial");
  context.attributes().Remove("is_test");
  return OkStatus();
}

Status LiftTraining(AdapterContext& context) {
  std::vector<ValueId>& outputs = context.node().outputs;
  const bool training = context.node().HasOutput(1) || context.node().HasOutput(2);
  if (outputs.size() > 3) outputs.resize(3);  // saved_mean and saved_var were for the gradient
  if (training) context.attributes().SetInt("training_mode", 1);
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(BatchNormalization9) { return {"BatchNormalization", 9, LiftSpatial}; }
WEBINFER_ADAPTER(BatchNormalization14) { return {"BatchNormalization", 14, LiftTraining}; }

}  // namespace webinfer::onnx
