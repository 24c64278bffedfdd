// Regular expressions in RE2's syntax, without captures: a program that is run on all alternatives at once, in time
// proportional to text and pattern whatever they are.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace webinfer::ops {

class Regex {
 public:
  static Result<Regex> Compile(std::string_view pattern);
  // Whether all of `text` (UTF-8) matches.
  bool FullMatch(std::string_view text);
  // The end of the longest match that begins at `from`, npos if there is none.
  size_t LongestMatch(std::string_view text, size_t from);
  // The first match at or behind `from`, the longest there.
  bool Find(std::string_view text, size_t from, size_t* first, size_t* last);

 private:
  friend class RegexCompiler;
  enum class Op : uint8_t { kSet, kSplit, kJump, kTextStart, kTextEnd, kWordBoundary, kNotWordBoundary, kMatch };
  struct Instruction {
    Op op;
    bool negated = false;                 // kSet
    int32_t x = 0, y = 0;                 // kSplit: both ways, kJump: x; relative
    int32_t first_range = 0, ranges = 0;  // kSet
  };
  struct Range {
    uint32_t first, last;
  };

  // Follows everything from instruction `start` that takes no character.
  void Add(std::vector<int32_t>& list, int32_t start, bool at_start, bool at_end, bool at_boundary);
  bool Contains(const Instruction& set, uint32_t code_point) const;

  std::vector<Instruction> program_;
  std::vector<Range> ranges_;
  // Of a running match.
  std::vector<int32_t> current_, next_, stack_;
  std::vector<uint32_t> seen_;
  uint32_t generation_ = 0;
};

}  // namespace webinfer::ops
