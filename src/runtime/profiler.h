// Time per node, summed over the calls of one run.
#pragma once

#include <chrono>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"

namespace webinfer {

struct ProfileEntry {
  std::string_view op, node;
  double microseconds = 0;  // of the last profiled run, bodies included
  uint64_t calls = 0;
};

class Profiler {
 public:
  using Clock = std::chrono::steady_clock;

  void Clear() {
    index_.clear();
    entries_.clear();
  }
  void Add(const Node& node, Clock::time_point start);
  // In the order of first execution. Texts live as long as the graph.
  const std::vector<ProfileEntry>& entries() const { return entries_; }

 private:
  std::unordered_map<const Node*, size_t> index_;
  std::vector<ProfileEntry> entries_;
};

}  // namespace webinfer
