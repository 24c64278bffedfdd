#include "ops/nn/matrix_shape.h"

namespace webinfer::ops {

MatrixShape AsMatrix(const Shape& shape, bool transposed, bool is_left) {
  MatrixShape matrix{1, 1, Shape()};
  const int rank = shape.rank();
  if (rank == 1) {
    (is_left ? matrix.columns : matrix.rows) = shape[0];
    return matrix;
  }
  for (int i = 0; i + 2 < rank; ++i) matrix.batch.Append(shape[i]);
  matrix.rows = shape[transposed ? rank - 1 : rank - 2];
  matrix.columns = shape[transposed ? rank - 2 : rank - 1];
  return matrix;
}

Result<Shape> ProductShape(const Shape& a, bool trans_a, const Shape& b, bool trans_b) {
  if (!a.rank_known() || !b.rank_known()) return Shape::UnknownRank();
  if (a.rank() == 0 || b.rank() == 0) {
    return Error(Code::kShapeMismatch, "MatMul of a scalar")
        .Expected("rank 1 or more")
        .Actual("%s and %s", ShapeText(a).text, ShapeText(b).text);
  }
  const MatrixShape left = AsMatrix(a, trans_a, true), right = AsMatrix(b, trans_b, false);
  if (left.columns >= 0 && right.rows >= 0 && left.columns != right.rows) {
    return Error(Code::kShapeMismatch, "The inner sizes of a matrix product differ")
        .Expected("%lld rows of b %s", static_cast<long long>(left.columns), ShapeText(b).text)
        .Actual("%lld; a is %s", static_cast<long long>(right.rows), ShapeText(a).text);
  }
  WEBINFER_ASSIGN(Shape out, Broadcast(left.batch, right.batch));
  if (a.rank() > 1) out.Append(left.rows);
  if (b.rank() > 1) out.Append(right.columns);
  return out;
}

void MatrixBatches::Set(const Shape& a, const Shape& b, const Shape& batch, int64_t a_step, int64_t b_step) {
  rank = batch.rank();
  count = static_cast<int>(batch.Elements());
  for (int i = rank - 1; i >= 0; --i) {
    const int in_a = i - (rank - a.rank()), in_b = i - (rank - b.rank());
    dims[i] = batch[i];
    a_steps[i] = in_a >= 0 && a[in_a] != 1 ? a_step : 0;
    b_steps[i] = in_b >= 0 && b[in_b] != 1 ? b_step : 0;
    if (in_a >= 0) a_step *= a[in_a];
    if (in_b >= 0) b_step *= b[in_b];
  }
}

void MatrixBatches::Locate(int64_t index, int64_t* a_offset, int64_t* b_offset) const {
  *a_offset = *b_offset = 0;
  for (int i = rank - 1; i >= 0; --i) {
    *a_offset += index % dims[i] * a_steps[i];
    *b_offset += index % dims[i] * b_steps[i];
    index /= dims[i];
  }
}

}  // namespace webinfer::ops
