// Every operator on random inputs and attributes: whatever they are, the answer is a result or an error. What a wrong access
// does is for the sanitizer build to see.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "ops/evaluate.h"

namespace webinfer {
namespace {

class Nodes {
 public:
  explicit Nodes(uint32_t seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  int64_t Number() {
    constexpr int64_t kOdd[] = {INT64_MIN, INT64_MAX, INT32_MAX, int64_t{1} << 40, -(int64_t{1} << 33), 257};
    return Below(12) == 0 ? kOdd[Below(6)] : Below(9) - 3;
  }

  Tensor MakeTensor() {
    constexpr DType kOften[] = {DType::kFloat32, DType::kFloat32, DType::kInt64, DType::kInt64, DType::kInt32, DType::kBool};
    const DType dtype = Below(4) == 0 ? static_cast<DType>(1 + Below(kDTypeCount - 1)) : kOften[Below(6)];
    Shape shape;
    for (int rank = Below(Below(8) == 0 ? 8 : 5); rank > 0; --rank) shape.Append(Below(10) == 0 ? 0 : 1 + Below(4));
    Result<Tensor> tensor = Tensor::Create(dtype, shape);
    EXPECT_TRUE(tensor.ok());
    for (int64_t i = 0; i < shape.Elements(); ++i) {
      switch (dtype) {
        case DType::kFloat32: tensor->As<float>()[i] = static_cast<float>(Number()) * 0.5f; break;
        case DType::kInt64: tensor->As<int64_t>()[i] = Number(); break;
        case DType::kInt32: tensor->As<int32_t>()[i] = static_cast<int32_t>(Number()); break;
        case DType::kBool: tensor->As<bool>()[i] = Below(2) == 0; break;
        case DType::kString: tensor->As<const StringData*>()[i] = *strings_.Add(Below(2) == 0 ? "a b" : ""); break;
        default: break;
      }
    }
    if (DTypeBytes(dtype) != sizeof(void*) && DTypeBytes(dtype) != 4 && dtype != DType::kBool) {
      for (uint64_t i = 0; i < tensor->view().bytes(); ++i) tensor->As<uint8_t>()[i] = static_cast<uint8_t>(random_());
    }
    if (DTypeBytes(dtype) == 4 && dtype != DType::kFloat32 && dtype != DType::kInt32)
      std::memset(tensor->buffer.data(), 0x3c, tensor->view().bytes());
    if ((dtype == DType::kFloat64 || dtype == DType::kUint64 || dtype == DType::kComplex64))
      std::memset(tensor->buffer.data(), 0x3c, tensor->view().bytes());
    return std::move(*tensor);
  }

  void SetAttributes(Attributes* attributes) {
    constexpr std::string_view kInts[] = {"axis",
                                          "batch_axis",
                                          "time_axis",
                                          "batch_dims",
                                          "k",
                                          "to",
                                          "dtype",
                                          "blocksize",
                                          "num_outputs",
                                          "keepdims",
                                          "allowzero",
                                          "start",
                                          "end",
                                          "upper",
                                          "ceil_mode",
                                          "group",
                                          "auto_pad",
                                          "hidden_size",
                                          "layout",
                                          "onesided",
                                          "inverse",
                                          "largest",
                                          "sorted",
                                          "output_height",
                                          "sampling_ratio",
                                          "n_targets",
                                          "size",
                                          "bits",
                                          "exclusive",
                                          "q_num_heads",
                                          "kv_num_heads",
                                          "num_heads",
                                          "sample_size",
                                          "maxsplit",
                                          "new_axis",
                                          "linear_before_reset",
                                          "num_groups",
                                          "stash_type",
                                          "noop_with_empty_axes",
                                          "select_last_index",
                                          "p",
                                          "center_point_box"};
    constexpr std::string_view kLists[] = {"axes",      "perm",         "kernel_shape",   "strides", "pads",
                                           "dilations", "output_shape", "output_padding", "shape",   "pooled_shape",
                                           "block",     "keys_int64s",  "values_int64s"};
    constexpr std::string_view kTexts[] = {"mode",
                                           "direction",
                                           "equation",
                                           "reduction",
                                           "auto_pad",
                                           "padding_mode",
                                           "coordinate_transformation_mode",
                                           "nearest_mode",
                                           "keep_aspect_ratio_policy",
                                           "case_change_action"};
    constexpr std::string_view kValues[] = {"constant",   "reflect",       "wrap",    "linear",     "cubic",
                                            "CRD",        "bidirectional", "reverse", "add",        "max",
                                            "SAME_UPPER", "VALID",         "border",  "reflection", "ij,jk->ik",
                                            "...i,ij",    "ii->i",         "i,,j",    "half_pixel", "tf_crop_and_resize",
                                            "ceil",       "not_larger",    "LOWER",   "nearest"};
    for (int i = Below(6); i > 0; --i) attributes->SetInt(kInts[static_cast<size_t>(Below(std::ssize(kInts)))], Number());
    for (int i = Below(4); i > 0; --i) {
      std::vector<int64_t> list;
      for (int n = Below(5); n > 0; --n) list.push_back(Number());
      attributes->SetInts(kLists[static_cast<size_t>(Below(std::ssize(kLists)))], list);
    }
    for (int i = Below(3); i > 0; --i) {
      attributes->SetString(kTexts[static_cast<size_t>(Below(std::ssize(kTexts)))],
                            kValues[static_cast<size_t>(Below(std::ssize(kValues)))]);
    }
    if (Below(3) == 0) attributes->SetFloat("epsilon", 1e-5f);
  }

  // True if it gave a result.
  bool Run(const OpDef& def) {
    Node node;
    node.op = def.name;
    node.domain = def.domain;
    node.def = &def;
    SetAttributes(&node.attributes);
    const int most = def.max_inputs < 0 ? def.min_inputs + 3 : def.max_inputs;
    const int count = def.min_inputs + Below(most - def.min_inputs + 1);
    std::vector<Tensor> tensors;
    std::vector<Operand> operands;
    for (int i = 0; i < count; ++i) {
      const bool same = i > 0 && Below(2) == 0;
      tensors.push_back(MakeTensor());
      operands.push_back(same ? operands[0] : OperandOf(tensors.back().view()));
      if (i >= def.min_inputs && Below(4) == 0) operands.back() = Operand();
      node.inputs.push_back(operands.back().present ? i : kNoValue);
    }
    const int outputs = def.max_outputs < 0 ? 1 + Below(4) : std::max(def.min_outputs, 1 + Below(std::max(def.max_outputs, 1)));
    for (int i = 0; i < outputs; ++i) node.outputs.push_back(i > 0 && Below(5) == 0 ? kNoValue : 100 + i);
    return EvaluateNode(node, operands, strings_, pool_).ok();
  }

 private:
  std::mt19937 random_;
  StringPool strings_;
  ThreadPool pool_{1};
};

TEST(RandomNodes, GiveAResultOrAnError) {
  SetMemoryLimit(256 << 20);
  int results = 0;
  for (const OpDef& def : AllOps()) {
    if (def.bind == nullptr || def.infer == nullptr) continue;
    SCOPED_TRACE(std::string(def.name));
    for (uint32_t seed = 0; seed < 300; ++seed) {
      Nodes nodes(seed);
      results += nodes.Run(def);
    }
  }
  SetMemoryLimit(0);
  EXPECT_GT(results, 0);
  RecordProperty("results", results);
}

}  // namespace
}  // namespace webinfer
