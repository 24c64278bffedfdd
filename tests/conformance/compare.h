// Compares a result with what was expected.
#pragma once

#include <string>

#include "cases.h"
#include "tensor/tensor.h"

namespace webinfer::conformance {

// Empty if `got` is `want`: same kind, type and shape, |got - want| <= atol + rtol * |want|, NaN equal to NaN.
// Otherwise what differs.
std::string Difference(const RuntimeValue& got, const RuntimeValue& want, const Tolerance& tolerance);

}  // namespace webinfer::conformance
