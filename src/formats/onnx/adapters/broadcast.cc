// Before set 7, binary operators broadcast the second input only, to where attribute "axis" said (default: the last axes).
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

constexpr int kNumpyBroadcastSince = 7;

Status Lift(AdapterContext& context) {
  const Attribute* axis = context.attributes().Find("axis");
  if (axis != nullptr && context.node().HasInput(1)) {
    const int64_t at = axis->i;
    context.SetInput(1, context.AddBefore("AlignAxis", {context.node().inputs[1], context.node().inputs[0]}, "webinfer"));
    context.Last().attributes.SetInt("axis", at);
  }
  context.attributes().Remove("axis");
  context.attributes().Remove("broadcast");
  return OkStatus();
}

// The slope was one number, or one per channel (axis 1).
Status LiftPRelu(AdapterContext& context) {
  if (!context.node().HasInput(1)) return OkStatus();
  context.SetInput(1, context.AddBefore("AlignAxis", {context.node().inputs[1], context.node().inputs[0]}, "webinfer"));
  context.Last().attributes.SetInt("axis", 1);
  return OkStatus();
}

// Gemm's C broadcasts by itself.
Status DropBroadcast(AdapterContext& context) {
  context.attributes().Remove("broadcast");
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Add) { return {"Add", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Sub) { return {"Sub", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Mul) { return {"Mul", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Div) { return {"Div", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Pow) { return {"Pow", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(And) { return {"And", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Or) { return {"Or", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Xor) { return {"Xor", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Equal) { return {"Equal", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Greater) { return {"Greater", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Less) { return {"Less", kNumpyBroadcastSince, Lift}; }
WEBINFER_ADAPTER(Gemm) { return {"Gemm", kNumpyBroadcastSince, DropBroadcast}; }
WEBINFER_ADAPTER(PRelu) { return {"PRelu", kNumpyBroadcastSince, LiftPRelu}; }

}  // namespace webinfer::onnx
