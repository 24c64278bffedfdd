// A prepared model as a file: the graph after folding and fusing, and weights in the form that kernels read. What a plan cache
// keeps, so that the next session is made without reading, optimising and packing the model again.
//
//   header     PlanHeader, 64 bytes
//   structure  graph, attributes, metadata, and size and checksum of each blob
//   blobs      elements of constants and packed weights, one after the other
//
// The file belongs to one build of the engine: `identity` must be the same when it is read. Damage is found by checksums; beyond
// that lengths, counts, ids, types and shapes are checked, so that bytes of any kind end in an error. Packed weights are taken as
// they are: a file forged with valid checksums is as trusted as a script of the same origin, which is where it is stored.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "runtime/prepared_model.h"

namespace webinfer {

struct PlanHeader {
  uint32_t magic = 0;
  uint32_t format = 0;
  uint64_t identity = 0;  // hash of the caller's text, and what the machine's dot product does
  uint64_t structure_bytes = 0;
  uint64_t structure_hash = 0;
  uint64_t file_bytes = 0;
  uint64_t blobs = 0;
  uint64_t reserved = 0;
  uint64_t header_hash = 0;  // of the fields before
};
static_assert(sizeof(PlanHeader) == 64);

// Lays a prepared model out. The pieces point into the model, which must outlive the image.
class PlanImage {
 public:
  Status Write(const PreparedModel& prepared, std::string_view identity);
  // Header and structure, then the blobs: the file is these one after the other.
  const std::vector<std::span<const uint8_t>>& pieces() const { return pieces_; }
  uint64_t bytes() const;

 private:
  std::vector<uint8_t> head_;
  std::vector<std::span<const uint8_t>> pieces_;
};

// Takes a file in three steps: Begin with the header, ReadStructure, then each blob's bytes are put where blobs() says.
class PlanReader {
 public:
  struct Blob {
    uint64_t offset = 0;  // in the file
    uint64_t bytes = 0;
    uint8_t* data = nullptr;
    uint64_t hash = 0;
  };

  Status Begin(std::span<const uint8_t> header, uint64_t file_bytes, std::string_view identity);
  uint64_t structure_bytes() const { return header_.structure_bytes; }
  Status ReadStructure(std::span<const uint8_t> structure);
  const std::vector<Blob>& blobs() const { return blobs_; }
  // The next `bytes` bytes of blob `blob` are in place: a multiple of Hasher::kBlock, or the rest. Blobs come in order.
  Status Filled(size_t blob, uint64_t bytes);
  // All blobs are there and undamaged.
  Result<PreparedModel> Finish();

 private:
  PlanHeader header_;
  PreparedModel prepared_;
  std::vector<Blob> blobs_;
  Hasher hasher_;
  size_t blob_ = 0;
  uint64_t filled_ = 0;
};

}  // namespace webinfer
