// Elements per second of the elementwise engine, reductions, softmax and normalisation, beside a bare multiply-add loop that
// tells how fast the machine is just then: the best of short windows, the rounds going over all cases in turn.
//   bench_elementwise [--rounds N] [name filter]
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/memory.h"
#include "ceiling.h"
#include "kernels/elementwise.h"
#include "kernels/normalize.h"
#include "kernels/reduce.h"
#include "kernels/simd.h"
#include "kernels/softmax.h"

namespace webinfer::kernels {
namespace {

struct Case {
  std::string name;
  double elements;  // per call
  std::function<void()> run;
  double best = 0;  // elements per second
};

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

constexpr size_t kMost = size_t{1} << 20;

float* Floats() {
  auto* floats = static_cast<float*>(TryAllocate(kMost * sizeof(float)));
  for (size_t i = 0; i < kMost; ++i) floats[i] = static_cast<float>(i * 2654435761u % 1000) / 250.0f - 2;
  return floats;
}
const float* A() {
  static const float* const floats = Floats();
  return floats;
}
const float* B() {
  static const float* const floats = Floats();
  return floats;
}
float* Out() {
  static float* const floats = Floats();
  return floats;
}
using Dims = std::vector<int64_t>;

// A program over inputs 0 and 1 (of which the second may be broadcast) and the constants 0.5 and 0.7.
struct Program {
  ScalarProgram p = {};
  Program() {
    p.constant_count = 2;
    p.constants[0].real = 0.5;
    p.constants[1].real = 0.7;
    p.output = DType::kFloat32;
  }
  uint8_t Add(ScalarOp op, int a = 0, int b = 0) {
    p.code[p.size] = {op, ScalarType::kFloat32, static_cast<uint8_t>(a), static_cast<uint8_t>(b)};
    p.result = p.size;
    return p.size++;
  }
  uint8_t Input() {
    p.inputs[p.input_count] = DType::kFloat32;
    return Add(ScalarOp::kInput, p.input_count++);
  }
  uint8_t Half() { return Add(ScalarOp::kConstant, 0); }
  uint8_t Other() { return Add(ScalarOp::kConstant, 1); }
};

Case Engine(std::string name, const Program& program, Dims result, std::vector<Dims> inputs) {
  std::vector<std::span<const int64_t>> dims(inputs.begin(), inputs.end());
  void* memory = TryAllocate(ElementwisePlanBytes(program.p));
  const ElementwisePlan* plan = MakeElementwisePlan(memory, program.p, result, dims);
  auto* scratch = static_cast<uint8_t*>(TryAllocate(ElementwiseScratchBytes(*plan, 1) + 64));
  const auto count = static_cast<double>(plan->count);
  return {std::move(name), count, [plan, scratch] {
            const void* data[] = {A(), B()};
            RunElementwise(*plan, data, Out(), scratch, OneThread());
          }};
}

Case Unary(const char* name, ScalarOp op, int64_t n) {
  Program p;
  p.Add(op, p.Input());
  return Engine(std::string(name) + " " + std::to_string(n), p, {n}, {{n}});
}

Case Relu(int64_t n) {
  Program p;
  p.Add(ScalarOp::kMax, p.Input(), p.Half());
  return Engine("relu " + std::to_string(n), p, {n}, {{n}});
}

Case Chain(int64_t n) {
  Program p;
  const uint8_t x = p.Input(), r = p.Input();
  const uint8_t y = p.Add(ScalarOp::kMax, p.Add(ScalarOp::kAdd, p.Add(ScalarOp::kMul, x, p.Half()), p.Other()), p.Half());
  p.Add(ScalarOp::kAdd, y, r);
  return Engine("mul,add,relu,+r " + std::to_string(n), p, {n}, {{n}, {n}});
}

Case Add(const char* name, Dims result, Dims b) {
  Program p;
  const uint8_t x = p.Input();
  p.Add(ScalarOp::kAdd, x, p.Input());
  return Engine(name, p, result, {result, std::move(b)});
}

Case Softmax(int64_t rows, int64_t length) {
  return {"softmax " + std::to_string(rows) + "x" + std::to_string(length), static_cast<double>(rows * length), [rows, length] {
            RunSoftmax(DType::kFloat32, A(), {rows, length, 1}, SoftmaxKind::kSoftmax, Out(), nullptr, OneThread());
          }};
}

Case LayerNormCase(int64_t rows, int64_t length) {
  LayerNorm norm;
  norm.rows = rows;
  norm.length = length;
  norm.epsilon = 1e-5f;
  auto* scratch = static_cast<uint8_t*>(TryAllocate(LayerNormScratchBytes(norm, 1)));
  return {"layer norm " + std::to_string(rows) + "x" + std::to_string(length), static_cast<double>(rows * length),
          [norm, scratch] {
            LayerNormOperands o;
            o.x = {DType::kFloat32, A()};
            o.scale = o.bias = {DType::kFloat32, B()};
            o.y = {DType::kFloat32, Out()};
            RunLayerNorm(norm, o, scratch, OneThread());
          }};
}

Case Mean(const char* name, Dims dims, std::vector<bool> axes) {
  bool reduced[8];
  std::copy(axes.begin(), axes.end(), reduced);
  const auto plan = std::make_shared<ReducePlan>(MakeReducePlan({Map::kIdentity, Combine::kSum, Finish::kMean}, DType::kFloat32,
                                                                dims, std::span<const bool>(reduced, axes.size())));
  double elements = 1;
  for (int64_t d : dims) elements *= static_cast<double>(d);
  auto* scratch = static_cast<uint8_t*>(TryAllocate(ReduceScratchBytes(*plan, 1)));
  return {name, elements, [plan, scratch] { RunReduce(*plan, A(), Out(), scratch, OneThread()); }};
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  cases.push_back({"ceiling (multiply-adds)", 12 * 4 * 20000.0, [] {
                     volatile float sink = BareLoop(20000);
                     (void)sink;
                   }});
  for (int64_t n : {int64_t{16384}, int64_t{1} << 20}) {
    cases.push_back(Relu(n));
    cases.push_back(Unary("exp", ScalarOp::kExp, n));
    cases.push_back(Unary("log", ScalarOp::kLog, n));
    cases.push_back(Unary("tanh", ScalarOp::kTanh, n));
    cases.push_back(Unary("erf", ScalarOp::kErf, n));
    cases.push_back(Unary("sigmoid", ScalarOp::kSigmoid, n));
    cases.push_back(Unary("silu", ScalarOp::kSilu, n));
    cases.push_back(Unary("gelu", ScalarOp::kGelu, n));
  }
  for (int64_t n : {1024, 16384, 262144}) cases.push_back(Chain(n));
  cases.push_back(Add("add 56x56x24 + [24]", {56 * 56, 24}, {24}));
  cases.push_back(Add("add 14x14x96 + [96]", {14 * 14, 96}, {96}));
  cases.push_back(Add("add 64x28x28 + [64,1,1]", {64, 28 * 28}, {64, 1}));
  cases.push_back(Add("add 512x7x7 + [512,1,1]", {512, 49}, {512, 1}));
  cases.push_back(Add("add 12x128x128 + [128]", {12, 128, 128}, {128}));
  cases.push_back(Softmax(1024, 1024));
  cases.push_back(Softmax(1536, 128));
  cases.push_back(Softmax(591, 197));
  cases.push_back(LayerNormCase(197, 192));
  cases.push_back(LayerNormCase(128, 384));
  cases.push_back(LayerNormCase(128, 768));
  cases.push_back(Mean("mean 7x7x1280 (NHWC)", {1, 49, 1280}, {false, true, false}));
  cases.push_back(Mean("mean 1280x7x7 (NCHW)", {1280, 49}, {false, true}));
  cases.push_back(Mean("mean 128x384 rows", {128, 384}, {false, true}));
  return cases;
}

void Measure(Case* c) {
  c->run();
  double start = Now(), elapsed = 0;
  int calls = 0;
  do {
    for (int i = 0; i < 4; ++i) c->run();
    calls += 4;
    elapsed = Now() - start;
  } while (elapsed < 2e-3);
  c->best = std::max(c->best, c->elements * calls / elapsed);
}

}  // namespace
}  // namespace webinfer::kernels

int main(int argc, char** argv) {
  using namespace webinfer::kernels;
  int rounds = 20;
  std::string filter;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::atoi(argv[++i]);
    } else {
      filter = argv[i];
    }
  }
  std::vector<Case> cases = Cases();
  for (int round = 0; round < rounds; ++round) {
    for (Case& c : cases) {
      if (&c == &cases[0] || c.name.find(filter) != std::string::npos) Measure(&c);
    }
  }
  for (const Case& c : cases) {
    if (c.best > 0)
      std::printf("%-28s %7.2f Gelem/s  %5.1f %% of the ceiling\n", c.name.c_str(), c.best / 1e9, 100 * c.best / cases[0].best);
  }
  return 0;
}
