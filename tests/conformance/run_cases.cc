// Runs folders of ONNX backend test cases through the native engine; README.md says how.
//
// Each case has a process of its own, so that a crash or an endless loop is one failed case.
#include <poll.h>
#include <regex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "cases.h"
#include "compare.h"
#ifdef WEBINFER_HAS_CODECS
#include "image_codecs.h"
#endif

namespace webinfer::conformance {

namespace {

struct Options {
  std::string folder, filter, list_failed, list_passed, save;
  unsigned timeout = 60;
  int jobs = 1;
  bool dump = false, in_process = false, optimize = true, quiet = false, starve = false;
  std::string rewrite;  // "plain" or "optimized": the model is written, as it is or after the passes, and read again first
};

// "status<TAB>operator<TAB>message"; status "pass" has no more.
struct Outcome {
  std::string status, op, message;
};

Outcome Failed(const char* status) {
  const ErrorRecord& e = LastError();
  std::string text = std::string(CodeName(e.code)) + ": " + e.message;
  if (e.node[0] != 0) text += std::string(" node=") + e.node;
  if (e.expected[0] != 0) text += std::string(" expected=") + e.expected;
  if (e.actual[0] != 0) text += std::string(" actual=") + e.actual;
  return {status, e.op, text};
}

Outcome RunSet(Session& session, std::vector<NamedValue>& feeds, const std::vector<NamedValue>& expected,
               const Tolerance& tolerance) {
  session.ClearFeeds();
  for (size_t i = 0; i < feeds.size(); ++i) {
    const int input = MatchValue(session.inputs(), feeds, i);
    if (input >= static_cast<int>(session.inputs().size())) return {"run", "", "more inputs are given than the model has"};
    const RuntimeValue& value = feeds[i].value;
    const bool tensor = session.inputs()[static_cast<size_t>(input)].type.kind == ValueKind::kTensor;
    if (!(tensor ? session.Feed(input, value.tensor.view()) : session.Feed(input, value)).ok()) return Failed("feed");
  }
  if (!session.Run().ok()) return Failed("run");
  for (size_t i = 0; i < expected.size(); ++i) {
    const int output = MatchValue(session.outputs(), expected, i);
    auto got = session.CopyOutput(output);
    if (!got.ok()) return Failed("run");
    const std::string difference = Difference(**got, expected[i].value, tolerance);
    if (!difference.empty()) return {"mismatch", "", session.outputs()[static_cast<size_t>(output)].name + ": " + difference};
  }
  return {"pass", "", ""};
}

Outcome RunCase(const Case& test, const Options& options) {
  auto model = LoadModel(test.model);
  if (!model.ok()) return Failed("load");
  if (!options.rewrite.empty()) {
    std::string bytes;
    model = Rewrite(std::move(*model), options.rewrite == "optimized", &bytes);
    if (!options.save.empty()) std::ofstream(options.save + "/" + test.name + ".onnx", std::ios::binary) << bytes;
    if (!model.ok()) return Failed("rewrite");
  }
  if (options.dump) std::printf("%s\n", DumpGraph((*model)->graph).c_str());
  SessionOptions session_options;
  session_options.optimize = options.optimize;
  auto session = Session::Create(std::move(*model), session_options);
  if (!session.ok()) return Failed("create");
  StringPool strings;
  std::vector<std::string> sets = test.data_sets;
  if (sets.size() > 1) sets.push_back(sets[0]);  // the first again: memory used for other shapes must not leak into it
  if (!test.light_output.empty()) sets = {""};
  for (const std::string& set : sets) {
    const bool light = set.empty();
    auto feeds = light ? LightInputs((*session)->inputs()) : LoadValues(set + "/input", (*session)->inputs(), strings);
    if (!feeds.ok()) return Failed("data");
    const std::string prefix = light ? test.light_output.substr(0, test.light_output.size() - 5) : set + "/output";
    auto expected = LoadValues(prefix, (*session)->outputs(), strings);
    if (!expected.ok()) return Failed("data");
    Outcome outcome = RunSet(**session, *feeds, *expected, test.tolerance);
    if (outcome.status != "pass") return outcome;
  }
  if (options.dump) std::printf("%s\n", (*session)->DumpText().c_str());
  return {"pass", "", ""};
}

// Creates a session and runs the first data set while one allocation fails.
Status RunStarved(const Case& test, uint64_t failing) {
  WEBINFER_ASSIGN(std::unique_ptr<Model> model, LoadModel(test.model));
  std::vector<ValueMetadata> inputs;
  for (const ValueId id : model->graph.inputs)
    inputs.push_back({model->graph.values[id].name, model->graph.values[id].type, {}, false});
  StringPool strings;
  const bool has_data = !test.data_sets.empty();
  std::vector<NamedValue> feeds;
  if (has_data) {
    WEBINFER_ASSIGN(feeds, LoadValues(test.data_sets[0] + "/input", inputs, strings));
  }
  InjectAllocationFailure(failing, 0);
  WEBINFER_ASSIGN(std::unique_ptr<Session> session, Session::Create(std::move(model), SessionOptions{}));
  for (size_t i = 0; i < feeds.size(); ++i) {
    const int input = MatchValue(session->inputs(), feeds, i);
    const bool tensor = session->inputs()[static_cast<size_t>(input)].type.kind == ValueKind::kTensor;
    WEBINFER_TRY(tensor ? session->Feed(input, feeds[i].value.tensor.view()) : session->Feed(input, feeds[i].value));
  }
  return has_data ? session->Run() : OkStatus();
}

// Every one of the first allocations fails once, and every 17th after: an error or a result, and no memory is kept.
Outcome RunStarvedCase(const Case& test) {
  constexpr uint64_t kFirst = 200, kStep = 17;
  const uint64_t before = GetMemoryStats().allocations, live = GetMemoryStats().live;
  const Code plain = RunStarved(test, 0).code();
  const uint64_t allocations = GetMemoryStats().allocations - before;
  for (uint64_t failing = 1; failing <= allocations; failing += failing < kFirst ? 1 : kStep) {
    const Code code = RunStarved(test, failing).code();
    InjectAllocationFailure(0, 0);
    if (code != Code::kOk && code != Code::kOutOfMemory && code != plain) {
      Outcome outcome = Failed("starved");
      outcome.message = "allocation " + std::to_string(failing) + ": " + outcome.message;
      return outcome;
    }
    if (GetMemoryStats().live != live) return {"leak", "", "allocation " + std::to_string(failing)};
  }
  return {"pass", "", ""};
}

struct Child {
  pid_t pid = 0;
  int pipe = -1;
  const Case* test = nullptr;
  std::string text;
};

Child Start(const Case& test, const Options& options) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  Child child{fork(), ends[0], &test, ""};
  if (child.pid != 0) {
    close(ends[1]);
    return child;
  }
  alarm(options.timeout);
  if (options.quiet && std::freopen("/dev/null", "w", stderr) == nullptr) std::abort();
  const Outcome outcome = options.starve ? RunStarvedCase(test) : RunCase(test, options);
  const std::string text = outcome.status + "\t" + outcome.op + "\t" + outcome.message;
  std::fflush(stdout);
  if (write(ends[1], text.data(), text.size()) < 0) std::abort();
  _exit(0);
}

Outcome Finish(Child& child) {
  char block[4096];
  for (ssize_t count; (count = read(child.pipe, block, sizeof(block))) > 0;) child.text.append(block, static_cast<size_t>(count));
  close(child.pipe);
  int status = 0;
  waitpid(child.pid, &status, 0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return {"timeout", "", ""};
  if (WIFSIGNALED(status)) return {"crash", "", std::string("signal ") + strsignal(WTERMSIG(status))};
  const size_t first = child.text.find('\t'), second = child.text.find('\t', first + 1);
  if (second == std::string::npos) return {"crash", "", "exit code " + std::to_string(WEXITSTATUS(status))};
  return {child.text.substr(0, first), child.text.substr(first + 1, second - first - 1), child.text.substr(second + 1)};
}

class Report {
 public:
  explicit Report(const Options& options) {
    if (!options.list_failed.empty()) failed_.open(options.list_failed);
    if (!options.list_passed.empty()) passed_.open(options.list_passed);
  }
  void Add(const Case& test, const Outcome& outcome) {
    ++counts_[outcome.status];
    if (outcome.status == "pass") {
      passed_ << test.name << "\n";
      return;
    }
    failed_ << test.name << "\n";
    if (!outcome.op.empty()) ++operators_[outcome.op];
    std::printf("%s\t%s\t%s\t%s\n", test.name.c_str(), outcome.status.c_str(), outcome.op.c_str(), outcome.message.c_str());
    std::fflush(stdout);
  }
  int Print() const {
    int failed = 0, passed = 0;
    std::multimap<int, std::string, std::greater<int>> by_count;
    for (const auto& [op, count] : operators_) by_count.emplace(count, op);
    std::string line;
    for (const auto& [count, op] : by_count) line += op + " " + std::to_string(count) + "  ";
    if (!line.empty()) std::printf("\nfailures by operator: %s\n", line.c_str());
    for (const auto& [status, count] : counts_) {
      (status == "pass" ? passed : failed) += count;
      std::printf("%s %d\n", status.c_str(), count);
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed;
  }

 private:
  std::ofstream failed_, passed_;
  std::map<std::string, int> counts_, operators_;
};

void RunForked(const std::vector<Case>& cases, const Options& options, Report& report) {
  std::vector<Child> running;
  size_t next = 0;
  while (next < cases.size() || !running.empty()) {
    while (next < cases.size() && running.size() < static_cast<size_t>(options.jobs))
      running.push_back(Start(cases[next++], options));
    std::vector<pollfd> waits;
    for (const Child& child : running) waits.push_back({child.pipe, POLLIN, 0});
    poll(waits.data(), waits.size(), -1);
    for (size_t i = waits.size(); i-- > 0;) {
      if (waits[i].revents == 0) continue;
      report.Add(*running[i].test, Finish(running[i]));
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

std::string DefaultFolder() {
  if (const char* folder = std::getenv("WEBINFER_ONNX_TESTDATA")) return folder;
  if (const char* cache = std::getenv("WEBINFER_CACHE")) return std::string(cache) + "/onnx-testdata";
  return std::string(std::getenv("HOME") != nullptr ? std::getenv("HOME") : "") + "/.cache/webinfer/onnx-testdata";
}

bool ParseOptions(int count, char** arguments, Options* options) {
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const auto value = [&] { return i + 1 < count ? std::string(arguments[++i]) : std::string(); };
    if (word == "--filter")
      options->filter = value();
    else if (word == "--list-failed")
      options->list_failed = value();
    else if (word == "--list-passed")
      options->list_passed = value();
    else if (word == "--timeout")
      options->timeout = static_cast<unsigned>(std::atoi(value().c_str()));
    else if (word == "--jobs")
      options->jobs = std::max(1, std::atoi(value().c_str()));
    else if (word == "--dump")
      options->dump = true;
    else if (word == "--in-process")
      options->in_process = true;
    else if (word == "--no-optimize")
      options->optimize = false;
    else if (word == "--rewrite")
      options->rewrite = value();
    else if (word == "--save")
      options->save = value();
    else if (word == "--quiet")
      options->quiet = true;
    else if (word == "--starve")
      options->starve = true;
    else if (word.starts_with("--"))
      return false;
    else
      options->folder = word;
  }
  if (options->folder.empty()) options->folder = DefaultFolder();
  return true;
}

int Main(int count, char** arguments) {
  Options options;
  if (!ParseOptions(count, arguments, &options)) {
    std::fprintf(
        stderr,
        "usage: run_cases [FOLDER] [--filter REGEXP] [--list-failed FILE] [--list-passed FILE] [--jobs N] [--timeout SECONDS]\n"
        "                 [--dump] [--in-process] [--no-optimize] [--starve] [--quiet]\n"
        "                 [--rewrite plain|optimized [--save FOLDER]]\n");
    return 2;
  }
  std::vector<Case> cases = FindCases(options.folder);
  if (!options.filter.empty()) {
    regex_t filter;
    if (regcomp(&filter, options.filter.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
      std::fprintf(stderr, "not a regular expression: %s\n", options.filter.c_str());
      return 2;
    }
    std::erase_if(cases, [&](const Case& test) { return regexec(&filter, test.name.c_str(), 0, nullptr, 0) != 0; });
    regfree(&filter);
  }
  Report report(options);
  if (options.in_process) {
    for (const Case& test : cases) report.Add(test, options.starve ? RunStarvedCase(test) : RunCase(test, options));
  } else {
    RunForked(cases, options, report);
  }
  return report.Print() == 0 && !cases.empty() ? 0 : 1;
}

}  // namespace

}  // namespace webinfer::conformance

int main(int count, char** arguments) {
#ifdef WEBINFER_HAS_CODECS
  webinfer::conformance::InstallImageCodecs();
#endif
  return webinfer::conformance::Main(count, arguments);
}
