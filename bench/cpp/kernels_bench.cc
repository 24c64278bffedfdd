// GFLOP/s of the float kernels beside XNNPACK's (if it was built) and a bare multiply-add loop: the best of short windows. The
// rounds go over all cases in turn, ours and theirs alternating, so that a busy neighbour hits them alike.
//   bench_kernels [--json] [--rounds N] [name filter]
#include <algorithm>
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
#include "kernels/conv.h"
#include "kernels/depthwise.h"
#include "kernels/gemm.h"
#include "kernels/int8_conv.h"
#include "kernels/int8_gemm.h"
#include "kernels/pool.h"
#include "kernels/winograd.h"
#ifdef WEBINFER_HAS_XNNPACK
#include "operators.h"
#endif

namespace webinfer::kernels {
namespace {

struct Case {
  std::string group, name, kernel;
  double flops;  // per call
  std::function<void()> ours, theirs;
  double our_best = 0, their_best = 0;  // flops per second
};

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Floats that live as long as the program. (pseudo-random, below 1)
float* Floats(size_t count) {
  auto* floats = static_cast<float*>(TryAllocate((count + 64) * sizeof(float)));
  for (size_t i = 0; i < count; ++i) floats[i] = static_cast<float>(i * 2654435761u % 1000) / 500.0f - 1;
  return floats;
}

// Inputs, weights before packing, biases and outputs of all cases share these.
constexpr size_t kMostFloats = size_t{17} << 20;
const float* Source() {
  static const float* const floats = Floats(kMostFloats);
  return floats;
}
float* Target() {
  static float* const floats = Floats(kMostFloats);
  return floats;
}

Case Ceiling() {
  return {"ceiling", "multiply-add loop", "", 12 * 8 * 20000.0, [] {
            volatile float sink = BareLoop(20000);
            (void)sink;
          }};
}

Epilogue Relu(const float* bias) {
  Epilogue epilogue;
  epilogue.bias = bias;
  epilogue.activation = Activation::kClip;
  epilogue.beta = INFINITY;
  return epilogue;
}

Case GemmCase(int m, int k, int n) {
  const auto columns = static_cast<size_t>(n), depth = static_cast<size_t>(k);
  float* packed = Floats(PackedFloats(k, n));
  const Gemm gemm{.a = Source(),
                  .a_stride = depth,
                  .b = Packed(packed, k),
                  .c = Target(),
                  .c_stride = columns,
                  .m = m,
                  .n = n,
                  .k = k,
                  .epilogue = Relu(Source())};
  Case made{"GEMM", std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n), "gemm", 2.0 * m * k * n,
            [gemm] { RunGemm(gemm); }};
#ifdef WEBINFER_HAS_XNNPACK
  const xnnpack::Operator theirs = xnnpack::FullyConnectedF32(m, k, n, Source(), Source(), {0, INFINITY}, Source(), Target());
  made.theirs = [theirs] { theirs.Run(); };
#endif
  return made;
}

struct Layer {
  int size, channels, filters, kernel = 1, stride = 1;
  bool depthwise = false;
};

ConvGeometry GeometryOf(const Layer& layer) {
  ConvGeometry g;
  g.channels = layer.channels;
  g.filters = layer.filters;
  g.group = layer.depthwise ? layer.channels : 1;
  for (int axis = 1; axis < 3; ++axis) {
    g.in[axis] = layer.size;
    g.out[axis] = (layer.size + layer.stride - 1) / layer.stride;
    g.kernel[axis] = layer.kernel;
    g.stride[axis] = layer.stride;
    g.pad[axis] = layer.kernel / 2;
  }
  return g;
}

#ifdef WEBINFER_HAS_XNNPACK
xnnpack::Window WindowOf(const ConvGeometry& g) {
  xnnpack::Window w;
  for (int i = 0; i < 2; ++i) {
    w.kernel[i] = g.kernel[i + 1];
    w.stride[i] = g.stride[i + 1];
    w.pad_begin[i] = g.pad[i + 1];
    w.pad_end[i] = std::max(0, (g.out[i + 1] - 1) * w.stride[i] + w.kernel[i] - w.pad_begin[i] - g.in[i + 1]);
  }
  return w;
}
#endif

std::string NameOf(const Layer& layer) {
  const std::string kernel = std::to_string(layer.kernel) + "x" + std::to_string(layer.kernel);
  return std::to_string(layer.size) + "^2x" + std::to_string(layer.channels) +
         (layer.depthwise ? " depthwise " : "->" + std::to_string(layer.filters) + " ") + kernel +
         (layer.stride > 1 ? " stride " + std::to_string(layer.stride) : "");
}

enum class Method { kChosen, kDirect };

Case ConvCase(const char* group, const Layer& layer, Method method = Method::kChosen) {
  const ConvGeometry g = GeometryOf(layer);
  Case made{group, NameOf(layer), "direct", 2.0 * static_cast<double>(g.pixels()) * g.filters * g.taps() * g.group_channels()};
  const auto take = [&](const char* kernel, size_t packed, auto pack, size_t scratch, auto run) {
    made.kernel = kernel;
    float* const weights = Floats(packed);
    float* const workspace = Floats(scratch);
    pack(g, Source(), weights);
    made.ours = [g, weights, workspace, run] { run(g, Source(), weights, Target(), Relu(Source()), workspace, OneThread()); };
  };
  if (IsDepthwise(g)) {
    take("depthwise", PackedDepthwiseFloats(g), PackDepthwiseWeights, DepthwiseScratchFloats(g, 1), RunDepthwise);
  } else if (method == Method::kChosen && PrefersWinograd(g)) {
    take("Winograd", PackedWinogradFloats(g), PackWinogradWeights, WinogradScratchFloats(g, 1), RunWinograd);
  } else {
    take("direct", PackedConvFloats(g), PackConvWeights, ConvScratchFloats(g, 1), RunConv);
  }
#ifdef WEBINFER_HAS_XNNPACK
  const xnnpack::Operator theirs = xnnpack::ConvF32({1, layer.size, layer.size, layer.channels}, WindowOf(g), layer.filters,
                                                    g.group, Source(), Source(), {0, INFINITY}, Source(), Target());
  made.theirs = [theirs] { theirs.Run(); };
#endif
  return made;
}

// Unsigned bytes times signed weights, requantised.
Int8Output Requantized() {
  static const float scale = 1e-4f;
  Int8Output output;
  output.kind = Int8Output::Kind::kByte;
  output.zero_point = 128;
  output.scale = &scale;
  return output;
}

Case Int8GemmCase(int m, int k, int n) {
  const Int8Dot dot = ProbeInt8Dot();
  float* const packed = Floats(PackedInt8Bytes(k, n) / sizeof(float) + 4);
  float* const scratch = Floats(Int8GemmScratch(m, n, k, 1) / sizeof(float) + 4);
  Int8Gemm gemm;
  gemm.a = Source();
  gemm.a_stride = static_cast<size_t>(k);
  gemm.b = Int8WeightsAt(packed, k, n, dot);
  gemm.c = Target();
  gemm.c_stride = static_cast<size_t>(n);
  gemm.m = m;
  gemm.n = n;
  gemm.k = k;
  gemm.output = Requantized();
  return {"8 bit", std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n),
          dot == Int8Dot::kWiden ? "16-bit dot" : "relaxed dot", 2.0 * m * k * n,
          [gemm, scratch] { RunInt8Gemm(gemm, scratch, OneThread()); }};
}

