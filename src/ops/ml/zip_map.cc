// ZipMap: each row of scores as a map from the classes' labels, in a sequence.
#include <algorithm>

#include "ops/ml/scores.h"
#include "ops/sequence/sequence.h"

namespace webinfer::ops {
namespace {

ClassLabels LabelsOf(const Attributes& attributes) { return ClassLabels::Of(attributes, "classlabels_int64s"); }

Status Infer(InferContext& ctx) {
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  const ClassLabels labels = LabelsOf(ctx.attributes());
  if (rows.columns >= 0) WEBINFER_TRY(ExpectColumns(ctx, rows, labels.size()));
  if (ctx.In(0).dtype != DType::kFloat32 && ctx.In(0).dtype != DType::kUndefined) {
    return Error(Code::kTypeMismatch, "ZipMap takes scores").Expected("float32").Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  SetSequence(ctx, 0, DType::kFloat32);
  return OkStatus();
}

Status Kernel(const Step& step, RunContext& run) {
  const ClassLabels labels = LabelsOf(step.node->attributes);
  const int64_t count = labels.size(), rows = count > 0 ? step.in[0].elements() / count : 0;
  auto** names = reinterpret_cast<const StringData**>(step.scratch);
  for (size_t i = 0; i < labels.strings.size(); ++i) {
    WEBINFER_ASSIGN(names[i], run.strings().Add(labels.strings[i]));
  }
  // A vector cannot say that there is no memory, so it is asked for first.
  if (step.out[0].value->elements.capacity() < static_cast<size_t>(rows)) {
    Buffer room;
    WEBINFER_TRY(room.Allocate(static_cast<uint64_t>(rows) * 3 * sizeof(RuntimeValue), "maps"));
  }
  RuntimeValue& sequence = StartSequence(step.out[0], DType::kFloat32, static_cast<size_t>(rows));
  const auto* scores = step.in[0].As<float>();
  for (RuntimeValue& map : sequence.elements) {
    WEBINFER_TRY(map.ResizeMap(labels.dtype(), DType::kFloat32, count));
    if (labels.named()) {
      std::copy(names, names + count, map.map_keys().As<const StringData*>());
    } else {
      std::copy(labels.ints.begin(), labels.ints.end(), map.map_keys().As<int64_t>());
    }
    std::copy(scores, scores + count, map.map_values().As<float>());
    scores += count;
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  ctx.SetScratch(LabelWriter::ScratchBytes(LabelsOf(ctx.attributes())));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_ZipMap) {
  return {.name = "ZipMap", .domain = "ai.onnx.ml", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
