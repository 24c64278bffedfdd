#include "kernels/fft.h"

#include <cmath>
#include <utility>

namespace webinfer::kernels {

namespace {

constexpr double kPi = 3.14159265358979323846;

int64_t PaddedLength(int64_t length) {
  int64_t padded = 1;
  while (padded < length) padded *= 2;
  if (padded == length) return padded;
  while (padded < 2 * length - 1) padded *= 2;
  return padded;
}

Complex Unit(double turns) { return {std::cos(2 * kPi * turns), std::sin(2 * kPi * turns)}; }
Complex Multiply(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
Complex Conjugate(Complex a) { return {a.re, -a.im}; }

// In place; `size` is a power of two, twiddles are e^(-2 pi i k / size).
void RadixTwo(Complex* data, int64_t size, const Complex* twiddles) {
  for (int64_t i = 1, j = 0; i < size; ++i) {
    int64_t bit = size >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(data[i], data[j]);
  }
  for (int64_t half = 1; half < size; half *= 2) {
    const int64_t step = size / (2 * half);
    for (int64_t start = 0; start < size; start += 2 * half) {
      for (int64_t k = 0; k < half; ++k) {
        Complex &low = data[start + k], &high = data[start + k + half];
        const Complex turned = Multiply(high, twiddles[k * step]);
        high = {low.re - turned.re, low.im - turned.im};
        low = {low.re + turned.re, low.im + turned.im};
      }
    }
  }
}

}  // namespace

int64_t FftTableSize(int64_t length) {
  const int64_t padded = PaddedLength(length);
  return padded == length ? padded / 2 + 1 : padded / 2 + length + padded;
}

int64_t FftWorkSize(int64_t length) { return PaddedLength(length) == length ? 0 : PaddedLength(length); }

FftPlan MakeFft(int64_t length, Complex* tables) {
  const int64_t padded = PaddedLength(length);
  for (int64_t k = 0; k < padded / 2; ++k) tables[k] = Unit(-static_cast<double>(k) / static_cast<double>(padded));
  FftPlan plan{length, padded, tables, nullptr, nullptr};
  if (padded == length) return plan;
  Complex *chirp = tables + padded / 2, *spectrum = chirp + length;
  for (int64_t k = 0; k < padded; ++k) spectrum[k] = {0, 0};
  for (int64_t k = 0; k < length; ++k) {
    // k^2 modulo 2 * length keeps the angle exact.
    chirp[k] = Unit(-static_cast<double>(k * k % (2 * length)) / static_cast<double>(2 * length));
    spectrum[k] = Conjugate(chirp[k]);
    if (k > 0) spectrum[padded - k] = spectrum[k];
  }
  RadixTwo(spectrum, padded, tables);
  plan.chirp = chirp;
  plan.chirp_spectrum = spectrum;
  return plan;
}

void RunFft(const FftPlan& plan, bool inverse, Complex* data, Complex* work) {
  const int64_t length = plan.length, padded = plan.padded;
  // The inverse transform is the conjugate of the transform of the conjugate.
  for (int64_t k = 0; k < length && inverse; ++k) data[k].im = -data[k].im;
  if (padded == length) {
    RadixTwo(data, length, plan.twiddles);
  } else {
    for (int64_t k = 0; k < padded; ++k) work[k] = k < length ? Multiply(data[k], plan.chirp[k]) : Complex{0, 0};
    RadixTwo(work, padded, plan.twiddles);
    for (int64_t k = 0; k < padded; ++k) work[k] = Conjugate(Multiply(work[k], plan.chirp_spectrum[k]));
    RadixTwo(work, padded, plan.twiddles);
    const double scale = 1 / static_cast<double>(padded);
    for (int64_t k = 0; k < length; ++k) {
      data[k] = Multiply({work[k].re * scale, -work[k].im * scale}, plan.chirp[k]);
    }
  }
  for (int64_t k = 0; k < length && inverse; ++k) data[k].im = -data[k].im;
}

}  // namespace webinfer::kernels
