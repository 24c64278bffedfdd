#include "runtime/profiler.h"

namespace webinfer {

void Profiler::Add(const Node& node, Clock::time_point start) {
  const double microseconds = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  const auto [it, added] = index_.try_emplace(&node, entries_.size());
  if (added) entries_.push_back({node.op, node.name});
  ProfileEntry& entry = entries_[it->second];
  entry.microseconds += microseconds;
  ++entry.calls;
}

}  // namespace webinfer
