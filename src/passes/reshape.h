// Reshapes to constant shapes.
#pragma once

#include <optional>
#include <vector>

#include "tensor/shape.h"

namespace webinfer {

// What a Reshape of `in` needs as its second input to give `out`: sizes, 0 for those that stay, one -1; nullopt if it takes more.
std::optional<std::vector<int64_t>> ReshapeTarget(const Shape& in, const Shape& out);

class Editor;
struct Node;

// Makes `node`, if it only renames axes, one Reshape of the value behind it and others like it. `settled`: layouts are, so
// Transposes that move no element count too.
Status MergeReshapes(Editor& editor, Node& node, bool settled);

}  // namespace webinfer
