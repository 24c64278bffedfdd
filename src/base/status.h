// How every fallible function of the engine reports failure.
//
// Functions return Status or Result<T>. The hot path carries one byte; the details (operator, node, expected, actual, hint)
// live in one thread-local ErrorRecord of fixed size, so that reporting "out of memory" needs no memory.
// The record is valid from the return of a failing Status until the next Error is built on the same thread.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <utility>

namespace webinfer {

// Stable numbers: JavaScript maps them to the `code` of WebInferError (docs/errors.md).
enum class Code : uint8_t {
  kOk = 0,
  kInvalidModel = 1,     // the bytes are not a model, or a model that contradicts itself
  kUnsupported = 2,      // valid, but an operator, type or form this build cannot do
  kInvalidArgument = 3,  // the caller's feeds, names or options
  kShapeMismatch = 4,
  kTypeMismatch = 5,
  kOutOfRange = 6,  // an index in data (Gather, Slice, ...) outside its axis
  kOutOfMemory = 7,
  kAborted = 8,
  kInternal = 9,
};

// ONNX-like words for a code: "InvalidModel", "ShapeMismatch", ...
const char* CodeName(Code code);

struct ErrorRecord {
  Code code = Code::kOk;
  char message[320] = {};
  char op[96] = {};
  char node[160] = {};
  char expected[192] = {};
  char actual[192] = {};
  char hint[256] = {};
};

// The record of the newest error on this thread.
ErrorRecord& LastError();

class [[nodiscard]] Status {
 public:
  constexpr Status() = default;
  constexpr explicit Status(Code code) : code_(code) {}
  constexpr bool ok() const { return code_ == Code::kOk; }
  constexpr Code code() const { return code_; }

 private:
  Code code_ = Code::kOk;
};

constexpr Status OkStatus() { return Status(); }

// Builds an error: `return Error(Code::kShapeMismatch, "ranks differ").Expected("rank %d", 4).Actual("rank %d", r);`
// Texts longer than their field are cut. `%.*s` prints a string_view.
class Error {
 public:
  [[gnu::format(printf, 3, 4)]] Error(Code code, const char* format, ...);
  [[gnu::format(printf, 2, 3)]] Error& Op(const char* format, ...);
  [[gnu::format(printf, 2, 3)]] Error& Node(const char* format, ...);
  [[gnu::format(printf, 2, 3)]] Error& Expected(const char* format, ...);
  [[gnu::format(printf, 2, 3)]] Error& Actual(const char* format, ...);
  [[gnu::format(printf, 2, 3)]] Error& Hint(const char* format, ...);
  operator Status() const { return Status(LastError().code); }  // NOLINT: returned where a Status is expected
};

// A value or the Status that explains its absence.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)), status_() {}  // NOLINT: implicit like std::expected
  Result(Status status) : value_(), status_(status) {}      // NOLINT
  Result(const Error& error) : value_(), status_(error) {}  // NOLINT
  bool ok() const { return status_.ok(); }
  Status status() const { return status_; }
  T& operator*() { return value_; }
  const T& operator*() const { return value_; }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }

 private:
  T value_;
  Status status_;
};

}  // namespace webinfer

#define WEBINFER_CONCAT_(a, b) a##b
#define WEBINFER_CONCAT(a, b) WEBINFER_CONCAT_(a, b)

// Returns the Status of `expression` from the enclosing function if it failed.
#define WEBINFER_TRY(expression) WEBINFER_TRY_(WEBINFER_CONCAT(status_, __COUNTER__), expression)
#define WEBINFER_TRY_(status, expression)                                      \
  do {                                                                         \
    if (::webinfer::Status status = (expression); !status.ok()) return status; \
  } while (false)

// Declares `declaration` from a Result, or returns its Status.
#define WEBINFER_ASSIGN(declaration, expression) WEBINFER_ASSIGN_(WEBINFER_CONCAT(result_, __LINE__), declaration, expression)
#define WEBINFER_ASSIGN_(result, declaration, expression) \
  auto result = (expression);                             \
  if (!result.ok()) return result.status();               \
  declaration = std::move(*result)
