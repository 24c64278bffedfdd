#include "ops/text/regex.h"

#include <cstddef>
#include <utility>

#include "ops/text/unicode.h"

namespace webinfer::ops {

namespace {

constexpr size_t kMostInstructions = 20000;
constexpr int kMostDepth = 200;
constexpr int kMostRepeats = 1000;  // RE2's limit
constexpr uint32_t kLastCodePoint = 0x10FFFF;

bool IsWord(uint32_t c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

}  // namespace

// One pass over the pattern. Jumps are relative, so a piece of program can be moved and preceded by another instruction.
class RegexCompiler {
 public:
  explicit RegexCompiler(std::string_view pattern) : pattern_(pattern) {}

  Result<Regex> Compile() {
    WEBINFER_TRY(Alternatives(0));
    if (at_ != pattern_.size()) return Bad("an unexpected )");
    program().push_back({Regex::Op::kMatch});
    regex_.seen_.resize(program().size());
    return std::move(regex_);
  }

 private:
  using Op = Regex::Op;
  using Instruction = Regex::Instruction;

  std::vector<Instruction>& program() { return regex_.program_; }
  std::vector<Regex::Range>& ranges() { return regex_.ranges_; }

  Error Bad(const char* why) {
    Error error(Code::kInvalidModel, "The regular expression is wrong: %s", why);
    error.Actual("%.*s at %zu", static_cast<int>(pattern_.size()), pattern_.data(), at_);
    return error;
  }
  bool Take(std::string_view text) {
    if (pattern_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }
  bool AtEnd() const { return at_ >= pattern_.size(); }
  char Peek() const { return pattern_[at_]; }
  int32_t Length(size_t start) { return static_cast<int32_t>(program().size() - start); }
  void Insert(size_t at, Instruction instruction) {
    program().insert(program().begin() + static_cast<std::ptrdiff_t>(at), instruction);
  }

  Status Alternatives(int depth) {
    if (depth > kMostDepth) return Bad("groups are nested too deep");
    const size_t start = program().size();
    WEBINFER_TRY(Sequence(depth));
    while (Take("|")) {
      // What stands before becomes one way of a split, and jumps over the other.
      Insert(start, {Op::kSplit, false, 1, Length(start) + 2});
      const size_t jump = program().size();
      program().push_back({Op::kJump});
      WEBINFER_TRY(Sequence(depth));
      program()[jump].x = Length(jump);
    }
    return OkStatus();
  }

  Status Sequence(int depth) {
    while (!AtEnd() && Peek() != '|' && Peek() != ')') WEBINFER_TRY(Repeated(depth));
    return OkStatus();
  }

  Status Repeated(int depth) {
    const size_t start = program().size(), atom = at_;
    WEBINFER_TRY(Atom(depth));
    while (!AtEnd()) {
      if (program().size() > kMostInstructions) return Bad("it is too long");
      if (Take("*")) {
        Insert(start, {Op::kSplit, false, 1, Length(start) + 2});
        program().push_back({Op::kJump, false, -Length(start)});
      } else if (Take("+")) {
        program().push_back({Op::kSplit, false, -Length(start), 1});
      } else if (Take("?")) {
        Insert(start, {Op::kSplit, false, 1, Length(start) + 1});
      } else if (Peek() == '{' && IsCount()) {
        WEBINFER_TRY(Counted(depth, start, atom));
      } else {
        return OkStatus();
      }
      Take("?");  // lazy or not: the whole text is matched all the same
    }
    return OkStatus();
  }

  bool IsCount() const {
    size_t i = at_ + 1;
    const size_t first = i;
    while (i < pattern_.size() && pattern_[i] >= '0' && pattern_[i] <= '9') ++i;
    if (i == first) return false;
    if (i < pattern_.size() && pattern_[i] == ',') ++i;
    while (i < pattern_.size() && pattern_[i] >= '0' && pattern_[i] <= '9') ++i;
    return i < pattern_.size() && pattern_[i] == '}';
  }

  int ReadNumber() {
    int number = 0;
    while (!AtEnd() && Peek() >= '0' && Peek() <= '9') {
      number = number > kMostRepeats ? number : number * 10 + (Peek() - '0');
      ++at_;
    }
    return number;
  }

  // {n}, {n,}, {n,m}: the atom, which stands in the pattern at `atom`, is compiled as often as it may occur.
  Status Counted(int depth, size_t start, size_t atom) {
    Take("{");
    const int least = ReadNumber();
    int most = least;
    bool endless = false;
    if (Take(",")) {
      endless = Peek() == '}';
      if (!endless) most = ReadNumber();
    }
    Take("}");
    if (least > kMostRepeats || most > kMostRepeats || most < least) return Bad("an impossible count");
    const size_t behind = at_;
    program().resize(start);
    const auto again = [&]() -> Status {
      at_ = atom;
      if (program().size() > kMostInstructions) return Bad("it is too long");
      return Atom(depth);
    };
    for (int i = 0; i < least; ++i) WEBINFER_TRY(again());
    if (endless) {
      const size_t last = program().size();
      WEBINFER_TRY(again());
      Insert(last, {Op::kSplit, false, 1, Length(last) + 2});
      program().push_back({Op::kJump, false, -Length(last)});
    }
    std::vector<size_t> splits;
    for (int i = least; i < most; ++i) {
      splits.push_back(program().size());
      program().push_back({Op::kSplit, false, 1});
      WEBINFER_TRY(again());
    }
    for (size_t split : splits) program()[split].y = Length(split);
    at_ = behind;
    return OkStatus();
  }

  Status Atom(int depth) {
    if (Take("(")) {
      if (Take("?P<") || Take("?<")) {
        while (!AtEnd() && Peek() != '>') ++at_;
        if (!Take(">")) return Bad("a group's name does not end");
      } else if (Take("?")) {
        bool value = true;
        for (; !AtEnd() && Peek() != ':' && Peek() != ')'; ++at_) {
          switch (Peek()) {
            case '-': value = false; break;
            case 'i': ignore_case_ = value; break;
            case 's': dot_takes_newline_ = value; break;
            case 'U': break;
            default: return Bad("an unknown flag");
          }
        }
        if (Take(")")) return OkStatus();
        if (!Take(":")) return Bad("a group does not end");
      }
      WEBINFER_TRY(Alternatives(depth + 1));
      if (!Take(")")) return Bad("a group does not end");
      return OkStatus();
    }
    if (Take("[")) return Set();
    if (Take(".")) {
      if (dot_takes_newline_) return Single({{0, kLastCodePoint}}, false);
      return Single({{'\n', '\n'}}, true);
    }
    if (Take("^") || Take("\\A")) return Assertion(Op::kTextStart);
    if (Take("$") || Take("\\z")) return Assertion(Op::kTextEnd);
    if (Take("\\b")) return Assertion(Op::kWordBoundary);
    if (Take("\\B")) return Assertion(Op::kNotWordBoundary);
    if (Peek() == '*' || Peek() == '+' || Peek() == '?') return Bad("nothing to repeat");
    if (Peek() == '\\') {
      std::vector<Regex::Range> ranges;
      bool negated = false;
      WEBINFER_TRY(Escape(&ranges, &negated));
      return Single(ranges, negated);
    }
    const uint32_t c = NextCodePoint(pattern_, &at_);
    return Single({{c, c}}, false);
  }

  Status Assertion(Op op) {
    program().push_back({op});
    return OkStatus();
  }

  void AddRange(std::vector<Regex::Range>* list, uint32_t first, uint32_t last) {
    list->push_back({first, last});
    if (!ignore_case_) return;
    for (uint32_t c = first; c <= last && c - first < 256; ++c) {
      for (const uint32_t other : {ToLower(c), ToUpper(c)}) {
        if (other != c) list->push_back({other, other});
      }
    }
  }

  Status Single(const std::vector<Regex::Range>& list, bool negated) {
    Instruction set{Op::kSet, negated};
    set.first_range = static_cast<int32_t>(ranges().size());
    std::vector<Regex::Range> all;
    for (const Regex::Range& range : list) AddRange(&all, range.first, range.last);
    ranges().insert(ranges().end(), all.begin(), all.end());
    set.ranges = static_cast<int32_t>(all.size());
    program().push_back(set);
    if (ranges().size() > 4 * kMostInstructions) return Bad("it is too long");
    return OkStatus();
  }

  static void Invert(std::vector<Regex::Range>* list, size_t from) {
    // The classes are few sorted ranges.
    std::vector<Regex::Range> inverted;
    uint32_t next = 0;
    for (size_t i = from; i < list->size(); ++i) {
      if ((*list)[i].first > next) inverted.push_back({next, (*list)[i].first - 1});
      next = (*list)[i].last + 1;
    }
    inverted.push_back({next, kLastCodePoint});
    list->resize(from);
    list->insert(list->end(), inverted.begin(), inverted.end());
  }

  // After a backslash: a class or one character.
  Status Escape(std::vector<Regex::Range>* list, bool* negated) {
    ++at_;
    if (AtEnd()) return Bad("it ends with a backslash");
    const char c = Peek();
    ++at_;
    const size_t from = list->size();
    const auto one = [&](uint32_t value) { list->push_back({value, value}); };
    switch (c) {
      case 'd':
      case 'D': list->push_back({'0', '9'}); break;
      case 'w':
      case 'W':
        for (const Regex::Range& range : {Regex::Range{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}) list->push_back(range);
        break;
      case 's':
      case 'S':
        for (const Regex::Range& range : {Regex::Range{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}}) list->push_back(range);
        break;
      case 't': one('\t'); break;
      case 'n': one('\n'); break;
      case 'r': one('\r'); break;
      case 'f': one('\f'); break;
      case 'v': one('\v'); break;
      case 'a': one('\a'); break;
      case 'x': {
        uint32_t value = 0;
        WEBINFER_TRY(Hex(&value));
        one(value);
        break;
      }
      default:
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return Bad("an unknown escape");
        --at_;
        one(NextCodePoint(pattern_, &at_));
    }
    if (c == 'D' || c == 'W' || c == 'S') Invert(list, from);
    *negated = false;
    return OkStatus();
  }

  Status Hex(uint32_t* value) {
    const bool braces = Take("{");
    int digits = 0;
    for (; !AtEnd() && digits < (braces ? 6 : 2); ++digits, ++at_) {
      const char c = Peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) break;
      *value = *value * 16 + static_cast<uint32_t>(digit);
    }
    if (digits == 0 || (braces && !Take("}"))) return Bad("a hexadecimal escape is wrong");
    return OkStatus();
  }

  bool NamedClass(std::vector<Regex::Range>* list) {
    struct Named {
      std::string_view name;
      Regex::Range ranges[4];
      size_t count;
    };
    static constexpr Named kNamed[] = {{"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}, 3},
                                       {"alpha", {{'A', 'Z'}, {'a', 'z'}}, 2},
                                       {"ascii", {{0, 127}}, 1},
                                       {"blank", {{'\t', '\t'}, {' ', ' '}}, 2},
                                       {"cntrl", {{0, 31}, {127, 127}}, 2},
                                       {"digit", {{'0', '9'}}, 1},
                                       {"graph", {{'!', '~'}}, 1},
                                       {"lower", {{'a', 'z'}}, 1},
                                       {"print", {{' ', '~'}}, 1},
                                       {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}, 4},
                                       {"space", {{'\t', '\r'}, {' ', ' '}}, 2},
                                       {"upper", {{'A', 'Z'}}, 1},
                                       {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, 4},
                                       {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}, 3}};
    for (const Named& named : kNamed) {
      const std::string_view rest = pattern_.substr(at_);
      const bool negated = rest.substr(0, 3) == "[:^";
      const size_t skip = negated ? 3 : 2;
      if (rest.substr(0, 2) != "[:" || rest.substr(skip, named.name.size()) != named.name) continue;
      if (rest.substr(skip + named.name.size(), 2) != ":]") continue;
      const size_t from = list->size();
      list->insert(list->end(), named.ranges, named.ranges + named.count);
      if (negated) Invert(list, from);
      at_ += skip + named.name.size() + 2;
      return true;
    }
    return false;
  }