Case Int8ConvCase(const Layer& layer) {
  const ConvGeometry g = GeometryOf(layer);
  float* const packed = Floats(PackedInt8ConvBytes(g) / sizeof(float) + 4);
  float* const scratch = Floats(Int8ConvScratch(g, 1) / sizeof(float) + 4);
  Int8Conv conv;
  conv.geometry = g;
  conv.x = Source();
  conv.filters = {Source(), true, nullptr, false};
  conv.dot = ProbeInt8Dot();
  conv.packed = packed;
  conv.y = Target();
  conv.output = Requantized();
  PackInt8Conv(g, conv.filters, conv.dot, packed);
  Case made{"8 bit", NameOf(layer), conv.dot == Int8Dot::kWiden ? "16-bit dot" : "relaxed dot",
            2.0 * static_cast<double>(g.pixels()) * g.filters * g.taps() * g.group_channels(),
            [conv, scratch] { RunInt8Conv(conv, scratch, OneThread()); }};
#ifdef WEBINFER_HAS_XNNPACK
  std::vector<float> scales(static_cast<size_t>(layer.filters), 1e-4f);
  const xnnpack::Operator theirs =
      xnnpack::ConvQs8({1, layer.size, layer.size, layer.channels}, WindowOf(g), layer.filters, g.group, {1, 0}, scales.data(),
                       reinterpret_cast<const int8_t*>(Source()), reinterpret_cast<const int32_t*>(Source()), {1, 0},
                       reinterpret_cast<const int8_t*>(Source()), reinterpret_cast<int8_t*>(Target()));
  if (theirs.ok()) made.theirs = [theirs] { theirs.Run(); };
#endif
  return made;
}

