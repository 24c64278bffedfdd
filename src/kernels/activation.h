// Activations over finished blocks, for those that a contraction does not apply in registers.
#pragma once

#include "kernels/epilogue.h"
#include "kernels/gemm_tile.h"

namespace webinfer::kernels {

// True if the tile applies it all itself.
inline bool IsClamp(const Epilogue& e) {
  return (e.activation == Activation::kNone || e.activation == Activation::kClip) && e.tail.IsIdentity();
}

// x = tail(activation(x)) for `count` floats.
void ApplyActivation(Activation activation, float alpha, float beta, float* x, size_t count, const Tail& tail = {});

// Splits an epilogue: what the tile does at once ...
TileEpilogue TilePart(const Epilogue& epilogue);
// ... and what is left for a block of rows once it is complete: nothing for clamps.
void FinishRows(const Epilogue& epilogue, float* c, size_t c_stride, int rows, int columns);

}  // namespace webinfer::kernels
