// libFuzzer's entry: clang++ -fsanitize=fuzzer,address with the sources of src/ and run_model.cc.
#include <cstddef>

#include "run_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const webinfer::Status status = webinfer::fuzz::RunModel({data, size}, {});
  static_cast<void>(status);
  return 0;
}