// Its "FLOP" are input values taken.
Case PoolCase(PoolKind kind, const Layer& layer) {
  Pool pool;
  pool.geometry = GeometryOf(layer);
  pool.kind = kind;
  const ConvGeometry& g = pool.geometry;
  for (int axis = 0; axis < 3; ++axis) {
    pool.pad_end[axis] = std::max(0, (g.out[axis] - 1) * g.stride[axis] + g.kernel[axis] - g.pad[axis] - g.in[axis]);
  }
  void* const scratch = Floats(PoolScratchBytes(pool, 1) / sizeof(float));
  Case made{"pooling", (kind == PoolKind::kMax ? "max " : "average ") + NameOf(layer), "pool",
            static_cast<double>(g.pixels()) * g.channels * g.taps(),
            [pool, scratch] { RunPool(pool, Source(), Target(), scratch, OneThread()); }};
#ifdef WEBINFER_HAS_XNNPACK
  const xnnpack::Image image{1, layer.size, layer.size, layer.channels};
  const xnnpack::Operator theirs = kind == PoolKind::kMax ? xnnpack::MaxPoolF32(image, WindowOf(g), Source(), Target())
                                                          : xnnpack::AveragePoolF32(image, WindowOf(g), Source(), Target());
  made.theirs = [theirs] { theirs.Run(); };
#endif
  return made;
}

