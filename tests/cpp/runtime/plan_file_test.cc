// Stored plans: the same results without passes, and an error for every damaged file.
#include "runtime/plan_file.h"

#include <random>

#include "runtime/example_model.h"

namespace webinfer::testing {
namespace {

constexpr char kIdentity[] = "engine 1, relaxed, balanced";

std::vector<uint8_t> Store(const Session& session) {
  PlanImage image;
  EXPECT_TRUE(image.Write(session.prepared(), kIdentity).ok());
  std::vector<uint8_t> file;
  for (const auto& piece : image.pieces()) file.insert(file.end(), piece.begin(), piece.end());
  EXPECT_EQ(file.size(), image.bytes());
  return file;
}

Result<PreparedModel> Load(std::span<const uint8_t> file, std::string_view identity = kIdentity) {
  PlanReader reader;
  WEBINFER_TRY(reader.Begin(file.first(std::min(file.size(), sizeof(PlanHeader))), file.size(), identity));
  WEBINFER_TRY(reader.ReadStructure(file.subspan(sizeof(PlanHeader), reader.structure_bytes())));
  for (size_t i = 0; i < reader.blobs().size(); ++i) {
    const PlanReader::Blob& blob = reader.blobs()[i];
    // In two pieces, as a caller with large blobs does.
    const uint64_t first = blob.bytes / 2 / Hasher::kBlock * Hasher::kBlock;
    if (blob.bytes > 0) std::memcpy(blob.data, file.data() + blob.offset, blob.bytes);
    if (first > 0) WEBINFER_TRY(reader.Filled(i, first));
    WEBINFER_TRY(reader.Filled(i, blob.bytes - first));
  }
  return reader.Finish();
}

// The checksums as a forger would leave them.
void Seal(std::vector<uint8_t>& file) {
  PlanHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  header.structure_hash = HashBytes(std::span(file).subspan(sizeof(header), header.structure_bytes));
  header.header_hash = HashBytes({reinterpret_cast<const uint8_t*>(&header), sizeof(header) - sizeof(uint64_t)});
  std::memcpy(file.data(), &header, sizeof(header));
}

TEST(PlanFile, GivesTheSameSessionWithoutPasses) {
  auto session = Session::Create(MakeModel(), SessionOptions());
  ASSERT_TRUE(session.ok()) << ErrorText();
  const std::vector<uint8_t> file = Store(**session);
  auto prepared = Load(file);
  ASSERT_TRUE(prepared.ok()) << ErrorText();
  EXPECT_EQ(DumpGraph(prepared->model->graph), DumpGraph((*session)->model().graph));
  auto again = Session::Create(std::move(*prepared), 1);
  ASSERT_TRUE(again.ok()) << ErrorText();
  const Tensor x = Input();
  EXPECT_EQ(RunOnce(**again, x), RunOnce(**session, x));
  EXPECT_EQ(Store(**again), file);
  ASSERT_EQ((*again)->inputs().size(), 1u);
  EXPECT_EQ((*again)->inputs()[0].name, (*session)->inputs()[0].name);
}

TEST(PlanFile, BelongsToOneBuildAndItsOptions) {
  auto session = Session::Create(MakeModel(), SessionOptions());
  const std::vector<uint8_t> file = Store(**session);
  EXPECT_EQ(Load(file, "engine 2, relaxed, balanced").status().code(), Code::kUnsupported);
}

TEST(PlanFile, EveryChangedByteIsFound) {
  auto session = Session::Create(MakeModel(), SessionOptions());
  std::vector<uint8_t> file = Store(**session);
  for (size_t at = 0; at < file.size(); at += at < 4096 ? 1 : 97) {
    file[at] ^= static_cast<uint8_t>(1 + at % 255);
    ASSERT_FALSE(Load(file).ok()) << at;
    file[at] ^= static_cast<uint8_t>(1 + at % 255);
  }
  for (size_t size = 0; size < file.size(); size += 1 + size / 5) ASSERT_FALSE(Load(std::span(file).first(size)).ok()) << size;
  EXPECT_TRUE(Load(file).ok());
}

TEST(PlanFile, ForgedStructuresEndInAnErrorOrAGraphThatHoldsTogether) {
  auto session = Session::Create(MakeModel(), SessionOptions());
  const std::vector<uint8_t> file = Store(**session);
  PlanHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<uint8_t> forged = file;
    for (int changes = 1 + round % 3; changes > 0; --changes) {
      const size_t at = sizeof(header) + random() % header.structure_bytes;
      forged[at] = round % 2 == 0 ? static_cast<uint8_t>(random()) : round % 4 == 1 ? 0xff : 0;
    }
    Seal(forged);
    auto prepared = Load(forged);
    refused += !prepared.ok();
    if (prepared.ok()) static_cast<void>(static_cast<Status>(Session::Create(std::move(*prepared), 1).status()));
  }
  EXPECT_GT(refused, 300);
}

TEST(PlanFile, FailingAllocationsAreErrors) {
  auto session = Session::Create(MakeModel(), SessionOptions());
  const std::vector<uint8_t> file = Store(**session);
  for (uint64_t first = 1; first < 40; ++first) {
    InjectAllocationFailure(first, 0);
    auto prepared = Load(file);
    InjectAllocationFailure(0, 0);
    EXPECT_TRUE(prepared.ok() || prepared.status().code() == Code::kOutOfMemory) << first << " " << ErrorText();
  }
}

}  // namespace
}  // namespace webinfer::testing
