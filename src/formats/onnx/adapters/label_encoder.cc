// LabelEncoder began with one list of names, which are numbered from 0, for both directions; and NaN was no key that could be
// found.
#include <algorithm>
#include <cmath>

#include "formats/onnx/adapters/adapter.h"

namespace webinfer::onnx {

namespace {

// What CategoryMapper still is.
Status LiftClasses(AdapterContext& context) {
  const Attribute* classes = context.attributes().Find("classes_strings");
  if (classes == nullptr) return OkStatus();
  Attribute names = *classes, numbers;
  names.name = "cats_strings";
  numbers.name = "cats_int64s";
  numbers.kind = Attribute::Kind::kInts;
  for (size_t i = 0; i < names.strings.size(); ++i) numbers.ints.push_back(static_cast<int64_t>(i));
  context.node().op = "CategoryMapper";
  context.attributes().Set(std::move(names));
  context.attributes().Set(std::move(numbers));
  context.attributes().Remove("classes_strings");
  return OkStatus();
}

Status LiftNaN(AdapterContext& context) {
  const Attribute* given = context.attributes().Find("keys_floats");
  if (given == nullptr || std::none_of(given->floats.begin(), given->floats.end(), [](float x) { return std::isnan(x); })) {
    return OkStatus();
  }
  Attribute keys = *given;
  for (size_t i = keys.floats.size(); i-- > 0;) {
    if (!std::isnan(keys.floats[i])) continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    keys.floats.erase(keys.floats.begin() + at);
    for (Attribute& values : context.attributes().all()) {
      if (values.name == "values_strings" && i < values.strings.size()) values.strings.erase(values.strings.begin() + at);
      if (values.name == "values_int64s" && i < values.ints.size()) values.ints.erase(values.ints.begin() + at);
      if (values.name == "values_floats" && i < values.floats.size()) values.floats.erase(values.floats.begin() + at);
    }
  }
  context.attributes().Set(std::move(keys));
  return OkStatus();
}

}  // namespace

WEBINFER_ADAPTER(LabelEncoder_2) { return {"LabelEncoder", 2, LiftClasses, "ai.onnx.ml"}; }
WEBINFER_ADAPTER(LabelEncoder_4) { return {"LabelEncoder", 4, LiftNaN, "ai.onnx.ml"}; }

}  // namespace webinfer::onnx
