#include "ops/contrib/experts.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>

#include "kernels/elements.h"
#include "kernels/nbits.h"
#include "ops/nn/prepared.h"

namespace webinfer::ops {
namespace {

constexpr int kProbabilities = 1;  // input of the router's logits

Status ReadActivation(const Attributes& attributes, Experts* experts) {
  constexpr std::pair<std::string_view, ExpertActivation> kNames[] = {{"relu", ExpertActivation::kRelu},
                                                                      {"gelu", ExpertActivation::kGelu},
                                                                      {"silu", ExpertActivation::kSilu},
                                                                      {"swiglu", ExpertActivation::kSwiGlu},
                                                                      {"identity", ExpertActivation::kIdentity}};
  const std::string_view name = attributes.String("activation_type", "relu");
  for (const auto& [known, activation] : kNames) {
    if (known != name) continue;
    experts->activation = activation;
    experts->interleaved = attributes.Int("swiglu_fusion", 0) == 1;
    experts->alpha = attributes.Float("activation_alpha", 1);
    experts->beta = attributes.Float("activation_beta", 0);
    experts->limit = attributes.Float("swiglu_limit", INFINITY);
    return OkStatus();
  }
  return Error(Code::kUnsupported, "A mixture of experts with this activation")
      .Expected("relu, gelu, silu, swiglu or identity")
      .Actual("%.*s", static_cast<int>(name.size()), name.data());
}

Status ExpectShape(const InferContext& ctx, int i, const Shape& shape, const char* what) {
  if (i < 0 || !ctx.HasInput(i) || ctx.In(i).shape == shape) return OkStatus();
  return Error(Code::kShapeMismatch, "%s of a mixture of experts has the wrong shape", what)
      .Expected("%s", ShapeText(shape).text)
      .Actual("%s", ShapeText(ctx.In(i).shape).text);
}

Status CheckLayer(const InferContext& ctx, const Experts& e, ExpertLayer* layer) {
  if (!layer->present()) return OkStatus();
  const int64_t pack = e.bits == 0 ? 1 : 8 / e.bits;
  const DType wanted = e.bits == 0 ? DType::kFloat32 : DType::kUint8;
  if (ctx.In(layer->weights).dtype != wanted || layer->in % pack != 0) {
    return Error(Code::kTypeMismatch, "The experts' weights cannot be read")
        .Expected("%s, rows of whole bytes", DTypeName(wanted))
        .Actual("%s, rows of %lld", DTypeName(ctx.In(layer->weights).dtype), static_cast<long long>(layer->in));
  }
  WEBINFER_TRY(ExpectShape(ctx, layer->weights, {e.count, layer->out, layer->in / pack}, "A weight"));
  WEBINFER_TRY(ExpectShape(ctx, layer->bias, {e.count, layer->out}, "A bias"));
  if (ctx.HasInput(layer->bias) && ctx.In(layer->bias).dtype != DType::kFloat32)
    return Error(Code::kTypeMismatch, "The experts' bias has another type").Expected("float32");
  if (e.bits == 0) return OkStatus();
  layer->block = ctx.attributes().Int("block_size", 0);
  if (layer->block < 0 || (layer->block > 0 && layer->in % layer->block != 0)) {
    return Error(Code::kUnsupported, "The experts' blocks do not divide their rows")
        .Actual("blocks of %lld, rows of %lld", static_cast<long long>(layer->block), static_cast<long long>(layer->in));
  }
  const bool blocks = layer->block > 0;
  layer->zero_per_row = !blocks;
  if (!blocks) layer->block = layer->in;
  const int64_t per_row = layer->in / layer->block;
  if (!ctx.HasInput(layer->scales) || !IsFloat(ctx.In(layer->scales).dtype))
    return Error(Code::kTypeMismatch, "The experts' quantised weights need scales of a float type");
  const Shape scales = blocks ? Shape({e.count, layer->out, per_row}) : Shape({e.count, layer->out});
  // A row's only scale may have an axis of its own.
  if (blocks || ctx.In(layer->scales).shape.rank() != 3)
    WEBINFER_TRY(ExpectShape(ctx, layer->scales, scales, "A scale"));
  else
    WEBINFER_TRY(ExpectShape(ctx, layer->scales, {e.count, layer->out, 1}, "A scale"));
  if (layer->zeros < 0 || !ctx.HasInput(layer->zeros)) return OkStatus();
  if (ctx.In(layer->zeros).dtype != DType::kUint8) return Error(Code::kTypeMismatch, "The experts' zero points must be uint8");
  return ExpectShape(
      ctx, layer->zeros,
      blocks ? Shape({e.count, layer->out, (per_row + pack - 1) / pack}) : Shape({e.count, (layer->out + pack - 1) / pack}),
      "A zero point");
}

struct Route {
  int32_t expert;
  float weight;
};

// The k experts of one token. Of equal ones the later comes first, as in onnxruntime.
void RouteToken(const Experts& e, const float* logits, const float* weights, float* probability, Route* routes) {
  const float largest = *std::max_element(logits, logits + e.count);
  float total = 0;
  for (int64_t i = 0; i < e.count; ++i) total += probability[i] = std::exp(logits[i] - largest);
  for (int64_t i = 0; i < e.count; ++i) probability[i] /= total;
  float sum = 0;
  for (int64_t k = 0; k < e.chosen; ++k) {
    int64_t best = -1;
    for (int64_t i = 0; i < e.count; ++i) {
      if (probability[i] >= 0 && (best < 0 || probability[i] >= probability[best])) best = i;
    }
    best = std::max<int64_t>(best, 0);  // NaN everywhere
    routes[k] = {static_cast<int32_t>(best), weights != nullptr ? weights[best] : probability[best]};
    sum += routes[k].weight;
    probability[best] = -1;
  }
  for (int64_t k = 0; e.normalize && sum != 0 && k < e.chosen; ++k) routes[k].weight /= sum;
}

float Activate(ExpertActivation activation, float x) {
  switch (activation) {
    case ExpertActivation::kRelu: return std::max(x, 0.0f);
    case ExpertActivation::kGelu: return 0.5f * x * (1 + std::tanh(0.7978845608f * (x + 0.044715f * x * x * x)));
    case ExpertActivation::kSilu: return x / (1 + std::exp(-x));
    default: return x;
  }
}

// [rows, fc1's out] (and the third layer's) to [rows, inter].
void ActivateRows(const Experts& e, int64_t rows, const float* first, const float* third, float* out) {
  const bool swiglu = e.activation == ExpertActivation::kSwiGlu;
  for (int64_t row = 0; row < rows; ++row, first += e.fc1.out, out += e.inter) {
    for (int64_t i = 0; i < e.inter; ++i) {
      if (!swiglu) {
        out[i] = Activate(e.activation, first[i]) * (third != nullptr ? third[row * e.inter + i] : 1);
        continue;
      }
      const float* linear = third != nullptr ? third + row * e.inter + i
                            : e.interleaved  ? first + 2 * i + 1
                                             : first + e.inter + i;
      const float gate = std::min(first[third == nullptr && e.interleaved ? 2 * i : i], e.limit);
      out[i] = gate / (1 + std::exp(-e.alpha * gate)) * (std::clamp(*linear, -e.limit, e.limit) + e.beta);
    }
  }
}

// One expert's weights of one layer, from quantised to packed.
void Dequantize(const Step& step, const Experts& e, const ExpertLayer& layer, int64_t expert, float* packed) {
  const int pack = 8 / e.bits, mask = (1 << e.bits) - 1;
  const int64_t blocks = layer.in / layer.block, row_bytes = layer.in / pack;
  const int64_t zero_bytes = layer.zero_per_row ? (layer.out + pack - 1) / pack : layer.out * ((blocks + pack - 1) / pack);
  const uint8_t* weights = step.in[layer.weights].As<uint8_t>() + expert * layer.out * row_bytes;
  const uint8_t* zeros =
      layer.zeros >= 0 && step.HasInput(layer.zeros) ? step.in[layer.zeros].As<uint8_t>() + expert * zero_bytes : nullptr;
  const auto part = [&](const uint8_t* bytes, int64_t i) { return bytes[i / pack] >> (i % pack * e.bits) & mask; };
  for (int64_t row = 0; row < layer.out; ++row, weights += row_bytes) {
    float* column = packed + row / kernels::kPanelColumns * layer.in * kernels::kPanelColumns + row % kernels::kPanelColumns;
    for (int64_t block = 0; block < blocks; ++block) {
      float scale = 0;
      kernels::LoadFloats(step.in[layer.scales].dtype, step.in[layer.scales].data, (expert * layer.out + row) * blocks + block, 1,
                          &scale);
      int zero = 1 << (e.bits - 1);
      if (zeros != nullptr)
        zero = layer.zero_per_row ? part(zeros, row) : part(zeros + row * ((blocks + pack - 1) / pack), block);
      for (int64_t i = block * layer.block; i < (block + 1) * layer.block; ++i) {
        column[i * kernels::kPanelColumns] = static_cast<float>(part(weights, i) - zero) * scale;
      }
    }
  }
}

kernels::NBitsGemm CodesOf(const ExpertLayer& layer, int bits, bool zeros) {
  kernels::NBitsGemm gemm;
  gemm.n = static_cast<int>(layer.out);
  gemm.k = static_cast<int>(layer.in);
  gemm.block = static_cast<int>(layer.block);
  gemm.bits = bits;
  gemm.zeros = zeros;
  return gemm;
}

// Of one expert.
size_t PackedCodes(const kernels::NBitsGemm& gemm) { return (kernels::PackedNBitsBytes(gemm) + 63) / 64 * 64; }

size_t PackedLayer(const ExpertLayer& layer) {
  return layer.present() ? kernels::PackedFloats(static_cast<int>(layer.in), static_cast<int>(layer.out)) : 0;
}

// What a run works in.
struct Scratch {
  Route* routes;  // [tokens, chosen]
  int32_t* rows;  // the tokens of one expert, and where among its routes
  float* weights;
  float *probability, *x, *first, *third, *active, *y, *packed;
};

// What a product with prepared codes works in, however many of the tokens an expert gets: few rows go another way than many.
size_t CodesScratch(kernels::NBitsGemm codes, int64_t tokens, int threads) {
  constexpr int64_t kFew = 256;
  size_t bytes = 0;
  for (int64_t rows = std::min(tokens, kFew); rows >= 1; --rows) {
    codes.m = static_cast<int>(rows);
    bytes = std::max(bytes, kernels::NBitsScratchBytes(codes, threads));
  }
  codes.m = static_cast<int>(tokens);
  return std::max(bytes, kernels::NBitsScratchBytes(codes, threads));
}

// Floats for weights of one layer while they are used, or what the product with prepared codes needs.
size_t LayerFloats(const Experts& e, int threads) {
  size_t floats = 0;
  for (const ExpertLayer* layer : {&e.fc1, &e.fc2, &e.fc3}) {
    if (!layer->present() || (e.prepared && e.bits == 0)) continue;
    const size_t own =
        e.prepared ? CodesScratch(CodesOf(*layer, e.bits, true), e.tokens, threads) / sizeof(float) + 1 : PackedLayer(*layer);
    floats = std::max(floats, own);
  }
  return floats;
}

uint64_t LayOut(const Experts& e, int threads, uint8_t* memory, Scratch* scratch) {
  uint64_t used = 0;
  const auto take = [&](auto** pointer, int64_t count) {
    if (memory != nullptr) *pointer = reinterpret_cast<std::remove_pointer_t<decltype(pointer)>>(memory + used);
    used += (static_cast<uint64_t>(count) * sizeof(**pointer) + 63) / 64 * 64;
  };
  take(&scratch->routes, e.tokens * e.chosen);
  take(&scratch->rows, e.tokens);
  take(&scratch->weights, e.tokens);
  take(&scratch->probability, e.count);
  take(&scratch->x, e.tokens * e.hidden);
  take(&scratch->first, e.tokens * e.fc1.out);
  take(&scratch->third, e.tokens * e.fc3.out);
  take(&scratch->active, e.tokens * e.inter);
  take(&scratch->y, e.tokens * e.hidden);
  take(&scratch->packed, static_cast<int64_t>(LayerFloats(e, threads)));
  return used;
}

// y = x W' + bias for `rows` rows, of expert `expert`.
void RunLayer(const Step& step, const Experts& e, const ExpertLayer& layer, int slot, int64_t expert, int64_t rows,
              const float* x, float* packed, float* y, ThreadPool& pool) {
  const float* weights = packed;
  const int in = static_cast<int>(layer.in), out = static_cast<int>(layer.out);
  const float* bias = step.HasInput(layer.bias) ? step.in[layer.bias].As<float>() + expert * layer.out : nullptr;
  if (e.bits > 0 && e.prepared) {
    kernels::NBitsGemm codes = CodesOf(layer, e.bits, layer.zeros >= 0 && step.HasInput(layer.zeros));
    codes.packed = PreparedBytes(*step.node, slot) + static_cast<size_t>(expert) * PackedCodes(codes);
    codes.m = static_cast<int>(rows);
    codes.x = x;
    codes.bias = bias;
    codes.y = y;
    return kernels::RunNBits(codes, packed, pool);
  }
  if (e.bits > 0) {
    Dequantize(step, e, layer, expert, packed);
  } else if (const float* prepared = PreparedFloats(*step.node, slot)) {
    weights = prepared + static_cast<size_t>(expert) * PackedLayer(layer);
  } else {
    kernels::PackB(step.in[layer.weights].As<float>() + expert * layer.in * layer.out, 1, static_cast<size_t>(in), in, out, 1,
                   packed);
  }
  kernels::Gemm gemm;
  gemm.a = x;
  gemm.a_stride = static_cast<size_t>(in);
  gemm.b = kernels::Packed(weights, in);
  gemm.c = y;
  gemm.c_stride = static_cast<size_t>(out);
  gemm.m = static_cast<int>(rows);
  gemm.n = out;
  gemm.k = in;
  gemm.epilogue.bias = bias;
  kernels::RunGemm(gemm, pool);
}

Status Run(const Step& step, RunContext& run) {
  const auto& e = step.Params<Experts>();
  Scratch s;
  LayOut(e, run.pool().size(), step.scratch, &s);
  const float* logits = step.in[kProbabilities].As<float>();
  const float* router = e.router_weights >= 0 ? step.in[e.router_weights].As<float>() : nullptr;
  for (int64_t token = 0; token < e.tokens; ++token) {
    RouteToken(e, logits + token * e.count, router == nullptr ? nullptr : router + token * e.count, s.probability,
               s.routes + token * e.chosen);
  }
  float* out = step.out[0].As<float>();
  std::memset(out, 0, step.out[0].bytes());
  for (int64_t expert = 0; expert < e.count; ++expert) {
    int64_t rows = 0;
    for (int64_t i = 0; i < e.tokens * e.chosen; ++i) {
      if (s.routes[i].expert != expert || rows == e.tokens) continue;
      s.rows[rows] = static_cast<int32_t>(i / e.chosen);
      s.weights[rows++] = s.routes[i].weight;
    }
    if (rows == 0) continue;
    for (int64_t row = 0; row < rows; ++row) {
      const float* x = step.in[0].As<float>() + s.rows[row] * e.hidden;
      std::copy(x, x + e.hidden, s.x + row * e.hidden);
    }
    RunLayer(step, e, e.fc1, 0, expert, rows, s.x, s.packed, s.first, run.pool());
    if (e.fc3.present()) RunLayer(step, e, e.fc3, 2, expert, rows, s.x, s.packed, s.third, run.pool());
    ActivateRows(e, rows, s.first, e.fc3.present() ? s.third : nullptr, s.active);
    RunLayer(step, e, e.fc2, 1, expert, rows, s.active, s.packed, s.y, run.pool());
    for (int64_t row = 0; row < rows; ++row) {
      float* to = out + s.rows[row] * e.hidden;
      for (int64_t i = 0; i < e.hidden; ++i) to[i] += s.weights[row] * s.y[row * e.hidden + i];
    }
  }
  return OkStatus();
}

// What the weights themselves say of a layer.
ExpertLayer LayerOfCodes(const InferContext& ctx, const Tensor& codes, int bits) {
  ExpertLayer layer;
  layer.in = codes.shape[2] * (8 / bits);
  layer.out = codes.shape[1];
  layer.block = ctx.attributes().Int("block_size", 0);
  layer.zero_per_row = layer.block == 0;
  if (layer.block == 0) layer.block = layer.in;
  return layer;
}

bool HasConstantCodes(const PrepareContext& ctx, int weights, int scales, int zeros, int bits) {
  const Tensor *codes = ctx.Constant(weights), *scale = ctx.Constant(scales), *zero = ctx.Constant(zeros);
  if (codes == nullptr || codes->dtype != DType::kUint8 || codes->shape.rank() != 3 || codes->shape.Elements() == 0 ||
      scale == nullptr || !IsFloat(scale->dtype) || (ctx.HasInput(zeros) && zero == nullptr))
    return false;
  const ExpertLayer layer = LayerOfCodes(ctx, *codes, bits);
  const bool sizes = layer.in < INT_MAX / 16 && layer.out < INT_MAX / 16 && layer.block >= 4 && layer.block % 4 == 0 &&
                     layer.block <= 65536 && layer.in % layer.block == 0;
  if (!sizes) return false;
  const int64_t count = codes->shape[0], pack = 8 / bits, blocks = layer.in / layer.block;
  const int64_t zero_bytes = layer.zero_per_row ? (layer.out + pack - 1) / pack : layer.out * ((blocks + pack - 1) / pack);
  return scale->shape.Elements() == count * layer.out * blocks &&
         (zero == nullptr || (zero->dtype == DType::kUint8 && zero->shape.Elements() == count * zero_bytes));
}

}  // namespace

Status InferExperts(InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape); }

