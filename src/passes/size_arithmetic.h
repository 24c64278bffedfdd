// Integer arithmetic on sizes that may still be symbols.
#pragma once

#include "passes/infer.h"

namespace webinfer {

// The shape whose dimensions `sizes` are.
Shape ShapeOf(const SizeElements& sizes);

// The shape of Reshape(data, sizes): 0 copies (unless `allow_zero`), -1 is solved where symbols cancel.
Shape ReshapeTo(const Shape& data, const SizeElements& sizes, bool allow_zero);

// The elements of the only output of `node`, `count` of them, from those of its inputs (nullptr: left out, empty: unknown).
// `data` is the shape of input 0. Leaves `out` empty for operators it does not follow.
void ComputeElements(const Node& node, const Shape& data, std::span<const SizeElements* const> in, size_t count,
                     SizeElements* out);

}  // namespace webinfer
