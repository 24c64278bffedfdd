#include "kernels/vmath.h"

namespace webinfer::kernels {

const MathConstants& GetMathConstants() {
  static const MathConstants table = [] {
    MathConstants t;
#define X(name, value) \
  for (float& lane : t.name) lane = value;
    WEBINFER_MATH_CONSTANTS(X)
#undef X
    return t;
  }();
  return table;
}

}  // namespace webinfer::kernels
