// Packed weights of a node, in the slots of Node::prepared.
#pragma once

#include <memory>

#include "base/memory.h"
#include "ops/op.h"

namespace webinfer::ops {

// The floats kept in `slot`, or nullptr when the weights were not constant.
inline const float* PreparedFloats(const Node& node, int slot) {
  const auto i = static_cast<size_t>(slot);
  if (i >= node.prepared.size() || node.prepared[i] == nullptr) return nullptr;
  return reinterpret_cast<const float*>(static_cast<const Buffer*>(node.prepared[i].get())->data());
}

// Room for `count` floats in `slot`.
inline Result<float*> KeepFloats(PrepareContext& ctx, int slot, uint64_t count) {
  auto buffer = std::make_shared<Buffer>();
  WEBINFER_TRY(buffer->Allocate(count * sizeof(float), "packed weights"));
  auto* floats = reinterpret_cast<float*>(buffer->data());
  ctx.Keep(slot, std::move(buffer));
  return floats;
}

}  // namespace webinfer::ops
