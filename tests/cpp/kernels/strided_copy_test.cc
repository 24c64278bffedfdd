#include "kernels/strided_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace webinfer::kernels {
namespace {

// Element by element, straight from the definition.
void Reference(const StridedCopy& copy, int axis, const uint8_t* src, uint8_t* dst) {
  if (axis == copy.rank) {
    std::memcpy(dst, src, static_cast<size_t>(copy.element_bytes));
    return;
  }
  for (int64_t i = 0; i < copy.dims[axis]; ++i) {
    Reference(copy, axis + 1, src + i * copy.src_strides[axis] * copy.element_bytes,
              dst + i * copy.dst_strides[axis] * copy.element_bytes);
  }
}

void ExpectSame(StridedCopy copy, int64_t src_elements, int64_t src_origin, int64_t dst_elements) {
  const size_t bytes = static_cast<size_t>(copy.element_bytes);
  std::vector<uint8_t> src(static_cast<size_t>(src_elements) * bytes), want(static_cast<size_t>(dst_elements) * bytes, 0xee);
  for (size_t i = 0; i < src.size(); ++i) src[i] = static_cast<uint8_t>(i * 7 + i / 251);
  std::vector<uint8_t> got = want, parts = want;
  const uint8_t* from = src.data() + static_cast<size_t>(src_origin) * bytes;
  Reference(copy, 0, from, want.data());
  const int64_t total = copy.Bytes();
  Simplify(&copy);
  EXPECT_EQ(copy.Bytes(), total);
  RunStridedCopy(copy, from, got.data());
  EXPECT_EQ(got, want);
  if (copy.rank > 0) {
    RunStridedCopyPart(copy, from, parts.data(), 0, copy.dims[0] / 2);
    RunStridedCopyPart(copy, from, parts.data(), copy.dims[0] / 2, copy.dims[0]);
    EXPECT_EQ(parts, want);
  }
}

TEST(StridedCopy, EveryPermutationOfRankFourAndElementSize) {
  const int64_t dims[4] = {2, 5, 19, 34};
  for (int bytes : {1, 2, 4, 8, 16}) {
    int order[4] = {0, 1, 2, 3};
    do {
      StridedCopy copy;
      copy.element_bytes = bytes;
      int64_t src_strides[4], dst_stride = 1, stride = 1;
      for (int i = 3; i >= 0; --i) src_strides[i] = stride, stride *= dims[i];
      int64_t dst_strides[4];
      for (int i = 3; i >= 0; --i) dst_strides[i] = dst_stride, dst_stride *= dims[order[i]];
      for (int i = 0; i < 4; ++i) copy.Append(dims[order[i]], src_strides[order[i]], dst_strides[i]);
      ExpectSame(copy, stride, 0, stride);
    } while (std::next_permutation(order, order + 4));
  }
}

TEST(StridedCopy, RandomStridesWithBroadcastAndReversal) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    StridedCopy copy;
    copy.element_bytes = 1 << (random() % 5);
    const int rank = static_cast<int>(random() % 5);
    int64_t src_size = 1, dst_size = 1, origin = 0;
    std::vector<int> axes;
    for (int i = 0; i < rank; ++i) axes.push_back(i);
    std::vector<int64_t> dims, src_strides, dst_strides;
    for (int i = 0; i < rank; ++i) {
      const int64_t dim = 1 + static_cast<int64_t>(random() % 6);
      const int kind = static_cast<int>(random() % 4);
      dims.push_back(dim);
      if (kind == 0) {
        src_strides.push_back(0);
      } else {
        src_strides.push_back(kind == 1 ? -src_size : src_size);
        if (kind == 1) origin += src_size * (dim - 1);
        src_size *= dim + static_cast<int64_t>(random() % 2);
      }
      dst_strides.push_back(dst_size);
      dst_size *= dim + static_cast<int64_t>(random() % 2);
    }
    std::shuffle(axes.begin(), axes.end(), random);
    for (int axis : axes) {
      const auto i = static_cast<size_t>(axis);
      copy.Append(dims[i], src_strides[i], dst_strides[i]);
    }
    ExpectSame(copy, src_size, origin, dst_size);
  }
}

TEST(StridedCopy, NothingToCopy) {
  StridedCopy copy;
  copy.element_bytes = 4;
  copy.Append(3, 1, 1);
  copy.Append(0, 1, 1);
  Simplify(&copy);
  EXPECT_TRUE(copy.IsContiguous());
  RunStridedCopy(copy, nullptr, nullptr);
}

TEST(StridedCopy, MergesWhatIsContiguous) {
  StridedCopy copy;  // [4,3,8,1] as is
  copy.element_bytes = 4;
  copy.Append(4, 24, 24);
  copy.Append(3, 8, 8);
  copy.Append(8, 1, 1);
  copy.Append(1, 1, 1);
  Simplify(&copy);
  EXPECT_EQ(copy.rank, 1);
  EXPECT_TRUE(copy.IsContiguous());
}

TEST(FillElements, LongAndShort) {
  for (int64_t count : {0, 1, 3, 5000}) {
    std::vector<uint64_t> data(static_cast<size_t>(count) + 1, 7);
    const uint64_t value = 0x0102030405060708u;
    FillElements(data.data(), &value, 8, count);
    for (int64_t i = 0; i < count; ++i) ASSERT_EQ(data[static_cast<size_t>(i)], value);
    EXPECT_EQ(data.back(), 7u);
  }
}

}  // namespace
}  // namespace webinfer::kernels
