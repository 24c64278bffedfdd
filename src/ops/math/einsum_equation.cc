#include "ops/math/einsum_equation.h"

#include <algorithm>
#include <string>

namespace webinfer::ops {

namespace {

Error BadEquation(std::string_view equation, const char* why) {
  Error error(Code::kInvalidModel, "The equation of Einsum is wrong: %s", why);
  error.Actual("%.*s", static_cast<int>(equation.size()), equation.data());
  return error;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Labels of one term; an ellipsis stands for `ellipsis_rank` axes.
Result<EinsumLabels> ParseTerm(std::string_view equation, std::string_view term, int ellipsis_rank) {
  EinsumLabels labels;
  for (size_t i = 0; i < term.size(); ++i) {
    if (IsLetter(term[i])) {
      labels.push_back(term[i]);
    } else if (term.substr(i, 3) == "...") {
      if (ellipsis_rank < 0) return BadEquation(equation, "an operand has fewer axes than labels");
      for (int k = ellipsis_rank - 1; k >= 0; --k) labels.push_back(kEllipsisLabel + k);
      i += 2;
    } else {
      return BadEquation(equation, "an unexpected character");
    }
  }
  return labels;
}

int LetterCount(std::string_view term) { return static_cast<int>(std::count_if(term.begin(), term.end(), IsLetter)); }

// Without "->": the ellipsis, then the letters that occur once, in alphabetical order.
EinsumLabels ImplicitOutput(const std::vector<EinsumLabels>& operands, int ellipsis_rank) {
  EinsumLabels output;
  for (int k = ellipsis_rank - 1; k >= 0; --k) output.push_back(kEllipsisLabel + k);
  for (int label = 'A'; label <= 'z'; ++label) {
    int64_t uses = 0;
    for (const EinsumLabels& labels : operands) uses += std::count(labels.begin(), labels.end(), label);
    if (uses == 1) output.push_back(label);
  }
  return output;
}

}  // namespace

Result<EinsumEquation> ParseEinsum(std::string_view equation, const std::vector<int>& ranks) {
  std::string text;
  std::copy_if(equation.begin(), equation.end(), std::back_inserter(text), [](char c) { return c != ' '; });
  const size_t arrow = text.find("->");
  std::string_view left = std::string_view(text).substr(0, arrow);
  EinsumEquation parsed;
  int widest = 0;
  while (true) {
    const size_t comma = left.find(',');
    const std::string_view term = left.substr(0, comma);
    if (parsed.operands.size() == ranks.size()) return BadEquation(equation, "more terms than operands");
    const int rank = ranks[parsed.operands.size()];
    const int ellipsis_rank = rank - LetterCount(term);
    WEBINFER_ASSIGN(EinsumLabels labels, ParseTerm(equation, term, ellipsis_rank));
    if (static_cast<int>(labels.size()) != rank) return BadEquation(equation, "an operand has more axes than labels");
    if (term.find('.') != std::string_view::npos) widest = std::max(widest, ellipsis_rank);
    parsed.operands.push_back(std::move(labels));
    if (comma == std::string_view::npos) break;
    left.remove_prefix(comma + 1);
  }
  if (parsed.operands.size() != ranks.size()) return BadEquation(equation, "fewer terms than operands");
  if (arrow == std::string::npos) {
    parsed.output = ImplicitOutput(parsed.operands, widest);
    return parsed;
  }
  WEBINFER_ASSIGN(parsed.output, ParseTerm(equation, std::string_view(text).substr(arrow + 2), widest));
  for (size_t i = 0; i < parsed.output.size(); ++i) {
    const int label = parsed.output[i];
    bool known = std::count(parsed.output.begin(), parsed.output.end(), label) == 1;
    known = known && std::any_of(parsed.operands.begin(), parsed.operands.end(), [&](const EinsumLabels& labels) {
              return std::find(labels.begin(), labels.end(), label) != labels.end();
            });
    if (!known) return BadEquation(equation, "a label of the output is not one of the operands', or is there twice");
  }
  return parsed;
}

}  // namespace webinfer::ops
