// LSTM and GRU against their equations in double precision, with everything switched on at once: both directions, ragged
// lengths, peepholes, clip, activations of one's own, hidden sizes that are no multiple of a block.
#include <cmath>
#include <random>

#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

Tensor Random(const Shape& shape, std::mt19937& random) {
  Result<Tensor> tensor = Tensor::Create(DType::kFloat32, shape);
  std::uniform_real_distribution<float> values(-1, 1);
  for (int64_t i = 0; i < shape.Elements(); ++i) tensor->As<float>()[i] = values(random);
  return std::move(*tensor);
}

Tensor Copy(const Tensor& tensor) {
  RuntimeValue value;
  EXPECT_TRUE(value.CopyFrom(tensor.view()).ok());
  return std::move(value.tensor);
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct Case {
  int64_t time, batch, inputs, hidden;
  int gates;
  std::vector<int32_t> lengths;
  Tensor x, w, r, b, h, c, p;

  Case(int gate_count, int64_t t, int64_t n, int64_t i, int64_t u, std::vector<int32_t> lens)
      : time(t), batch(n), inputs(i), hidden(u), gates(gate_count), lengths(std::move(lens)) {
    std::mt19937 random(3);
    x = Random({time, batch, inputs}, random);
    w = Random({2, gates * hidden, inputs}, random);
    r = Random({2, gates * hidden, hidden}, random);
    b = Random({2, 2 * gates * hidden}, random);
    h = Random({2, batch, hidden}, random);
    c = Random({2, batch, hidden}, random);
    p = Random({2, 3 * hidden}, random);
  }
  // Gate g of unit u: W x + R h' + biases (W's and R's apart).
  double Input(int d, int g, int64_t u, int64_t t, int64_t n) const {
    const int64_t row = d * gates * hidden + g * hidden + u;
    double sum = b.As<float>()[d * 2 * gates * hidden + g * hidden + u];
    for (int64_t k = 0; k < inputs; ++k) {
      sum += double{w.As<float>()[row * inputs + k]} * x.As<float>()[(t * batch + n) * inputs + k];
    }
    return sum;
  }
  double Recurrent(int d, int g, int64_t u, const std::vector<double>& state) const {
    const int64_t row = d * gates * hidden + g * hidden + u;
    double sum = b.As<float>()[d * 2 * gates * hidden + (gates + g) * hidden + u];
    for (int64_t k = 0; k < hidden; ++k) sum += r.As<float>()[row * hidden + k] * state[static_cast<size_t>(k)];
    return sum;
  }
  std::vector<double> State(const Tensor& from, int d, int64_t n) const {
    const float* data = from.As<float>() + (d * batch + n) * hidden;
    return std::vector<double>(data, data + hidden);
  }
};

Tensor LengthsOf(const Case& test) {
  Result<Tensor> tensor = Tensor::Create(DType::kInt32, {test.batch});
  std::copy(test.lengths.begin(), test.lengths.end(), tensor->As<int32_t>());
  return std::move(*tensor);
}

template <typename Step>
void Check(const Case& test, const std::vector<RuntimeValue>& out, const Step& step) {
  for (int d = 0; d < 2; ++d) {
    for (int64_t n = 0; n < test.batch; ++n) {
      std::vector<double> h = test.State(test.h, d, n), c = test.State(test.c, d, n);
      const int64_t length = test.lengths[static_cast<size_t>(n)];
      for (int64_t k = 0; k < test.time; ++k) {
        const int64_t t = k < length && d == 1 ? length - 1 - k : k;
        if (k < length) step(d, t, n, h, c);
        for (int64_t u = 0; u < test.hidden; ++u) {
          const double want = k < length ? h[static_cast<size_t>(u)] : 0;
          const float got = out[0].tensor.As<float>()[((t * 2 + d) * test.batch + n) * test.hidden + u];
          ASSERT_NEAR(got, want, 3e-6) << "direction " << d << ", batch " << n << ", time " << t << ", unit " << u;
        }
      }
      for (int64_t u = 0; u < test.hidden; ++u) {
        ASSERT_NEAR(out[1].tensor.As<float>()[(d * test.batch + n) * test.hidden + u], h[static_cast<size_t>(u)], 3e-6);
      }
    }
  }
}

void CheckLstm(const Case& test, double clip, bool peepholes, bool own_activations) {
  RunOp run("LSTM");
  run.In(Copy(test.x)).In(Copy(test.w)).In(Copy(test.r)).In(Copy(test.b)).In(LengthsOf(test)).In(Copy(test.h)).In(Copy(test.c));
  if (peepholes) run.In(Copy(test.p));
  run.Text("direction", "bidirectional").Float("clip", static_cast<float>(clip));
  if (own_activations) {
    Attribute names;
    names.name = "activations";
    names.kind = Attribute::Kind::kStrings;
    names.strings = {"HardSigmoid", "Softsign", "Affine", "HardSigmoid", "Softsign", "Affine"};
    run.node().attributes.Set(names);
    Attribute alphas;
    alphas.name = "activation_alpha";
    alphas.kind = Attribute::Kind::kFloats;
    alphas.floats = {0.3f, 2.0f, 0.3f, 2.0f};
    run.node().attributes.Set(alphas);
  }
  const auto f = [&](double x) { return own_activations ? std::fmin(std::fmax(double{0.3f} * x + 0.5, 0), 1) : Sigmoid(x); };
  const auto g = [&](double x) { return own_activations ? x / (1 + std::fabs(x)) : std::tanh(x); };
  const auto last = [&](double x) { return own_activations ? 2 * x : std::tanh(x); };
  const auto clipped = [&](double x) { return clip > 0 ? std::fmin(std::fmax(x, -clip), clip) : x; };
  Check(test, run.Run(3), [&](int d, int64_t t, int64_t n, std::vector<double>& h, std::vector<double>& c) {
    const std::vector<double> before = h;
    for (int64_t u = 0; u < test.hidden; ++u) {
      const auto gate = [&](int i) { return test.Input(d, i, u, t, n) + test.Recurrent(d, i, u, before); };
      const auto peephole = [&](int i) {
        return peepholes ? double{test.p.As<float>()[d * 3 * test.hidden + i * test.hidden + u]} : 0;
      };
      double& cell = c[static_cast<size_t>(u)];
      const double old = cell;
      cell = f(clipped(gate(2) + peephole(2) * old)) * old + f(clipped(gate(0) + peephole(0) * old)) * g(clipped(gate(3)));
      h[static_cast<size_t>(u)] = f(clipped(gate(1) + peephole(1) * cell)) * last(cell);
    }
  });
}

TEST(Lstm, Plain) { CheckLstm(Case(4, 5, 1, 6, 16, {5}), 0, false, false); }
TEST(Lstm, PlainInBatches) { CheckLstm(Case(4, 3, 6, 5, 11, {3, 3, 3, 3, 3, 3}), 0, false, false); }
TEST(Lstm, Everything) { CheckLstm(Case(4, 4, 3, 5, 11, {2, 4, 0}), 0.8, true, true); }

TEST(Gru, BothMeaningsOfLinearBeforeReset) {
  for (const bool linear : {false, true}) {
    for (const std::vector<int32_t>& lengths : {std::vector<int32_t>{4, 4, 4, 4, 4}, std::vector<int32_t>{4, 1, 3, 0, 2}}) {
      const Case test(3, 4, 5, 7, 10, lengths);
      RunOp run("GRU");
      run.In(Copy(test.x)).In(Copy(test.w)).In(Copy(test.r)).In(Copy(test.b)).In(LengthsOf(test)).In(Copy(test.h));
      run.Text("direction", "bidirectional").Int("linear_before_reset", linear);
      Check(test, run.Run(2), [&](int d, int64_t t, int64_t n, std::vector<double>& h, std::vector<double>&) {
        const std::vector<double> before = h;
        std::vector<double> reset(before);
        for (int64_t u = 0; u < test.hidden; ++u) {
          reset[static_cast<size_t>(u)] *= Sigmoid(test.Input(d, 1, u, t, n) + test.Recurrent(d, 1, u, before));
        }
        for (int64_t u = 0; u < test.hidden; ++u) {
          const double z = Sigmoid(test.Input(d, 0, u, t, n) + test.Recurrent(d, 0, u, before));
          const double r = Sigmoid(test.Input(d, 1, u, t, n) + test.Recurrent(d, 1, u, before));
          const double recurrent = linear ? r * test.Recurrent(d, 2, u, before) : test.Recurrent(d, 2, u, reset);
          h[static_cast<size_t>(u)] =
              (1 - z) * std::tanh(test.Input(d, 2, u, t, n) + recurrent) + z * before[static_cast<size_t>(u)];
        }
      });
    }
  }
}

TEST(Lstm, RefusesWhatDoesNotFit) {
  const Case test(4, 2, 1, 3, 4, {3});
  RunOp too_long("LSTM");
  too_long.In(Copy(test.x))
      .In(Copy(test.w))
      .In(Copy(test.r))
      .In(Copy(test.b))
      .In(LengthsOf(test))
      .Text("direction", "bidirectional");
  EXPECT_EQ(too_long.RunForError(3), Code::kOutOfRange);
  RunOp one_direction("LSTM");
  one_direction.In(Copy(test.x)).In(Copy(test.w)).In(Copy(test.r));
  EXPECT_EQ(one_direction.RunForError(3), Code::kShapeMismatch);
  EXPECT_STREQ(LastError().expected, "[1,16,3]");
}

}  // namespace
}  // namespace webinfer::testing
