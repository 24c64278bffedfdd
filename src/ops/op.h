// What an operator is: one OpDef, defined in one file of its own under src/ops/<family>/.
//
// A file says WEBINFER_OP(Name) { return OpDef{...}; }; the build finds it, no list is edited. An operator either carries a
// kernel (`infer` + `bind`), or is an elementwise expression (`expression`), or is composed of other operators (`lower`).
// Attribute and input semantics are those of the newest ONNX schema; older models are lifted before they come here.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "ops/step.h"

namespace webinfer {

namespace ops {
class ScalarBuilder;  // ops/math/expression.h
}

// What is known of one value: types and shapes always as far as they go, elements where they are known before the run.
struct ValueInfo {
  ValueKind kind = ValueKind::kTensor;
  bool present = false;
  DType dtype = DType::kUndefined;
  Shape shape = Shape::UnknownRank();
  const void* known = nullptr;  // elements of constants and of shape arithmetic

  bool shape_known() const { return present && shape.known(); }
};

// A short list of integers read from a known tensor (shape, axes, starts, pads, ...).
struct IntList {
  static constexpr int kMost = 256;
  int size = 0;
  int64_t values[kMost];
  int64_t operator[](int i) const { return values[i]; }
  std::span<const int64_t> span() const { return {values, static_cast<size_t>(size)}; }
};

// Inference: output types and shapes from input types, shapes and known elements. Called with partial shapes while a model
// is prepared, and with complete ones for each new set of input shapes; it must not allocate.
class InferContext {
 public:
  InferContext(const Node& node, std::span<const ValueInfo> in, std::span<ValueInfo> out) : node_(node), in_(in), out_(out) {}

  const Node& node() const { return node_; }
  const Attributes& attributes() const { return node_.attributes; }
  int input_count() const { return static_cast<int>(in_.size()); }
  int output_count() const { return static_cast<int>(out_.size()); }
  bool HasInput(int i) const { return i < input_count() && in_[static_cast<size_t>(i)].present; }
  bool HasOutput(int i) const { return i < output_count() && out_[static_cast<size_t>(i)].present; }
  const ValueInfo& In(int i) const { return in_[static_cast<size_t>(i)]; }
  ValueInfo& Out(int i) { return out_[static_cast<size_t>(i)]; }
  std::span<const ValueInfo> ins() const { return in_; }

  // Sets a tensor output. A shape that stays unknown although all inputs are known makes the output dynamic: its kernel
  // calls RunContext::Resize. Outputs that are left out are ignored.
  Status SetOutput(int i, DType dtype, const Shape& shape);

  // The elements of input i (int32 or int64, at most IntList::kMost) if they are known; a missing optional input is not.
  bool KnownInts(int i, IntList* list) const;
  bool KnownInt(int i, int64_t* value) const;
  // The shapes of the outputs depend on the elements of input i: if they are not known yet, set what is known of the outputs
  // and return Ok. When shapes are bound the executor computes that input first and infers again.
  void NeedValue(int i) {
    if (HasInput(i) && In(i).known == nullptr) needed_ |= uint64_t{1} << i;
  }
  uint64_t needed() const { return needed_; }

  // Errors that name expectation and reality.
  Status ExpectRank(int i, int rank) const;
  Status ExpectSameDType(int i, int j) const;

 private:
  const Node& node_;
  std::span<const ValueInfo> in_;
  std::span<ValueInfo> out_;
  uint64_t needed_ = 0;
};

// Binding: complete shapes are known; choose a kernel and fill in its parameters. Must not allocate except through Params.
class BindContext : public InferContext {
 public:
  // Memory for plain data that lives as long as the binding.
  class Memory {
   public:
    virtual void* Allocate(size_t bytes) = 0;  // zeroed, 16-byte aligned; nullptr when there is none

   protected:
    ~Memory() = default;
  };

  BindContext(const Node& node, std::span<const ValueInfo> in, std::span<ValueInfo> out, Memory& memory, int threads)
      : InferContext(node, in, out), memory_(memory), threads_(threads) {}

  int threads() const { return threads_; }

  // The zeroed parameter struct of the step; plain data, kept with the binding.
  template <typename P>
  Result<P*> Params() {
    static_assert(std::is_trivially_destructible_v<P>);
    WEBINFER_ASSIGN(void* memory, Allocate(sizeof(P)));
    params_ = memory;
    return new (memory) P();
  }
  // Further plain memory of the binding (pointer tables, ...).
  Result<void*> Allocate(size_t bytes);

  void SetKernel(KernelFn function) { kernel_ = function; }
  // Working memory that is only needed while the step runs. 64-byte aligned.
  void SetScratch(uint64_t bytes) { scratch_ = bytes; }
  // Output `out` may be written over input `in` when nobody reads that input later: same bytes, read before written.
  void MayShare(int out, int in) { shared_.push_back({out, in}); }
  // Output `out` is input `in`'s bytes from `offset` on: nothing to run for it. A step whose outputs are all views vanishes.
  void SetView(int out, int in, int64_t offset = 0) { view_ = {out, in, offset}; }

  struct Shared {
    int out, in;
  };
  struct View {
    int out = -1, in = -1;
    int64_t offset = 0;
  };
  KernelFn kernel() const { return kernel_; }
  const void* params() const { return params_; }
  uint64_t scratch() const { return scratch_; }
  std::span<const Shared> shared() const { return {shared_.items, static_cast<size_t>(shared_.size)}; }
  const View& view() const { return view_; }

