// GFLOP/s of the float kernels, best of short windows, and what share of a bare multiply-add loop that is.
// The rounds go over all cases in turn, so that a busy neighbour hits them alike.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/memory.h"
#include "kernels/gemm.h"

namespace webinfer::kernels {
namespace {

struct Bench {
  std::string name;
  double flops;  // per call
  std::function<void()> run;
  double best = 0;  // flops per second
};

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Floats that live as long as the program.
float* Floats(size_t count) {
  auto* floats = static_cast<float*>(TryAllocate(count * sizeof(float)));
  for (size_t i = 0; i < count; ++i) floats[i] = static_cast<float>(i * 2654435761u % 1000) / 500.0f - 1;
  return floats;
}

// Twelve independent sums: what the multiply-add units give when nothing else is in the way.
WEBINFER_NOINLINE float BareLoop(int steps) {
  Vec sums[12];
  for (int i = 0; i < 12; ++i) sums[i] = Splat(static_cast<float>(i) * 1e-3f);
  const Vec x = Opaque(0.999f), y = Opaque(1e-3f);
  WEBINFER_NO_UNROLL
  for (int step = 0; step < steps; ++step) {
    WEBINFER_UNROLL
    for (int i = 0; i < 12; ++i) sums[i] = Madd(sums[i], x, y);
  }
  float total = 0;
  for (const Vec sum : sums) total += HorizontalSum(sum);
  return total;
}

void AddPeak(std::vector<Bench>& benches) {
  benches.push_back({"bare loop", 12 * 8 * 20000.0, [] {
                       volatile float sink = BareLoop(20000);
                       (void)sink;
                     }});
}

void AddGemm(std::vector<Bench>& benches, int m, int k, int n) {
  Gemm gemm{Floats(size_t(m) * size_t(k)),
            size_t(k),
            Packed(Floats(PackedFloats(k, n)), k),
            Floats(size_t(m) * size_t(n)),
            size_t(n),
            m,
            n,
            k,
            {}};
  gemm.epilogue.bias = Floats(size_t(n));
  gemm.epilogue.activation = Activation::kClip;
  benches.push_back({"gemm " + std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n), 2.0 * m * k * n,
                     [gemm] { RunGemm(gemm); }});
}

void Measure(std::vector<Bench>& benches, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (Bench& bench : benches) {
      if (round == 0) bench.run();
      int calls = 0;
      const double start = Now();
      double seconds = 0;
      do {
        bench.run();
        ++calls;
        seconds = Now() - start;
      } while (seconds < 2e-3);
      bench.best = std::max(bench.best, bench.flops * calls / seconds);
    }
  }
}

}  // namespace
}  // namespace webinfer::kernels

int main(int argc, char** argv) {
  using namespace webinfer::kernels;
  std::vector<Bench> benches;
  AddPeak(benches);
  for (const int size : {64, 128, 256, 512, 1024}) AddGemm(benches, size, size, size);
  const int shapes[][3] = {{128, 768, 768}, {128, 768, 3072}, {196, 192, 768}, {49, 2048, 512}, {49, 512, 2048}, {16, 2048, 2048},
                           {12544, 16, 96}, {12544, 32, 16},  {3136, 96, 24},  {784, 32, 192},  {196, 384, 64},  {49, 160, 960},
                           {49, 960, 320},  {1, 768, 768},    {2, 768, 768},   {3, 768, 768},   {1, 768, 3072},  {1, 4096, 4096}};
  for (const auto& s : shapes) AddGemm(benches, s[0], s[1], s[2]);
  if (argc > 1) {
    std::erase_if(benches,
                  [&](const Bench& bench) { return bench.name != "bare loop" && bench.name.find(argv[1]) == std::string::npos; });
  }
  Measure(benches, 20);
  for (const Bench& bench : benches)
    std::printf("%-40s %8.1f GFLOP/s %5.1f %%\n", bench.name.c_str(), bench.best / 1e9, 100 * bench.best / benches[0].best);
  return 0;
}
