// SVMClassifier: one decision value for each pair of classes, votes for the label, and with prob_a and prob_b the probabilities
// that fit the pairs best (Wu, Lin, Weng: Probability Estimates for Multi-class Classification by Pairwise Coupling, 2004).
//
// Without support vectors it is one linear model for each class. Which scores come out is onnxruntime's choice: probabilities,
// else the decision values of all pairs, of which two classes get two.
#include <algorithm>
#include <cmath>

#include "ops/ml/svm.h"

namespace webinfer::ops {
namespace {

struct SvmParams {
  SvmVectors vectors;
  int64_t classes, pairs, columns;  // columns: scores given out
  const int64_t* per_class;         // nullptr: linear models
  const float *coefficients, *rho, *prob_a, *prob_b;
  PostTransform transform;
  bool positive;  // no coefficient is negative
  int64_t thread_floats;
  uint64_t header;
};

ClassLabels LabelsOf(const Attributes& attributes) { return ClassLabels::Of(attributes, "classlabels_ints"); }
bool HasVectors(const Attributes& attributes) {
  const std::span<const int64_t> counts = attributes.Ints("vectors_per_class");
  return std::any_of(counts.begin(), counts.end(), [](int64_t count) { return count != 0; });
}

int64_t ScoreColumns(const Attributes& attributes) {
  const int64_t classes = LabelsOf(attributes).size();
  if (!HasVectors(attributes) || !attributes.Floats("prob_a").empty()) return classes;
  return classes > 2 ? classes * (classes - 1) / 2 : 2;
}

Status Infer(InferContext& ctx) {
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  const ClassLabels labels = LabelsOf(ctx.attributes());
  constexpr int64_t kMostClasses = 65535;
  if (labels.size() < 1 || labels.size() > kMostClasses) {
    return Error(Code::kInvalidModel, "A classifier needs labels")
        .Expected("1 to %lld", static_cast<long long>(kMostClasses))
        .Actual("%lld", static_cast<long long>(labels.size()));
  }
  WEBINFER_TRY(ctx.SetOutput(0, labels.dtype(), Shape({rows.count})));
  return ctx.SetOutput(1, DType::kFloat32, Shape({rows.count, ScoreColumns(ctx.attributes())}));
}

// The decision value of each pair of classes; returns the class with the most votes.
int64_t Decide(const SvmParams& p, const float* kernels, float* decisions, float* votes) {
  std::fill(votes, votes + p.classes, 0.0f);
  int64_t start_i = 0, pair = 0;
  for (int64_t i = 0; i < p.classes; ++i) {
    int64_t start_j = start_i + p.per_class[i];
    for (int64_t j = i + 1; j < p.classes; ++j, ++pair) {
      double sum = 0;
      const float* row = p.coefficients + (j - 1) * p.vectors.count;
      for (int64_t m = start_i; m < start_i + p.per_class[i]; ++m) sum += row[m] * kernels[m];
      row = p.coefficients + i * p.vectors.count;
      for (int64_t m = start_j; m < start_j + p.per_class[j]; ++m) sum += row[m] * kernels[m];
      sum += p.rho[pair];
      decisions[pair] = static_cast<float>(sum);
      ++votes[sum > 0 ? i : j];
      start_j += p.per_class[j];
    }
    start_i += p.per_class[i];
  }
  return std::max_element(votes, votes + p.classes) - votes;
}

// Class probabilities from those of all pairs: libsvm's multiclass_probability. `r` and `q` are [classes, classes].
void Couple(int64_t classes, const float* r, float* q, float* qp, float* p) {
  constexpr int kMostRounds = 100;
  const float enough = 0.005f / static_cast<float>(classes);
  for (int64_t i = 0; i < classes; ++i) {
    p[i] = 1 / static_cast<float>(classes);
    float* row = q + i * classes;
    row[i] = 0;
    for (int64_t j = 0; j < classes; ++j) {
      if (j != i) row[i] += r[j * classes + i] * r[j * classes + i];
      if (j < i) row[j] = q[j * classes + i];
      if (j > i) row[j] = -r[j * classes + i] * r[i * classes + j];
    }
  }
  for (int round = 0; round < kMostRounds; ++round) {
    float pqp = 0, worst = 0;
    for (int64_t i = 0; i < classes; ++i) {
      qp[i] = 0;
      for (int64_t j = 0; j < classes; ++j) qp[i] += q[i * classes + j] * p[j];
      pqp += p[i] * qp[i];
    }
    for (int64_t i = 0; i < classes; ++i) worst = std::max(worst, std::abs(qp[i] - pqp));
    if (worst < enough) return;
    for (int64_t i = 0; i < classes; ++i) {
      const float diagonal = q[i * classes + i], step = (pqp - qp[i]) / diagonal, scale = 1 + step;
      p[i] += step;
      pqp = (pqp + step * (step * diagonal + 2 * qp[i])) / scale / scale;
      for (int64_t j = 0; j < classes; ++j) {
        qp[j] = (qp[j] + step * q[i * classes + j]) / scale;
        p[j] /= scale;
      }
    }
  }
}

// Platt's sigmoid for each pair, then for each class. `memory` has 2 classes^2 + classes floats.
void EstimateProbabilities(const SvmParams& p, const float* decisions, float* memory, float* probabilities) {
  constexpr float kLeast = 1e-7f;
  float *r = memory, *q = r + p.classes * p.classes, *qp = q + p.classes * p.classes;
  int64_t pair = 0;
  for (int64_t i = 0; i < p.classes; ++i) {
    r[i * p.classes + i] = 0;
    for (int64_t j = i + 1; j < p.classes; ++j, ++pair) {
      const float x = decisions[pair] * p.prob_a[pair] + p.prob_b[pair];
      const float likely = 1 / (1 + std::exp(-std::abs(x))), probability = 1 - (x < 0 ? 1 - likely : likely);
      r[i * p.classes + j] = std::min(std::max(probability, kLeast), 1 - kLeast);
      r[j * p.classes + i] = 1 - r[i * p.classes + j];
    }
  }
  Couple(p.classes, r, q, qp, probabilities);
}

int64_t ScoreRow(const SvmParams& p, const float* x, float* memory, float* scores) {
  if (p.per_class == nullptr) {
    p.vectors.Evaluate(x, scores);
    for (int64_t i = 0; i < p.classes; ++i) scores[i] += p.rho[0];
    const int64_t best = std::max_element(scores, scores + p.classes) - scores;
    const bool second = p.classes == 2 && p.prob_a == nullptr && (p.positive ? scores[best] >= 0.5f : scores[best] > 0);
    TransformScores(p.transform, scores, p.classes);
    return second ? 1 : best;
  }
  float *kernels = memory, *decisions = kernels + p.vectors.count, *votes = decisions + p.pairs;
  p.vectors.Evaluate(x, kernels);
  const int64_t best = Decide(p, kernels, decisions, votes);
  if (p.prob_a != nullptr) {
    EstimateProbabilities(p, decisions, votes + p.classes, scores);
    TransformScores(p.transform, scores, p.classes);
  } else {
    std::copy(decisions, decisions + p.pairs, scores);
    if (p.classes > 2) {
      TransformScores(p.transform, scores, p.pairs);
    } else {
      SplitScore(p.transform, p.transform != PostTransform::kNone, scores);
    }
  }
  return best;
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& p = step.Params<SvmParams>();
  const ClassLabels labels = LabelsOf(step.node->attributes);
  LabelWriter writer(labels, step.out[0], step.scratch);
  WEBINFER_TRY(writer.Start(run));
  const int64_t rows = step.in[0].shape.rank() == 2 ? step.in[0].shape[0] : 1;
  run.pool().ParallelFor(static_cast<int>(rows), [&](int row, int thread) {
    float* memory = reinterpret_cast<float*>(step.scratch + p.header) + thread * p.thread_floats;
    const float* x = FloatRow(step.in[0], row, p.vectors.features, memory);
    memory += p.vectors.features;
    float* scores = step.HasOutput(1) ? step.out[1].As<float>() + row * p.columns : memory;
    writer.Write(row, ScoreRow(p, x, memory + p.columns, scores));
  });
  return OkStatus();
}

Status ReadPairs(const Attributes& attributes, SvmParams* p) {
  const std::span<const int64_t> counts = attributes.Ints("vectors_per_class");
  const std::span<const float> a = attributes.Floats("prob_a"), b = attributes.Floats("prob_b");
  WEBINFER_TRY(ExpectLength("vectors_per_class", std::ssize(counts), p->classes));
  if (p->classes < 2)
    return Error(Code::kInvalidModel, "Support vectors of one class decide nothing").Expected("2 labels or more");
  WEBINFER_TRY(ExpectLength("coefficients", std::ssize(attributes.Floats("coefficients")), (p->classes - 1) * p->vectors.count));
  WEBINFER_TRY(ExpectLength("rho", std::ssize(attributes.Floats("rho")), p->pairs));
  WEBINFER_TRY(ExpectLength("prob_b", std::ssize(b), std::ssize(a)));
  if (!a.empty()) WEBINFER_TRY(ExpectLength("prob_a", std::ssize(a), p->pairs));
  p->per_class = counts.data();
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Attributes& attributes = ctx.attributes();
  WEBINFER_ASSIGN(SvmParams * p, ctx.Params<SvmParams>());
  const ClassLabels labels = LabelsOf(attributes);
  const std::span<const float> coefficients = attributes.Floats("coefficients"), rho = attributes.Floats("rho");
  const std::span<const float> a = attributes.Floats("prob_a");
  p->classes = labels.size();
  p->pairs = p->classes * (p->classes - 1) / 2;
  p->columns = ScoreColumns(attributes);
  WEBINFER_TRY(ReadPostTransform(attributes, &p->transform));
  int64_t count = 0;
  for (const int64_t here : attributes.Ints("vectors_per_class")) {
    if (here < 0 || here > INT32_MAX) return Error(Code::kInvalidModel, "vectors_per_class is impossible");
    count += here;
  }
  WEBINFER_TRY(ReadSvmVectors(attributes, count, p->classes, &p->vectors));
  if (rho.empty()) return Error(Code::kInvalidModel, "Attribute rho is missing");
  if (count > 0) WEBINFER_TRY(ReadPairs(attributes, p));
  Rows rows;
  WEBINFER_TRY(RowsOf(ctx, &rows));
  WEBINFER_TRY(ExpectColumns(ctx, rows, p->vectors.features));
  if (rows.count > INT32_MAX) return Error(Code::kUnsupported, "There are too many rows");
  p->coefficients = coefficients.data();
  p->rho = rho.data();
  p->prob_a = a.empty() ? nullptr : a.data();
  p->prob_b = attributes.Floats("prob_b").data();
  p->positive = std::all_of(coefficients.begin(), coefficients.end(), [](float c) { return c >= 0; });
  p->thread_floats = p->vectors.features + p->columns + p->vectors.count + p->pairs + p->classes;
  if (p->prob_a != nullptr) p->thread_floats += 2 * p->classes * p->classes + p->classes;
  p->header = LabelWriter::ScratchBytes(labels);
  ctx.SetScratch(p->header + static_cast<uint64_t>(p->thread_floats) * static_cast<uint64_t>(ctx.threads()) * sizeof(float));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_SVMClassifier) {
  return {.name = "SVMClassifier",
          .domain = "ai.onnx.ml",
          .min_outputs = 1,
          .max_outputs = 2,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind};
}
