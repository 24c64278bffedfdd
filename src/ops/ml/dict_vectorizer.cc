// DictVectorizer: the values of a map at the places that the vocabulary gives their keys, zeros elsewhere.
#include <cstring>

#include "ops/ml/sorted_keys.h"

namespace webinfer::ops {
namespace {

int64_t WordCount(const Attributes& attributes) {
  return std::max(std::ssize(attributes.Strings("string_vocabulary")), std::ssize(attributes.Ints("int64_vocabulary")));
}

Status Infer(InferContext& ctx) {
  if (ctx.In(0).kind != ValueKind::kMap) {
    return Error(Code::kTypeMismatch, "The input is a %s", ValueKindName(ctx.In(0).kind)).Expected("a map");
  }
  const int64_t count = WordCount(ctx.attributes());
  if (count == 0) return Error(Code::kInvalidModel, "DictVectorizer has no vocabulary");
  return ctx.SetOutput(0, ctx.In(0).dtype, Shape({1, count}));
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& words = step.Params<SortedKeys>();
  const RuntimeValue& map = *step.in[0].value;
  const Tensor &keys = map.map_keys(), &values = map.map_values();
  if ((keys.dtype == DType::kString) != (words.strings != nullptr)) {
    return Error(Code::kTypeMismatch, "The keys of the map do not have the type of the vocabulary")
        .Expected("%s", words.strings != nullptr ? "string" : "int64")
        .Actual("%s", DTypeName(keys.dtype));
  }
  const Operand& out = step.out[0];
  const size_t bytes = DTypeBytes(out.dtype);
  if (out.dtype == DType::kString) {
    WEBINFER_ASSIGN(const StringData* empty, run.strings().Add(""));
    std::fill(out.As<const StringData*>(), out.As<const StringData*>() + words.count, empty);
  } else {
    std::memset(out.data, 0, out.bytes());
  }
  const Operand key_operand = {ValueKind::kTensor, keys.dtype, true, keys.shape, const_cast<uint8_t*>(keys.buffer.data())};
  for (int64_t i = 0; i < keys.shape[0]; ++i) {
    const int32_t place = words.FindElement(key_operand, i);
    if (place < 0) continue;
    std::memcpy(out.As<uint8_t>() + static_cast<size_t>(place) * bytes, values.As<uint8_t>() + static_cast<size_t>(i) * bytes,
                bytes);
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(SortedKeys * words, ctx.Params<SortedKeys>());
  WEBINFER_TRY(
      SortKeys(ctx, ctx.attributes().Strings("string_vocabulary"), ctx.attributes().Ints("int64_vocabulary"), false, words));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_DictVectorizer) {
  return {.name = "DictVectorizer", .domain = "ai.onnx.ml", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
