// CastMap: the values of a map from integers as a row, in the order of the keys (DENSE), or each at the place that its key names
// (SPARSE). Numbers are written and read as onnxruntime does: with six decimals, and as far as a text starts with one.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernels/elements.h"
#include "ops/ml/scores.h"

namespace webinfer::ops {
namespace {

struct CastMapParams {
  DType to;
  bool sparse;
  int64_t columns;  // of a sparse map
};

Result<CastMapParams> Read(const Attributes& attributes) {
  const std::string_view to = attributes.String("cast_to", "TO_FLOAT"), form = attributes.String("map_form", "DENSE");
  CastMapParams params{to == "TO_STRING"  ? DType::kString
                       : to == "TO_INT64" ? DType::kInt64
                                          : DType::kFloat32,
                       form == "SPARSE", attributes.Int("max_map", 1)};
  const bool known = params.to != DType::kFloat32 || to == "TO_FLOAT";
  if (!known || (!params.sparse && form != "DENSE") || (params.sparse && (params.columns < 1 || params.columns > INT32_MAX))) {
    return Error(Code::kInvalidModel, "An attribute of CastMap is impossible")
        .Expected("cast_to TO_FLOAT, TO_STRING or TO_INT64; map_form DENSE or SPARSE; max_map of 1 or more");
  }
  return params;
}

Status Infer(InferContext& ctx) {
  if (ctx.In(0).kind != ValueKind::kMap) {
    return Error(Code::kTypeMismatch, "The input is a %s", ValueKindName(ctx.In(0).kind)).Expected("a map");
  }
  WEBINFER_ASSIGN(const CastMapParams params, Read(ctx.attributes()));
  return ctx.SetOutput(0, params.to, Shape({1, params.sparse ? params.columns : kUnknownDim}));
}

Status Convert(const Tensor& from, int64_t i, const Operand& out, int64_t to, RunContext& run) {
  double number = 0;
  char text[64];
  if (from.dtype == DType::kString) {
    const StringData* string = from.As<const StringData*>()[i];
    if (out.dtype == DType::kString) {
      out.As<const StringData*>()[to] = string;
      return OkStatus();
    }
    const size_t length = std::min<size_t>(string->length, sizeof(text) - 1);
    std::memcpy(text, string->chars(), length);
    text[length] = 0;
    char* end = nullptr;
    const int64_t whole = std::strtoll(text, &end, 10);
    if (out.dtype == DType::kInt64) {
      out.As<int64_t>()[to] = whole;
    } else {
      out.As<float>()[to] = std::strtof(text, &end);
    }
    if (end != text) return OkStatus();
    return Error(Code::kInvalidArgument, "A value of the map is not a number").Actual("\"%.40s\"", text);
  }
  kernels::ReadNumber(from.dtype, from.buffer.data(), i, &number);
  if (out.dtype == DType::kFloat32) {
    out.As<float>()[to] = static_cast<float>(number);
  } else if (out.dtype == DType::kInt64) {
    if (from.dtype == DType::kInt64) {
      out.As<int64_t>()[to] = from.As<int64_t>()[i];
    } else {
      out.As<int64_t>()[to] = number > -0x1p63 && number < 0x1p63 ? static_cast<int64_t>(number) : INT64_MIN;
    }
  } else {
    const int length = std::snprintf(text, sizeof(text), "%f", number);
    WEBINFER_ASSIGN(out.As<const StringData*>()[to],
                    run.strings().Add({text, static_cast<size_t>(std::clamp(length, 0, int{sizeof(text)} - 1))}));
  }
  return OkStatus();
}

Status Fill(const Operand& out, RunContext& run) {
  if (out.dtype != DType::kString) {
    std::memset(out.data, 0, out.bytes());
    return OkStatus();
  }
  WEBINFER_ASSIGN(const StringData* nothing, run.strings().Add("0.f"));  // as onnxruntime has it
  std::fill(out.As<const StringData*>(), out.As<const StringData*>() + out.elements(), nothing);
  return OkStatus();
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<CastMapParams>();
  const RuntimeValue& map = *step.in[0].value;
  const Tensor &keys = map.map_keys(), &values = map.map_values();
  if (keys.dtype != DType::kInt64) {
    return Error(Code::kTypeMismatch, "The keys of the map are not integers").Actual("%s", DTypeName(keys.dtype));
  }
  const int64_t count = keys.shape[0];
  const auto* key = keys.As<int64_t>();
  Operand& out = step.out[0];
  if (params.sparse) {
    WEBINFER_TRY(Fill(out, run));
    for (int64_t i = 0; i < count; ++i) {
      if (key[i] < 0)
        return Error(Code::kOutOfRange, "A key of the map is negative").Actual("%lld", static_cast<long long>(key[i]));
      if (key[i] < params.columns) WEBINFER_TRY(Convert(values, i, out, key[i], run));
    }
    return OkStatus();
  }
  WEBINFER_TRY(run.Resize(out, params.to, Shape({1, count})));
  Array<int64_t> order;
  WEBINFER_TRY(order.Resize(static_cast<size_t>(count)));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return key[a] < key[b]; });
  for (int64_t i = 0; i < count; ++i) WEBINFER_TRY(Convert(values, order[static_cast<size_t>(i)], out, i, run));
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(CastMapParams * params, ctx.Params<CastMapParams>());
  WEBINFER_ASSIGN(*params, Read(ctx.attributes()));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_CastMap) {
  return {.name = "CastMap", .domain = "ai.onnx.ml", .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
