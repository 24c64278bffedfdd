// DFT's odd arguments; its results are checked by ONNX's cases and by tests/cpp/kernels/fft_test.cc.
#include "ops/run_op.h"

namespace webinfer::testing {
namespace {

TEST(Dft, EmptyHalfSpectrumIsAnEmptySignal) {
  const auto out = RunOp("DFT").In<float>({1, 0, 2}, {}).Int("inverse", 1).Int("onesided", 1).Run();
  EXPECT_EQ(out[0].tensor.shape, Shape({1, 0, 1}));
}

TEST(Dft, AbsurdLengthsAreRefused) {
  for (const int64_t length : {int64_t{0}, int64_t{-4}, int64_t{1} << 32, INT64_MAX}) {
    EXPECT_EQ(RunOp("DFT").In<float>({1, 2, 1}, {1, 2}).In<int64_t>({}, {length}).RunForError(), Code::kInvalidModel) << length;
  }
}

}  // namespace
}  // namespace webinfer::testing
