// A session from end to end: results, what is said of bad feeds, and memory that runs out at any moment.
#include "runtime/session.h"

#include "runtime/example_model.h"

namespace webinfer::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StrEq;

Result<std::unique_ptr<Session>> MakeSession() { return Session::Create(MakeModel(), SessionOptions()); }

TEST(Session, OptimisedAndPlainGraphsAgree) {
  const Tensor x = Input();
  SessionOptions plain;
  plain.optimize = false;
  auto a = MakeSession(), b = Session::Create(MakeModel(), plain);
  ASSERT_TRUE(a.ok() && b.ok()) << ErrorText();
  const std::vector<float> got = RunOnce(**a, x), want = RunOnce(**b, x);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5);
  EXPECT_EQ((*a)->Output(1).shape.rank(), 2);
  EXPECT_EQ((*a)->Output(1).shape[1], static_cast<int64_t>(got.size()));
}

TEST(Session, SteadyRunsAllocateNothing) {
  const Tensor x = Input();
  auto session = MakeSession();
  ASSERT_TRUE(session.ok());
  for (int i = 0; i < 2; ++i) RunOnce(**session, x);
  for (int i = 0; i < 50; ++i) {
    RunOnce(**session, x);
    ASSERT_EQ((*session)->Stats().run_allocations, 0u);
  }
}

TEST(Session, RunInSlicesIsTheSameRun) {
  const Tensor x = Input();
  auto session = MakeSession();
  ASSERT_TRUE(session.ok());
  const std::vector<float> want = RunOnce(**session, x);
  ASSERT_TRUE((*session)->Begin(~0ull).ok());
  int slices = 0;
  for (bool done = false; !done; ++slices) ASSERT_TRUE((*session)->Continue(1e-6, &done).ok());
  EXPECT_GT(slices, 1);
  const Operand& y = (*session)->Output(0);
  EXPECT_EQ(std::vector<float>(y.As<float>(), y.As<float>() + y.elements()), want);
}

TEST(Session, BadFeedsNameTheInputAndBothSides) {
  auto session = MakeSession();
  ASSERT_TRUE(session.ok());
  EXPECT_EQ((*session)->Run().code(), Code::kInvalidArgument);
  EXPECT_THAT(LastError().message, HasSubstr("in0"));
  Result<Tensor> wrong = Tensor::Create(DType::kFloat32, {1, 3, 8, 8});
  EXPECT_EQ((*session)->Feed(0, wrong->view()).code(), Code::kShapeMismatch);
  EXPECT_THAT(LastError().expected, StrEq("[1,4,8,8]"));
  EXPECT_THAT(LastError().actual, StrEq("[1,3,8,8]"));
  Result<Tensor> integers = Tensor::Create(DType::kInt32, {1, 4, 8, 8});
  EXPECT_EQ((*session)->Feed(0, integers->view()).code(), Code::kTypeMismatch);
  EXPECT_THAT(LastError().expected, StrEq("float32"));
  EXPECT_THAT(LastError().actual, StrEq("int32"));
}

// Creates a session and runs it once while the `first`-th allocation fails; the session must then recover.
Status RunWithFailure(uint64_t first, const Tensor& x, const std::vector<float>& want) {
  auto model = MakeModel();
  InjectAllocationFailure(first, 0);
  auto session = Session::Create(std::move(model), SessionOptions());
  Status status = session.status();
  if (session.ok()) status = (*session)->Feed(0, x.view());
  if (status.ok()) status = (*session)->Run();
  InjectAllocationFailure(0, 0);
  if (session.ok()) {
    EXPECT_EQ(RunOnce(**session, x), want);
  }
  return status;
}

TEST(Session, EveryFailingAllocationIsAnErrorAndHarmsNobody) {
  const Tensor x = Input();
  auto witness = MakeSession();
  ASSERT_TRUE(witness.ok());
  const std::vector<float> want = RunOnce(**witness, x);
  const MemoryStats before = GetMemoryStats();
  ASSERT_TRUE(RunWithFailure(0, x, want).ok());
  const uint64_t allocations = GetMemoryStats().allocations - before.allocations;
  uint64_t failures = 0;
  for (uint64_t first = 1; first <= allocations; ++first) {
    const Status status = RunWithFailure(first, x, want);
    failures += !status.ok();
    if (!status.ok()) {
      ASSERT_EQ(status.code(), Code::kOutOfMemory) << "allocation " << first << ": " << ErrorText();
    }
    ASSERT_EQ(GetMemoryStats().live, before.live) << "allocation " << first;
    ASSERT_EQ(RunOnce(**witness, x), want) << "allocation " << first;
  }
  EXPECT_GT(failures, allocations / 4) << "of " << allocations;
}

TEST(Session, LimitIsKept) {
  SetMemoryLimit(GetMemoryStats().live + 6000);
  auto session = MakeSession();
  SetMemoryLimit(0);
  EXPECT_EQ(session.status().code(), Code::kOutOfMemory);
  EXPECT_TRUE(MakeSession().ok());
}

TEST(Session, ThousandSessionsLeaveNothingBehind) {
  const Tensor x = Input();
  RunOnce(**MakeSession(), x);
  const uint64_t before = GetMemoryStats().live;
  for (int i = 0; i < 1000; ++i) {
    auto session = MakeSession();
    ASSERT_TRUE(session.ok());
    RunOnce(**session, x);
  }
  EXPECT_EQ(GetMemoryStats().live, before);
}

}  // namespace
}  // namespace webinfer::testing
