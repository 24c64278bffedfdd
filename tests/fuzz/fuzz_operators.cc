// usage: fuzz_operators FOLDER [--variants N] [--seed S] [--filter TEXT] [--only NAME NUMBER]
// Runs cases (tests/conformance/README.md) on inputs that their operators must answer or refuse: empty and huge ranks, NaN and
// infinities, indices out of range, missing inputs, other types, odd attributes. A result and an error are both fine; a crash or
// a hang ends a process of its own and is reported with the case and the number that make it again.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../conformance/cases.h"
#include "child.h"
#include "kernels/elements.h"
#include "run_model.h"

namespace webinfer::fuzz {

namespace {

using conformance::Case;
using conformance::NamedValue;

constexpr int kMilliseconds = 300;  // of a run; a loop may ask for more
constexpr uint64_t kMemory = 256 << 20;
constexpr int64_t kMostElements = 1 << 16;

struct Options {
  std::string folder, filter, only;
  uint64_t seed = 1;
  int variants = 12, number = -1;
};

class Variation {
 public:
  explicit Variation(uint64_t seed) : random_(seed) {}

  // Changes the model's inputs and what is fed to them.
  void Apply(Graph& graph, std::vector<NamedValue>& feeds) {
    const int64_t from = SomeDimension(feeds), to = Below(3) == 0 ? 1 + static_cast<int64_t>(Below(4)) : 0;
    const size_t chosen = feeds.empty() ? 0 : Below(feeds.size());
    const size_t kind = Below(10);
    for (size_t i = 0; i < feeds.size(); ++i) {
      RuntimeValue& value = feeds[i].value;
      if (value.kind != ValueKind::kTensor || !value.present) continue;
      Shape shape = value.tensor.shape;
      DType dtype = value.tensor.dtype;
      if (kind == 0) ReplaceSizes(from, to, &shape);  // the same size everywhere: a smaller or an empty problem
      if (i == chosen) ChangeOne(kind, &shape, &dtype);
      Replace(&value.tensor, dtype, shape, kind == 6 || kind == 7);
    }
    if (kind == 8) DropInput(graph);
    if (kind == 9) ChangeAttribute(graph);
  }

 private:
  size_t Below(size_t limit) { return static_cast<size_t>(random_()) % limit; }

  int64_t SomeDimension(const std::vector<NamedValue>& feeds) {
    std::vector<int64_t> dims;
    for (const NamedValue& feed : feeds) dims.insert(dims.end(), feed.value.tensor.shape.begin(), feed.value.tensor.shape.end());
    return dims.empty() ? 0 : dims[Below(dims.size())];
  }

  static void ReplaceSizes(int64_t from, int64_t to, Shape* shape) {
    for (int axis = 0; axis < shape->rank(); ++axis) {
      if ((*shape)[axis] == from) (*shape)[axis] = to;
    }
  }

  void ChangeOne(size_t kind, Shape* shape, DType* dtype) {
    if (kind == 1 && shape->rank() > 0) (*shape)[static_cast<int>(Below(static_cast<size_t>(shape->rank())))] = 0;
    if (kind == 2) *shape = Shape();
    if (kind == 3) {
      while (shape->rank() < kMaxRank) shape->Append(1 + static_cast<int64_t>(Below(2)));
    }
    if (kind == 4) {
      *shape = Shape();
      for (size_t rank = Below(6); rank > 0; --rank) shape->Append(static_cast<int64_t>(Below(5)));
    }
    if (kind == 5) *dtype = static_cast<DType>(1 + Below(kDTypeCount - 1));
  }

  double OddNumber(bool whole) {
    static constexpr double kOdd[] = {-1, 0, 1, 2, 7, -2, 127, -128, 1000, 2147483647.0, -2147483648.0, 9.2e18, -9.2e18};
    static constexpr double kUnreal[] = {NAN, INFINITY, -INFINITY, -0.0, 3e38, -3e38, 1e-45, 1e30, -1, 0.5};
    return whole ? kOdd[Below(std::size(kOdd))] : kUnreal[Below(std::size(kUnreal))];
  }

