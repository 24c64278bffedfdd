// UTF-8 and simple case mapping, as far as the text operators need it: Latin, Greek, Cyrillic and Armenian letters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace webinfer::ops {

// The code point at `*at`, which moves behind it; a byte that is not UTF-8 stands for itself.
uint32_t NextCodePoint(std::string_view text, size_t* at);
void AppendUtf8(uint32_t code_point, std::string* text);

uint32_t ToLower(uint32_t code_point);
uint32_t ToUpper(uint32_t code_point);

}  // namespace webinfer::ops
