#include "plan/plan.h"

namespace webinfer {

namespace {

// Results of shape arithmetic up to this size are computed while binding; larger ones are steps like any other.
constexpr uint64_t kMostKnownBytes = 64 << 10;

}  // namespace

// One Bind call.
class Binder {
 public:
  Binder(Plan& plan, std::span<const BindingInput> inputs, uint64_t wanted, RunContext& run, Binding& binding)
      : plan_(plan), graph_(plan.graph_), inputs_(inputs), wanted_(wanted), run_(run), binding_(binding) {}

  Status Bind() {
    Reset();
    SetInputs();
    SetConstants();
    MarkNeeded();
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (!plan_.needed_[i]) continue;
      const Node& node = *graph_.nodes[i];
      WEBINFER_TRY(AtNode(node, BindNode(node)));
    }
    WEBINFER_TRY(SetOutputs());
    binding_.arena_bytes = plan_.arena_.size();
    return OkStatus();
  }

 private:
  using ValueState = Plan::ValueState;
  using Place = ValueState::Place;

  ValueState& State(ValueId id) { return plan_.values_[static_cast<size_t>(id)]; }

  void Reset() {
    binding_.inputs.assign(inputs_.begin(), inputs_.end());
    binding_.wanted_outputs = wanted_;
    binding_.steps.Clear();
    binding_.arena_patches.Clear();
    binding_.input_patches.Clear();
    binding_.memory.Reset();
    binding_.dynamics_used = 0;
    binding_.arena = nullptr;
    binding_.arena_bytes = 0;
    plan_.values_.assign(graph_.values.size(), ValueState());
    plan_.needed_.assign(graph_.nodes.size(), false);
    plan_.viewed_inputs_.assign(inputs_.size(), false);
    plan_.storages_.Clear();
    plan_.arena_.Reset();
  }

