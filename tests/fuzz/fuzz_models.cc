// usage: fuzz_models FOLDER [--count N] [--seed S] [--largest BYTES] [--keep FOLDER]
// Damages the .onnx files below FOLDER and runs each result; a crash or a hang ends a process of its own and is reported with
// the number that makes it again (--only NUMBER runs just that one, in this process).
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "child.h"
#include "formats/mutator.h"
#include "run_model.h"

namespace webinfer::fuzz {

namespace {

constexpr int kBatch = 50;

struct Options {
  std::string folder, keep;
  uint64_t seed = 1;
  int count = 10000, only = -1;
  uint64_t largest = 50000;
};

std::vector<std::string> LoadSeeds(const Options& options) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options.folder)) {
    if (entry.path().extension() == ".onnx" && entry.file_size() <= options.largest) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

std::string Damaged(const std::vector<std::string>& seeds, const Options& options, int number) {
  test::Mutator mutator({seeds[static_cast<size_t>(number) % seeds.size()]},
                        options.seed * 1000003 + static_cast<uint64_t>(number));
  return mutator.Next();
}

std::span<const uint8_t> BytesOf(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

// Runs [first, last) in a child; the number at which it died, or -1. Adds to counts per code.
int RunBatch(const std::vector<std::string>& seeds, const Options& options, int first, int last, std::array<int, 16>& counts) {
  const ChildEnd end =
      RunInChild(first, last, counts, [&](int number) { return RunModel(BytesOf(Damaged(seeds, options, number)), {}); });
  if (end.number < 0) return -1;
  std::printf("%s: number %d (%s)\n", end.what, end.number, end.how);
  if (!options.keep.empty()) {
    std::ofstream file(options.keep + "/" + std::to_string(end.number) + ".onnx", std::ios::binary);
    file << Damaged(seeds, options, end.number);
  }
  return end.number;
}

int Main(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const auto value = [&] { return i + 1 < count ? arguments[++i] : ""; };
    if (word == "--count") {
      options.count = std::atoi(value());
    } else if (word == "--seed") {
      options.seed = std::strtoull(value(), nullptr, 10);
    } else if (word == "--only") {
      options.only = std::atoi(value());
    } else if (word == "--largest") {
      options.largest = std::strtoull(value(), nullptr, 10);
    } else if (word == "--keep") {
      options.keep = value();
    } else {
      options.folder = word;
    }
  }
  const std::vector<std::string> seeds = LoadSeeds(options);
  if (seeds.empty()) return 2;
  if (options.only >= 0) {
    const Status status = RunModel(BytesOf(Damaged(seeds, options, options.only)), {});
    std::printf("%s: %s\n", CodeName(status.code()), status.ok() ? "" : LastError().message);
    return 0;
  }
  std::array<int, 16> counts{};
  int died = 0;
  for (int number = 0; number < options.count;) {
    const int last = std::min(options.count, number + kBatch);
    const int at = RunBatch(seeds, options, number, last, counts);
    died += at >= 0;
    number = at >= 0 ? at + 1 : last;
  }
  for (size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] > 0) std::printf("%s %d\n", CodeName(static_cast<Code>(code)), counts[code]);
  }
  std::printf("%d crashes and hangs in %d\n", died, options.count);
  return died == 0 ? 0 : 1;
}

}  // namespace

}  // namespace webinfer::fuzz

int main(int count, char** arguments) { return webinfer::fuzz::Main(count, arguments); }
