// The discrete Fourier transform of any length, in double precision: radix 2, and Bluestein's chirp for other lengths.
#pragma once

#include <cstddef>
#include <cstdint>

namespace webinfer::kernels {

struct Complex {
  double re, im;
};

// Tables for one length; the caller owns their memory.
struct FftPlan {
  int64_t length;
  int64_t padded;                 // power of two that is transformed: the length, or >= 2 * length - 1
  const Complex* twiddles;        // [padded / 2]
  const Complex* chirp;           // [length], only where padded != length
  const Complex* chirp_spectrum;  // [padded]
};

// Complex numbers of tables, and of working memory for one transform.
int64_t FftTableSize(int64_t length);
int64_t FftWorkSize(int64_t length);

// Fills `tables`, FftTableSize(length) numbers.
FftPlan MakeFft(int64_t length, Complex* tables);

// data[k] = sum over n of data[n] e^(-+ 2 pi i k n / length), + when `inverse` (without the factor 1 / length).
void RunFft(const FftPlan& plan, bool inverse, Complex* data, Complex* work);

}  // namespace webinfer::kernels
