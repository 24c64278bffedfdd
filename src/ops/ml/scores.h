// What classifiers and regressors share: what becomes of raw scores, labels of classes, and how rows are read.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ops/op.h"

namespace webinfer::ops {

enum class PostTransform : uint8_t { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };

// Attribute post_transform, "NONE" if it is left out.
Status ReadPostTransform(const Attributes& attributes, PostTransform* transform);

// Transforms the scores of one row in place. As in onnxruntime, nothing but PROBIT changes a single score.
template <typename T>
void TransformScores(PostTransform transform, T* scores, int64_t count);

// The scores of two classes from the one score that a binary classifier has, as onnxruntime derives them: scores[0] is read,
// scores[0] and scores[1] are written. A probability leaves the rest to the other class; any other score is mirrored.
template <typename T>
void SplitScore(PostTransform transform, bool probability, T* scores);

// Labels of classes: strings, or the integers of the attribute `ints`.
struct ClassLabels {
  std::span<const std::string> strings;
  std::span<const int64_t> ints;

  static ClassLabels Of(const Attributes& attributes, std::string_view ints);
  bool named() const { return !strings.empty(); }
  int64_t size() const { return static_cast<int64_t>(named() ? strings.size() : ints.size()); }
  DType dtype() const { return named() ? DType::kString : DType::kInt64; }
};

// Writes labels to an output that may be left out; on any thread once it has started. Each string is made once a run.
class LabelWriter {
 public:
  // Scratch for `labels`, a multiple of 64.
  static uint64_t ScratchBytes(const ClassLabels& labels) {
    return labels.named() ? ((labels.strings.size() + 2) * sizeof(const StringData*) + 63) / 64 * 64 : 0;
  }
  LabelWriter(const ClassLabels& labels, const Operand& out, void* scratch)
      : labels_(labels), out_(out), made_(static_cast<const StringData**>(scratch)) {}
  Status Start(RunContext& run);
  // `label` is a place in the labels.
  void Write(int64_t row, int64_t label);
  // 0 or 1 in place of a label, which is what a classifier answers that has not two labels.
  void WriteNumber(int64_t row, int64_t number);

 private:
  const ClassLabels& labels_;
  const Operand& out_;
  const StringData** made_;  // the labels, "0" and "1"
};

// Input 0 as rows of numbers: [N, F], or [F] for one row. Unknown sizes stay unknown.
struct Rows {
  int64_t count = kUnknownDim, columns = kUnknownDim;
};
Status RowsOf(const InferContext& ctx, Rows* rows);
// An error unless rows have `columns` numbers.
Status ExpectColumns(const InferContext& ctx, const Rows& rows, int64_t columns);

Status ExpectLength(std::string_view attribute, int64_t length, int64_t wanted);

}  // namespace webinfer::ops