  // After "[".
  Status Set() {
    const bool negated = Take("^");
    std::vector<Regex::Range> list;
    for (bool first = true; first || AtEnd() || Peek() != ']'; first = false) {
      if (AtEnd()) return Bad("a set does not end");
      if (NamedClass(&list)) continue;
      const size_t before = list.size();
      bool ignored = false;
      if (Peek() == '\\') {
        WEBINFER_TRY(Escape(&list, &ignored));
      } else {
        const uint32_t c = NextCodePoint(pattern_, &at_);
        list.push_back({c, c});
      }
      const bool single = list.size() == before + 1 && list.back().first == list.back().last;
      if (!single || pattern_.size() < at_ + 2 || Peek() != '-' || pattern_[at_ + 1] == ']') continue;
      ++at_;
      std::vector<Regex::Range> end;
      if (Peek() == '\\') {
        WEBINFER_TRY(Escape(&end, &ignored));
      } else {
        const uint32_t c = NextCodePoint(pattern_, &at_);
        end.push_back({c, c});
      }
      if (end.size() != 1 || end[0].first != end[0].last || end[0].first < list.back().first) return Bad("a range is wrong");
      list.back().last = end[0].first;
    }
    Take("]");
    return Single(list, negated);
  }

  std::string_view pattern_;
  size_t at_ = 0;
  bool ignore_case_ = false, dot_takes_newline_ = false;
  Regex regex_;
};

Result<Regex> Regex::Compile(std::string_view pattern) { return RegexCompiler(pattern).Compile(); }

void Regex::Add(std::vector<int32_t>& list, int32_t start, bool at_start, bool at_end, bool at_boundary) {
  stack_.assign(1, start);
  while (!stack_.empty()) {
    const int32_t at = stack_.back();
    stack_.pop_back();
    if (seen_[static_cast<size_t>(at)] == generation_) continue;
    seen_[static_cast<size_t>(at)] = generation_;
    const Instruction& instruction = program_[static_cast<size_t>(at)];
    switch (instruction.op) {
      case Op::kSplit:
        stack_.push_back(at + instruction.y);
        stack_.push_back(at + instruction.x);
        break;
      case Op::kJump: stack_.push_back(at + instruction.x); break;
      case Op::kTextStart:
        if (at_start) stack_.push_back(at + 1);
        break;
      case Op::kTextEnd:
        if (at_end) stack_.push_back(at + 1);
        break;
      case Op::kWordBoundary:
        if (at_boundary) stack_.push_back(at + 1);
        break;
      case Op::kNotWordBoundary:
        if (!at_boundary) stack_.push_back(at + 1);
        break;
      case Op::kSet:
      case Op::kMatch: list.push_back(at); break;
    }
  }
}

bool Regex::Contains(const Instruction& set, uint32_t code_point) const {
  for (int32_t i = set.first_range; i < set.first_range + set.ranges; ++i) {
    const Range& range = ranges_[static_cast<size_t>(i)];
    if (code_point >= range.first && code_point <= range.last) return !set.negated;
  }
  return set.negated;
}

size_t Regex::LongestMatch(std::string_view text, size_t from) {
  size_t at = from, end = std::string_view::npos;
  uint32_t before = 0, after = 0;  // the characters around the place
  size_t behind = at;
  if (from > 0) {
    size_t last = from - 1;
    while (last > 0 && (text[last] & 0xc0) == 0x80) --last;
    before = NextCodePoint(text, &last);
  }
  if (at < text.size()) after = NextCodePoint(text, &behind);
  const auto boundary = [&] { return (at > 0 && IsWord(before)) != (at < text.size() && IsWord(after)); };
  const auto matches = [&] {
    for (const int32_t i : current_) {
      if (program_[static_cast<size_t>(i)].op == Op::kMatch) return true;
    }
    return false;
  };
  current_.clear();
  ++generation_;
  Add(current_, 0, at == 0, at == text.size(), boundary());
  if (matches()) end = at;
  while (at < text.size() && !current_.empty()) {
    const uint32_t taken = after;
    at = behind;
    before = taken;
    if (at < text.size()) after = NextCodePoint(text, &behind);
    next_.clear();
    ++generation_;
    for (const int32_t i : current_) {
      const Instruction& instruction = program_[static_cast<size_t>(i)];
      if (instruction.op == Op::kSet && Contains(instruction, taken)) Add(next_, i + 1, false, at == text.size(), boundary());
    }
    std::swap(current_, next_);
    if (matches()) end = at;
  }
  return end;
}

bool Regex::FullMatch(std::string_view text) { return LongestMatch(text, 0) == text.size(); }

bool Regex::Find(std::string_view text, size_t from, size_t* first, size_t* last) {
  for (size_t at = from; at <= text.size();) {
    *first = at;
    *last = LongestMatch(text, at);
    if (*last != std::string_view::npos) return true;
    if (at == text.size()) break;
    NextCodePoint(text, &at);
  }
  return false;
}

}  // namespace webinfer::ops
