// Names of a file in messages: never longer than a message bears.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "base/status.h"

namespace webinfer::onnx {

inline int TextLength(std::string_view text) { return static_cast<int>(std::min<size_t>(text.size(), 120)); }

// Adds operator and node to the error that has just been built.
inline Status At(Status status, std::string_view op, std::string_view node) {
  if (status.ok()) return status;
  ErrorRecord& record = LastError();
  std::snprintf(record.op, sizeof(record.op), "%.*s", TextLength(op), op.data());
  std::snprintf(record.node, sizeof(record.node), "%.*s", TextLength(node), node.data());
  return status;
}

}  // namespace webinfer::onnx

// The arguments of a "%.*s".
#define WEBINFER_TEXT(text) ::webinfer::onnx::TextLength(text), (text).data()
