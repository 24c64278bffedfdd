// 10,000 damaged models: each is read or refused, without a crash or a hang, within 4 times its size + 16 MB.
//
// All memory is counted: the engine's own and what operator new gives to standard containers.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "formats/mutator.h"
#include "formats/onnx/reader.h"
#include "formats/proto_writer.h"

namespace {

std::atomic<uint64_t> heap_live{0}, heap_peak{0};

void* CountedAllocate(size_t bytes) {
  void* block = std::malloc(bytes);
  if (block == nullptr) std::abort();
  const uint64_t now = heap_live += malloc_usable_size(block);
  if (now > heap_peak) heap_peak = now;
  return block;
}

void CountedFree(void* block) {
  if (block == nullptr) return;
  heap_live -= malloc_usable_size(block);
  std::free(block);
}

}  // namespace

void* operator new(size_t bytes) { return CountedAllocate(bytes); }
void* operator new[](size_t bytes) { return CountedAllocate(bytes); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return CountedAllocate(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return CountedAllocate(bytes); }
void operator delete(void* block) noexcept { CountedFree(block); }
void operator delete[](void* block) noexcept { CountedFree(block); }
void operator delete(void* block, size_t) noexcept { CountedFree(block); }
void operator delete[](void* block, size_t) noexcept { CountedFree(block); }

namespace webinfer {
namespace {

using namespace test;  // NOLINT

std::vector<std::string> Corpus() {
  std::vector<std::string> corpus;
  const auto add = [&](const GraphParts& parts, int64_t opset, const std::vector<Proto>& functions = {}) {
    corpus.push_back(ModelProto(GraphProto(parts), opset, functions).str());
  };
  const std::vector<float> weights(400, 0.5f);
  add({.nodes = {NodeProto("MatMul", {"x", "w"}, {"h"}), NodeProto("Add", {"h", "b"}, {"s"}),
                 NodeProto("Clip", {"s"}, {"c"}, {FloatAttribute("min", 0)}),
                 NodeProto("Softmax", {"c"}, {"y"}, {IntAttribute("axis", 1)})},
       .initializers = {FloatTensor("w", {20, 20}, weights),
                        TensorHead("b", DType::kFloat32, {3}).PackedFixed<float>(onnx::tensor_field::kFloatData, {1, 2, 3}),
                        TensorHead("i", DType::kInt64, {3}).PackedInts(onnx::tensor_field::kInt64Data, {1, 2, 300}),
                        TensorHead("s4", DType::kInt4, {3}).PackedInts(onnx::tensor_field::kInt32Data, {1, 2})},
       .inputs = {ValueInfo("x", DType::kFloat32, {"batch", 20})},
       .outputs = {ValueInfo("y", DType::kFloat32, {"batch", 20})}},
      11);
  const Proto then_body = GraphProto({.nodes = {NodeProto("Mul", {"x", "w"}, {"t"})}, .outputs = {ValueInfo("t")}});
  const Proto else_body = GraphProto(
      {.nodes = {NodeProto("If", {"c"}, {"e"}, {GraphAttribute("then_branch", then_body)})}, .outputs = {ValueInfo("e")}});
  add({.nodes = {NodeProto("If", {"c"}, {"y"},
                           {GraphAttribute("then_branch", then_body), GraphAttribute("else_branch", else_body)}),
                 NodeProto("Constant", {}, {"k"}, {IntsAttribute("value_ints", {1, -1, 1 << 20})}),
                 NodeProto("ReduceSum", {"y"}, {"z"}, {IntsAttribute("axes", {0}), StringAttribute("note", "text")})},
       .initializers = {FloatTensor("w", {2}, {1, 2}), TensorHead("s", DType::kString, {2})
                                                           .Bytes(onnx::tensor_field::kStringData, "a")
                                                           .Bytes(onnx::tensor_field::kStringData, "bc")},
       .inputs = {ValueInfo("x", DType::kFloat32, {2}), ValueInfo("c", DType::kBool), ValueInfo("w", DType::kFloat32, {2})},
       .outputs = {ValueInfo("y"), ValueInfo("z")}},
      12);
  std::vector<Proto> functions;
  for (int level = 0; level < 4; ++level) {
    const std::string callee = level == 0 ? "Neg" : "F" + std::to_string(level - 1), domain = level == 0 ? "" : "my";
    functions.push_back(
        FunctionProto({.domain = "my",
                       .name = "F" + std::to_string(level),
                       .inputs = {"a"},
                       .outputs = {"d"},
                       .nodes = {NodeProto(callee, {"a"}, {"b"}, {}, domain), NodeProto(callee, {"b"}, {"c"}, {}, domain),
                                 NodeProto("LeakyRelu", {"c"}, {"d"}, {ReferenceAttribute("alpha", "slope", 1)})},
                       .defaults = {FloatAttribute("slope", 0.1f)}}));
  }
  add({.nodes = {NodeProto("F3", {"x"}, {"y"}, {FloatAttribute("slope", 2)}, "my")},
       .inputs = {ValueInfo("x", DType::kFloat32, {2})},
       .outputs = {ValueInfo("y", DType::kFloat32, {2})}},
      21, functions);
  Proto sparse =
      GraphProto({.nodes = {NodeProto("Add", {"x", "s"}, {"y"})}, .inputs = {ValueInfo("x")}, .outputs = {ValueInfo("y")}});
  sparse.Message(onnx::graph_field::kSparseInitializer, Proto()
                                                            .Message(onnx::sparse_field::kValues, FloatTensor("s", {2}, {5, 6}))
                                                            .Message(onnx::sparse_field::kIndices, Int64Tensor("", {1, 50}))
                                                            .PackedInts(onnx::sparse_field::kDims, {100}));
  corpus.push_back(ModelProto(sparse).str());
  return corpus;
}

TEST(OnnxReaderFuzz, DamagedModelsAreReadOrRefusedWithinTheirBounds) {
  Mutator mutator(Corpus());
  int read = 0;
  for (int i = 0; i < 10000; ++i) {
    const std::string bytes = mutator.Next();
    const uint64_t limit = 4 * bytes.size() + (16 << 20);
    const uint64_t live_before = GetMemoryStats().live, heap_before = heap_live;
    ResetMemoryPeak();
    heap_peak = heap_live.load();
    {
      OnnxReader reader(i % 2 == 0 ? bytes.size() : 0);
      Status status = OkStatus();
      for (size_t at = 0; at < bytes.size() && status.ok(); at += 100) {
        status = reader.Push({reinterpret_cast<const uint8_t*>(bytes.data()) + at, std::min<size_t>(100, bytes.size() - at)});
      }
      if (status.ok()) {
        auto model = reader.Finish();
        status = model.status();
        if (status.ok() && reader.external().empty()) ++read;
        if (!reader.external().empty()) continue;  // their size is another file's
      }
      EXPECT_TRUE(status.ok() || LastError().message[0] != 0);
    }
    EXPECT_LT(GetMemoryStats().peak - live_before + heap_peak - heap_before, limit) << "file " << i;
    EXPECT_EQ(GetMemoryStats().live, live_before) << "file " << i;
  }
  // Mutations that hit names and weights leave a model; if none or all did, the mutator would be broken.
  EXPECT_GT(read, 300);
  EXPECT_LT(read, 9000);
}

}  // namespace
}  // namespace webinfer
