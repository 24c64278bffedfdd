// The planner and the executor on graphs of small operators defined here, so that what is tested is the plan itself.
#include "runtime/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace webinfer {
namespace {

using testing::ElementsAre;

int runs_of_shape_of = 0;

Status InferSame(InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, ctx.In(0).shape); }

// y = x + 1 (float32) or x + 1 (int64), in place if it may.
OpDef Increment() {
  OpDef def;
  def.name = "Increment";
  def.infer = InferSame;
  def.bind = [](BindContext& ctx) -> Status {
    ctx.MayShare(0, 0);
    ctx.SetKernel([](const Step& step, RunContext&) -> Status {
      for (int64_t i = 0; i < step.out[0].elements(); ++i) {
        if (step.out[0].dtype == DType::kInt64) {
          step.out[0].As<int64_t>()[i] = step.in[0].As<int64_t>()[i] + 1;
        } else {
          step.out[0].As<float>()[i] = step.in[0].As<float>()[i] + 1;
        }
      }
      return OkStatus();
    });
    return OkStatus();
  };
  return def;
}

OpDef Sum() {
  OpDef def = Increment();
  def.name = "Sum";
  def.bind = [](BindContext& ctx) -> Status {
    ctx.MayShare(0, 0);
    ctx.MayShare(0, 1);
    ctx.SetKernel([](const Step& step, RunContext&) -> Status {
      for (int64_t i = 0; i < step.out[0].elements(); ++i)
        step.out[0].As<float>()[i] = step.in[0].As<float>()[i] + step.in[1].As<float>()[i];
      return OkStatus();
    });
    return OkStatus();
  };
  return def;
}

OpDef ShapeOf() {
  OpDef def;
  def.name = "ShapeOf";
  def.shape_only = true;
  def.infer = [](InferContext& ctx) { return ctx.SetOutput(0, DType::kInt64, Shape({ctx.In(0).shape.rank()})); };
  def.bind = [](BindContext& ctx) -> Status {
    ctx.SetKernel([](const Step& step, RunContext&) -> Status {
      ++runs_of_shape_of;
      for (int i = 0; i < step.in[0].shape.rank(); ++i) step.out[0].As<int64_t>()[i] = step.in[0].shape[i];
      return OkStatus();
    });
    return OkStatus();
  };
  return def;
}

// The positive elements of x: their number depends on data.
OpDef Positive() {
  OpDef def;
  def.name = "Positive";
  def.infer = [](InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, Shape({kUnknownDim})); };
  def.bind = [](BindContext& ctx) -> Status {
    ctx.SetKernel([](const Step& step, RunContext& run) -> Status {
      int64_t count = 0;
      for (int64_t i = 0; i < step.in[0].elements(); ++i) count += step.in[0].As<float>()[i] > 0;
      WEBINFER_TRY(run.Resize(step.out[0], DType::kFloat32, Shape({count})));
      float* out = step.out[0].As<float>();
      for (int64_t i = 0; i < step.in[0].elements(); ++i) {
        if (step.in[0].As<float>()[i] > 0) *out++ = step.in[0].As<float>()[i];
      }
      return OkStatus();
    });
    return OkStatus();
  };
  return def;
}

// The second half of x, a view.
OpDef SecondHalf() {
  OpDef def;
  def.name = "SecondHalf";
  def.infer = [](InferContext& ctx) { return ctx.SetOutput(0, ctx.In(0).dtype, Shape({ctx.In(0).shape[0] / 2})); };
  def.bind = [](BindContext& ctx) -> Status {
    ctx.SetView(0, 0, ctx.In(0).shape[0] / 2 * 4);
    return OkStatus();
  };
  return def;
}

// Runs its body on its input.
OpDef Call() {
  OpDef def;
  def.name = "Call";
  def.infer = InferSame;
  def.bind = [](BindContext& ctx) -> Status {
    ctx.SetKernel([](const Step& step, RunContext& run) -> Status {
      std::span<const Operand> outputs;
      WEBINFER_TRY(run.bodies().RunBody(*step.node, 0, {step.in, step.input_count}, &outputs));
      std::memcpy(step.out[0].data, outputs[0].data, step.out[0].bytes());
      return OkStatus();
    });
    return OkStatus();
  };
  return def;
}

class ExecutorTest : public testing::Test {
 protected:
  ExecutorTest() {
    x_ = graph_.AddValue("x", {ValueKind::kTensor, DType::kFloat32, Shape({kUnknownDim})});
    graph_.inputs = {x_};
  }

