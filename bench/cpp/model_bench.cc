// Time per operator of a whole model, without JavaScript around it:
//   node build/wasm-relaxed/bench/cpp/bench_model.cjs MODEL.onnx [--runs N] [--nodes] [--dump]
// Inputs are filled with small numbers, unknown sizes are 1 (--dim N: all but the first of a shape are N). Runs are repeated and
// the fastest of each node counts, so that a busy neighbour does not show.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "formats/onnx/reader.h"
#include "runtime/session.h"

namespace webinfer {
namespace {

struct Options {
  std::string path;
  int runs = 10;
  int64_t dim = 1;
  bool nodes = false, dump = false;
};

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int Fail(const char* what) {
  const ErrorRecord& e = LastError();
  std::fprintf(stderr, "%s: %s (op %s, node %s, expected %s, actual %s)\n", what, e.message, e.op, e.node, e.expected, e.actual);
  return 1;
}

Status ReadFile(const std::string& path, Buffer* bytes) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return Error(Code::kInvalidArgument, "Cannot open %s", path.c_str());
  std::fseek(file, 0, SEEK_END);
  const long size = std::ftell(file);
  std::fseek(file, 0, SEEK_SET);
  WEBINFER_TRY(bytes->Allocate(static_cast<uint64_t>(size), "the file"));
  const bool whole = std::fread(bytes->data(), 1, static_cast<size_t>(size), file) == static_cast<size_t>(size);
  std::fclose(file);
  return whole ? OkStatus() : Status(Error(Code::kInvalidArgument, "Cannot read %s", path.c_str()));
}

void Fill(const TensorView& tensor) {
  const int64_t count = tensor.shape.Elements();
  for (int64_t i = 0; i < count; ++i) {
    switch (tensor.dtype) {
      case DType::kFloat32: tensor.As<float>()[i] = static_cast<float>(i * 7919 % 1000) / 500.0f - 1; break;
      case DType::kInt64: tensor.As<int64_t>()[i] = 1; break;
      case DType::kInt32: tensor.As<int32_t>()[i] = 1; break;
      default: break;
    }
  }
}

Status FeedAll(Session& session, int64_t dim, std::vector<Tensor>* feeds) {
  for (const ValueMetadata& input : session.inputs()) {
    Shape shape = input.type.shape;
    for (int i = 0; i < shape.rank(); ++i) shape[i] = shape[i] >= 0 ? shape[i] : i == 0 ? 1 : dim;
    WEBINFER_ASSIGN(Tensor tensor, Tensor::Create(input.type.dtype, shape));
    Fill(tensor.view());
    feeds->push_back(std::move(tensor));
  }
  for (size_t i = 0; i < feeds->size(); ++i) WEBINFER_TRY(session.Feed(static_cast<int>(i), (*feeds)[i].view()));
  return OkStatus();
}

int RunModel(const Options& options) {
  Buffer bytes;
  if (!ReadFile(options.path, &bytes).ok()) return Fail("read");
  const double start = Now();
  OnnxReader reader(bytes.size());
  if (!reader.Push({bytes.data(), bytes.size()}).ok()) return Fail("parse");
  auto model = reader.Finish();
  if (!model.ok()) return Fail("parse");
  bytes.Reset();
  auto session = Session::Create(std::move(*model), {});
  if (!session.ok()) return Fail("create");
  std::printf("create %.0f ms\n", (Now() - start) * 1e3);
  if (options.dump) std::printf("%s\n", (*session)->DumpText().c_str());
  std::vector<Tensor> feeds;
  if (!FeedAll(**session, options.dim, &feeds).ok()) return Fail("feed");

  double best = 1e9;
  std::vector<ProfileEntry> fastest;
  for (int run = 0; run < options.runs; ++run) {
    (*session)->SetProfiling(run % 2 == 1);
    const double begin = Now();
    if (!(*session)->Run().ok()) return Fail("run");
    if (run % 2 == 0) {
      best = std::min(best, Now() - begin);
      continue;
    }
    const std::vector<ProfileEntry> profile = (*session)->Profile();
    if (fastest.size() != profile.size()) fastest = profile;
    for (size_t i = 0; i < profile.size(); ++i)
      fastest[i].microseconds = std::min(fastest[i].microseconds, profile[i].microseconds);
  }
  std::map<std::string_view, std::pair<double, int>> by_op;
  double total = 0;
  for (const ProfileEntry& entry : fastest) {
    total += entry.microseconds;
    by_op[entry.op].first += entry.microseconds;
    ++by_op[entry.op].second;
    if (options.nodes)
      std::printf("%10.1f us  %-20.*s %.*s\n", entry.microseconds, static_cast<int>(entry.op.size()), entry.op.data(),
                  static_cast<int>(entry.node.size()), entry.node.data());
  }
  std::vector<std::pair<double, std::string_view>> order;
  for (const auto& [op, sum] : by_op) order.push_back({sum.first, op});
  std::sort(order.rbegin(), order.rend());
  std::printf("best run %.2f ms, sum of the nodes' best %.2f ms\n", best * 1e3, total / 1e3);
  for (const auto& [microseconds, op] : order) {
    std::printf("%10.1f us %5.1f %%  %4d x %.*s\n", microseconds, 100 * microseconds / total, by_op[op].second,
                static_cast<int>(op.size()), op.data());
  }
  return 0;
}

}  // namespace
}  // namespace webinfer

int main(int argc, char** argv) {
  webinfer::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--runs" && i + 1 < argc)
      options.runs = std::atoi(argv[++i]);
    else if (argument == "--dim" && i + 1 < argc)
      options.dim = std::atoll(argv[++i]);
    else if (argument == "--nodes")
      options.nodes = true;
    else if (argument == "--dump")
      options.dump = true;
    else
      options.path = argument;
  }
  return webinfer::RunModel(options);
}
