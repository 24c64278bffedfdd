#include "tensor/shape.h"

#include <cstdio>

namespace webinfer {

Result<Shape> Shape::Of(std::span<const int64_t> dims) {
  if (dims.size() > kMaxRank) {
    return Error(Code::kUnsupported, "A tensor has too many dimensions")
        .Expected("rank <= %d", kMaxRank)
        .Actual("rank %zu", dims.size());
  }
  Shape shape;
  for (int64_t dim : dims) shape.Append(dim);
  return shape;
}

bool Shape::known() const {
  if (rank_ < 0) return false;
  for (int i = 0; i < rank_; ++i) {
    if (dims_[i] < 0) return false;
  }
  return true;
}

int64_t Shape::Elements(int first, int last) const {
  int64_t product = 1;
  for (int i = first; i < last; ++i) product *= dims_[i];
  return product;
}

Result<int64_t> Shape::CheckedElements() const {
  constexpr int64_t kMost = int64_t{1} << 58;
  int64_t product = 1;
  bool empty = false;
  for (int i = 0; i < rank_; ++i) {
    const int64_t dim = dims_[i];
    if (dim < 0 || dim > kMost || (dim > 0 && product > kMost / dim)) {
      return Error(Code::kInvalidArgument, "A shape is absurdly large or has a negative dimension")
          .Actual("%s", ShapeText(*this).text);
    }
    empty |= dim == 0;
    if (dim > 0) product *= dim;
  }
  return empty ? int64_t{0} : product;
}

void Shape::Insert(int axis, int64_t dim) {
  for (int i = rank_; i > axis; --i) dims_[i] = dims_[i - 1];
  dims_[axis] = dim;
  ++rank_;
}

void Shape::Erase(int axis) {
  for (int i = axis; i + 1 < rank_; ++i) dims_[i] = dims_[i + 1];
  --rank_;
}

bool Shape::operator==(const Shape& other) const {
  if (rank_ != other.rank_) return false;
  for (int i = 0; i < rank_; ++i) {
    if (dims_[i] != other.dims_[i]) return false;
  }
  return true;
}

ShapeText::ShapeText(const Shape& shape) {
  if (!shape.rank_known()) {
    std::snprintf(text, sizeof(text), "[?rank]");
    return;
  }
  int used = std::snprintf(text, sizeof(text), "[");
  for (int i = 0; i < shape.rank(); ++i) {
    const char* comma = i == 0 ? "" : ",";
    used += shape[i] < 0 ? std::snprintf(text + used, sizeof(text) - used, "%s?", comma)
                         : std::snprintf(text + used, sizeof(text) - used, "%s%lld", comma, static_cast<long long>(shape[i]));
  }
  std::snprintf(text + used, sizeof(text) - used, "]");
}

Result<int> NormalizeAxis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    return Error(Code::kInvalidModel, "An axis is out of range")
        .Expected("an axis in [%d, %d)", -rank, rank)
        .Actual("%lld", static_cast<long long>(axis));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Result<Shape> Broadcast(const Shape& a, const Shape& b) {
  if (!a.rank_known() || !b.rank_known()) return Shape::UnknownRank();
  const int rank = a.rank() > b.rank() ? a.rank() : b.rank();
  Shape out = Shape::Unknown(rank);
  for (int i = 1; i <= rank; ++i) {
    const int64_t x = i <= a.rank() ? a[a.rank() - i] : 1, y = i <= b.rank() ? b[b.rank() - i] : 1;
    int64_t& dim = out[rank - i];
    if (x == y || y == 1) {
      dim = x;
    } else if (x < 0 && y < 0) {
      dim = kUnknownDim;  // two sizes that are not known to be the same
    } else if (x == 1 || x < 0) {
      dim = y;  // an unknown size against a size > 1 must be that size (or 1)
    } else if (y < 0) {
      dim = x;
    } else {
      return Error(Code::kShapeMismatch, "Shapes cannot be broadcast together")
          .Expected("equal sizes, or 1, from the right")
          .Actual("%s and %s", ShapeText(a).text, ShapeText(b).text);
    }
  }
  return out;
}

Result<Shape> MergeShapes(const Shape& a, const Shape& b) {
  if (!a.rank_known()) return b;
  if (!b.rank_known()) return a;
  Shape out = a;
  bool agree = a.rank() == b.rank();
  for (int i = 0; agree && i < a.rank(); ++i) {
    if (a[i] < 0) out[i] = b[i];
    agree = a[i] < 0 || b[i] < 0 || a[i] == b[i];
  }
  if (!agree) {
    return Error(Code::kShapeMismatch, "Two descriptions of one value contradict each other")
        .Actual("%s and %s", ShapeText(a).text, ShapeText(b).text);
  }
  return out;
}

}  // namespace webinfer
