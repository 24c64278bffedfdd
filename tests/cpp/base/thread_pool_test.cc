#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace webinfer {
namespace {

TEST(ThreadPool, EveryTaskRunsOnceOnAThreadOfThePool) {
  for (int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    EXPECT_LE(pool.size(), threads);
    for (int tasks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
      std::atomic<bool> strangers{false};
      pool.ParallelFor(tasks, [&](int task, int thread) {
        ++runs[static_cast<size_t>(task)];
        if (thread < 0 || thread >= pool.size()) strangers = true;
      });
      for (const auto& count : runs) ASSERT_EQ(count.load(), 1);
      EXPECT_FALSE(strangers);
    }
  }
}

TEST(ThreadPool, ManyShortJobsLoseNothing) {
  ThreadPool pool(2);
  std::atomic<int> sum{0};
  for (int i = 0; i < 20000; ++i) pool.ParallelFor(2, [&](int, int) { sum.fetch_add(1, std::memory_order_relaxed); });
  EXPECT_EQ(sum.load(), 40000);
}

}  // namespace
}  // namespace webinfer