  // Elements are the old ones over and over; numbers become odd ones where `odd`.
  void Replace(Tensor* tensor, DType dtype, const Shape& shape, bool odd) {
    auto made = Tensor::Create(dtype, shape);
    if (!made.ok() || shape.Elements() > kMostElements) return;
    const uint64_t size = made->view().bytes(), old = tensor->view().bytes();
    uint8_t* to = made->As<uint8_t>();
    if (dtype == DType::kString) {
      static StringPool strings;
      auto text = strings.Add("x");
      for (int64_t i = 0; i < shape.Elements(); ++i) made->As<const StringData*>()[i] = *text;
    } else if (tensor->dtype == DType::kString || old == 0) {
      std::memset(to, 0, size);
    } else {
      for (uint64_t i = 0; i < size; ++i) to[i] = tensor->As<uint8_t>()[i % old];
    }
    for (int64_t i = 0; odd && i < shape.Elements(); ++i) {
      if (Below(3) == 0) WriteOdd(dtype, i, to);
    }
    *tensor = std::move(*made);
  }

  void WriteOdd(DType dtype, int64_t i, uint8_t* to) {
    const double number = OddNumber(IsInteger(dtype));
    if (dtype == DType::kInt64) {
      reinterpret_cast<int64_t*>(to)[i] = static_cast<int64_t>(number);
    } else if (dtype == DType::kInt32) {
      reinterpret_cast<int32_t*>(to)[i] = static_cast<int32_t>(static_cast<int64_t>(number));
    } else if (dtype == DType::kFloat64) {
      reinterpret_cast<double*>(to)[i] = number;
    } else if (IsFloat(dtype)) {
      const auto single = static_cast<float>(number);
      kernels::StoreFloats(dtype, &single, i, 1, to);
    }
  }

  void DropInput(Graph& graph) {
    if (graph.nodes.empty()) return;
    Node& node = *graph.nodes[Below(graph.nodes.size())];
    // A file cannot leave out what a body captures.
    const size_t formal = node.formal_inputs < 0 ? node.inputs.size() : static_cast<size_t>(node.formal_inputs);
    if (formal > 0) node.inputs[Below(formal)] = kNoValue;
  }

  void ChangeAttribute(Graph& graph) {
    if (graph.nodes.empty()) return;
    Attributes& attributes = graph.nodes[Below(graph.nodes.size())]->attributes;
    if (attributes.all().empty()) return;
    Attribute changed = attributes.all()[Below(attributes.all().size())];
    if (changed.kind == Attribute::Kind::kInt) changed.i = static_cast<int64_t>(OddNumber(true));
    if (changed.kind == Attribute::Kind::kFloat) changed.f = static_cast<float>(OddNumber(false));
    if (changed.kind == Attribute::Kind::kString) changed.s = "nothing";
    if (changed.kind == Attribute::Kind::kInts) {
      if (changed.ints.empty() || Below(3) == 0) {
        changed.ints.push_back(1);
      } else {
        changed.ints[Below(changed.ints.size())] = static_cast<int64_t>(OddNumber(true));
      }
    }
    attributes.Set(std::move(changed));
  }

