#include "kernels/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/activation.h"
#include "kernels/random_floats.h"

namespace webinfer::kernels {
namespace {

double Activate(Activation activation, double x, double alpha, double beta) {
  switch (activation) {
    case Activation::kNone: return x;
    case Activation::kClip: return std::fmin(std::fmax(x, alpha), beta);
    case Activation::kLeakyRelu: return x < 0 ? alpha * x : x;
    case Activation::kSigmoid: return 1 / (1 + std::exp(-x));
    case Activation::kHardSigmoid: return std::fmin(std::fmax(alpha * x + beta, 0), 1);
    case Activation::kHardSwish: return x * std::fmin(std::fmax(x / 6 + 0.5, 0), 1);
    case Activation::kSilu: return x / (1 + std::exp(-x));
    case Activation::kGelu: return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::kTanh: return std::tanh(x);
    case Activation::kElu: return x < 0 ? alpha * std::expm1(x) : x;
  }
  return 0;
}

struct Case {
  int m, n, k;
  bool packed = true, transposed = false;
  bool bias = false, residual = false, activation_first = false;
  Activation activation = Activation::kNone;
  float alpha = 0, beta = 0;
  int threads = 1;
};

void Check(const Case& c) {
  SCOPED_TRACE(testing::Message() << c.m << "x" << c.n << "x" << c.k << " packed " << c.packed << " activation "
                                  << static_cast<int>(c.activation) << " threads " << c.threads);
  const size_t m = static_cast<size_t>(c.m), n = static_cast<size_t>(c.n), k = static_cast<size_t>(c.k);
  const size_t a_stride = k + 3, c_stride = n + 5, r_stride = n + 2;
  const std::vector<float> a = Random(m * a_stride, 1), b = Random(k * n, 2), bias = Random(n, 3),
                           residual = Random(m * r_stride, 4);
  std::vector<float> packed(PackedFloats(c.k, c.n)), out(m * c_stride, -7);
  const size_t k_stride = c.transposed ? 1 : n, n_stride = c.transposed ? k : 1;
  PackB(b.data(), k_stride, n_stride, c.k, c.n, 2, packed.data());
  const float scale = c.packed ? 2 : 1;

  Gemm gemm{a.data(), a_stride, c.packed ? Packed(packed.data(), c.k) : InPlace(b.data(), n), out.data(), c_stride, c.m, c.n,
            c.k,      {}};
  gemm.epilogue.activation = c.activation;
  gemm.epilogue.activation_first = c.activation_first;
  gemm.epilogue.alpha = c.alpha;
  gemm.epilogue.beta = c.beta;
  if (c.bias) gemm.epilogue.bias = bias.data();
  if (c.residual) {
    gemm.epilogue.residual = residual.data();
    gemm.epilogue.residual_stride = static_cast<int64_t>(r_stride);
  }
  ThreadPool pool(c.threads);
  RunGemm(gemm, pool);

  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double sum = c.bias ? bias[j] : 0;
      for (size_t x = 0; x < k; ++x) sum += double{scale} * a[i * a_stride + x] * b[x * k_stride + j * n_stride];
      const double added = c.residual ? residual[i * r_stride + j] : 0;
      const double expected = c.activation_first ? Activate(c.activation, sum, c.alpha, c.beta) + added
                                                 : Activate(c.activation, sum + added, c.alpha, c.beta);
      ASSERT_NEAR(out[i * c_stride + j], expected, 3e-6 * (4 + scale * std::sqrt(c.k))) << "row " << i << " column " << j;
    }
    for (size_t j = n; j < c_stride; ++j) ASSERT_EQ(out[i * c_stride + j], -7) << "wrote behind row " << i;
  }
}

TEST(Gemm, EveryTailOfRowsColumnsAndDepth) {
  for (int m = 1; m <= 14; ++m) {
    for (int n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 23, 24, 40, 43, 49})
      Check({.m = m, .n = n, .k = 1 + (m * n) % 7, .bias = true});
  }
}

TEST(Gemm, ReadsRowMajorBInPlace) {
  for (int m : {1, 2, 3, 5, 6, 7}) {
    for (int n : {1, 3, 8, 17, 40, 81}) Check({.m = m, .n = n, .k = 19, .packed = false});
  }
}

TEST(Gemm, PacksTransposedB) {
  for (int n : {1, 7, 8, 9, 24}) {
    for (int k : {1, 3, 4, 5, 8, 30}) Check({.m = 6, .n = n, .k = k, .transposed = true});
  }
}

TEST(Gemm, LargeBGoesPanelByPanel) { Check({.m = 101, .n = 530, .k = 520, .bias = true, .residual = true}); }

TEST(Gemm, FewRowsReadLargeBInStreams) {
  for (int m : {1, 2}) {
    for (int n : {1000, 1021, 1043})
      Check({.m = m, .n = n, .k = 300, .bias = true, .residual = true, .activation = Activation::kSilu});
  }
}

TEST(Gemm, DeepKIsCut) {
  for (Activation activation : {Activation::kNone, Activation::kClip, Activation::kGelu}) {
    for (bool activation_first : {false, true}) {
      Check({.m = 29,
             .n = 45,
             .k = 1901,
             .bias = true,
             .residual = true,
             .activation_first = activation_first,
             .activation = activation,
             .alpha = -20,
             .beta = 25,
             .threads = 2});
    }
  }
  Check({.m = 203, .n = 20, .k = 2305, .packed = false});
}

TEST(Gemm, EpiloguesInEveryOrder) {
  const float infinity = std::numeric_limits<float>::infinity();
  const struct {
    Activation activation;
    float alpha, beta;
  } activations[] = {{Activation::kNone, 0, 0},         {Activation::kClip, 0, infinity}, {Activation::kClip, -0.5f, 0.75f},
                     {Activation::kLeakyRelu, 0.1f, 0}, {Activation::kSigmoid, 0, 0},     {Activation::kHardSigmoid, 0.2f, 0.5f},
                     {Activation::kHardSwish, 0, 0},    {Activation::kSilu, 0, 0},        {Activation::kGelu, 0, 0},
                     {Activation::kTanh, 0, 0},         {Activation::kElu, 0.7f, 0}};
  for (const auto& a : activations) {
    for (int flags = 0; flags < 8; ++flags) {
      Check({.m = 11,
             .n = 21,
             .k = 6,
             .bias = (flags & 1) != 0,
             .residual = (flags & 2) != 0,
             .activation_first = (flags & 4) != 0,
             .activation = a.activation,
             .alpha = a.alpha,
             .beta = a.beta});
    }
  }
}

TEST(Gemm, ThreadsShareRowsOrColumns) {
  Check({.m = 1, .n = 1000, .k = 700, .bias = true, .threads = 3});
  Check({.m = 7, .n = 300, .k = 400, .bias = true, .residual = true, .activation = Activation::kSilu, .threads = 3});
  Check({.m = 200, .n = 64, .k = 64, .bias = true, .threads = 2});
  Check({.m = 65, .n = 611, .k = 500, .bias = true, .residual = true, .threads = 3});
}

TEST(Gemm, ClampKeepsNaN) {
  const float a[16] = {std::numeric_limits<float>::quiet_NaN()}, b[24] = {1};
  float c[8];
  Gemm gemm{a, 1, InPlace(b, 8), c, 8, 1, 8, 1, {}};
  gemm.epilogue.activation = Activation::kClip;
  gemm.epilogue.beta = 6;
  RunGemm(gemm);
  EXPECT_TRUE(std::isnan(c[0]));
}

}  // namespace
}  // namespace webinfer::kernels
