// Winograd's F(4, 3) and F(4, 4) along one axis: inputs to positions, positions to four outputs, weights to positions.
//
// A position is a point at which polynomials are multiplied: 0, +-3/4, +-3/2 and infinity for three taps, +-3/8, +-3/4, +-2 and
// infinity for four. These points keep the error within about twice the direct method's; sums over even and odd powers serve both
// signs of a point.
#pragma once

#include "kernels/simd.h"

namespace webinfer::kernels {

inline constexpr int kWinogradTile = 4;  // outputs
inline constexpr float kWinogradA = 0.75f, kWinogradB = 1.5f;
inline constexpr double kWinogradPoints3[] = {0, kWinogradA, -kWinogradA, kWinogradB, -kWinogradB};
inline constexpr double kWinogradPoints4[] = {0.375, -0.375, 0.75, -0.75, 2, -2};

struct InputConstants3 {
  Vec a = Opaque(kWinogradA), b = Opaque(kWinogradB), product = Opaque(kWinogradA * kWinogradA * kWinogradB * kWinogradB),
      sum = Opaque(kWinogradA * kWinogradA + kWinogradB * kWinogradB), a2 = Opaque(kWinogradA * kWinogradA),
      b2 = Opaque(kWinogradB * kWinogradB);
};
struct OutputConstants3 {
  Vec a = Opaque(kWinogradA), b = Opaque(kWinogradB), a2 = Opaque(kWinogradA * kWinogradA), b2 = Opaque(kWinogradB * kWinogradB),
      a3 = Opaque(kWinogradA * kWinogradA * kWinogradA), b3 = Opaque(kWinogradB * kWinogradB * kWinogradB);
};

// even + odd * k and even - odd * k.
WEBINFER_INLINE void PlusMinus(Vec even, Vec odd, Vec k, Vec* plus, Vec* minus) {
#if WEBINFER_RELAXED
  *plus = Madd(odd, k, even);
  *minus = Nmadd(odd, k, even);
#else
  const Vec product = Mul(odd, k);
  *plus = Add(even, product);
  *minus = Sub(even, product);
#endif
}

// Six inputs to six positions.
WEBINFER_INLINE void TransformInput3(const Vec* d, Vec* out, const InputConstants3& k) {
  out[0] = Madd(d[0], k.product, Nmadd(d[2], k.sum, d[4]));
  PlusMinus(Nmadd(d[2], k.b2, d[4]), Nmadd(d[1], k.b2, d[3]), k.a, &out[1], &out[2]);
  PlusMinus(Nmadd(d[2], k.a2, d[4]), Nmadd(d[1], k.a2, d[3]), k.b, &out[3], &out[4]);
  out[5] = Madd(d[1], k.product, Nmadd(d[3], k.sum, d[5]));
}

// Six positions to four outputs.
WEBINFER_INLINE void TransformOutput3(const Vec* m, Vec* out, const OutputConstants3& k) {
  const Vec even_a = Add(m[1], m[2]), odd_a = Sub(m[1], m[2]), even_b = Add(m[3], m[4]), odd_b = Sub(m[3], m[4]);
  out[0] = Add(m[0], Add(even_a, even_b));
  out[1] = Madd(odd_b, k.b, Mul(odd_a, k.a));
  out[2] = Madd(even_b, k.b2, Mul(even_a, k.a2));
  out[3] = Madd(odd_b, k.b3, Madd(odd_a, k.a3, m[5]));
}

struct InputConstants4 {
  Vec point[3], sum[3], product[3];  // sum and product of the squares of the other two points
  Vec s1, s2, s3;                    // elementary symmetric functions of the squares
  InputConstants4() {
    float square[3];
    for (int i = 0; i < 3; ++i) {
      const auto p = static_cast<float>(kWinogradPoints4[2 * i]);
      point[i] = Opaque(p);
      square[i] = p * p;
    }
    for (int i = 0; i < 3; ++i) {
      const float b = square[(i + 1) % 3], c = square[(i + 2) % 3];
      sum[i] = Opaque(b + c);
      product[i] = Opaque(b * c);
    }
    s1 = Opaque(square[0] + square[1] + square[2]);
    s2 = Opaque(square[0] * square[1] + square[0] * square[2] + square[1] * square[2]);
    s3 = Opaque(square[0] * square[1] * square[2]);
  }
};
struct OutputConstants4 {
  Vec power[3][3];  // first to third powers of the points
  OutputConstants4() {
    for (int i = 0; i < 3; ++i) {
      const auto p = static_cast<float>(kWinogradPoints4[2 * i]);
      power[i][0] = Opaque(p);
      power[i][1] = Opaque(p * p);
      power[i][2] = Opaque(p * p * p);
    }
  }
};

// Seven inputs to seven positions.
WEBINFER_INLINE void TransformInput4(const Vec* d, Vec* out, const InputConstants4& k) {
  WEBINFER_UNROLL
  for (int i = 0; i < 3; ++i) {
    const Vec even = Madd(d[0], k.product[i], Nmadd(d[2], k.sum[i], d[4]));
    const Vec odd = Madd(d[1], k.product[i], Nmadd(d[3], k.sum[i], d[5]));
    PlusMinus(odd, even, k.point[i], &out[2 * i], &out[2 * i + 1]);
  }
  out[6] = Nmadd(d[0], k.s3, Madd(d[2], k.s2, Nmadd(d[4], k.s1, d[6])));
}

// Seven positions to four outputs.
WEBINFER_INLINE void TransformOutput4(const Vec* m, Vec* out, const OutputConstants4& k) {
  out[0] = out[1] = out[2] = Zero();
  out[3] = m[6];
  WEBINFER_UNROLL
  for (int i = 0; i < 3; ++i) {
    const Vec even = Add(m[2 * i], m[2 * i + 1]), odd = Sub(m[2 * i], m[2 * i + 1]);
    out[0] = Add(out[0], even);
    out[1] = Madd(odd, k.power[i][0], out[1]);
    out[2] = Madd(even, k.power[i][1], out[2]);
    out[3] = Madd(odd, k.power[i][2], out[3]);
  }
}

// Weights of kTaps taps at the positions: Lagrange's factors of the points, the last one at infinity.
template <int kTaps>
struct WinogradFactors {
  static constexpr int kPositions = kWinogradTile + kTaps - 1;
  double g[kPositions][kTaps];

  explicit WinogradFactors(const double* points) {
    for (int i = 0; i < kPositions - 1; ++i) {
      double power = 1;
      for (int j = 0; j < kPositions - 1; ++j) {
        if (j != i) power /= points[i] - points[j];
      }
      for (int k = 0; k < kTaps; ++k, power *= points[i]) g[i][k] = power;
    }
    for (int k = 0; k < kTaps; ++k) g[kPositions - 1][k] = k == kTaps - 1;
  }
};

}  // namespace webinfer::kernels
