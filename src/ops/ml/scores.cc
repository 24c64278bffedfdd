#include "ops/ml/scores.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace webinfer::ops {

namespace {

// sqrt(2) erfinv(2 p - 1), by Winitzki's approximation with onnxruntime's constants.
double Probit(double p) {
  const double x = 2 * p - 1, log = std::log((1 - x) * (1 + x));
  const double v = 2 / (3.14159 * 0.147) + 0.5 * log;
  const double root = std::sqrt(-v + std::sqrt(v * v - log / 0.147));
  return 1.41421356 * (x < 0 ? -root : root);
}

double Logistic(double x) {
  const double v = 1 / (1 + std::exp(-std::abs(x)));
  return x < 0 ? 1 - v : v;
}

}  // namespace

Status ReadPostTransform(const Attributes& attributes, PostTransform* transform) {
  constexpr std::string_view kNames[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
  const std::string_view name = attributes.String("post_transform", "NONE");
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    return Error(Code::kInvalidModel, "post_transform is unknown")
        .Expected("NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT")
        .Actual("%.*s", static_cast<int>(std::min<size_t>(name.size(), 40)), name.data());
  }
  *transform = static_cast<PostTransform>(found - std::begin(kNames));
  return OkStatus();
}

template <typename T>
void TransformScores(PostTransform transform, T* scores, int64_t count) {
  if (count == 1 && transform != PostTransform::kProbit) return;
  switch (transform) {
    case PostTransform::kNone: return;
    case PostTransform::kLogistic:
      for (int64_t i = 0; i < count; ++i) scores[i] = static_cast<T>(Logistic(scores[i]));
      return;
    case PostTransform::kProbit:
      for (int64_t i = 0; i < count; ++i) scores[i] = static_cast<T>(Probit(scores[i]));
      return;
    case PostTransform::kSoftmax:
    case PostTransform::kSoftmaxZero: {
      T most = std::numeric_limits<T>::lowest(), total = 0;
      for (int64_t i = 0; i < count; ++i) most = scores[i] > most ? scores[i] : most;
      for (int64_t i = 0; i < count; ++i) {
        // What counts as zero, and that it is scaled all the same, is onnxruntime's.
        if (transform == PostTransform::kSoftmaxZero && std::abs(scores[i]) <= T(1e-7)) {
          scores[i] *= std::exp(-most);
        } else {
          total += scores[i] = std::exp(scores[i] - most);
        }
      }
      for (int64_t i = 0; i < count; ++i) scores[i] /= total;
      return;
    }
  }
}

template void TransformScores(PostTransform, float*, int64_t);
template void TransformScores(PostTransform, double*, int64_t);

template <typename T>
void SplitScore(PostTransform transform, bool probability, T* scores) {
  const T score = scores[0];
  if (transform == PostTransform::kProbit) {
    scores[0] = static_cast<T>(Probit(score));
    scores[1] = 0;
  } else if (transform == PostTransform::kLogistic) {
    scores[0] = static_cast<T>(Logistic(-score));
    scores[1] = static_cast<T>(Logistic(score));
  } else {
    scores[0] = probability ? 1 - score : -score;
    scores[1] = score;
  }
}

template void SplitScore(PostTransform, bool, float*);
template void SplitScore(PostTransform, bool, double*);

ClassLabels ClassLabels::Of(const Attributes& attributes, std::string_view ints) {
  return {attributes.Strings("classlabels_strings"), attributes.Ints(ints)};
}

Status LabelWriter::Start(RunContext& run) {
  if (!out_.present || !labels_.named()) return OkStatus();
  const size_t count = labels_.strings.size();
  for (size_t i = 0; i < count; ++i) {
    WEBINFER_ASSIGN(made_[i], run.strings().Add(labels_.strings[i]));
  }
  WEBINFER_ASSIGN(made_[count], run.strings().Add("0"));
  WEBINFER_ASSIGN(made_[count + 1], run.strings().Add("1"));
  return OkStatus();
}

void LabelWriter::Write(int64_t row, int64_t label) {
  if (!out_.present) return;
  if (labels_.named()) {
    out_.As<const StringData*>()[row] = made_[static_cast<size_t>(label)];
  } else {
    out_.As<int64_t>()[row] = labels_.ints[static_cast<size_t>(label)];
  }
}

void LabelWriter::WriteNumber(int64_t row, int64_t number) {
  if (!out_.present) return;
  if (labels_.named()) {
    out_.As<const StringData*>()[row] = made_[labels_.strings.size() + static_cast<size_t>(number)];
  } else {
    out_.As<int64_t>()[row] = number;
  }
}

Status RowsOf(const InferContext& ctx, Rows* rows) {
  const ValueInfo& x = ctx.In(0);
  *rows = Rows();
  const bool numeric = x.dtype != DType::kString && x.dtype != DType::kComplex64 && x.dtype != DType::kComplex128 &&
                       (x.dtype == DType::kUndefined || DTypeBits(x.dtype) >= 8);
  const int rank = x.shape.rank();
  if (x.kind != ValueKind::kTensor || !numeric || (x.shape.rank_known() && rank != 1 && rank != 2)) {
    return Error(Code::kShapeMismatch, "The input is not rows of numbers")
        .Expected("numbers [N, F] or [F]")
        .Actual("%s%s", DTypeName(x.dtype), ShapeText(x.shape).text);
  }
  if (!x.shape.rank_known()) return OkStatus();
  rows->count = rank == 2 ? x.shape[0] : 1;
  rows->columns = x.shape[rank - 1];
  return OkStatus();
}

Status ExpectColumns(const InferContext& ctx, const Rows& rows, int64_t columns) {
  if (rows.columns == columns) return OkStatus();
  return Error(Code::kShapeMismatch, "The rows of the input have the wrong number of features")
      .Expected("%lld", static_cast<long long>(columns))
      .Actual("%s", ShapeText(ctx.In(0).shape).text);
}

Status ExpectLength(std::string_view attribute, int64_t length, int64_t wanted) {
  if (length == wanted) return OkStatus();
  return Error(Code::kInvalidModel, "Attribute %.*s has the wrong length", static_cast<int>(attribute.size()), attribute.data())
      .Expected("%lld", static_cast<long long>(wanted))
      .Actual("%lld", static_cast<long long>(length));
}

}  // namespace webinfer::ops
