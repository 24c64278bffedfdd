#include "ops/text/unicode.h"

namespace webinfer::ops {

namespace {

// Letters [first, last] whose small forms are `offset` behind them; step 2: capitals at first, first + 2, ..., small next to
// them.
struct CaseRange {
  uint32_t first, last;
  int32_t offset;
  int step;
};

constexpr CaseRange kCaseRanges[] = {
    {'A', 'Z', 32, 1},     {0xC0, 0xD6, 32, 1},   {0xD8, 0xDE, 32, 1},     {0x100, 0x12E, 1, 2},   {0x132, 0x136, 1, 2},
    {0x139, 0x147, 1, 2},  {0x14A, 0x176, 1, 2},  {0x178, 0x178, -121, 1}, {0x179, 0x17D, 1, 2},   {0x386, 0x386, 38, 1},
    {0x388, 0x38A, 37, 1}, {0x38C, 0x38C, 64, 1}, {0x38E, 0x38F, 63, 1},   {0x391, 0x3A1, 32, 1},  {0x3A3, 0x3AB, 32, 1},
    {0x400, 0x40F, 80, 1}, {0x410, 0x42F, 32, 1}, {0x460, 0x480, 1, 2},    {0x48A, 0x4BE, 1, 2},   {0x4C1, 0x4CD, 1, 2},
    {0x4D0, 0x52E, 1, 2},  {0x531, 0x556, 48, 1}, {0x1E00, 0x1E94, 1, 2},  {0x1EA0, 0x1EFE, 1, 2},
};

}  // namespace

uint32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t lead = byte(*at);
  const size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
  if (length < 2 || *at + length > text.size()) {
    ++*at;
    return lead;
  }
  uint32_t code_point = lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    const uint32_t next = byte(*at + i);
    if (next >> 6 != 2) {
      ++*at;
      return lead;
    }
    code_point = code_point << 6 | (next & 63);
  }
  *at += length;
  return code_point;
}

void AppendUtf8(uint32_t code_point, std::string* text) {
  const auto add = [&](uint32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0 | code_point >> 6);
    add(0x80 | (code_point & 63));
  } else if (code_point < 0x10000) {
    add(0xE0 | code_point >> 12);
    add(0x80 | (code_point >> 6 & 63));
    add(0x80 | (code_point & 63));
  } else {
    add(0xF0 | code_point >> 18);
    add(0x80 | (code_point >> 12 & 63));
    add(0x80 | (code_point >> 6 & 63));
    add(0x80 | (code_point & 63));
  }
}

uint32_t ToLower(uint32_t code_point) {
  for (const CaseRange& range : kCaseRanges) {
    if (code_point < range.first || code_point > range.last ||
        (code_point - range.first) % static_cast<uint32_t>(range.step) != 0)
      continue;
    return code_point + static_cast<uint32_t>(range.offset);
  }
  return code_point;
}

uint32_t ToUpper(uint32_t code_point) {
  for (const CaseRange& range : kCaseRanges) {
    const uint32_t upper = code_point - static_cast<uint32_t>(range.offset);
    if (upper < range.first || upper > range.last || (upper - range.first) % static_cast<uint32_t>(range.step) != 0) continue;
    return upper;
  }
  if (code_point == 0x3C2) return 0x3A3;  // final sigma
  if (code_point == 0xB5) return 0x39C;   // micro sign
  return code_point;
}

}  // namespace webinfer::ops
