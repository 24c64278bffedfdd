// Shapes of matrix products by NumPy's rules: vectors, batches, broadcasting.
#pragma once

#include "ops/op.h"

namespace webinfer::ops {

// The operand as a matrix: its two last axes, transposed if asked for; a vector is a row (a) or a column (b).
struct MatrixShape {
  int64_t rows, columns;
  Shape batch;
};
MatrixShape AsMatrix(const Shape& shape, bool transposed, bool is_left);

// Of op(a) op(b), as far as it is known.
Result<Shape> ProductShape(const Shape& a, bool trans_a, const Shape& b, bool trans_b);

// The products that a batch consists of, and where their operands begin. One product until Set is called.
struct MatrixBatches {
  int count = 1, rank = 0;
  int64_t dims[kMaxRank], a_steps[kMaxRank], b_steps[kMaxRank];

  // `a_step` and `b_step`: elements from one matrix to the next.
  void Set(const Shape& a, const Shape& b, const Shape& batch, int64_t a_step, int64_t b_step);
  void Locate(int64_t index, int64_t* a_offset, int64_t* b_offset) const;
};

}  // namespace webinfer::ops
