#include "base/status.h"

#include <cstdio>

namespace webinfer {

namespace {

thread_local ErrorRecord last_error;

template <size_t kSize>
void Format(char (&field)[kSize], const char* format, va_list args) {
  std::vsnprintf(field, kSize, format, args);
}

}  // namespace

ErrorRecord& LastError() { return last_error; }

const char* CodeName(Code code) {
  switch (code) {
    case Code::kOk: return "Ok";
    case Code::kInvalidModel: return "InvalidModel";
    case Code::kUnsupported: return "Unsupported";
    case Code::kInvalidArgument: return "InvalidArgument";
    case Code::kShapeMismatch: return "ShapeMismatch";
    case Code::kTypeMismatch: return "TypeMismatch";
    case Code::kOutOfRange: return "OutOfRange";
    case Code::kOutOfMemory: return "OutOfMemory";
    case Code::kAborted: return "Aborted";
    case Code::kInternal: return "Internal";
  }
  return "Unknown";
}

Error::Error(Code code, const char* format, ...) {
  last_error = ErrorRecord();
  last_error.code = code;
  va_list args;
  va_start(args, format);
  Format(last_error.message, format, args);
  va_end(args);
}

#define WEBINFER_ERROR_FIELD(Method, field)       \
  Error& Error::Method(const char* format, ...) { \
    va_list args;                                 \
    va_start(args, format);                       \
    Format(last_error.field, format, args);       \
    va_end(args);                                 \
    return *this;                                 \
  }
WEBINFER_ERROR_FIELD(Op, op)
WEBINFER_ERROR_FIELD(Node, node)
WEBINFER_ERROR_FIELD(Expected, expected)
WEBINFER_ERROR_FIELD(Actual, actual)
WEBINFER_ERROR_FIELD(Hint, hint)
#undef WEBINFER_ERROR_FIELD

}  // namespace webinfer
