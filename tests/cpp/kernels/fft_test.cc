#include "kernels/fft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace webinfer::kernels {
namespace {

TEST(Fft, MatchesTheSumForEveryLength) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> values(-1, 1);
  for (int64_t n : {1, 2, 3, 4, 5, 7, 8, 12, 16, 31, 100, 400, 512}) {
    std::vector<Complex> tables(static_cast<size_t>(FftTableSize(n))), work(static_cast<size_t>(FftWorkSize(n)));
    const FftPlan plan = MakeFft(n, tables.data());
    for (const bool inverse : {false, true}) {
      std::vector<Complex> in(static_cast<size_t>(n));
      for (Complex& value : in) value = {values(random), values(random)};
      std::vector<Complex> out = in;
      RunFft(plan, inverse, out.data(), work.data());
      for (int64_t k = 0; k < n; ++k) {
        double re = 0, im = 0;
        for (int64_t i = 0; i < n; ++i) {
          const double angle = (inverse ? 2 : -2) * M_PI * static_cast<double>(k * i % n) / static_cast<double>(n);
          const Complex x = in[static_cast<size_t>(i)];
          re += x.re * std::cos(angle) - x.im * std::sin(angle);
          im += x.re * std::sin(angle) + x.im * std::cos(angle);
        }
        ASSERT_NEAR(out[static_cast<size_t>(k)].re, re, 1e-10) << n;
        ASSERT_NEAR(out[static_cast<size_t>(k)].im, im, 1e-10) << n;
      }
    }
  }
}

}  // namespace
}  // namespace webinfer::kernels
