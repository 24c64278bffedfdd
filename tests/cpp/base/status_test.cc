#include "base/status.h"

#include <gtest/gtest.h>

#include <string>

namespace webinfer {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return Error(Code::kInvalidArgument, "%d is odd", value).Expected("an even number").Actual("%d", value);
  return value / 2;
}

Result<int> Quarter(int value) {
  WEBINFER_ASSIGN(const int half, Half(value));
  WEBINFER_ASSIGN(const int quarter, Half(half));
  return quarter;
}

TEST(Status, TravelsUpWithItsRecord) {
  EXPECT_EQ(*Quarter(12), 3);
  const Result<int> failed = Quarter(6);
  EXPECT_EQ(failed.status().code(), Code::kInvalidArgument);
  EXPECT_STREQ(LastError().message, "3 is odd");
  EXPECT_STREQ(LastError().expected, "an even number");
  EXPECT_STREQ(LastError().actual, "3");
}

TEST(Status, ANewErrorStartsFromNothing) {
  (void)Half(1).status();
  const Status status = Error(Code::kAborted, "stopped");
  EXPECT_EQ(status.code(), Code::kAborted);
  EXPECT_STREQ(LastError().expected, "");
}

TEST(Status, LongTextsAreCut) {
  const std::string name(1000, 'x');
  const Status status = Error(Code::kInternal, "%s", name.c_str()).Node("%s", name.c_str());
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(std::string(LastError().message), name.substr(0, sizeof(ErrorRecord::message) - 1));
  EXPECT_EQ(std::string(LastError().node), name.substr(0, sizeof(ErrorRecord::node) - 1));
}

}  // namespace
}  // namespace webinfer
