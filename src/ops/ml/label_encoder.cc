// LabelEncoder: replaces each element that is a key by its value, others by a default.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/elements.h"
#include "ops/op.h"

namespace webinfer::ops {
namespace {

// Keys or values, from whichever attribute holds them.
struct Labels {
  std::span<const std::string> strings;
  std::span<const int64_t> ints;
  std::span<const float> floats;
  const Tensor* tensor = nullptr;

  static Labels Of(const Attributes& attributes, std::string_view what) {
    const std::string name(what);
    return {attributes.Strings(name + "_strings"), attributes.Ints(name + "_int64s"), attributes.Floats(name + "_floats"),
            attributes.TensorOf(name + "_tensor")};
  }
  int64_t size() const {
    return tensor != nullptr ? tensor->shape.Elements()
                             : static_cast<int64_t>(std::max({strings.size(), ints.size(), floats.size()}));
  }
  DType dtype() const {
    if (tensor != nullptr) return tensor->dtype;
    return !strings.empty() ? DType::kString : !ints.empty() ? DType::kInt64 : DType::kFloat32;
  }
  std::string_view String(int64_t i) const {
    return tensor != nullptr ? tensor->As<const StringData*>()[i]->view() : std::string_view(strings[static_cast<size_t>(i)]);
  }
  // Of int64 labels only: a double would not tell them all apart.
  int64_t Int(int64_t i) const { return tensor != nullptr ? tensor->As<int64_t>()[i] : ints[static_cast<size_t>(i)]; }
  double Number(int64_t i) const {
    double number = 0;
    if (tensor != nullptr) {
      kernels::ReadNumber(tensor->dtype, tensor->buffer.data(), i, &number);
    } else {
      number =
          !ints.empty() ? static_cast<double>(ints[static_cast<size_t>(i)]) : static_cast<double>(floats[static_cast<size_t>(i)]);
    }
    return number;
  }
};

struct EncoderParams {
  int32_t* order;  // keys, sorted
};

// NaN is a key like any other, and the largest.
bool LessNumber(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

Status Infer(InferContext& ctx) {
  const Labels keys = Labels::Of(ctx.attributes(), "keys"), values = Labels::Of(ctx.attributes(), "values");
  if (keys.size() != values.size() || keys.size() == 0 || keys.size() >= INT32_MAX) {
    return Error(Code::kInvalidModel, "LabelEncoder needs as many values as keys")
        .Expected("%lld", static_cast<long long>(keys.size()))
        .Actual("%lld", static_cast<long long>(values.size()));
  }
  if (ctx.In(0).dtype != DType::kUndefined && (ctx.In(0).dtype == DType::kString) != (keys.dtype() == DType::kString)) {
    return Error(Code::kTypeMismatch, "The input does not have the keys' type")
        .Expected("%s", DTypeName(keys.dtype()))
        .Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  return ctx.SetOutput(0, values.dtype(), ctx.In(0).shape);
}

int64_t FindKey(const Labels& keys, const EncoderParams& params, const Operand& in, int64_t i) {
  const int32_t *first = params.order, *last = first + keys.size();
  if (in.dtype == DType::kString) {
    const std::string_view text = in.As<const StringData*>()[i]->view();
    const int32_t* at =
        std::lower_bound(first, last, text, [&](int32_t key, std::string_view wanted) { return keys.String(key) < wanted; });
    return at != last && keys.String(*at) == text ? *at : -1;
  }
  if (in.dtype == DType::kInt64 && keys.dtype() == DType::kInt64) {
    const int64_t wanted = in.As<int64_t>()[i];
    const int32_t* at = std::lower_bound(first, last, wanted, [&](int32_t key, int64_t value) { return keys.Int(key) < value; });
    return at != last && keys.Int(*at) == wanted ? *at : -1;
  }
  double number = 0;
  kernels::ReadNumber(in.dtype, in.data, i, &number);
  const int32_t* at =
      std::lower_bound(first, last, number, [&](int32_t key, double wanted) { return LessNumber(keys.Number(key), wanted); });
  return at != last && !LessNumber(number, keys.Number(*at)) ? *at : -1;
}

// Writes value `i` of `values`, or the default for -1.
Status StoreValue(const Step& step, RunContext& run, const Labels& values, int64_t i, int64_t to) {
  const Operand& out = step.out[0];
  const Attributes& attributes = step.node->attributes;
  const Tensor* tensor = i < 0 ? attributes.TensorOf("default_tensor") : values.tensor;
  if (tensor != nullptr) {
    const size_t bytes = DTypeBytes(out.dtype);
    std::memcpy(out.As<uint8_t>() + static_cast<size_t>(to) * bytes,
                tensor->buffer.data() + static_cast<size_t>(i < 0 ? 0 : i) * bytes, bytes);
    return OkStatus();
  }
  switch (out.dtype) {
    case DType::kString: {
      const std::string_view text = i < 0 ? attributes.String("default_string", "_Unused") : values.String(i);
      WEBINFER_ASSIGN(out.As<const StringData*>()[to], run.strings().Add(text));
      return OkStatus();
    }
    case DType::kInt64:
      out.As<int64_t>()[to] = i < 0 ? attributes.Int("default_int64", -1) : values.ints[static_cast<size_t>(i)];
      return OkStatus();
    case DType::kFloat32:
      out.As<float>()[to] = i < 0 ? attributes.Float("default_float", -0.0f) : values.floats[static_cast<size_t>(i)];
      return OkStatus();
    default: {
      const float number = i < 0 ? (IsFloat(out.dtype) ? -0.0f : -1.0f) : static_cast<float>(values.Number(i));
      kernels::StoreFloats(out.dtype, &number, to, 1, out.data);
      return OkStatus();
    }
  }
}

Status Kernel(const Step& step, RunContext& run) {
  const auto& params = step.Params<EncoderParams>();
  const Labels keys = Labels::Of(step.node->attributes, "keys"), values = Labels::Of(step.node->attributes, "values");
  for (int64_t i = 0; i < step.in[0].elements(); ++i) {
    WEBINFER_TRY(StoreValue(step, run, values, FindKey(keys, params, step.in[0], i), i));
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const Labels keys = Labels::Of(ctx.attributes(), "keys");
  const Tensor* otherwise = ctx.attributes().TensorOf("default_tensor");
  if (otherwise != nullptr && (otherwise->dtype != ctx.Out(0).dtype || otherwise->shape.Elements() != 1)) {
    return Error(Code::kTypeMismatch, "default_tensor is not one value")
        .Expected("%s", DTypeName(ctx.Out(0).dtype))
        .Actual("%s", DTypeName(otherwise->dtype));
  }
  WEBINFER_ASSIGN(EncoderParams * params, ctx.Params<EncoderParams>());
  WEBINFER_ASSIGN(void* order, ctx.Allocate(static_cast<size_t>(keys.size()) * sizeof(int32_t)));
  params->order = static_cast<int32_t*>(order);
  for (int32_t i = 0; i < static_cast<int32_t>(keys.size()); ++i) params->order[i] = i;
  // Of equal keys the first counts.
  std::sort(params->order, params->order + keys.size(), [&](int32_t a, int32_t b) {
    if (keys.dtype() == DType::kString) return keys.String(a) != keys.String(b) ? keys.String(a) < keys.String(b) : a < b;
    if (keys.dtype() == DType::kInt64) return keys.Int(a) != keys.Int(b) ? keys.Int(a) < keys.Int(b) : a < b;
    const double x = keys.Number(a), y = keys.Number(b);
    return LessNumber(x, y) || (!LessNumber(y, x) && a < b);
  });
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(ai_onnx_ml_LabelEncoder) {
  return {.name = "LabelEncoder", .domain = "ai.onnx.ml", .since = 4, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind};
}