  std::mt19937_64 random_;
};

Status RunVariation(const Case& test, uint64_t seed) {
  WEBINFER_ASSIGN(std::unique_ptr<Model> model, conformance::LoadModel(test.model));
  std::vector<ValueMetadata> inputs;
  for (const ValueId id : model->graph.inputs)
    inputs.push_back({model->graph.values[id].name, model->graph.values[id].type, {}, false});
  StringPool strings;
  WEBINFER_ASSIGN(std::vector<NamedValue> feeds, conformance::LoadValues(test.data_sets[0] + "/input", inputs, strings));
  Variation(seed).Apply(model->graph, feeds);
  std::vector<int> places;
  for (size_t i = 0; i < feeds.size(); ++i) {
    const int input = conformance::MatchValue(inputs, feeds, i);
    places.push_back(input);
    if (input >= static_cast<int>(inputs.size())) return Error(Code::kInvalidArgument, "More data than inputs");
    const RuntimeValue& value = feeds[i].value;
    if (value.kind != ValueKind::kTensor || !value.present) continue;
    ValueType& type = model->graph.values[model->graph.inputs[static_cast<size_t>(input)]].type;
    if (type.kind != ValueKind::kTensor) continue;
    type.dtype = value.tensor.dtype;
    type.shape = seed % 2 == 0 ? Shape::UnknownRank() : value.tensor.shape;
  }
  WEBINFER_ASSIGN(std::unique_ptr<Session> session, Session::Create(std::move(model), SessionOptions{}));
  for (size_t i = 0; i < feeds.size(); ++i) {
    const bool tensor = session->inputs()[static_cast<size_t>(places[i])].type.kind == ValueKind::kTensor;
    WEBINFER_TRY(tensor ? session->Feed(places[i], feeds[i].value.tensor.view()) : session->Feed(places[i], feeds[i].value));
  }
  WEBINFER_TRY(RunWatched(*session, kMilliseconds));
  return RunWatched(*session, kMilliseconds);  // again: memory that the first run sized is used anew
}

uint64_t SeedOf(const Options& options, const Case& test, int number) {
  return std::hash<std::string>()(test.name) * 31 + options.seed * 1000003 + static_cast<uint64_t>(number);
}

Status RunLimited(const Options& options, const Case& test, int number) {
  SetMemoryLimit(GetMemoryStats().live + kMemory);
  const Status status = RunVariation(test, SeedOf(options, test, number));
  SetMemoryLimit(0);
  return status;
}

// Runs all variations of a case in a child from `first` on; the number at which it died, or -1. Adds to counts per code.
int RunChild(const Options& options, const Case& test, int first, std::array<int, 16>& counts) {
  const ChildEnd end = RunInChild(first, options.variants, counts, [&](int number) { return RunLimited(options, test, number); });
  if (end.number < 0) return -1;
  std::printf("%s: --only %s %d (%s)\n", end.what, test.name.c_str(), end.number, end.how);
  std::fflush(stdout);
  return end.number;
}

int Main(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const auto value = [&] { return i + 1 < count ? arguments[++i] : ""; };
    if (word == "--variants") {
      options.variants = std::atoi(value());
    } else if (word == "--seed") {
      options.seed = std::strtoull(value(), nullptr, 10);
    } else if (word == "--filter") {
      options.filter = value();
    } else if (word == "--only") {
      options.only = value();
      options.number = std::atoi(value());
    } else {
      options.folder = word;
    }
  }
  std::vector<Case> cases = conformance::FindCases(options.folder);
  std::erase_if(cases,
                [&](const Case& test) { return test.data_sets.empty() || test.name.find(options.filter) == std::string::npos; });
  if (!options.only.empty()) std::erase_if(cases, [&](const Case& test) { return test.name != options.only; });
  if (cases.empty()) return 2;
  if (options.number >= 0) {
    const Status status = RunLimited(options, cases[0], options.number);
    std::printf("%s: %s\n", CodeName(status.code()), status.ok() ? "" : LastError().message);
    return 0;
  }
  std::array<int, 16> counts{};
  int died = 0;
  for (const Case& test : cases) {
    for (int number = 0; number >= 0 && number < options.variants;) {
      number = RunChild(options, test, number, counts);
      if (number >= 0) {
        ++died;
        ++number;
      }
    }
  }
  int all = 0;
  for (size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] > 0) std::printf("%s %d\n", CodeName(static_cast<Code>(code)), counts[code]);
    all += counts[code];
  }
  std::printf("%d crashes and hangs in %d runs of %zu cases\n", died, all + died, cases.size());
  return died == 0 ? 0 : 1;
}

}  // namespace

}  // namespace webinfer::fuzz

int main(int count, char** arguments) { return webinfer::fuzz::Main(count, arguments); }
