// Packed weights of a node, in the slots of Node::prepared.
#pragma once

#include <memory>

#include "base/memory.h"
#include "ops/op.h"

namespace webinfer::ops {

// What is kept in `slot`, or nullptr when the weights were not constant.
inline const uint8_t* PreparedBytes(const Node& node, int slot) {
  const auto i = static_cast<size_t>(slot);
  if (i >= node.prepared.size() || node.prepared[i] == nullptr) return nullptr;
  return node.prepared[i]->data();
}
inline const float* PreparedFloats(const Node& node, int slot) {
  return reinterpret_cast<const float*>(PreparedBytes(node, slot));
}

// Room for `count` bytes (floats) in `slot`.
inline Result<uint8_t*> KeepBytes(PrepareContext& ctx, int slot, uint64_t count) {
  auto buffer = std::make_shared<Buffer>();
  WEBINFER_TRY(buffer->Allocate(count, "packed weights"));
  uint8_t* bytes = buffer->data();
  ctx.Keep(slot, std::move(buffer));
  return bytes;
}
inline Result<float*> KeepFloats(PrepareContext& ctx, int slot, uint64_t count) {
  WEBINFER_ASSIGN(uint8_t * bytes, KeepBytes(ctx, slot, count * sizeof(float)));
  return reinterpret_cast<float*>(bytes);
}

}  // namespace webinfer::ops
