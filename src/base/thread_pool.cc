#include "base/thread_pool.h"

#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)
#define WEBINFER_THREADS 0
#else
#define WEBINFER_THREADS 1
#endif

#if WEBINFER_THREADS
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
#endif

namespace webinfer {

#if WEBINFER_THREADS

namespace {

// How long a worker looks for the next job before it sleeps. Short: spinning workers steal the cores of the page's own workers.
constexpr int kSpins = 2000;
// A worker that has trapped never reports back. Emscripten notices when a wait begins, and then ends the caller's call.
constexpr std::chrono::milliseconds kWaitSlice{50};

constexpr uint32_t kOpen = 1u << 31;

}  // namespace

// A job is open while its caller works on it; a worker takes part only if it gets in before the caller has found the queue
// empty. So nobody waits for a worker that the system has not let run: on a busy machine the caller does the work alone.
struct ThreadPool::Workers {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake, done;
  std::atomic<uint32_t> generation{0};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> inside{0};  // workers on the job, and kOpen
  std::atomic<int> next{0};
  Task task = nullptr;
  void* context = nullptr;
  int tasks = 0;
  std::atomic<bool> stop{false};

  void Work(int thread) {
    for (int i; (i = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) task(context, i, thread);
  }

  bool Enter() {
    uint32_t now = inside.load(std::memory_order_relaxed);
    while ((now & kOpen) != 0) {
      if (inside.compare_exchange_weak(now, now + 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void Leave() {
    if (inside.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    std::lock_guard lock(mutex);
    done.notify_one();
  }

  void Loop(int thread) {
    for (uint32_t seen = 0;;) {
      for (int spin = 0; spin < kSpins && generation.load(std::memory_order_acquire) == seen; ++spin) {
      }
      if (generation.load(std::memory_order_acquire) == seen) {
        std::unique_lock lock(mutex);
        ++sleepers;
        wake.wait(lock, [&] { return generation != seen; });
        --sleepers;
      }
      seen = generation;
      if (stop) return;
      if (!Enter()) continue;
      Work(thread);
      Leave();
    }
  }

  void Announce() {
    ++generation;
    if (sleepers == 0) return;
    std::lock_guard lock(mutex);
    wake.notify_all();
  }

  void WaitUntilLeft() {
    for (int spin = 0; spin < kSpins; ++spin) {
      if (inside.load(std::memory_order_acquire) == 0) return;
    }
    std::unique_lock lock(mutex);
    while (!done.wait_for(lock, kWaitSlice, [&] { return inside.load(std::memory_order_acquire) == 0; })) {
    }
  }
};

ThreadPool::ThreadPool(int threads) : size_(threads < 1 ? 1 : threads) {
  if (size_ == 1) return;
  workers_ = std::make_unique<Workers>();
  for (int i = 1; i < size_; ++i) workers_->threads.emplace_back([this, i] { workers_->Loop(i); });
}

ThreadPool::~ThreadPool() {
  if (!workers_) return;
  workers_->stop = true;
  workers_->Announce();
  for (std::thread& thread : workers_->threads) thread.join();
}

void ThreadPool::Run(int tasks, Task task, void* context) {
  if (!workers_ || tasks <= 1) {
    for (int i = 0; i < tasks; ++i) task(context, i, 0);
    return;
  }
  Workers& w = *workers_;
  w.task = task;
  w.context = context;
  w.tasks = tasks;
  w.next.store(0, std::memory_order_relaxed);
  w.inside.store(kOpen, std::memory_order_release);
  w.Announce();
  w.Work(0);
  if ((w.inside.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen) != 0) w.WaitUntilLeft();
}

#else

struct ThreadPool::Workers {};
ThreadPool::ThreadPool(int) {}
ThreadPool::~ThreadPool() = default;
void ThreadPool::Run(int tasks, Task task, void* context) {
  for (int i = 0; i < tasks; ++i) task(context, i, 0);
}

#endif

}  // namespace webinfer
