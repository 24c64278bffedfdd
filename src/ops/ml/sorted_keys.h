// Strings or integers of an attribute, found by value.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "kernels/elements.h"
#include "ops/op.h"

namespace webinfer::ops {

struct SortedKeys {
  const std::string* strings;  // nullptr: the keys are integers
  const int64_t* ints;
  int32_t* order;
  int32_t count;

  // The place of a key in the attribute, -1 if it is none.
  int32_t Find(std::string_view key) const {
    return Find(key, [this](int32_t i) { return std::string_view(strings[i]); });
  }
  int32_t Find(int64_t key) const {
    return Find(key, [this](int32_t i) { return ints[i]; });
  }
  // That of element `i` of a tensor; numbers are cut to integers.
  int32_t FindElement(const Operand& in, int64_t i) const {
    if (in.dtype == DType::kString) return Find(in.As<const StringData*>()[i]->view());
    if (in.dtype == DType::kInt64) return Find(in.As<int64_t>()[i]);
    double number = 0;
    kernels::ReadNumber(in.dtype, in.data, i, &number);
    if (!(number > -0x1p63 && number < 0x1p63)) return -1;
    return Find(static_cast<int64_t>(number));
  }
  // Bind: input 0 has to be strings if the keys are, else numbers.
  Status ExpectInput(const InferContext& ctx) const {
    if ((ctx.In(0).dtype == DType::kString) == (strings != nullptr)) return OkStatus();
    return Error(Code::kTypeMismatch, "The input does not have the type of the keys")
        .Expected("%s", strings != nullptr ? "string" : "numbers")
        .Actual("%s", DTypeName(ctx.In(0).dtype));
  }

 private:
  template <typename Key, typename At>
  int32_t Find(const Key& key, const At& at) const {
    const int32_t *first = order, *last = first + count;
    const int32_t* found = std::lower_bound(first, last, key, [&](int32_t i, const Key& wanted) { return at(i) < wanted; });
    return found != last && at(*found) == key ? *found : -1;
  }
};

// Of equal keys the last one counts if `last_wins`, else the first.
inline Status SortKeys(BindContext& ctx, std::span<const std::string> strings, std::span<const int64_t> ints, bool last_wins,
                       SortedKeys* keys) {
  const size_t count = strings.empty() ? ints.size() : strings.size();
  if (count >= INT32_MAX) return Error(Code::kUnsupported, "There are too many keys");
  keys->strings = strings.empty() ? nullptr : strings.data();
  keys->ints = ints.data();
  keys->count = static_cast<int32_t>(count);
  WEBINFER_ASSIGN(void* memory, ctx.Allocate(std::max<size_t>(count, 1) * sizeof(int32_t)));
  keys->order = static_cast<int32_t*>(memory);
  for (int32_t i = 0; i < keys->count; ++i) keys->order[i] = i;
  std::sort(keys->order, keys->order + keys->count, [&](int32_t a, int32_t b) {
    const int order = keys->strings != nullptr ? keys->strings[a].compare(keys->strings[b])
                                               : (keys->ints[a] > keys->ints[b]) - (keys->ints[a] < keys->ints[b]);
    return order != 0 ? order < 0 : last_wins ? a > b : a < b;
  });
  return OkStatus();
}

}  // namespace webinfer::ops