 private:
  struct SharedList {
    Shared items[4];
    int size = 0;
    void push_back(Shared s) {
      if (size < 4) items[size++] = s;
    }
  };
  Memory& memory_;
  int threads_;
  KernelFn kernel_ = nullptr;
  void* params_ = nullptr;
  uint64_t scratch_ = 0;
  SharedList shared_;
  View view_;
};

// Lowering: replaces a node by others when the model is prepared. Inputs are described by what is known of them then.
class LowerContext : public InferContext {
 public:
  LowerContext(Graph& graph, Node& node, std::span<const ValueInfo> in, std::span<ValueInfo> out)
      : InferContext(node, in, out), graph_(graph), source_(node) {}

  ValueId Input(int i) const {
    return i < static_cast<int>(source_.inputs.size()) ? source_.inputs[static_cast<size_t>(i)] : kNoValue;
  }
  Graph& graph() { return graph_; }
  // Moves a body out of the node that is being replaced.
  std::vector<std::unique_ptr<Graph>>& bodies() { return source_.bodies; }

  // Adds a node with one output and returns that output. `domain` "webinfer" names the internal forms.
  ValueId Add(std::string_view op, std::vector<ValueId> inputs, std::string_view domain = "");
  // Adds a node with `outputs` outputs.
  std::vector<ValueId> AddMany(std::string_view op, std::vector<ValueId> inputs, int outputs, std::string_view domain = "");
  // The node added last, to set its attributes.
  Node& Last() { return *added_.back(); }
  // Constants. Scalar makes a rank-0 tensor of `dtype`.
  Result<ValueId> Scalar(DType dtype, double value);
  Result<ValueId> Ints(std::span<const int64_t> values);
  Result<ValueId> Ints(std::initializer_list<int64_t> values) { return Ints(std::span(values.begin(), values.size())); }
  Result<ValueId> Floats(std::span<const float> values, const Shape& shape);

  // Output i of the replaced node is `value`.
  void Return(int i, ValueId value);

  std::vector<std::unique_ptr<Node>> TakeNodes() { return std::move(added_); }

 private:
  Graph& graph_;
  Node& source_;
  std::vector<std::unique_ptr<Node>> added_;
};

// Preparing weights: after the passes, before the first plan. Turns constant inputs into the one form the kernels read.
class PrepareContext : public InferContext {
 public:
  PrepareContext(Graph& graph, Node& node, std::span<const ValueInfo> in, std::span<ValueInfo> out, uint64_t spare_bytes)
      : InferContext(node, in, out), graph_(graph), target_(node), spare_bytes_(spare_bytes) {}

  Node& target() { return target_; }
  const Tensor* Constant(int i) const { return HasInput(i) ? graph_.Constant(target_.inputs[static_cast<size_t>(i)]) : nullptr; }
  // Keeps prepared data in slot `slot` of the node.
  void Keep(int slot, std::shared_ptr<const Buffer> data);
  // The kernel reads nothing of constant input i any more (its shape and type stay known): memory is freed with its last user.
  void Drop(int i) { dropped_ |= uint64_t{1} << i; }
  uint64_t dropped() const { return dropped_; }
  // Bytes that second copies of weights (Winograd's form) may still take; Spend returns false when that is too much.
  bool Spend(uint64_t bytes);
  uint64_t spare_bytes() const { return spare_bytes_; }

 private:
  Graph& graph_;
  Node& target_;
  uint64_t spare_bytes_;
  uint64_t dropped_ = 0;
};

// How a transpose may be moved through an operator (passes/transpose.cc).
enum class Layout : uint8_t {
  kFixed,        // not at all
  kElementwise,  // inputs and outputs have the same (broadcast) axes
  kAxis,         // attribute "axis" names an axis of the data (input 0, or all inputs of Concat)
  kAxes,         // attribute or constant input "axes" names axes, which are kept (keepdims) or dropped
};

struct OpDef {
  std::string_view name;
  std::string_view domain = "";
  int since = 1;                       // the schema version whose semantics this implements
  int min_inputs = 1, max_inputs = 1;  // max -1: any number
  int min_outputs = 1, max_outputs = 1;
  Status (*infer)(InferContext& ctx) = nullptr;
  Status (*bind)(BindContext& ctx) = nullptr;
  // Sets *done = false to keep the node as it is (when it has a kernel for this case).
  Status (*lower)(LowerContext& ctx, bool* done) = nullptr;
  Status (*prepare)(PrepareContext& ctx) = nullptr;
  void (*expression)(const Node& node, ops::ScalarBuilder& builder) = nullptr;
  Layout layout = Layout::kFixed;
  bool deterministic = true;  // false: random, never folded
  bool shape_only = false;    // the result follows from the inputs' types and shapes (Shape, Size): computed when they are known
};

// `status`; if it failed, with the operator and the node in the error record unless a deeper one is there already.
Status AtNode(const Node& node, Status status);

// The definition, or nullptr.
const OpDef* FindOp(std::string_view domain, std::string_view name);
// All of them, sorted by domain and name.
std::span<const OpDef> AllOps();

}  // namespace webinfer

// Defines the operator `Id` (its name, or Domain_Name outside ai.onnx); the registry is generated from these lines.
#define WEBINFER_OP(Id) ::webinfer::OpDef WebinferOp_##Id()
