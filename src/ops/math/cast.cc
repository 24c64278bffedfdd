// Cast: every element in another type. Between numbers it is the engine's conversion; strings are read and written here.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernels/elements.h"
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

DType Target(const Node& node) { return static_cast<DType>(node.attributes.Int("to", 0)); }

void Expression(const Node& node, ScalarBuilder& s) { s.Return(s.In(0), Target(node), node.attributes.Int("saturate", 1) != 0); }

Status Infer(InferContext& ctx) {
  const DType to = Target(ctx.node());
  if (DTypeBits(to) == 0) {
    return Error(Code::kInvalidModel, "Cast to an unknown type").Actual("type %d", static_cast<int>(to));
  }
  return ctx.SetOutput(0, to, ctx.In(0).shape);
}

std::string_view WriteNumber(int64_t value, std::span<char> buffer) {
  const std::to_chars_result end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), static_cast<size_t>(end.ptr - buffer.data())};
}
std::string_view WriteNumber(uint64_t value, std::span<char> buffer) {
  const std::to_chars_result end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), static_cast<size_t>(end.ptr - buffer.data())};
}

float ReadAs(const char* text, float) { return std::strtof(text, nullptr); }
double ReadAs(const char* text, double) { return std::strtod(text, nullptr); }

// As std::to_chars writes it, whose tables would be a tenth of the whole binary: the fewest digits that read back as the same
// number, fixed or scientific, whichever is shorter.
template <typename T>
requires std::is_floating_point_v<T> std::string_view WriteNumber(T value, std::span<char> buffer) {
  if (value != value) return "NaN";
  if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
  char text[32];
  int precision = -1;
  do {
    std::snprintf(text, sizeof(text), "%.*e", ++precision, static_cast<double>(value));
  } while (precision < 17 && ReadAs(text, value) != value);
  const std::string_view scientific(text);
  const int exponent = std::atoi(text + scientific.find('e') + 1);
  const int fixed_digits = exponent >= 0 ? std::max(exponent + 1, precision + 1) : precision + 1 - exponent;
  const int fixed_length = fixed_digits + (precision > exponent ? 1 : 0) + (text[0] == '-' ? 1 : 0);
  if (fixed_length > static_cast<int>(scientific.size())) {
    std::memcpy(buffer.data(), text, scientific.size());
    return {buffer.data(), scientific.size()};
  }
  const int length =
      std::snprintf(buffer.data(), buffer.size(), "%.*f", std::max(precision - exponent, 0), static_cast<double>(value));
  return {buffer.data(), static_cast<size_t>(length)};
}

Status ToStrings(const Step& step, RunContext& run) {
  const Operand &in = step.in[0], &out = step.out[0];
  ScalarType type;
  if (!ScalarTypeOf(in.dtype, &type)) return Error(Code::kUnsupported, "Cast to string from %s", DTypeName(in.dtype));
  for (int64_t i = 0; i < in.elements(); ++i) {
    alignas(8) uint8_t element[8];
    char buffer[64];
    std::string_view text;
    kernels::LoadElements(in.dtype, in.data, i, 1, element);
    switch (type) {
      case ScalarType::kFloat32: text = WriteNumber(*reinterpret_cast<float*>(element), buffer); break;
      case ScalarType::kFloat64: text = WriteNumber(*reinterpret_cast<double*>(element), buffer); break;
      case ScalarType::kInt32: text = WriteNumber(int64_t{*reinterpret_cast<int32_t*>(element)}, buffer); break;
      case ScalarType::kInt64: text = WriteNumber(*reinterpret_cast<int64_t*>(element), buffer); break;
      case ScalarType::kUint64: text = WriteNumber(*reinterpret_cast<uint64_t*>(element), buffer); break;
      case ScalarType::kBool: text = element[0] != 0 ? "1" : "0"; break;
    }
    WEBINFER_ASSIGN(out.As<const StringData*>()[i], run.strings().Add(text));
  }
  return OkStatus();
}

Error NotANumber(std::string_view text) {
  return Error(Code::kInvalidArgument, "Cast cannot read a number from a string")
      .Expected("a number")
      .Actual("\"%.*s\"", static_cast<int>(text.size()), text.data());
}

Status FromStrings(const Step& step, RunContext&) {
  const Operand &in = step.in[0], &out = step.out[0];
  ScalarType type;
  if (!ScalarTypeOf(out.dtype, &type)) return Error(Code::kUnsupported, "Cast of strings to %s", DTypeName(out.dtype));
  for (int64_t i = 0; i < in.elements(); ++i) {
    const std::string_view text = in.As<const StringData*>()[i]->view();
    char digits[64];
    if (text.empty() || text.size() >= sizeof(digits)) return NotANumber(text);
    std::memcpy(digits, text.data(), text.size());
    digits[text.size()] = 0;
    char* end = nullptr;
    alignas(8) uint8_t element[8];
    if (type == ScalarType::kInt64 || type == ScalarType::kUint64) {
      const bool is_signed = type == ScalarType::kInt64;
      const uint64_t value = is_signed ? static_cast<uint64_t>(std::strtoll(digits, &end, 10)) : std::strtoull(digits, &end, 10);
      std::memcpy(element, &value, sizeof(value));
    }
    if (end == nullptr || *end != 0) {
      const double value = std::strtod(digits, &end);
      kernels::ConvertBlock(ScalarType::kFloat64, type, &value, 1, element);
    }
    if (end == digits || *end != 0) return NotANumber(text);
    kernels::StoreElements(out.dtype, element, i, 1, out.data);
  }
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  const DType from = ctx.In(0).dtype, to = Target(ctx.node());
  if (from == to) {
    ctx.SetView(0, 0);
    return OkStatus();
  }
  if (from != DType::kString && to != DType::kString) return BindExpression(ctx);
  ctx.SetKernel(to == DType::kString ? ToStrings : FromStrings);
  return OkStatus();
}

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Cast) {
  return {.name = "Cast",
          .since = 25,
          .infer = webinfer::ops::Infer,
          .bind = webinfer::ops::Bind,
          .expression = webinfer::ops::Expression};
}
