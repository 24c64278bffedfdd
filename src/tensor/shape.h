// Shapes: up to kMaxRank dimensions, each known or not, or not even a known rank.
//
// One class serves the whole way: symbolic and unknown sizes while a model is loaded, integers once inputs are bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "base/status.h"

namespace webinfer {

inline constexpr int kMaxRank = 8;
// Every negative size is unknown. While a model is prepared, sizes below kUnknownDim are symbols: two of the same number are
// the same size, whatever it will be. Copy unknown sizes rather than replacing them, and test with `< 0`.
inline constexpr int64_t kUnknownDim = -1;

class Shape {
 public:
  Shape() = default;  // rank 0: a scalar
  Shape(std::initializer_list<int64_t> dims) : rank_(static_cast<int8_t>(dims.size())) {
    int i = 0;
    for (int64_t dim : dims) dims_[i++] = dim;
  }
  static Shape UnknownRank() {
    Shape shape;
    shape.rank_ = -1;
    return shape;
  }
  static Shape Unknown(int rank) {
    Shape shape;
    shape.rank_ = static_cast<int8_t>(rank);
    for (int i = 0; i < rank; ++i) shape.dims_[i] = kUnknownDim;
    return shape;
  }
  // Fails for more than kMaxRank dimensions.
  static Result<Shape> Of(std::span<const int64_t> dims);

  bool rank_known() const { return rank_ >= 0; }
  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return dims_[axis]; }
  int64_t& operator[](int axis) { return dims_[axis]; }
  std::span<const int64_t> dims() const { return {dims_, static_cast<size_t>(rank_ < 0 ? 0 : rank_)}; }
  const int64_t* begin() const { return dims_; }
  const int64_t* end() const { return dims_ + (rank_ < 0 ? 0 : rank_); }

  // True if the rank and every dimension are known.
  bool known() const;
  // Product of dims [first, last); all must be known. No overflow once CheckedElements has passed.
  int64_t Elements(int first, int last) const;
  int64_t Elements() const { return Elements(0, rank_); }
  // The product of all dims, or an error when it (or its bytes at 16 bytes an element) does not fit 2^62.
  Result<int64_t> CheckedElements() const;

  void Append(int64_t dim) { dims_[rank_++] = dim; }  // the caller checks rank() < kMaxRank
  void Insert(int axis, int64_t dim);
  void Erase(int axis);

  bool operator==(const Shape& other) const;

 private:
  int64_t dims_[kMaxRank] = {};
  int8_t rank_ = 0;
};

// "[1,3,?,224]", "[?rank]"; for messages.
struct ShapeText {
  explicit ShapeText(const Shape& shape);
  char text[kMaxRank * 21 + 4];
};

// Normalises a possibly negative axis of a tensor of `rank`; an error outside [-rank, rank).
Result<int> NormalizeAxis(int64_t axis, int rank);

// NumPy/ONNX broadcasting of two shapes; unknown dims stay unknown unless the other side decides them.
Result<Shape> Broadcast(const Shape& a, const Shape& b);

// What two descriptions of the same value agree on; an error if they contradict each other.
Result<Shape> MergeShapes(const Shape& a, const Shape& b);

}  // namespace webinfer
