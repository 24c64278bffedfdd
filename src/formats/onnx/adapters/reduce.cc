// Reductions took their axes as an attribute.
#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

Status Lift(AdapterContext& context) { return context.IntsToInput("axes", 1); }

}  // namespace

WEBINFER_ADAPTER(ReduceL1) { return {"ReduceL1", 18, Lift}; }
WEBINFER_ADAPTER(ReduceL2) { return {"ReduceL2", 18, Lift}; }
WEBINFER_ADAPTER(ReduceLogSum) { return {"ReduceLogSum", 18, Lift}; }
WEBINFER_ADAPTER(ReduceLogSumExp) { return {"ReduceLogSumExp", 18, Lift}; }
WEBINFER_ADAPTER(ReduceMax) { return {"ReduceMax", 18, Lift}; }
WEBINFER_ADAPTER(ReduceMean) { return {"ReduceMean", 18, Lift}; }
WEBINFER_ADAPTER(ReduceMin) { return {"ReduceMin", 18, Lift}; }
WEBINFER_ADAPTER(ReduceProd) { return {"ReduceProd", 18, Lift}; }
WEBINFER_ADAPTER(ReduceSum) { return {"ReduceSum", 13, Lift}; }
WEBINFER_ADAPTER(ReduceSumSquare) { return {"ReduceSumSquare", 18, Lift}; }

}  // namespace webinfer::onnx
