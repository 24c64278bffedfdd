#include "ops/registry.h"

#include <gtest/gtest.h>

namespace webinfer {
namespace {

TEST(Registry, RemembersWhatWasAskedFor) {
  const auto asked_for = [](std::string_view name) {
    for (const RegisteredOp& op : RegisteredOps()) {
      if (op.make().name == name && op.make().domain.empty()) return op.asked_for;
    }
    return false;
  };
  ASSERT_NE(FindOp("ai.onnx", "Hardmax"), nullptr);
  EXPECT_TRUE(asked_for("Hardmax"));
  EXPECT_EQ(FindOp("", "NoSuchOperator"), nullptr);
  EXPECT_EQ(RegisteredOps().size(), AllOps().size());
}

}  // namespace
}  // namespace webinfer
