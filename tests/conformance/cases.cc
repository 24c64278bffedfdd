#include "cases.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "formats/onnx/reader.h"
#include "formats/wire/protobuf.h"
#include "runtime/convert.h"

namespace webinfer::conformance {

namespace fs = std::filesystem;

namespace {

// The name field of TensorProto (8), SequenceProto and OptionalProto (1).
std::string NameOf(const std::string& bytes, ValueKind kind) {
  ProtoReader reader({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  std::string name;
  while (reader.Next()) {
    if (reader.field() == (kind == ValueKind::kTensor ? 8u : 1u)) name = reader.text();
  }
  return name;
}

Tolerance ReadTolerance(const std::string& folder) {
  Tolerance tolerance;
  std::ifstream file(folder + "/tolerance.txt");  // rtol atol [scaled]
  std::string word;
  if (file >> tolerance.rtol >> tolerance.atol) tolerance.scaled = static_cast<bool>(file >> word);
  return tolerance;
}

}  // namespace

bool ReadFile(const std::string& path, std::string* bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  std::ostringstream content;
  content << file.rdbuf();
  *bytes = std::move(content).str();
  return true;
}

std::vector<Case> FindCases(const std::string& folder) {
  std::vector<Case> cases;
  const auto add = [&](const fs::path& path) {
    Case found{path.filename().string(), (path / "model.onnx").string(), {}, "", ReadTolerance(path.string())};
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().filename().string().starts_with("test_data_set_")) found.data_sets.push_back(entry.path().string());
    }
    std::sort(found.data_sets.begin(), found.data_sets.end());
    cases.push_back(std::move(found));
  };
  if (fs::exists(fs::path(folder) / "model.onnx")) {
    add(fs::path(folder));
    return cases;
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path path = entry.path();
    const std::string stem = path.stem().string();
    if (path.filename() == "model.onnx") {
      add(path.parent_path());
    } else if (path.extension() == ".onnx" && stem.starts_with("light_")) {
      Tolerance tolerance;
      if (stem == "light_densenet121") tolerance.rtol = 2e-3;  // real/test_densenet121/data.json
      cases.push_back({stem, path.string(), {}, (path.parent_path() / (stem + "_output_0.pb")).string(), tolerance});
    }
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
  return cases;
}

Result<std::unique_ptr<Model>> LoadModel(const std::string& path) {
  std::string bytes;
  if (!ReadFile(path, &bytes)) return Error(Code::kInvalidArgument, "Cannot read the file").Actual("%s", path.c_str());
  OnnxReader reader(bytes.size());
  WEBINFER_TRY(reader.Push({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
  WEBINFER_ASSIGN(std::unique_ptr<Model> model, reader.Finish());
  for (const ExternalTensor& external : reader.external()) {
    std::string content;
    const std::string file = (fs::path(path).parent_path() / external.location).string();
    if (!ReadFile(file, &content) || content.size() < external.offset + external.length) {
      return Error(Code::kInvalidArgument, "External data is missing or too short").Actual("%s", file.c_str());
    }
    std::memcpy(external.data, content.data() + external.offset, external.length);
  }
  return model;
}

Result<std::unique_ptr<Model>> Rewrite(std::unique_ptr<Model> model, bool optimize, std::string* bytes) {
  struct Sink final : ByteSink {
    explicit Sink(std::string& t) : text(t) {}
    Status Write(std::span<const uint8_t> piece) override {
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return OkStatus();
    }
    std::string& text;
  } sink(*bytes);
  ConvertOptions options;
  options.optimize = optimize;
  WEBINFER_TRY(ConvertToOnnx(std::move(model), options, sink));
  OnnxReader reader(bytes->size());
  WEBINFER_TRY(reader.Push({reinterpret_cast<const uint8_t*>(bytes->data()), bytes->size()}));
  return reader.Finish();
}

Result<std::vector<NamedValue>> LoadValues(const std::string& prefix, const std::vector<ValueMetadata>& metadata,
                                           StringPool& strings) {
  std::vector<NamedValue> values;
  for (size_t i = 0;; ++i) {
    std::string bytes;
    if (!ReadFile(prefix + "_" + std::to_string(i) + ".pb", &bytes)) break;
    NamedValue value;
    // Kinds are positional; only tensors carry names worth matching.
    const ValueKind kind = i < metadata.size() ? metadata[i].type.kind : ValueKind::kTensor;
    value.name = NameOf(bytes, kind);
    WEBINFER_TRY(ReadOnnxValue({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, kind, strings, &value.value));
    values.push_back(std::move(value));
  }
  return values;
}

Result<std::vector<NamedValue>> LightInputs(const std::vector<ValueMetadata>& metadata) {
  std::vector<NamedValue> values;
  for (const ValueMetadata& input : metadata) {
    if (input.optional) continue;
    NamedValue value;
    value.name = input.name;
    WEBINFER_TRY(value.value.Resize(DType::kFloat32, input.type.shape));
    const int64_t count = input.type.shape.Elements();
    for (int64_t i = 0; i < count; ++i) value.value.tensor.As<float>()[i] = static_cast<float>(i) / static_cast<float>(count);
    values.push_back(std::move(value));
  }
  return values;
}

int MatchValue(const std::vector<ValueMetadata>& metadata, const std::vector<NamedValue>& values, size_t i) {
  std::set<std::string> names;
  for (const NamedValue& value : values) names.insert(value.name);
  const auto known = [&](const ValueMetadata& m) { return names.contains(m.name); };
  const auto matched = static_cast<size_t>(std::count_if(metadata.begin(), metadata.end(), known));
  if (names.size() == values.size() && matched == values.size()) {
    for (size_t j = 0; j < metadata.size(); ++j) {
      if (metadata[j].name == values[i].name) return static_cast<int>(j);
    }
  }
  if (values.size() >= metadata.size()) return static_cast<int>(i);
  size_t position = 0;
  for (size_t j = 0; j < metadata.size(); ++j) {
    if (!metadata[j].optional && position++ == i) return static_cast<int>(j);
  }
  return static_cast<int>(i);
}

}  // namespace webinfer::conformance
