// BatchNormalization had a form with statistics for each position, and training as soon as its statistics were wanted.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

// (x - mean) / sqrt(variance + epsilon) * scale + bias, where all but x lack the batch axis: NumPy's broadcasting fits.
Status ComposeByPosition(AdapterContext& context) {
  Node& node = context.node();
  const std::vector<ValueId> in = node.inputs;
  if (in.size() < 5) return OkStatus();
  WEBINFER_ASSIGN(const ValueId epsilon, context.FloatLike(context.attributes().Float("epsilon", 1e-5f), 0));
  const ValueId spread = context.AddBefore("Sqrt", {context.AddBefore("Add", {in[4], epsilon})});
  const ValueId factor = context.AddBefore("Div", {in[1], spread});
  const ValueId centred = context.AddBefore("Sub", {in[0], in[3]});
  node.op = "Add";
  node.inputs = {context.AddBefore("Mul", {centred, factor}), in[2]};
  node.outputs.resize(1);
  node.attributes = Attributes();
  return OkStatus();
}

Status LiftSpatial(AdapterContext& context) {
  if (context.attributes().Int("spatial", 1) == 0) {
    if (!context.node().HasOutput(1) && !context.node().HasOutput(2)) return ComposeByPosition(context);
    return Error(Code::kUnsupported, "Training with statistics for each position is not supported")
        .Expected("spatial = 1, or one output")
        .Actual("spatial = 0");
  }
  context.attributes().Remove("spatial");
  context.attributes().Remove("is_test");
  context.attributes().Remove("consumed_inputs");
  return OkStatus();
}

Status LiftTraining(AdapterContext& context) {
  if (context.node().op != "BatchNormalization") return OkStatus();
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