std::vector<Case> AllCases() {
  std::vector<Case> cases{Ceiling()};
  const int gemms[][3] = {{64, 64, 64},       {128, 128, 128}, {256, 256, 256},  {512, 512, 512},
                          {1024, 1024, 1024}, {128, 768, 768}, {128, 768, 3072}, {196, 192, 768},
                          {49, 2048, 512},    {49, 512, 2048}, {16, 2048, 2048}, {1, 768, 768},
                          {2, 768, 768},      {3, 768, 768},   {1, 768, 3072},   {1, 4096, 4096}};
  for (const auto& s : gemms) cases.push_back(GemmCase(s[0], s[1], s[2]));

  const Layer mobilenet[] = {{224, 3, 32, 3, 2},
                             {112, 32, 16},
                             {112, 16, 96},
                             {56, 96, 24},
                             {56, 24, 144},
                             {28, 32, 192},
                             {28, 192, 32},
                             {14, 64, 384},
                             {14, 384, 64},
                             {7, 160, 960},
                             {7, 960, 320},
                             {7, 320, 1280},
                             {112, 32, 32, 3, 1, true},
                             {112, 96, 96, 3, 2, true},
                             {56, 144, 144, 3, 1, true},
                             {56, 144, 144, 3, 2, true},
                             {28, 192, 192, 3, 1, true},
                             {14, 384, 384, 3, 1, true},
                             {14, 576, 576, 3, 2, true},
                             {7, 960, 960, 3, 1, true},
                             {28, 240, 240, 5, 1, true},
                             {14, 672, 672, 5, 2, true}};
  const Layer resnet[] = {{224, 3, 64, 7, 2},   {56, 64, 64, 3},   {56, 64, 256},    {56, 256, 64},
                          {56, 128, 128, 3, 2}, {28, 128, 128, 3}, {28, 512, 128},   {28, 128, 512},
                          {14, 256, 256, 3},    {14, 1024, 256},   {7, 512, 512, 3}, {7, 2048, 512}};
  const Layer yolo[] = {{640, 3, 16, 3, 2}, {320, 16, 32, 3, 2}, {160, 16, 16, 3}, {160, 32, 32},
                        {80, 64, 64},       {80, 32, 32, 3},     {40, 64, 64, 3},  {20, 256, 256}};
  const auto add = [&](const char* group, const auto& layers) {
    for (const Layer& layer : layers) {
      cases.push_back(ConvCase(group, layer));
      if (cases.back().kernel == "Winograd") cases.push_back(ConvCase(group, layer, Method::kDirect));
    }
  };
  add("MobileNetV2, EfficientNet", mobilenet);
  add("ResNet-50", resnet);
  add("YOLOv8n", yolo);
  cases.push_back(PoolCase(PoolKind::kMax, {112, 64, 64, 3, 2}));
  cases.push_back(PoolCase(PoolKind::kMax, {20, 128, 128, 5, 1}));
  cases.push_back(PoolCase(PoolKind::kAverage, {35, 192, 192, 3, 1}));
  cases.push_back(PoolCase(PoolKind::kAverage, {56, 128, 128, 2, 2}));

  const int products[][3] = {{128, 768, 768}, {512, 512, 512}, {128, 768, 3072}, {1, 768, 768}, {1, 4096, 4096}};
  for (const auto& s : products) cases.push_back(Int8GemmCase(s[0], s[1], s[2]));
  for (const Layer& layer : mobilenet) cases.push_back(Int8ConvCase(layer));
  for (const Layer& layer : resnet) cases.push_back(Int8ConvCase(layer));
  return cases;
}

double Speed(const std::function<void()>& run, double flops) {
  int calls = 0;
  const double start = Now();
  double seconds = 0;
  do {
    run();
    ++calls;
    seconds = Now() - start;
  } while (seconds < 2e-3);
  return flops * calls / seconds;
}

void Measure(std::vector<Case>& cases, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (Case& c : cases) {
      if (round == 0) c.ours();
      c.our_best = std::max(c.our_best, Speed(c.ours, c.flops));
      if (c.theirs == nullptr) continue;
      if (round == 0) c.theirs();
      c.their_best = std::max(c.their_best, Speed(c.theirs, c.flops));
    }
  }
}

void Print(const std::vector<Case>& cases, bool json) {
  const double ceiling = cases[0].our_best;
  if (!json) std::printf("%-26s %-34s %-10s %8s %8s %8s %7s\n", "", "GFLOP/s", "", "ours", "ceiling", "XNNPACK", "ratio");
  for (const Case& c : cases) {
    const double ratio = c.their_best > 0 ? c.our_best / c.their_best : 0;
    std::printf(
        json
            ? "{\"group\":\"%s\",\"name\":\"%s\",\"kernel\":\"%s\",\"ours\":%.2f,\"share\":%.4f,\"theirs\":%.2f,\"ratio\":%.3f}\n"
            : "%-26s %-34s %-10s %8.1f %8.2f %8.1f %7.2f\n",
        c.group.c_str(), c.name.c_str(), c.kernel.c_str(), c.our_best / 1e9, c.our_best / ceiling, c.their_best / 1e9, ratio);
  }
}

}  // namespace
}  // namespace webinfer::kernels

int main(int argc, char** argv) {
  using namespace webinfer::kernels;
  bool json = false;
  int rounds = 20;
  std::string filter;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      json = true;
    } else if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::atoi(argv[++i]);
    } else {
      filter = argv[i];
    }
  }
  std::vector<Case> cases = AllCases();
  std::erase_if(cases, [&](const Case& c) {
    return c.group != "ceiling" && (c.group + " " + c.name + " " + c.kernel).find(filter) == std::string::npos;
  });
  Measure(cases, rounds);
  Print(cases, json);
  return 0;
}
