// One step of a plan, as the kernel that carries it out sees it.
//
// A step is plain data: what operator, which operands where, which parameters. Nothing in it is specific to the CPU except
// `kernel`, the CPU's way to carry it out; another backend reads `node->def` and `params` and ignores it.
#pragma once

#include <cstdint>

#include "base/thread_pool.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

namespace webinfer {

// One tensor (or sequence, or optional) as one step reads or writes it.
struct Operand {
  ValueKind kind = ValueKind::kTensor;
  DType dtype = DType::kUndefined;
  bool present = false;           // false: an optional input or output that is left out
  Shape shape;                    // of a dynamic output: as far as it was known when the step was made
  void* data = nullptr;           // elements; nullptr for dynamic outputs until Resize
  RuntimeValue* value = nullptr;  // dynamic tensors, sequences and optionals live here

  template <typename T>
  T* As() const {
    return static_cast<T*>(data);
  }
  int64_t elements() const { return shape.Elements(); }
  uint64_t bytes() const { return BytesOf(dtype, static_cast<uint64_t>(shape.Elements())); }
  TensorView view() const { return {dtype, shape, data}; }
};

struct Step;
class RunContext;
using KernelFn = Status (*)(const Step& step, RunContext& run);

struct Step {
  KernelFn kernel = nullptr;
  const Node* node = nullptr;
  const void* params = nullptr;  // the operator's own plain struct
  Operand* in = nullptr;
  Operand* out = nullptr;
  uint16_t input_count = 0, output_count = 0;
  uint8_t* scratch = nullptr;

  template <typename T>
  const T& Params() const {
    return *static_cast<const T*>(params);
  }
  bool HasInput(int i) const { return i < input_count && in[i].present; }
  bool HasOutput(int i) const { return i < output_count && out[i].present; }
};

// Runs the bodies of a control-flow node; the executor implements it.
class BodyRunner {
 public:
  // Runs body `body` of `node` on `inputs` (formal ones, then captured ones). The outputs stay valid until the same body
  // runs again or the run ends.
  virtual Status RunBody(const Node& node, int body, std::span<const Operand> inputs, std::span<const Operand>* outputs) = 0;

 protected:
  ~BodyRunner() = default;
};

// What a kernel may use of the world while it runs.
class RunContext {
 public:
  RunContext(ThreadPool& pool, StringPool& strings, BodyRunner& bodies) : pool_(pool), strings_(strings), bodies_(bodies) {}

  ThreadPool& pool() { return pool_; }
  StringPool& strings() { return strings_; }  // for string elements made in this run
  BodyRunner& bodies() { return bodies_; }

  // Gives a dynamic output its shape and memory; `out` must be an output whose shape inference left unknown.
  Status Resize(Operand& out, DType dtype, const Shape& shape);

 private:
  ThreadPool& pool_;
  StringPool& strings_;
  BodyRunner& bodies_;
};

}  // namespace webinfer
