// How convolutions walk over images: output pixel after output pixel, and where the taps of each lie.
#pragma once

#include <cstdint>

#include "kernels/conv.h"

namespace webinfer::kernels {

// Walks output pixels; `in` is where their first tap lies.
struct Pixel {
  const ConvGeometry& g;
  int image, at[3], in[3];

  Pixel(const ConvGeometry& geometry, int64_t index) : g(geometry) {
    for (int axis = 2; axis >= 0; --axis) {
      at[axis] = static_cast<int>(index % g.out[axis]);
      index /= g.out[axis];
      SetIn(axis);
    }
    image = static_cast<int>(index);
  }
  void SetIn(int axis) { in[axis] = at[axis] * g.stride[axis] - g.pad[axis]; }
  void Next() {
    for (int axis = 2; axis >= 0; --axis) {
      const bool wraps = ++at[axis] == g.out[axis];
      if (wraps) at[axis] = 0;
      SetIn(axis);
      if (!wraps) return;
    }
    ++image;
  }
};

inline bool Inside(int i, int size) { return static_cast<unsigned>(i) < static_cast<unsigned>(size); }

// The image row (z, y) of `pixel`'s tap (kz, ky), or nullptr outside the image.
template <typename T>
const T* ImageRow(const ConvGeometry& g, const T* x, const Pixel& pixel, int kz, int ky) {
  const int z = pixel.in[0] + kz * g.dilation[0], y = pixel.in[1] + ky * g.dilation[1];
  if (!Inside(z, g.in[0]) || !Inside(y, g.in[1])) return nullptr;
  const int64_t row = (int64_t{pixel.image} * g.in[0] + z) * g.in[1] + y;
  return x + row * g.in[2] * g.channels;
}

}  // namespace webinfer::kernels
