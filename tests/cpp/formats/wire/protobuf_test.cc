#include "formats/wire/protobuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/proto_writer.h"

namespace webinfer {
namespace {

using test::Proto;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum Message : uint8_t { kRoot, kChild };
constexpr ProtoSchemaField kTestSchema[] = {
    {kRoot, 1, kChild}, {kChild, 1, kChild}, {kChild, 2, ProtoSchemaField::kData}, {kRoot, 2, ProtoSchemaField::kData}};

std::span<const uint8_t> BytesOfText(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Status PushAll(ProtoSplitter& splitter, const std::string& bytes, size_t piece) {
  for (size_t at = 0; at < bytes.size(); at += piece)
    WEBINFER_TRY(splitter.Push(BytesOfText(std::string_view(bytes).substr(at, piece))));
  return splitter.Finish();
}

// All fields of a message in words, data fields with their content wherever it is.
std::string Describe(std::span<const uint8_t> message, ProtoSplitter& splitter, int depth = 0) {
  std::string text;
  ProtoReader reader(message);
  while (reader.Next()) {
    text += std::to_string(reader.field());
    if (reader.field() == 1 && reader.wire() == WireType::kBytes && depth < 4) {
      text += "{" + Describe(reader.bytes(), splitter, depth + 1) + "}";
    } else if (reader.wire() == WireType::kMoved) {
      const Buffer& data = splitter.data()[reader.moved_index()];
      text += "=" + std::string(reinterpret_cast<const char*>(data.data()), data.size());
    } else if (reader.wire() == WireType::kBytes) {
      text += "=" + std::string(reader.text());
    } else if (reader.wire() == WireType::kFixed32) {
      text += "f" + std::to_string(reader.float32());
    } else {
      text += ":" + std::to_string(reader.integer());
    }
    text += " ";
  }
  EXPECT_TRUE(reader.status().ok());
  return text;
}

Proto Sample() {
  const std::string large(2000, 'x'), larger(70000, 'y');
  Proto inner = Proto().Bytes(2, "short").Int(7, -1).Bytes(2, large);
  Proto child = Proto().Message(1, inner).Bytes(3, "text").Float(4, 1.5f).Message(1, Proto());
  return Proto().Bytes(2, larger).Message(1, child).Int(9, 300).Bytes(5, "").Double(6, 2.0);
}

TEST(ProtoSplitter, GivesTheSameForEveryWayToCutTheFile) {
  const std::string bytes = Sample().str();
  std::string expected;
  for (const size_t piece : {bytes.size(), size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{64}, size_t{4096}}) {
    for (const uint64_t total : {uint64_t{0}, uint64_t{bytes.size()}}) {
      ProtoSplitter splitter(kTestSchema, kRoot, total);
      ASSERT_TRUE(PushAll(splitter, bytes, piece).ok()) << LastError().message;
      const std::string found = Describe(splitter.skeleton(), splitter);
      if (expected.empty()) expected = found;
      EXPECT_EQ(found, expected) << "pieces of " << piece;
      EXPECT_EQ(splitter.data().size(), 2u);
    }
  }
  EXPECT_THAT(expected, HasSubstr("1{1{2=short 7:-1 2=xxx"));
  EXPECT_THAT(expected, HasSubstr("3=text 4f1.500000 1{} } 9:300 5="));
}

TEST(ProtoSplitter, LongDataIsExactAndTheSkeletonSmall) {
  const std::string bytes = Sample().str();
  ProtoSplitter splitter(kTestSchema, kRoot, 0);
  ASSERT_TRUE(PushAll(splitter, bytes, 1000).ok());
  EXPECT_EQ(splitter.data()[0].size(), 70000u);
  EXPECT_EQ(splitter.data()[1].size(), 2000u);
  EXPECT_LT(splitter.skeleton().size(), 100u);
}

TEST(ProtoSplitter, EveryTruncationIsAnError) {
  const std::string bytes = Proto().Message(1, Proto().Message(1, Proto().Bytes(2, "abc")).Int(3, 1000)).str();
  for (size_t length = 1; length < bytes.size(); ++length) {
    ProtoSplitter splitter(kTestSchema, kRoot, 0);
    const Status status = PushAll(splitter, bytes.substr(0, length), 3);
    EXPECT_EQ(status.code(), Code::kInvalidModel) << length;
  }
}

TEST(ProtoSplitter, AChildMustFitItsParent) {
  // The inner length (5) is larger than what the outer one (3) leaves.
  ProtoSplitter splitter(kTestSchema, kRoot, 0);
  EXPECT_EQ(splitter.Push(BytesOfText("\x0a\x03\x0a\x05zzzzzz")).code(), Code::kInvalidModel);
  EXPECT_THAT(LastError().message, HasSubstr("beyond its message"));
}

TEST(ProtoSplitter, AClaimedLengthAllocatesNothing) {
  std::string bytes = "\x12";  // field 2, data, of 2^40 bytes
  bytes += Proto().Varint(uint64_t{1} << 40).str() + "few";
  ResetMemoryPeak();
  const uint64_t before = GetMemoryStats().live;
  ProtoSplitter splitter(kTestSchema, kRoot, 0);
  EXPECT_EQ(PushAll(splitter, bytes, 100).code(), Code::kInvalidModel);
  EXPECT_LT(GetMemoryStats().peak - before, uint64_t{2} << 20);
  ProtoSplitter known(kTestSchema, kRoot, bytes.size());
  EXPECT_EQ(PushAll(known, bytes, 100).code(), Code::kInvalidModel);
  EXPECT_LT(GetMemoryStats().peak - before, uint64_t{2} << 20);
}

TEST(ProtoSplitter, NestingIsLimited) {
  Proto message;
  for (int i = 0; i < kMaxProtoDepth + 1; ++i) message = Proto().Message(1, message);
  ProtoSplitter splitter(kTestSchema, kRoot, 0);
  EXPECT_EQ(PushAll(splitter, message.str(), 1000).code(), Code::kInvalidModel);
  EXPECT_THAT(LastError().message, HasSubstr("nested too deeply"));
}

TEST(ProtoSplitter, RefusesGroupsFieldZeroAndEndlessNumbers) {
  for (const std::string& bytes : {std::string("\x0b"), std::string("\x02\x00", 2), std::string("\x08") + std::string(11, '\xff'),
                                   std::string("\x0a") + std::string(11, '\x80')}) {
    ProtoSplitter splitter(kTestSchema, kRoot, 0);
    EXPECT_EQ(PushAll(splitter, bytes, 100).code(), Code::kInvalidModel);
  }
}

TEST(ProtoSplitter, AFileShorterThanAnnouncedIsAnError) {
  ProtoSplitter splitter(kTestSchema, kRoot, 10);
  EXPECT_EQ(PushAll(splitter, Proto().Int(3, 1).str(), 100).code(), Code::kInvalidModel);
}

TEST(ProtoReader, RepeatedNumbersArePackedOrNot) {
  const std::string bytes =
      Proto().Int(1, -5).PackedInts(1, {7, INT64_MIN}).Float(2, 0.5f).PackedFixed<float>(2, {1, 2}).Int(1, 9).str();
  std::vector<int64_t> integers;
  std::vector<float> floats;
  ProtoReader reader(BytesOfText(bytes));
  while (reader.Next()) {
    if (reader.field() == 1) {
      ASSERT_TRUE(reader
                      .ForEachInteger([&](int64_t value) {
                        integers.push_back(value);
                        return OkStatus();
                      })
                      .ok());
    } else {
      ASSERT_TRUE(reader
                      .ForEachFixed<float>([&](float value) {
                        floats.push_back(value);
                        return OkStatus();
                      })
                      .ok());
    }
  }
  EXPECT_TRUE(reader.status().ok());
  EXPECT_THAT(integers, ElementsAre(-5, 7, INT64_MIN, 9));
  EXPECT_THAT(floats, ElementsAre(0.5f, 1, 2));
}

TEST(ProtoReader, CutOffNumbersAreErrors) {
  const auto ignore = [](auto) { return OkStatus(); };
  for (const std::string& bytes : {Proto().Bytes(1, "\xff").str(), Proto().Bytes(1, "abc").str()}) {
    ProtoReader reader(BytesOfText(bytes));
    ASSERT_TRUE(reader.Next());
    const Status status = bytes.size() == 3 ? reader.ForEachInteger(ignore) : reader.ForEachFixed<float>(ignore);
    EXPECT_EQ(status.code(), Code::kInvalidModel);
  }
  for (const std::string& bytes :
       {std::string("\x0d\x01\x02"), std::string("\x08"), std::string("\x0a\x05"), std::string("\x0a\x05xx")}) {
    ProtoReader reader(BytesOfText(bytes));
    EXPECT_FALSE(reader.Next());
    EXPECT_EQ(reader.status().code(), Code::kInvalidModel);
  }
}

TEST(ProtoReader, AWrongWireTypeIsNoValue) {
  const std::string bytes = Proto().Int(1, 5).Bytes(1, "abc").str();
  ProtoReader reader(BytesOfText(bytes));
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.float32(), 0);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.integer(), 0);
}

}  // namespace
}  // namespace webinfer
