// Questions that passes ask about a graph when they look for a pattern.
#pragma once

#include <optional>

#include "passes/editor.h"

namespace webinfer {

// The value of a constant of one element (any number type), or nullopt.
std::optional<double> ScalarOf(const Tensor* tensor);
std::optional<double> ScalarOf(const Editor& editor, ValueId id);
// A constant float tensor all of whose elements are the same number, or nullopt. Looks at no more than a few thousand.
std::optional<double> UniformOf(const Editor& editor, ValueId id);
bool IsNear(std::optional<double> value, double wanted);  // within float32's rounding of `wanted`

// Both shapes are the same whatever their symbols will be.
bool SameShape(const Shape& a, const Shape& b);

// Of a commutative node's two inputs, the one that is not `id` (the second if both are).
ValueId OtherInput(const Node& node, ValueId id);

// A binary node with one constant input: which value and which constant. For Sub and Div only a constant on the right counts.
struct WithConstant {
  ValueId value = kNoValue;
  ValueId constant = kNoValue;
};
std::optional<WithConstant> SplitConstant(const Editor& editor, const Node& node);

}  // namespace webinfer
