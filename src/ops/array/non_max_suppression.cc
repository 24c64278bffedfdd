// NonMaxSuppression: per batch and class the boxes of highest score that overlap no better one by more than iou_threshold.
#include <algorithm>

#include "ops/array/move.h"

namespace webinfer::ops {
namespace {

struct Box {
  float y1, x1, y2, x2, area;
};

struct NmsParams {
  int64_t batches, classes, boxes;
  bool centered;  // boxes are x_center, y_center, width, height
};

Status Infer(InferContext& ctx) {
  WEBINFER_TRY(ctx.ExpectRank(0, 3));
  WEBINFER_TRY(ctx.ExpectRank(1, 3));
  if (ctx.HasInput(2)) WEBINFER_TRY(ExpectIndexType(ctx, 2));
  const Shape &boxes = ctx.In(0).shape, &scores = ctx.In(1).shape;
  if (boxes.known() && scores.known() && (boxes[0] != scores[0] || boxes[1] != scores[2] || boxes[2] != 4)) {
    return Error(Code::kShapeMismatch, "Boxes and scores do not belong together")
        .Expected("[batches, boxes, 4] and [batches, classes, boxes]")
        .Actual("%s and %s", ShapeText(boxes).text, ShapeText(scores).text);
  }
  return ctx.SetOutput(0, DType::kInt64, Shape({kUnknownDim, 3}));
}

Box ReadBox(const float* data, bool centered) {
  Box box;
  if (centered) {
    box = {data[1] - data[3] / 2, data[0] - data[2] / 2, data[1] + data[3] / 2, data[0] + data[2] / 2, 0};
  } else {
    box = {std::min(data[0], data[2]), std::min(data[1], data[3]), std::max(data[0], data[2]), std::max(data[1], data[3]), 0};
  }
  box.area = (box.y2 - box.y1) * (box.x2 - box.x1);
  return box;
}

bool Overlaps(const Box& a, const Box& b, float threshold) {
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1), width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  if (height <= 0 || width <= 0 || a.area <= 0 || b.area <= 0) return false;
  const float common = height * width;
  return common > threshold * (a.area + b.area - common);
}

float ScalarOr(const Step& step, int i, float otherwise) {
  return step.HasInput(i) && step.in[i].elements() > 0 ? *step.in[i].As<float>() : otherwise;
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<NmsParams>();
  const int64_t most = step.HasInput(2) && step.in[2].elements() > 0 ? IndexAt(step.in[2].data, step.in[2].dtype, 0) : 0;
  const float iou_threshold = ScalarOr(step, 3, 0);
  const bool has_score_threshold = step.HasInput(4) && step.in[4].elements() > 0;
  const float score_threshold = ScalarOr(step, 4, 0);
  auto* order = reinterpret_cast<int64_t*>(step.scratch);
  auto* kept = reinterpret_cast<Box*>(step.scratch + params.boxes * static_cast<int64_t>(sizeof(int64_t)));
  Array<int64_t> selected;
  for (int64_t i = 0; i < params.batches * params.classes && most > 0; ++i) {
    const int64_t batch = i / params.classes;
    const float* scores = step.in[1].As<float>() + i * params.boxes;
    const float* boxes = step.in[0].As<float>() + batch * params.boxes * 4;
    int64_t candidates = 0;
    for (int64_t k = 0; k < params.boxes; ++k) {
      if (!has_score_threshold || scores[k] > score_threshold) order[candidates++] = k;
    }
    std::sort(order, order + candidates,
              [&](int64_t a, int64_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); });
    int64_t count = 0;
    for (int64_t k = 0; k < candidates && count < most; ++k) {
      const Box box = ReadBox(boxes + order[k] * 4, params.centered);
      const bool suppressed =
          std::any_of(kept, kept + count, [&](const Box& other) { return Overlaps(box, other, iou_threshold); });
      if (suppressed) continue;
      kept[count++] = box;
      for (int64_t value : {batch, i % params.classes, order[k]}) WEBINFER_TRY(selected.Append(value));
    }
  }
  WEBINFER_TRY(run.Resize(step.out[0], DType::kInt64, Shape({static_cast<int64_t>(selected.size() / 3), 3})));
  std::copy(selected.begin(), selected.end(), step.out[0].As<int64_t>());
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Shape& scores = ctx.In(1).shape;
  for (int i : {0, 1, 3, 4}) {
    if (ctx.HasInput(i) && ctx.In(i).dtype != DType::kFloat32) {
      return Error(Code::kTypeMismatch, "Boxes, scores or thresholds have the wrong type")
          .Expected("float32")
          .Actual("%s", DTypeName(ctx.In(i).dtype));
    }
  }
  WEBINFER_ASSIGN(NmsParams * params, ctx.Params<NmsParams>());
  params->batches = scores[0];
  params->classes = scores[1];
  params->boxes = scores[2];
  params->centered = ctx.attributes().Int("center_point_box", 0) != 0;
  ctx.SetScratch(static_cast<uint64_t>(params->boxes) * (sizeof(int64_t) + sizeof(Box)));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(NonMaxSuppression) {
  return {.name = "NonMaxSuppression",
          .since = 11,
          .min_inputs = 2,
          .max_inputs = 5,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