  void SetInputs() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      ValueState& state = State(graph_.inputs[i]);
      state.info.present = true;
      state.info.kind = inputs_[i].kind;
      state.info.dtype = inputs_[i].dtype;
      state.info.shape = inputs_[i].kind == ValueKind::kTensor ? inputs_[i].shape : Shape::UnknownRank();
      state.place = Place::kInput;
      state.storage = static_cast<int32_t>(i);
    }
  }

  void SetConstants() {
    for (size_t id = 0; id < graph_.values.size(); ++id) {
      const Value& value = graph_.values[id];
      ValueState& state = plan_.values_[id];
      if (state.place == Place::kInput || value.type.kind != ValueKind::kTensor || !value.type.shape.known()) continue;
      // Without elements: a weight that lives on in packed form only, or a value that a node is yet to make.
      const Tensor* constant = value.constant.get();
      state.info.present = true;
      state.info.dtype = value.type.dtype;
      state.info.shape = value.type.shape;
      state.info.known = state.fixed = constant != nullptr ? constant->buffer.data() : nullptr;
      state.place = Place::kFixed;
    }
  }

  // Backwards from the wanted outputs: which nodes must run, and how often each value is read.
  void MarkNeeded() {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      if (i >= 64 || (wanted_ >> i & 1) != 0) ++State(graph_.outputs[i]).uses;
    }
    for (size_t i = graph_.nodes.size(); i-- > 0;) {
      const Node& node = *graph_.nodes[i];
      bool needed = false;
      for (ValueId id : node.outputs) needed |= id != kNoValue && State(id).uses > 0;
      if (!needed) continue;
      plan_.needed_[i] = true;
      for (size_t k = 0; k < node.outputs.size() && static_cast<int>(k) < node.def->min_outputs; ++k) {
        if (node.HasOutput(k) && State(node.outputs[k]).uses == 0) ++State(node.outputs[k]).uses;  // kernels write these unasked
      }
      for (ValueId id : node.inputs) {
        if (id != kNoValue) ++State(id).uses;
      }
    }
  }

  template <typename T>
  Result<T*> New(size_t count) {
    return New<T>(count, binding_.memory);
  }
  template <typename T>
  Result<T*> New(size_t count, BlockMemory& blocks) {
    void* memory = blocks.Allocate(count * sizeof(T));
    if (memory == nullptr) return OutOfMemory(count * sizeof(T), "a plan");
    T* items = static_cast<T*>(memory);
    for (size_t i = 0; i < count; ++i) new (items + i) T();
    return items;
  }

  Result<RuntimeValue*> NewDynamic() {
    if (binding_.dynamics_used == binding_.dynamics.size()) binding_.dynamics.push_back(std::make_unique<RuntimeValue>());
    return binding_.dynamics[binding_.dynamics_used++].get();
  }

  bool IsDynamicTensor(ValueId id) {
    return id != kNoValue && State(id).place == Place::kDynamic && State(id).info.kind == ValueKind::kTensor;
  }

  Status BindNode(const Node& node) {
    const size_t inputs = node.inputs.size(), outputs = node.outputs.size();
    plan_.node_memory_.Reset();
    WEBINFER_ASSIGN(ValueInfo * infos, New<ValueInfo>(inputs + outputs, plan_.node_memory_));
    const std::span<ValueInfo> in(infos, inputs), out(infos + inputs, outputs);
    bool deferred = false, all_known = !node.inputs.empty() && node.bodies.empty();
    for (size_t i = 0; i < inputs; ++i) {
      if (node.inputs[i] == kNoValue) continue;
      in[i] = State(node.inputs[i]).info;
      deferred |= IsDynamicTensor(node.inputs[i]);
      all_known &= node.def->shape_only || in[i].known != nullptr;
    }
    for (size_t i = 0; i < outputs; ++i) out[i].present = node.HasOutput(i) && State(node.outputs[i]).uses > 0;

    WEBINFER_ASSIGN(Operand * operands, New<Operand>(inputs + outputs));
    Step step;
    step.node = &node;
    step.in = operands;
    step.out = operands + inputs;
    step.input_count = static_cast<uint16_t>(inputs);
    step.output_count = static_cast<uint16_t>(outputs);

    if (!deferred) {
      WEBINFER_TRY(ExpectKinds(node, in));
      InferContext context(node, in, out);
      WEBINFER_TRY(node.def->infer(context));
      deferred = context.needed() != 0;
    }
    if (deferred) return Defer(node, step);
    if (all_known && node.def->deterministic && KnownBytes(out) <= kMostKnownBytes) return Compute(node, in, out, step);
    return Schedule(node, in, out, step);
  }

  static uint64_t KnownBytes(std::span<const ValueInfo> out) {
    uint64_t bytes = 0;
    for (const ValueInfo& info : out) {
      if (!info.present) continue;
      if (!info.shape_known() || info.kind != ValueKind::kTensor || info.dtype == DType::kString) return UINT64_MAX;
      bytes += BytesOf(info.dtype, static_cast<uint64_t>(info.shape.Elements()));
    }
    return bytes;
  }

  // All elements are known: no step, a result that the binding keeps.
  Status Compute(const Node& node, std::span<ValueInfo> in, std::span<ValueInfo> out, Step& step) {
    for (size_t i = 0; i < in.size(); ++i) {
      step.in[i] = OperandOf(TensorView{in[i].dtype, in[i].shape, const_cast<void*>(in[i].known)});
      step.in[i].present = in[i].present;
    }
    for (size_t i = 0; i < out.size(); ++i) {
      if (!out[i].present) continue;
      step.out[i] = OperandOf(TensorView{out[i].dtype, out[i].shape, nullptr});
      WEBINFER_ASSIGN(uint8_t * data, New<uint8_t>(step.out[i].bytes() + kReadSlack));
      step.out[i].data = data;
    }
    WEBINFER_TRY(BindAndRun(node, in, out, binding_.memory, plan_.scratch_, run_, step));
    for (size_t i = 0; i < out.size(); ++i) {
      if (!out[i].present) continue;
      ValueState& state = State(node.outputs[i]);
      state.info = out[i];
      state.info.known = step.out[i].data;
      state.place = Place::kFixed;
      state.fixed = step.out[i].data;
    }
    return Release(node);
  }

  // Shapes of the inputs are only known in the run.
  Status Defer(const Node& node, Step& step) {
    WEBINFER_ASSIGN(const Operand** sources, New<const Operand*>(step.input_count));
    for (int i = 0; i < step.input_count; ++i) {
      WEBINFER_TRY(SetInputOperand(node.inputs[static_cast<size_t>(i)], step.in[i]));
      if (IsDynamicTensor(node.inputs[static_cast<size_t>(i)])) sources[i] = State(node.inputs[static_cast<size_t>(i)]).source;
    }
    for (int i = 0; i < step.output_count; ++i) {
      const size_t k = static_cast<size_t>(i);
      if (!node.HasOutput(k) || State(node.outputs[k]).uses == 0) continue;
      WEBINFER_TRY(SetDynamicOutput(node.outputs[k], ValueInfo(), step.out[i]));
    }
    WEBINFER_TRY(binding_.steps.Append({step, true, sources}));
    return Release(node);
  }

  Status Schedule(const Node& node, std::span<ValueInfo> in, std::span<ValueInfo> out, Step& step) {
    BindContext context(node, in, out, binding_.memory, run_.pool().size());
    WEBINFER_TRY(node.def->bind(context));
    step.kernel = context.kernel();
    step.params = context.params();
    for (int i = 0; i < step.input_count; ++i) WEBINFER_TRY(SetInputOperand(node.inputs[static_cast<size_t>(i)], step.in[i]));
    bool all_views = true;
    for (int i = 0; i < step.output_count; ++i) {
      ValueInfo& info = out[static_cast<size_t>(i)];
      if (!info.present) continue;
      const ValueId id = node.outputs[static_cast<size_t>(i)];
      State(id).info = info;
      State(id).info.known = State(id).fixed = nullptr;
      if (info.kind != ValueKind::kTensor || !info.shape.known()) {
        WEBINFER_TRY(SetDynamicOutput(id, info, step.out[i]));
        all_views = false;
      } else if (context.view().out == i &&
                 TakeView(id, node.inputs[static_cast<size_t>(context.view().in)], context.view().offset)) {
        WEBINFER_TRY(SetInputOperand(id, step.out[i]));
      } else {
        if (!TakeShared(node, context, i, id)) WEBINFER_TRY(TakeNew(id));
        WEBINFER_TRY(SetInputOperand(id, step.out[i]));
        all_views = false;
      }
    }
    PlannedStep planned{step};
    if (context.scratch() > 0) {
      WEBINFER_ASSIGN(planned.scratch_offset, plan_.arena_.Take(context.scratch()));
      WEBINFER_TRY(plan_.arena_.GiveBack(planned.scratch_offset, context.scratch()));
    }
    if (step.kernel != nullptr && !all_views && !AllEmpty(out)) WEBINFER_TRY(binding_.steps.Append(planned));
    return Release(node);
  }

  // Fills in how a step sees a value that exists by now.
  Status SetInputOperand(ValueId id, Operand& operand) {
    if (id == kNoValue) return OkStatus();
    const ValueState& state = State(id);
    if (state.place == Place::kDynamic) {
      operand = *state.source;
      return OkStatus();
    }
    operand.kind = state.info.kind;
    operand.present = state.info.present;
    operand.dtype = state.info.dtype;
    operand.shape = state.info.shape;
    switch (state.place) {
      case Place::kFixed: operand.data = const_cast<void*>(state.fixed); return OkStatus();
      case Place::kArena: return binding_.arena_patches.Append({DataOf(operand), state.offset, -1});
      case Place::kInput: return binding_.input_patches.Append({BaseOf(operand), state.offset, state.storage});
      default: return Error(Code::kInternal, "A value is read before it is made");
    }
  }

  static uint8_t** DataOf(Operand& operand) { return reinterpret_cast<uint8_t**>(&operand.data); }
  static uint8_t** BaseOf(Operand& operand) {
    return operand.kind == ValueKind::kTensor ? DataOf(operand) : reinterpret_cast<uint8_t**>(&operand.value);
  }

  Status SetDynamicOutput(ValueId id, const ValueInfo& info, Operand& operand) {
    WEBINFER_ASSIGN(operand.value, NewDynamic());
    operand.kind = info.kind;
    operand.present = true;
    operand.dtype = info.dtype;
    operand.shape = info.shape;
    ValueState& state = State(id);
    state.info = info;
    state.info.present = true;
    state.info.known = nullptr;
    state.place = Place::kDynamic;
    state.source = &operand;
    return OkStatus();
  }

  // Makes `id` a part of `from`'s bytes.
  bool TakeView(ValueId id, ValueId from, int64_t offset) {
    const ValueState& source = State(from);
    ValueState& state = State(id);
    if (source.place == Place::kDynamic) return false;
    state.place = source.place;
    state.storage = source.storage;
    state.offset = source.offset + static_cast<uint64_t>(offset);
    if (source.fixed != nullptr) state.fixed = static_cast<const uint8_t*>(source.fixed) + offset;
    if (state.place == Place::kArena) ++plan_.storages_[static_cast<size_t>(state.storage)].values;
    if (state.place == Place::kInput) plan_.viewed_inputs_[static_cast<size_t>(state.storage)] = true;
    return true;
  }

  // Writes output `id` over an input that nobody reads after this node.
  bool TakeShared(const Node& node, const BindContext& context, int output, ValueId id) {
    for (const BindContext::Shared& shared : context.shared()) {
      if (shared.out != output) continue;
      const ValueId from = node.inputs[static_cast<size_t>(shared.in)];
      if (from == kNoValue) continue;
      const ValueState& source = State(from);
      int32_t reads = 0;
      for (ValueId input : node.inputs) reads += input == from;
      if (MayBeOverwritten(source, id) && source.uses == reads && BytesOfValue(id) == BytesOfValue(from)) {
        State(id).place = Place::kInput;
        State(id).storage = source.storage;
        return true;
      }
      if (source.place != Place::kArena) continue;
      Plan::Storage& storage = plan_.storages_[static_cast<size_t>(source.storage)];
      if (source.uses != reads || storage.values != 1 || BytesOfValue(id) != BytesOfValue(from)) continue;
      ValueState& state = State(id);
      state.place = Place::kArena;
      state.storage = source.storage;
      state.offset = source.offset;
      ++storage.values;
      return true;
    }
    return false;
  }

  // An input of the graph that `output` may be written over, and of which there are no views that might be read later.
  bool MayBeOverwritten(const ValueState& state, ValueId output) const {
    if (state.place != Place::kInput || state.offset != 0) return false;
    const auto input = static_cast<size_t>(state.storage);
    const int32_t wanted = inputs_[input].output;
    return wanted >= 0 && graph_.outputs[static_cast<size_t>(wanted)] == output && !plan_.viewed_inputs_[input];
  }

  uint64_t BytesOfValue(ValueId id) {
    const ValueInfo& info = State(id).info;
    return BytesOf(info.dtype, static_cast<uint64_t>(info.shape.Elements()));
  }

  Status TakeNew(ValueId id) {
    const uint64_t bytes = BytesOfValue(id);
    WEBINFER_ASSIGN(const uint64_t offset, plan_.arena_.Take(bytes));
    ValueState& state = State(id);
    state.place = Place::kArena;
    state.storage = static_cast<int32_t>(plan_.storages_.size());
    state.offset = offset;
    return plan_.storages_.Append({offset, bytes, 1});
  }

  // The node's inputs have been read once more; storage that nobody reads any more is free.
  Status Release(const Node& node) {
    for (ValueId id : node.inputs) {
      if (id == kNoValue || --State(id).uses > 0) continue;
      WEBINFER_TRY(ReleaseStorage(State(id)));
    }
    return OkStatus();
  }

  Status ReleaseStorage(const ValueState& state) {
    if (state.place != Place::kArena) return OkStatus();
    Plan::Storage& storage = plan_.storages_[static_cast<size_t>(state.storage)];
    return --storage.values > 0 ? OkStatus() : plan_.arena_.GiveBack(storage.offset, storage.bytes);
  }

  Status SetOutputs() {
    const size_t count = graph_.outputs.size();
    WEBINFER_ASSIGN(binding_.outputs, New<Operand>(count));
    WEBINFER_ASSIGN(binding_.output_sources, New<const Operand*>(count));
    for (size_t i = 0; i < count; ++i) {
      if (i < 64 && (wanted_ >> i & 1) == 0) continue;
      WEBINFER_TRY(SetInputOperand(graph_.outputs[i], binding_.outputs[i]));
      if (State(graph_.outputs[i]).place == Place::kDynamic) binding_.output_sources[i] = State(graph_.outputs[i]).source;
    }
    return OkStatus();
  }

  Plan& plan_;
  const Graph& graph_;
  std::span<const BindingInput> inputs_;
  uint64_t wanted_;
  RunContext& run_;
  Binding& binding_;
};

Result<std::unique_ptr<Plan>> Plan::Create(const Graph& graph) {
  for (const auto& node : graph.nodes) {
    if (node->inputs.size() > UINT16_MAX || node->outputs.size() > UINT16_MAX) {
      return Error(Code::kUnsupported, "A node has too many operands").Op("%s", node->op.c_str()).Node("%s", node->name.c_str());
    }
    if (node->def == nullptr || node->def->infer == nullptr || node->def->bind == nullptr) {
      return Error(Code::kInternal, "An operator has no kernel").Op("%s", node->op.c_str()).Node("%s", node->name.c_str());
    }
  }
  return std::unique_ptr<Plan>(new Plan(graph));
}

Status Plan::Bind(std::span<const BindingInput> inputs, uint64_t wanted_outputs, RunContext& run, Binding& binding) {
  return Binder(*this, inputs, wanted_outputs, run, binding).Bind();
}

}  // namespace webinfer