Status ReadExperts(const InferContext& ctx, const ExpertInputs& inputs, int bits, Experts* e) {
  if (!ctx.HasInput(inputs.fc1) || !ctx.HasInput(inputs.fc2))
    return Error(Code::kInvalidModel, "A mixture of experts lacks the weights of a layer");
  const Shape &x = ctx.In(0).shape, &router = ctx.In(kProbabilities).shape, &second = ctx.In(inputs.fc2).shape;
  if (x.rank() < 2 || x.rank() > 3 || router.rank() != 2 || second.rank() != 3 || ctx.In(inputs.fc1).shape.rank() != 3) {
    return Error(Code::kShapeMismatch, "The inputs of a mixture of experts have the wrong rank")
        .Expected("input [tokens, hidden], router [tokens, experts], weights of rank 3")
        .Actual("%s, %s, %s", ShapeText(x).text, ShapeText(router).text, ShapeText(second).text);
  }
  WEBINFER_TRY(ReadActivation(ctx.attributes(), e));
  e->bits = bits;
  e->hidden = x[x.rank() - 1];
  e->tokens = x.Elements(0, x.rank() - 1);
  e->count = router[1];
  e->chosen = ctx.attributes().Int("k", 1);
  e->inter = second[2] * (bits == 0 ? 1 : 8 / bits);
  e->normalize = ctx.attributes().Int("normalize_routing_weights", 0) != 0;
  const bool third = ctx.HasInput(inputs.fc3);
  const bool fused = e->activation == ExpertActivation::kSwiGlu && !third;
  e->fc1 = {e->hidden, fused ? 2 * e->inter : e->inter, inputs.fc1, inputs.fc1_bias, inputs.fc1_scales, inputs.fc1_zeros};
  e->fc2 = {e->inter, e->hidden, inputs.fc2, inputs.fc2_bias, inputs.fc2_scales, inputs.fc2_zeros};
  e->fc3 = {};
  if (third) e->fc3 = {e->hidden, e->inter, inputs.fc3, inputs.fc3_bias, inputs.fc3_scales, inputs.fc3_zeros};
  constexpr int64_t kMost = INT_MAX / 16;
  const bool sizes = e->hidden > 0 && e->hidden < kMost && e->inter > 0 && e->inter < kMost && e->tokens < kMost;
  if (!sizes || e->chosen < 1 || e->chosen > e->count || router[0] != e->tokens) {
    return Error(Code::kShapeMismatch, "The sizes of a mixture of experts do not fit together")
        .Expected("a router [%lld, at least k = %lld]", static_cast<long long>(e->tokens), static_cast<long long>(e->chosen))
        .Actual("%s for %s", ShapeText(router).text, ShapeText(x).text);
  }
  if (ctx.attributes().Int("use_sparse_mixer", 0) != 0)
    return Error(Code::kUnsupported, "A mixture of experts with use_sparse_mixer");
  if (ctx.In(0).dtype != DType::kFloat32 || ctx.In(kProbabilities).dtype != DType::kFloat32) {
    return Error(Code::kTypeMismatch, "A mixture of experts needs float inputs").Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  e->router_weights = inputs.router_weights >= 0 && ctx.HasInput(inputs.router_weights) ? inputs.router_weights : -1;
  if (e->router_weights >= 0) {
    WEBINFER_TRY(ExpectShape(ctx, e->router_weights, router, "router_weights"));
    WEBINFER_TRY(ctx.ExpectSameDType(0, e->router_weights));
  }
  // QMoE's weights are a softmax over the chosen experts alone, whatever the attribute says.
  if (bits > 0 && e->router_weights < 0) e->normalize = true;
  for (ExpertLayer* layer : {&e->fc1, &e->fc2, &e->fc3}) WEBINFER_TRY(CheckLayer(ctx, *e, layer));
  return OkStatus();
}

Status BindExperts(BindContext& ctx, const ExpertInputs& inputs, int bits) {
  WEBINFER_ASSIGN(Experts * e, ctx.Params<Experts>());
  WEBINFER_TRY(ReadExperts(ctx, inputs, bits, e));
  e->prepared = PreparedBytes(ctx.node(), 0) != nullptr && PreparedBytes(ctx.node(), 1) != nullptr &&
                (!e->fc3.present() || PreparedBytes(ctx.node(), 2) != nullptr);
  Scratch ignored;
  ctx.SetScratch(LayOut(*e, ctx.threads(), nullptr, &ignored));
  ctx.SetKernel(Run);
  return OkStatus();
}

Status PrepareQuantizedExperts(PrepareContext& ctx, const ExpertInputs& in, int bits) {
  const int weights[3] = {in.fc1, in.fc2, in.fc3}, scales[3] = {in.fc1_scales, in.fc2_scales, in.fc3_scales};
  const int zeros[3] = {in.fc1_zeros, in.fc2_zeros, in.fc3_zeros};
  for (int slot = 0; slot < 3; ++slot) {  // all of them, or none: a run has one way for every layer
    if (ctx.HasInput(weights[slot]) && !HasConstantCodes(ctx, weights[slot], scales[slot], zeros[slot], bits)) return OkStatus();
  }
  for (int slot = 0; slot < 3; ++slot) {
    if (!ctx.HasInput(weights[slot])) continue;
    const Tensor &codes = *ctx.Constant(weights[slot]), &scale = *ctx.Constant(scales[slot]);
    const Tensor* zero = ctx.Constant(zeros[slot]);
    const ExpertLayer layer = LayerOfCodes(ctx, codes, bits);
    const kernels::NBitsGemm gemm = CodesOf(layer, bits, zero != nullptr);
    const int64_t count = codes.shape[0], pack = 8 / bits, blocks = layer.in / layer.block, rows = layer.out * blocks;
    const int64_t zero_bytes = zero == nullptr ? 0 : zero->shape.Elements() / count;
    WEBINFER_ASSIGN(uint8_t * packed, KeepBytes(ctx, slot, PackedCodes(gemm) * static_cast<uint64_t>(count)));
    Array<float> floats, row_zeros;
    WEBINFER_TRY(floats.Resize(static_cast<size_t>(rows)));
    if (zero != nullptr && layer.zero_per_row) WEBINFER_TRY(row_zeros.Resize(static_cast<size_t>(rows)));
    for (int64_t expert = 0; expert < count; ++expert, packed += PackedCodes(gemm)) {
      kernels::NBitsWeights source;
      source.codes = codes.As<uint8_t>() + expert * layer.out * (layer.in / pack);
      kernels::LoadFloats(scale.dtype, scale.buffer.data(), expert * rows, rows, floats.data());
      source.scales = floats.data();
      const uint8_t* expert_zeros = zero == nullptr ? nullptr : zero->As<uint8_t>() + expert * zero_bytes;
      for (size_t row = 0; row < row_zeros.size(); ++row) {
        const size_t in_byte = row % static_cast<size_t>(pack);
        row_zeros[row] = static_cast<float>(
            expert_zeros[row / static_cast<size_t>(pack)] >> (in_byte * static_cast<size_t>(bits)) & ((1 << bits) - 1));
      }
      if (!row_zeros.empty()) {
        source.float_zeros = row_zeros.data();
      } else {
        source.zeros = expert_zeros;
      }
      kernels::PackNBits(gemm, source, packed);
    }
    for (int i : {weights[slot], scales[slot], zeros[slot]}) {
      if (i >= 0 && ctx.HasInput(i)) ctx.Drop(i);
    }
  }
  return OkStatus();
}

Status PrepareExperts(PrepareContext& ctx, const ExpertInputs& inputs) {
  const int weights[3] = {inputs.fc1, inputs.fc2, inputs.fc3};
  for (int slot = 0; slot < 3; ++slot) {
    const Tensor* constant = ctx.Constant(weights[slot]);
    if (constant == nullptr || constant->dtype != DType::kFloat32 || constant->shape.rank() != 3) continue;
    const int64_t count = constant->shape[0], out = constant->shape[1], in = constant->shape[2];
    if (in < 1 || out < 1 || in > INT_MAX / 16 || out > INT_MAX / 16) continue;
    const size_t packed = kernels::PackedFloats(static_cast<int>(in), static_cast<int>(out));
    WEBINFER_ASSIGN(float* floats, KeepFloats(ctx, slot, packed * static_cast<uint64_t>(count)));
    for (int64_t expert = 0; expert < count; ++expert) {
      kernels::PackB(constant->As<float>() + expert * in * out, 1, static_cast<size_t>(in), static_cast<int>(in),
                     static_cast<int>(out), 1, floats + static_cast<size_t>(expert) * packed);
    }
    ctx.Drop(weights[slot]);
  }
  return OkStatus();
}

}  // namespace webinfer::ops
