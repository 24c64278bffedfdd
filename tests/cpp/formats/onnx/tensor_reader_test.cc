#include "formats/onnx/tensor_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/proto_writer.h"

namespace webinfer {
namespace {

using namespace test;  // NOLINT
using namespace onnx;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TensorReaderTest : public ::testing::Test {
 protected:
  Result<NamedTensor> Read(const Proto& proto) { return Reader().Read(Span(proto)); }
  Result<NamedTensor> ReadSparse(const Proto& proto) { return Reader().ReadSparse(Span(proto)); }

  // The bytes of the elements.
  std::vector<int> Elements(const Proto& proto) {
    auto result = Read(proto);
    EXPECT_TRUE(result.ok()) << LastError().message;
    if (!result.ok()) return {};
    const Tensor& tensor = *result->tensor;
    return std::vector<int>(tensor.As<uint8_t>(), tensor.As<uint8_t>() + tensor.view().bytes());
  }

  StringPool strings_;
  std::vector<ExternalTensor> external_;

 private:
  TensorReader Reader() { return TensorReader(data_, strings_, budget_, external_); }
  static Bytes Span(const Proto& proto) { return {reinterpret_cast<const uint8_t*>(proto.str().data()), proto.str().size()}; }
  std::vector<Buffer> data_;
  Budget budget_{1000};
};

template <typename T>
std::vector<int> AsBytes(const std::vector<T>& values) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  return std::vector<int>(bytes, bytes + values.size() * sizeof(T));
}

TEST_F(TensorReaderTest, FloatsInEveryForm) {
  const std::vector<float> values = {1.5f, -2, 0};
  const auto head = [] { return TensorHead("t", DType::kFloat32, {3}); };
  EXPECT_EQ(Elements(FloatTensor("t", {3}, values)), AsBytes(values));
  EXPECT_EQ(Elements(head().PackedFixed(tensor_field::kFloatData, values)), AsBytes(values));
  Proto unpacked = head();
  for (float value : values) unpacked.Float(tensor_field::kFloatData, value);
  EXPECT_EQ(Elements(unpacked), AsBytes(values));
  EXPECT_EQ(Elements(head().Float(tensor_field::kFloatData, 1.5f).PackedFixed<float>(tensor_field::kFloatData, {-2, 0})),
            AsBytes(values));
  EXPECT_EQ(Elements(TensorHead("t", DType::kComplex64, {1}).PackedFixed<float>(tensor_field::kFloatData, {1, 2})),
            AsBytes<float>({1, 2}));
  EXPECT_EQ(Elements(TensorHead("t", DType::kFloat64, {2}).PackedFixed<double>(tensor_field::kDoubleData, {0.1, 2})),
            AsBytes<double>({0.1, 2}));
}

// Types without a data field of their own are stored as integers in int32_data, one element each, or one byte each below 8 bits.
TEST_F(TensorReaderTest, IntegersInTheirDataFields) {
  const auto packed = [&](DType dtype, uint32_t field, const std::vector<int64_t>& values, int64_t count) {
    return Elements(TensorHead("t", dtype, {count}).PackedInts(field, values));
  };
  EXPECT_EQ(packed(DType::kInt32, tensor_field::kInt32Data, {1, -1}, 2), AsBytes<int32_t>({1, -1}));
  EXPECT_EQ(packed(DType::kInt8, tensor_field::kInt32Data, {-128, 127}, 2), AsBytes<int8_t>({-128, 127}));
  EXPECT_EQ(packed(DType::kUint16, tensor_field::kInt32Data, {65535, 1}, 2), AsBytes<uint16_t>({65535, 1}));
  EXPECT_EQ(packed(DType::kFloat16, tensor_field::kInt32Data, {0x3c00}, 1), AsBytes<uint16_t>({0x3c00}));
  EXPECT_EQ(packed(DType::kBfloat16, tensor_field::kInt32Data, {0x3f80}, 1), AsBytes<uint16_t>({0x3f80}));
  EXPECT_EQ(packed(DType::kFloat8E4M3FN, tensor_field::kInt32Data, {0x38, 0xff}, 2), AsBytes<uint8_t>({0x38, 0xff}));
  EXPECT_EQ(packed(DType::kInt64, tensor_field::kInt64Data, {INT64_MIN, 5}, 2), AsBytes<int64_t>({INT64_MIN, 5}));
  EXPECT_EQ(packed(DType::kUint64, tensor_field::kUint64Data, {-1}, 1), AsBytes<uint64_t>({UINT64_MAX}));
  EXPECT_EQ(packed(DType::kUint32, tensor_field::kUint64Data, {4294967295}, 1), AsBytes<uint32_t>({4294967295u}));
  EXPECT_EQ(packed(DType::kBool, tensor_field::kInt32Data, {0, 1, 7}, 3), AsBytes<uint8_t>({0, 1, 1}));
  EXPECT_EQ(packed(DType::kInt4, tensor_field::kInt32Data, {0x21, 0x0f}, 3), AsBytes<uint8_t>({0x21, 0x0f}));
  EXPECT_EQ(packed(DType::kUint2, tensor_field::kInt32Data, {0xe4, 0x01}, 5), AsBytes<uint8_t>({0xe4, 0x01}));
  EXPECT_EQ(Elements(TensorHead("t", DType::kInt32, {2}).Int(tensor_field::kInt32Data, 3).Int(tensor_field::kInt32Data, 4)),
            AsBytes<int32_t>({3, 4}));
}

TEST_F(TensorReaderTest, ScalarsEmptyTensorsAndStrings) {
  EXPECT_EQ(Elements(FloatTensor("t", {}, {4})), AsBytes<float>({4}));
  EXPECT_EQ(Elements(TensorHead("t", DType::kFloat32, {0, 5})), std::vector<int>());
  auto result =
      Read(TensorHead("t", DType::kString, {2}).Bytes(tensor_field::kStringData, "one").Bytes(tensor_field::kStringData, ""));
  ASSERT_TRUE(result.ok());
  const auto* texts = result->tensor->As<const StringData*>();
  EXPECT_EQ(texts[0]->view(), "one");
  EXPECT_EQ(texts[1]->view(), "");
}

TEST_F(TensorReaderTest, TheLastOccurrenceOfRawDataCounts) {
  EXPECT_EQ(Elements(FloatTensor("t", {1}, {1}).PackedFixed<float>(tensor_field::kRawData, {2})), AsBytes<float>({2}));
}

TEST_F(TensorReaderTest, WrongSizesNameTensorAndBothSizes) {
  EXPECT_EQ(Read(FloatTensor("weights", {4}, {1, 2})).status().code(), Code::kInvalidModel);
  EXPECT_THAT(LastError().message, HasSubstr("\"weights\" has less data"));
  EXPECT_THAT(LastError().expected, HasSubstr("16 bytes for float32 [4]"));
  EXPECT_THAT(LastError().actual, HasSubstr("8 bytes"));
  EXPECT_STREQ(LastError().node, "weights");
  EXPECT_EQ(Read(FloatTensor("weights", {1}, {1, 2})).status().code(), Code::kInvalidModel);
  EXPECT_THAT(LastError().message, HasSubstr("more data"));
  EXPECT_EQ(Read(TensorHead("t", DType::kString, {3}).Bytes(tensor_field::kStringData, "one")).status().code(),
            Code::kInvalidModel);
}

TEST_F(TensorReaderTest, AbsurdTensorsAreRefusedBeforeMemoryIsTaken) {
  const uint64_t before = GetMemoryStats().live;
  ResetMemoryPeak();
  const int64_t huge = int64_t{1} << 40;
  for (const std::vector<int64_t>& dims : {std::vector<int64_t>{huge}, {huge, huge}, {INT64_MAX, INT64_MAX, 2}, {-1}, {-1, 0}}) {
    EXPECT_EQ(Read(FloatTensor("t", dims, {1})).status().code(), Code::kInvalidModel) << dims[0];
  }
  EXPECT_EQ(Read(FloatTensor("t", std::vector<int64_t>(9, 1), {1})).status().code(), Code::kUnsupported);
  EXPECT_EQ(Read(TensorHead("t", static_cast<DType>(77), {1})).status().code(), Code::kInvalidModel);
  EXPECT_LT(GetMemoryStats().peak - before, 4096u);
}

TEST_F(TensorReaderTest, SparseTensorsBecomeDense) {
  const auto sparse = [](const Proto& indices, const std::vector<int64_t>& dims) {
    return Proto()
        .Message(sparse_field::kValues, FloatTensor("s", {2}, {5, 6}))
        .Message(sparse_field::kIndices, indices)
        .PackedInts(sparse_field::kDims, dims);
  };
  const Proto proto = sparse(Int64Tensor("", {1, 5}), {2, 3});  // the name is a view of it
  auto linear = ReadSparse(proto);
  ASSERT_TRUE(linear.ok()) << LastError().message;
  EXPECT_EQ(linear->name, "s");
  EXPECT_THAT(std::vector<float>(linear->tensor->As<float>(), linear->tensor->As<float>() + 6), ElementsAre(0, 5, 0, 0, 0, 6));
  auto coordinates = ReadSparse(sparse(RawTensor<int64_t>("", DType::kInt64, {2, 2}, {0, 1, 1, 2}), {2, 3}));
  ASSERT_TRUE(coordinates.ok());
  EXPECT_THAT(std::vector<float>(coordinates->tensor->As<float>(), coordinates->tensor->As<float>() + 6),
              ElementsAre(0, 5, 0, 0, 0, 6));
  EXPECT_EQ(ReadSparse(sparse(Int64Tensor("", {1, 6}), {2, 3})).status().code(), Code::kInvalidModel);
  EXPECT_EQ(ReadSparse(sparse(Int64Tensor("", {1, -1}), {2, 3})).status().code(), Code::kInvalidModel);
  EXPECT_EQ(ReadSparse(sparse(Int64Tensor("", {1}), {2, 3})).status().code(), Code::kInvalidModel);
  // Two values must not become gigabytes of zeros.
  EXPECT_EQ(ReadSparse(sparse(Int64Tensor("", {1, 5}), {int64_t{1} << 30})).status().code(), Code::kInvalidModel);
}

TEST_F(TensorReaderTest, ExternalDataIsListedWithItsPlace) {
  const auto external = [](std::initializer_list<std::pair<const char*, const char*>> entries) {
    Proto tensor = TensorHead("w", DType::kFloat32, {2}).Int(tensor_field::kDataLocation, 1);
    for (const auto& [key, value] : entries) {
      tensor.Message(tensor_field::kExternalData, Proto().Bytes(entry_field::kKey, key).Bytes(entry_field::kValue, value));
    }
    return tensor;
  };
  auto result = Read(external({{"location", "w.bin"}, {"offset", "64"}, {"length", "8"}}));
  ASSERT_TRUE(result.ok()) << LastError().message;
  ASSERT_EQ(external_.size(), 1u);
  EXPECT_EQ(external_[0].tensor, "w");
  EXPECT_EQ(external_[0].location, "w.bin");
  EXPECT_EQ(external_[0].offset, 64u);
  EXPECT_EQ(external_[0].length, 8u);
  EXPECT_EQ(external_[0].data, result->tensor->buffer.data());
  EXPECT_EQ(Read(external({{"location", "w.bin"}, {"length", "12"}})).status().code(), Code::kInvalidModel);
  EXPECT_EQ(Read(external({{"location", "w.bin"}, {"offset", "-1"}})).status().code(), Code::kInvalidModel);
  EXPECT_EQ(Read(external({{"offset", "1"}})).status().code(), Code::kInvalidModel);
}

}  // namespace
}  // namespace webinfer
