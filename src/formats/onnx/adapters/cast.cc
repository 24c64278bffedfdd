// Cast named its type in words.
#include <algorithm>
#include <string>

#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

// "FLOAT" and "DOUBLE" are the two that are not the type's own name.
DType FromWord(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (word == "float") word = "float32";
  if (word == "double") word = "float64";
  for (int i = 1; i < kDTypeCount; ++i) {
    if (word == DTypeName(static_cast<DType>(i))) return static_cast<DType>(i);
  }
  return DType::kUndefined;
}

Status Lift(AdapterContext& context) {
  const Attribute* to = context.attributes().Find("to");
  if (to == nullptr || to->kind != Attribute::Kind::kString) return OkStatus();
  const DType dtype = FromWord(to->s);
  if (dtype == DType::kUndefined) {
    return Error(Code::kInvalidModel, "Cast goes to an unknown type")
        .Op("Cast")
        .Node("%s", context.node().name.c_str())
        .Actual("%.40s", to->s.c_str());
  }
  context.attributes().SetInt("to", static_cast<int64_t>(dtype));
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(Cast) { return {"Cast", 6, Lift}; }

}  // namespace webinfer::onnx
