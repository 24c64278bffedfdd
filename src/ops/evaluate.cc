#include "ops/evaluate.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace webinfer {

namespace {

constexpr size_t kBlock = 16 << 10;

class NoBodies final : public BodyRunner {
 public:
  Status RunBody(const Node& node, int, std::span<const Operand>, std::span<const Operand>*) override {
    return Error(Code::kUnsupported, "A node with bodies cannot be evaluated on its own").Op("%s", node.op.c_str());
  }
};

}  // namespace

void* BlockMemory::Allocate(size_t bytes) {
  const size_t rounded = (bytes + 15) / 16 * 16;
  while (block_ < blocks_.size() && blocks_[block_].size() - used_ < rounded) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    Buffer block;
    if (!block.Allocate(rounded > kBlock ? rounded : kBlock, "a plan").ok()) return nullptr;
    blocks_.push_back(std::move(block));
    used_ = 0;
  }
  uint8_t* memory = blocks_[block_].data() + used_;
  used_ += rounded;
  std::memset(memory, 0, rounded);
  return memory;
}

void BlockMemory::Reset() { block_ = used_ = 0; }

ValueInfo InfoOf(const Operand& operand) {
  ValueInfo info;
  info.kind = operand.kind;
  info.present = operand.present;
  info.dtype = operand.dtype;
  info.shape = operand.kind == ValueKind::kTensor ? operand.shape : Shape::UnknownRank();
  info.known = operand.kind == ValueKind::kTensor ? operand.data : nullptr;
  // No elements are known elements, wherever they are.
  static const uint64_t kNothing = 0;
  if (info.known == nullptr && operand.kind == ValueKind::kTensor && operand.shape.known() && operand.elements() == 0) {
    info.known = &kNothing;
  }
  return info;
}

Status ExpectKinds(const Node& node, std::span<const ValueInfo> in) {
  size_t count = in.size();
  if (!node.bodies.empty()) {  // what goes to a body may be anything; trip counts, conditions and what is scanned may not
    const size_t formal = node.formal_inputs < 0 ? count : static_cast<size_t>(node.formal_inputs);
    count = std::min(count, node.op == "If" ? 1 : node.op == "Loop" ? 2 : node.op == "Scan" ? formal : 0);
  }
  for (size_t i = 0; i < count; ++i) {
    if (!in[i].present || in[i].kind == ValueKind::kTensor) continue;
    const std::string_view op = node.op;
    const bool any = node.domain.empty() ? op.starts_with("Sequence") || op.starts_with("Optional") || op == "Identity" ||
                                               op == "ConcatFromSequence"
                                         : node.domain == "ai.onnx.ml" && (op == "CastMap" || op == "DictVectorizer");
    if (any) return OkStatus();
    return Error(Code::kTypeMismatch, "Input %zu is a %s", i, ValueKindName(in[i].kind)).Expected("a tensor");
  }
  return OkStatus();
}

bool AllEmpty(std::span<const ValueInfo> outputs) {
  for (const ValueInfo& out : outputs) {
    if (!out.present) continue;
    if (out.kind != ValueKind::kTensor || !out.shape.known() || out.shape.Elements() != 0) return false;
  }
  return true;
}

Operand OperandOf(const TensorView& tensor) {
  Operand operand;
  operand.dtype = tensor.dtype;
  operand.present = true;
  operand.shape = tensor.shape;
  operand.data = tensor.data;
  return operand;
}

Operand OperandOf(const RuntimeValue& value) {
  if (value.kind == ValueKind::kTensor && value.present) return OperandOf(value.tensor.view());
  Operand operand;
  operand.kind = value.kind;
  operand.dtype = value.tensor.dtype;
  operand.present = true;
  operand.value = const_cast<RuntimeValue*>(&value);
  return operand;
}

Status BindAndRun(const Node& node, std::span<const ValueInfo> in, std::span<ValueInfo> out, BindContext::Memory& memory,
                  Buffer& scratch, RunContext& run, Step& step) {
  BindContext context(node, in, out, memory, run.pool().size());
  WEBINFER_TRY(node.def->bind(context));
  if (const BindContext::View& view = context.view(); view.out >= 0) {
    const Operand& to = step.out[view.out];
    if (to.present && to.bytes() > 0) {
      std::memcpy(to.data, static_cast<const uint8_t*>(step.in[view.in].data) + view.offset, to.bytes());
    }
  }
  if (context.kernel() == nullptr || AllEmpty(out)) return OkStatus();
  WEBINFER_TRY(scratch.Reserve(context.scratch(), "working memory"));
  step.node = &node;
  step.kernel = context.kernel();
  step.params = context.params();
  step.scratch = scratch.data();
  return step.kernel(step, run);
}

