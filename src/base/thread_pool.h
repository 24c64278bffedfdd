// Splits one piece of work over the engine's threads.
//
// Tasks are numbered 0..tasks-1 and taken from a queue, so uneven tasks balance. The caller works too; Run returns when all
// tasks are done. A pool of one thread (or a build without threads) runs everything in the caller.
#pragma once

#include <cstdint>
#include <memory>

namespace webinfer {

class ThreadPool {
 public:
  using Task = void (*)(void* context, int task, int thread);

  // `threads` counts the caller; values below 1 mean 1. Workers are ready before the first Run.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return size_; }
  void Run(int tasks, Task task, void* context);

  // f(task, thread) for each task; thread is in [0, size()).
  template <typename F>
  void ParallelFor(int tasks, const F& f) {
    Run(
        tasks, [](void* context, int task, int thread) { (*static_cast<const F*>(context))(task, thread); }, const_cast<F*>(&f));
  }

 private:
  struct Workers;
  int size_ = 1;
  std::unique_ptr<Workers> workers_;
};

}  // namespace webinfer
