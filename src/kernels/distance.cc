#include "kernels/distance.h"

#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

struct Difference {
  static Vec Step(Vec x, Vec y, Vec sum) {
    const Vec d = Sub(x, y);
    return Madd(d, d, sum);
  }
  static float Step(float x, float y) { return (x - y) * (x - y); }
};

struct Product {
  static Vec Step(Vec x, Vec y, Vec sum) { return Madd(x, y, sum); }
  static float Step(float x, float y) { return x * y; }
};

template <typename Term>
void SumTerms(const float* x, const float* rows, int64_t count, int64_t n, float* out) {
  for (int64_t i = 0; i < count; ++i, rows += n) {
    float sum = 0;
    int64_t k = 0;
    if (n >= 8) {
      Vec a = Zero(), b = Zero();
      WEBINFER_NO_UNROLL
      for (; k + 8 <= n; k += 8) {
        a = Term::Step(Load(x + k), Load(rows + k), a);
        b = Term::Step(Load(x + k + 4), Load(rows + k + 4), b);
      }
      sum = HorizontalSum(Add(a, b));
    }
    for (; k < n; ++k) sum += Term::Step(x[k], rows[k]);
    out[i] = sum;
  }
}

}  // namespace

void SquaredDistances(const float* x, const float* rows, int64_t count, int64_t n, float* out) {
  SumTerms<Difference>(x, rows, count, n, out);
}

void DotProducts(const float* x, const float* rows, int64_t count, int64_t n, float* out) {
  SumTerms<Product>(x, rows, count, n, out);
}

void SquaredDistances(const double* x, const double* rows, int64_t count, int64_t n, double* out) {
  for (int64_t i = 0; i < count; ++i, rows += n) {
    double sum = 0;
    for (int64_t k = 0; k < n; ++k) sum += (x[k] - rows[k]) * (x[k] - rows[k]);
    out[i] = sum;
  }
}

}  // namespace webinfer::kernels