  ValueId Add(const OpDef& def, std::vector<ValueId> inputs) {
    const ValueId out = graph_.AddValue("");
    graph_.AddNode(def.name, std::move(inputs), {out})->def = &def;
    return out;
  }

  void Run(std::vector<float> x, uint64_t wanted = ~0ull, int32_t into = -1) {
    feed_.resize(x.size() + kReadSlack);
    std::copy(x.begin(), x.end(), feed_.begin());
    if (!executor_) {
      auto created = Executor::Create(graph_, 1);
      ASSERT_TRUE(created.ok());
      executor_ = std::move(*created);
    }
    const Operand input = OperandOf(TensorView{DType::kFloat32, Shape({static_cast<int64_t>(x.size())}), feed_.data()});
    ASSERT_TRUE(executor_->Begin({&input, 1}, {&into, 1}, wanted).ok());
    bool done = false;
    ASSERT_TRUE(executor_->Continue(&done).ok());
    ASSERT_TRUE(done);
  }

  template <typename T = float>
  std::vector<T> Output(size_t i = 0) {
    const Operand& operand = executor_->main().outputs()[i];
    return std::vector<T>(operand.As<T>(), operand.As<T>() + operand.elements());
  }

  const OpDef increment_ = Increment(), sum_ = Sum(), shape_of_ = ShapeOf(), positive_ = Positive(), half_ = SecondHalf(),
              call_ = Call();
  Graph graph_;
  ValueId x_;
  std::vector<float> feed_;
  std::unique_ptr<Executor> executor_;
};

TEST_F(ExecutorTest, ChainRunsInPlaceButNeverOverAnInput) {
  const ValueId a = Add(increment_, {x_});
  graph_.outputs = {Add(increment_, {Add(increment_, {a})})};
  Run({1, 2, 3});
  EXPECT_THAT(Output(), ElementsAre(4, 5, 6));
  EXPECT_EQ(feed_[0], 1);
  EXPECT_EQ(executor_->main().binding()->arena_bytes, 64u) << "one value's place serves the whole chain";
}

TEST_F(ExecutorTest, OutputIsWrittenOverTheInputThatIsGivenForIt) {
  graph_.outputs = {Add(increment_, {x_})};
  Run({1, 2, 3}, ~0ull, 0);
  EXPECT_EQ(executor_->main().outputs()[0].data, feed_.data());
  EXPECT_THAT(Output(), ElementsAre(2, 3, 4));
  Run({1, 2, 3});
  EXPECT_NE(executor_->main().outputs()[0].data, feed_.data());
  EXPECT_EQ(feed_[0], 1);
}

