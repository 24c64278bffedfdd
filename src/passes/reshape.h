// Reshapes to constant shapes.
#pragma once

#include <optional>
#include <vector>

#include "tensor/shape.h"

namespace webinfer {

// What a Reshape of `in` needs as its second input to give `out`: sizes, 0 for those that stay, one -1; nullopt if it takes more.
std::optional<std::vector<int64_t>> ReshapeTarget(const Shape& in, const Shape& out);

}  // namespace webinfer