namespace {

// Infers with complete inputs. An output whose shape stays unknown although everything is known is one that the kernel sizes;
// but not if its shape is read from an input that cannot be read as that (of a wrong type, too long).
Status InferComplete(const Node& node, std::span<ValueInfo> in, std::span<ValueInfo> out, const Step& step) {
  WEBINFER_TRY(ExpectKinds(node, in));
  const auto infer = [&](uint64_t* needed) -> Status {
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = ValueInfo();
      out[i].present = step.out[i].present;
    }
    InferContext context(node, in, out);
    WEBINFER_TRY(node.def->infer(context));
    *needed = context.needed();
    return OkStatus();
  };
  const auto unreadable = [](const ValueInfo& info) {
    const bool integer = info.dtype == DType::kInt64 || info.dtype == DType::kInt32;
    return info.kind == ValueKind::kTensor && (!integer || !info.shape.known() || info.shape.Elements() > IntList::kMost);
  };
  uint64_t needed = 0;
  WEBINFER_TRY(infer(&needed));
  bool open = false;
  for (const ValueInfo& info : out) open |= info.present && info.kind == ValueKind::kTensor && !info.shape.known();
  if (needed == 0 && open) {
    for (ValueInfo& info : in) {
      if (unreadable(info)) info.known = nullptr;
    }
    WEBINFER_TRY(infer(&needed));
  }
  if (needed == 0) {
    for (size_t i = 0; i < in.size(); ++i) in[i] = InfoOf(step.in[i]);
    return open ? infer(&needed) : OkStatus();
  }
  const int i = std::countr_zero(needed);
  return Error(Code::kTypeMismatch, "Input %d cannot say what the shape of a result is", i)
      .Expected("at most %d int64 numbers", IntList::kMost)
      .Actual("%s%s", DTypeName(in[static_cast<size_t>(i)].dtype), ShapeText(in[static_cast<size_t>(i)].shape).text);
}

}  // namespace

Status InferBindAndRun(const Node& node, BindContext::Memory& memory, Buffer& scratch, RunContext& run, Step& step) {
  const size_t inputs = step.input_count, outputs = step.output_count;
  auto* infos = static_cast<ValueInfo*>(memory.Allocate((inputs + outputs) * sizeof(ValueInfo)));
  if (infos == nullptr) return OutOfMemory((inputs + outputs) * sizeof(ValueInfo), "a plan");
  const std::span<ValueInfo> in(infos, inputs), out(infos + inputs, outputs);
  for (size_t i = 0; i < inputs; ++i) in[i] = InfoOf(step.in[i]);
  WEBINFER_TRY(InferComplete(node, in, out, step));
  for (size_t i = 0; i < outputs; ++i) {
    Operand& operand = step.out[i];
    if (!operand.present) continue;
    operand.kind = out[i].kind;
    operand.dtype = out[i].dtype;
    operand.shape = out[i].shape;
    operand.data = nullptr;
    if (out[i].kind != ValueKind::kTensor || !out[i].shape.known()) continue;
    WEBINFER_TRY(operand.value->Resize(out[i].dtype, out[i].shape));
    operand.data = operand.value->tensor.buffer.data();
  }
  return BindAndRun(node, in, out, memory, scratch, run, step);
}

Result<std::vector<RuntimeValue>> EvaluateNode(const Node& node, std::span<const Operand> inputs, StringPool& strings,
                                               ThreadPool& pool) {
  NoBodies bodies;
  RunContext run(pool, strings, bodies);
  BlockMemory memory;
  Buffer scratch;
  std::vector<RuntimeValue> results(node.outputs.size());
  std::vector<Operand> in(inputs.begin(), inputs.end()), out(results.size());
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].present = node.HasOutput(i);
    out[i].value = &results[i];
  }
  Step step;
  step.in = in.data();
  step.out = out.data();
  step.input_count = static_cast<uint16_t>(in.size());
  step.output_count = static_cast<uint16_t>(out.size());
  WEBINFER_TRY(InferBindAndRun(node, memory, scratch, run, step));
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i].present && out[i].kind == ValueKind::kTensor && out[i].value != nullptr) results[i].kind = ValueKind::kTensor;
  }
  return results;
}

}  // namespace webinfer
