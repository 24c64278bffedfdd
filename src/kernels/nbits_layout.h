// How the weights of kernels/nbits.h lie in memory once they are packed.
//
// Per panel of 8 columns and block: codes, 8 scales, and 8 zeros if there are any, so that a panel is one stream. Codes take 2,
// 4 or 8 bits. A step of 4 rows (of 8 with 2 bits) is 16 bytes, 32 with 8 bits:
//   4 bits  byte 4 j + i: row i of column j (low half) and of column j + 4 (high half)
//   8 bits  byte 4 j + i: row i of column j, of 8 columns
//   2 bits  byte 4 j + i: rows i and i + 4 (four bits each) of column j (low half of those) and of column j + 4
// 8-bit codes are what the machine's dot product takes: flipped to signed ones where it has no unsigned operand.
#pragma once

#include "kernels/gemm.h"
#include "kernels/int8_gemm.h"
#include "kernels/nbits.h"

namespace webinfer::kernels {

inline int PackedBits(const NBitsGemm& g) { return g.bits <= 2 && g.block % 8 == 0 ? 2 : g.bits <= 4 ? 4 : 8; }
inline int StepRows(int packed_bits) { return packed_bits == 2 ? 8 : 4; }
inline size_t StepBytes(int packed_bits) { return packed_bits == 8 ? 32 : 16; }

inline int PanelCount(const NBitsGemm& g) { return (g.n + kPanelColumns - 1) / kPanelColumns; }
inline size_t PaddedDepth(const NBitsGemm& g) { return static_cast<size_t>(g.blocks()) * static_cast<size_t>(g.block); }
inline size_t BlockCodeBytes(const NBitsGemm& g) { return static_cast<size_t>(g.block) * static_cast<size_t>(PackedBits(g)); }
inline size_t BlockBytes(const NBitsGemm& g) { return BlockCodeBytes(g) + (g.zeros ? 2 : 1) * kPanelColumns * sizeof(float); }
inline size_t PanelBytes(const NBitsGemm& g) { return static_cast<size_t>(g.blocks()) * BlockBytes(g); }
inline const uint8_t* PanelAt(const NBitsGemm& g, int panel) {
  return static_cast<const uint8_t*>(g.packed) + static_cast<size_t>(panel) * PanelBytes(g);
}

inline float DefaultZero(const NBitsGemm& g) { return static_cast<float>(1 << (g.bits - 1)); }
// What is subtracted from stored 8-bit codes' zeros, because the codes were flipped.
inline float CodeShift(const NBitsGemm& g) { return PackedBits(g) == 8 && ProbeInt8Dot() != Int8Dot::kUnsigned ? 128.0f : 0.0f; }

// kernels/nbits_dot.cc: by integer dot products. They pay where the machine has them, or rows are few.
bool DotNBitsPays(const NBitsGemm& gemm);
size_t DotNBitsScratchBytes(const NBitsGemm& gemm, int threads);
void RunDotNBits(const NBitsGemm& gemm, void* scratch, ThreadPool& pool);

}  // namespace webinfer::kernels
