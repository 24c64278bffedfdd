#include "base/thread_pool.h"

#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)
#define WEBINFER_THREADS 0
#else
#define WEBINFER_THREADS 1
#endif

#if WEBINFER_THREADS
#include <atomic>
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
}  // namespace

struct ThreadPool::Workers {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake, done;
  std::atomic<uint32_t> generation{0};
  std::atomic<int> next{0};
  std::atomic<int> active{0};
  Task task = nullptr;
  void* context = nullptr;
  int tasks = 0;
  bool stop = false;

  void Work(int thread) {
    for (int i; (i = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) task(context, i, thread);
  }

  void Loop(int thread) {
    for (uint32_t seen = 0;;) {
      for (int spin = 0; spin < kSpins && generation.load(std::memory_order_acquire) == seen; ++spin) {
      }
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return generation.load(std::memory_order_acquire) != seen; });
        seen = generation;
        if (stop) return;
      }
      Work(thread);
      if (active.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        std::lock_guard lock(mutex);
        done.notify_one();
      }
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
  {
    std::lock_guard lock(workers_->mutex);
    workers_->stop = true;
    ++workers_->generation;
  }
  workers_->wake.notify_all();
  for (std::thread& thread : workers_->threads) thread.join();
}

void ThreadPool::Run(int tasks, Task task, void* context) {
  if (!workers_ || tasks <= 1) {
    for (int i = 0; i < tasks; ++i) task(context, i, 0);
    return;
  }
  Workers& w = *workers_;
  {
    std::lock_guard lock(w.mutex);
    w.task = task;
    w.context = context;
    w.tasks = tasks;
    w.next = 0;
    w.active = size_ - 1;
    w.generation.fetch_add(1, std::memory_order_release);
  }
  w.wake.notify_all();
  w.Work(0);
  for (int spin = 0; spin < kSpins; ++spin) {
    if (w.active.load(std::memory_order_acquire) == 0) return;
  }
  std::unique_lock lock(w.mutex);
  w.done.wait(lock, [&] { return w.active.load(std::memory_order_acquire) == 0; });
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