TEST_F(ExecutorTest, InputThatIsReadLaterIsNotWrittenOver) {
  const ValueId half = Add(half_, {x_});  // a view
  const ValueId more = Add(increment_, {x_});
  graph_.outputs = {more, Add(increment_, {half})};
  Run({1, 2, 3, 4}, ~0ull, 0);
  EXPECT_THAT(Output(0), ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(Output(1), ElementsAre(4, 5));
  EXPECT_EQ(feed_[0], 1);
}

TEST_F(ExecutorTest, ValueThatIsReadLaterIsNotOverwritten) {
  const ValueId a = Add(increment_, {x_});
  const ValueId b = Add(increment_, {a});
  graph_.outputs = {Add(sum_, {a, b}), a};
  Run({1, 2});
  EXPECT_THAT(Output(0), ElementsAre(5, 7));
  EXPECT_THAT(Output(1), ElementsAre(2, 3));
}

TEST_F(ExecutorTest, ViewKeepsItsStorageAlive) {
  const ValueId a = Add(increment_, {x_});
  const ValueId v = Add(half_, {a});
  const ValueId b = Add(increment_, {Add(increment_, {x_})});  // would take a's place if the view did not hold it
  graph_.outputs = {Add(increment_, {v}), b};
  Run({1, 2, 3, 4});
  EXPECT_THAT(Output(0), ElementsAre(5, 6));
  EXPECT_THAT(Output(1), ElementsAre(3, 4, 5, 6));
}

TEST_F(ExecutorTest, ViewOfAnInputFollowsTheInput) {
  graph_.outputs = {Add(half_, {x_})};
  Run({1, 2, 3, 4});
  EXPECT_THAT(Output(), ElementsAre(3, 4));
  EXPECT_EQ(executor_->main().binding()->steps.size(), 0u);
  Run({5, 6, 7, 8});
  EXPECT_THAT(Output(), ElementsAre(7, 8));
}

TEST_F(ExecutorTest, ShapeArithmeticIsDoneOncePerBinding) {
  graph_.outputs = {Add(increment_, {Add(shape_of_, {x_})})};
  runs_of_shape_of = 0;
  for (int i = 0; i < 3; ++i) {
    Run({1, 2, 3});
    EXPECT_THAT(Output<int64_t>(), ElementsAre(4));
  }
  EXPECT_EQ(runs_of_shape_of, 1);
  EXPECT_EQ(executor_->main().binding()->steps.size(), 0u);
}

TEST_F(ExecutorTest, StepsBehindDataDependentShapesAreDeferred) {
  const ValueId p = Add(positive_, {x_});
  graph_.outputs = {Add(increment_, {p}), Add(shape_of_, {p})};
  Run({-1, 2, -3, 4});
  EXPECT_THAT(Output(0), ElementsAre(3, 5));
  EXPECT_THAT(Output<int64_t>(1), ElementsAre(2));
  Run({1, 1, 1, -1});
  EXPECT_THAT(Output(0), ElementsAre(2, 2, 2));
  EXPECT_THAT(Output<int64_t>(1), ElementsAre(3));
  Run({-1, -1, -1, -1});
  EXPECT_THAT(Output(0), ElementsAre());
  EXPECT_EQ(executor_->main().bindings_made(), 1u);
}

TEST_F(ExecutorTest, SteadyRunsAndGrowingShapesAllocateNothing) {
  const ValueId p = Add(positive_, {Add(increment_, {x_})});
  graph_.outputs = {Add(increment_, {p})};
  for (size_t n = 1; n <= 64; ++n) Run(std::vector<float>(n, 1.0f));
  const uint64_t live = GetMemoryStats().live, before = GetMemoryStats().allocations;
  for (int i = 0; i < 100; ++i) Run(std::vector<float>(64, 1.0f));
  EXPECT_EQ(GetMemoryStats().allocations, before);
  EXPECT_EQ(GetMemoryStats().live, live);
  for (size_t n = 20; n <= 60; ++n) Run(std::vector<float>(n, 1.0f));
  EXPECT_LE(GetMemoryStats().live, live + 4096);
}

TEST_F(ExecutorTest, OnlyWhatAWantedOutputNeedsIsRun) {
  const ValueId a = Add(increment_, {x_});
  graph_.outputs = {a, Add(increment_, {Add(shape_of_, {x_})})};
  runs_of_shape_of = 0;
  Run({1}, 1);
  EXPECT_EQ(runs_of_shape_of, 0);
  EXPECT_FALSE(executor_->main().outputs()[1].present);
  Run({1}, 2);
  EXPECT_EQ(runs_of_shape_of, 1);
}

TEST_F(ExecutorTest, BodiesRunWithTheirOwnPlan) {
  auto body = std::make_unique<Graph>();
  const ValueId in = body->AddValue("in", {ValueKind::kTensor, DType::kFloat32, Shape({kUnknownDim})});
  const ValueId out = body->AddValue("out");
  body->AddNode("Increment", {in}, {out})->def = &increment_;
  body->inputs = {in};
  body->outputs = {out};
  const ValueId y = graph_.AddValue("y");
  Node* call = graph_.AddNode("Call", {x_}, {y});
  call->def = &call_;
  call->bodies.push_back(std::move(body));
  graph_.outputs = {Add(increment_, {y})};
  Run({1, 2});
  EXPECT_THAT(Output(), ElementsAre(3, 4));
  Run({1, 2, 3});
  EXPECT_THAT(Output(), ElementsAre(3, 4, 5));
}

TEST_F(ExecutorTest, AbortEndsTheRunAndTheNextOneWorks) {
  graph_.outputs = {Add(increment_, {x_})};
  Run({1});
  const Operand input = OperandOf(TensorView{DType::kFloat32, Shape({1}), feed_.data()});
  ASSERT_TRUE(executor_->Begin({&input, 1}, {}, ~0ull).ok());
  executor_->control().aborted = true;
  bool done = false;
  EXPECT_EQ(executor_->Continue(&done).code(), Code::kAborted);
  executor_->control().aborted = false;
  Run({2});
  EXPECT_THAT(Output(), ElementsAre(3));
}

}  // namespace
}  // namespace webinfer
