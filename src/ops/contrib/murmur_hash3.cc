// MurmurHash3: the 32-bit hash MurmurHash3_x86_32 of each element's bytes (of a string: its characters).
#include <cstring>

#include "ops/op.h"

namespace webinfer::ops {
namespace {

uint32_t Rotate(uint32_t x, int by) { return (x << by) | (x >> (32 - by)); }

uint32_t Scramble(uint32_t word) { return Rotate(word * 0xcc9e2d51u, 15) * 0x1b873593u; }

uint32_t Hash(const uint8_t* bytes, size_t length, uint32_t seed) {
  uint32_t hash = seed;
  for (size_t i = 0; i + 4 <= length; i += 4) {
    uint32_t word;
    std::memcpy(&word, bytes + i, 4);
    hash = Rotate(hash ^ Scramble(word), 13) * 5 + 0xe6546b64u;
  }
  uint32_t rest = 0;
  for (size_t i = length; i > length / 4 * 4; --i) rest = rest << 8 | bytes[i - 1];
  if (length % 4 != 0) hash ^= Scramble(rest);
  hash ^= static_cast<uint32_t>(length);
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16);
}

Status Infer(InferContext& ctx) {
  const bool positive = ctx.attributes().Int("positive", 1) != 0;
  return ctx.SetOutput(0, positive ? DType::kUint32 : DType::kInt32, ctx.In(0).shape);
}

Status Kernel(const Step& step, RunContext&) {
  const auto seed = static_cast<uint32_t>(step.node->attributes.Int("seed", 0));
  const size_t bytes = DTypeBytes(step.in[0].dtype);
  for (int64_t i = 0; i < step.in[0].elements(); ++i) {
    uint32_t hash;
    if (step.in[0].dtype == DType::kString) {
      const StringData* text = step.in[0].As<const StringData*>()[i];
      hash = Hash(reinterpret_cast<const uint8_t*>(text->chars()), text->length, seed);
    } else {
      hash = Hash(step.in[0].As<uint8_t>() + static_cast<size_t>(i) * bytes, bytes, seed);
    }
    step.out[0].As<uint32_t>()[i] = hash;
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const DType dtype = ctx.In(0).dtype;
  if (dtype != DType::kString && DTypeBytes(dtype) != 4 && DTypeBytes(dtype) != 8)
    return Error(Code::kTypeMismatch, "MurmurHash3 of this type")
        .Expected("strings, 32- or 64-bit numbers")
        .Actual("%s", DTypeName(dtype));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Microsoft_MurmurHash3) {
  return {.name = "MurmurHash3", .domain = "com.microsoft", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
