#include "run_model.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "formats/onnx/reader.h"
#include "runtime/session.h"

namespace webinfer::fuzz {

namespace {

// Aborts a session that runs too long.
class Watchdog {
 public:
  Watchdog(Session& session, int milliseconds)
      : thread_([this, &session, milliseconds] {
          std::unique_lock lock(mutex_);
          if (!done_.wait_for(lock, std::chrono::milliseconds(milliseconds), [this] { return finished_; })) session.Abort();
        }) {}
  ~Watchdog() {
    {
      std::lock_guard lock(mutex_);
      finished_ = true;
    }
    done_.notify_one();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool finished_ = false;
  std::thread thread_;
};

Status FeedZeros(Session& session, StringPool& strings) {
  constexpr int64_t kUnknownSize = 2;
  for (size_t i = 0; i < session.inputs().size(); ++i) {
    const ValueMetadata& input = session.inputs()[i];
    if (input.optional) continue;
    if (input.type.kind != ValueKind::kTensor) {
      static const RuntimeValue kEmpty{.kind = ValueKind::kSequence};
      WEBINFER_TRY(session.Feed(static_cast<int>(i), kEmpty));
      continue;
    }
    Shape shape = input.type.shape.rank_known() ? input.type.shape : Shape{kUnknownSize};
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (shape[axis] < 0) shape[axis] = kUnknownSize;
    }
    WEBINFER_ASSIGN(const int64_t count, shape.CheckedElements());
    const DType dtype = input.type.dtype == DType::kUndefined ? DType::kFloat32 : input.type.dtype;
    const uint64_t bytes = BytesOf(dtype, static_cast<uint64_t>(count));
    WEBINFER_ASSIGN(void* memory, session.FeedBuffer(static_cast<int>(i), bytes));
    std::memset(memory, 0, bytes);
    if (dtype == DType::kString) {
      WEBINFER_ASSIGN(const StringData* empty, strings.Add(""));
      for (int64_t k = 0; k < count; ++k) static_cast<const StringData**>(memory)[k] = empty;
    }
    WEBINFER_TRY(session.Feed(static_cast<int>(i), TensorView{dtype, shape, memory}));
  }
  return OkStatus();
}

Status ReadAndRun(std::span<const uint8_t> bytes, const Limits& limits) {
  OnnxReader reader(bytes.size());
  WEBINFER_TRY(reader.Push(bytes));
  WEBINFER_ASSIGN(std::unique_ptr<Model> model, reader.Finish());
  for (const ExternalTensor& external : reader.external()) std::memset(external.data, 0, external.length);
  WEBINFER_ASSIGN(std::unique_ptr<Session> session, Session::Create(std::move(model), SessionOptions{}));
  StringPool strings;
  WEBINFER_TRY(FeedZeros(*session, strings));
  return RunWatched(*session, limits.milliseconds);
}

}  // namespace

Status RunWatched(Session& session, int milliseconds) {
  WEBINFER_TRY(session.Begin(~0ull));
  Watchdog watchdog(session, milliseconds);
  bool done = false;
  return session.Continue(0, &done);
}

Status RunModel(std::span<const uint8_t> bytes, const Limits& limits) {
  SetMemoryLimit(GetMemoryStats().live + limits.memory);
  const Status status = ReadAndRun(bytes, limits);
  SetMemoryLimit(0);
  return status;
}

}  // namespace webinfer::fuzz
