#include "kernels/elementwise.h"

#include <algorithm>
#include <cstring>

#include "kernels/elements.h"
#include "kernels/simd.h"

namespace webinfer::kernels {

namespace {

constexpr int64_t kLongRun = 128;           // from here on a run is worth its own pass
constexpr int64_t kBlockElements = 512;     // of a block that is read or written through a conversion
constexpr int64_t kUnitElements = 8192;     // what threads take at a time
constexpr int64_t kParallelWork = 1 << 16;  // elements times values below which one thread does it all

constexpr size_t Align16(size_t bytes) { return (bytes + 15) & ~size_t{15}; }
constexpr size_t BlockBytes(int64_t elements, int bytes) {
  return static_cast<size_t>((elements + kSimdBlock - 1) / kSimdBlock * kSimdBlock) * static_cast<size_t>(bytes);
}

// Hands out parts of one piece of memory.
class Carver {
 public:
  explicit Carver(void* memory) : next_(static_cast<uint8_t*>(memory)) {}
  template <typename T>
  T* Take(size_t count) {
    T* part = reinterpret_cast<T*>(next_);
    next_ += Align16(count * sizeof(T));
    return part;
  }

 private:
  uint8_t* next_;
};

// Strides of an operand along the result's axes, 0 where it is broadcast.
void BroadcastStrides(std::span<const int64_t> dims, std::span<const int64_t> operand, int64_t* strides) {
  const size_t lead = dims.size() - operand.size();
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    const int64_t size = i >= lead ? operand[i - lead] : 1;
    strides[i] = size == 1 ? 0 : stride;
    stride *= size;
  }
}

// Leaves out axes of size 1 and joins neighbours that every operand walks as one.
void MergeAxes(std::span<const int64_t> dims, ElementwisePlan* plan) {
  int rank = 0;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (dims[axis] == 1) continue;
    bool joins = rank > 0;
    for (int k = 0; k < plan->input_count && joins; ++k) {
      const int64_t* s = plan->inputs[k].strides;
      joins = s[rank - 1] == s[axis] * dims[axis];
    }
    if (joins) {
      plan->dims[rank - 1] *= dims[axis];
    } else {
      plan->dims[rank++] = dims[axis];
    }
    for (int k = 0; k < plan->input_count; ++k) plan->inputs[k].strides[rank - 1] = plan->inputs[k].strides[axis];
  }
  plan->rank = static_cast<uint8_t>(rank);
}

void DescribeOperand(ElementwisePlan* plan, ElementwiseOperand* in) {
  const int rank = plan->rank;
  int64_t stride = 1;
  in->contiguous = true;
  bool moves = false;
  for (int i = rank - 1; i >= 0; --i) {
    in->contiguous &= in->strides[i] == stride;
    if (i < rank - 1) moves |= in->strides[i] != 0;
    stride *= plan->dims[i];
  }
  const int64_t inner = rank == 0 ? 0 : in->strides[rank - 1];
  if (plan->walk == ElementwisePlan::Walk::kRows) {
    in->repeats = !moves && inner != 0;
    in->scalar = !moves && inner == 0;
  } else {
    in->repeats = false;
    in->scalar = inner == 0;
  }
}

// Whether blocks of `dtype` can be used where they lie.
bool IsPlain(DType dtype, bool simd) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kInt32: return true;
    case DType::kFloat64:
    case DType::kInt64:
    case DType::kUint64: return !simd;
    default: return false;
  }
}

int ElementBytes(const ElementwisePlan& plan, ScalarType type) { return plan.simd ? 4 : ScalarTypeBytes(type); }

void ChooseChunk(ElementwisePlan* plan) {
  const int64_t inner = plan->rank == 0 ? 1 : plan->dims[plan->rank - 1];
  if (plan->walk == ElementwisePlan::Walk::kRows) {
    int64_t rows = std::max<int64_t>(1, kBlockElements / std::max<int64_t>(1, inner));
    if (DTypeBits(plan->output) < 8) rows = (rows + 7) / 8 * 8;  // whole bytes
    plan->chunk = rows * inner;
    return;
  }
  bool in_place = plan->simd && plan->direct_output;
  for (int k = 0; k < plan->input_count; ++k) in_place &= plan->inputs[k].direct || plan->inputs[k].scalar;
  plan->chunk = std::min(inner, in_place ? kUnitElements : kBlockElements);
}

uint64_t ThreadScratch(const ElementwisePlan& plan) {
  uint64_t bytes = 0;
  const auto add = [&](size_t more) { bytes += Align16(more); };
  for (int k = 0; k < plan.input_count; ++k) {
    const ElementwiseOperand& in = plan.inputs[k];
    if (in.scalar) {
      add(kSimdBlockBytes);
    } else if (!in.direct) {
      add(BlockBytes(plan.chunk, plan.simd ? 4 : 8));
    }
  }
  if (!plan.direct_output) add(BlockBytes(plan.chunk, plan.simd ? 4 : 8));
  if (plan.simd) {
    add(static_cast<size_t>(plan.simd_slots + plan.input_count + 1) * kSimdBlockBytes);
  } else {
    for (int v = 0; v < plan.value_count; ++v) add(BlockBytes(plan.chunk, ScalarTypeBytes(plan.values[v].type)));
  }
  return (bytes + 63) & ~uint64_t{63};
}

// A bool is a mask of 32 bits in the SIMD interpreter and a byte elsewhere.
void BytesToMasks(const uint8_t* in, int64_t count, int32_t* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = -static_cast<int32_t>(in[i] != 0);
}

void FillConstant(ScalarType type, const ScalarConstant& constant, bool simd, void* out) {
  const int count = simd ? kSimdBlock : 1;
  for (int i = 0; i < count; ++i) {
    switch (type) {
      case ScalarType::kFloat32: static_cast<float*>(out)[i] = static_cast<float>(constant.real); break;
      case ScalarType::kFloat64: static_cast<double*>(out)[i] = constant.real; break;
      case ScalarType::kInt32: static_cast<int32_t*>(out)[i] = static_cast<int32_t>(constant.integer); break;
      case ScalarType::kInt64: static_cast<int64_t*>(out)[i] = constant.integer; break;
      case ScalarType::kUint64: static_cast<uint64_t*>(out)[i] = static_cast<uint64_t>(constant.integer); break;
      case ScalarType::kBool:
        if (simd) {
          static_cast<int32_t*>(out)[i] = constant.integer != 0 ? -1 : 0;
        } else {
          static_cast<uint8_t*>(out)[i] = constant.integer != 0;
        }
    }
  }
}

}  // namespace

size_t ElementwisePlanBytes(const ScalarProgram& program) {
  const auto values = static_cast<size_t>(program.size);
  return Align16(sizeof(ElementwisePlan)) + Align16(program.input_count * sizeof(ElementwiseOperand)) +
         Align16((6 * values + 2) * sizeof(SimdInstruction)) + Align16(values * sizeof(ScalarInstruction)) +
         Align16(values * sizeof(BlockFunction)) + program.constant_count * size_t{kSimdBlockBytes};
}

const ElementwisePlan* MakeElementwisePlan(void* memory, const ScalarProgram& program, std::span<const int64_t> dims,
                                           std::span<const std::span<const int64_t>> input_dims) {
  Carver carver(memory);
  auto* plan = new (carver.Take<ElementwisePlan>(1)) ElementwisePlan();
  plan->input_count = program.input_count;
  plan->value_count = program.size;
  plan->constant_count = program.constant_count;
  plan->result = program.result;
  plan->output = program.output;
  plan->saturate = program.saturate;
  plan->inputs = carver.Take<ElementwiseOperand>(program.input_count);
  plan->count = 1;
  for (int64_t dim : dims) plan->count *= dim;
  for (int k = 0; k < program.input_count; ++k) {
    new (&plan->inputs[k]) ElementwiseOperand{};
    plan->inputs[k].dtype = program.inputs[k];
    BroadcastStrides(dims, input_dims[static_cast<size_t>(k)], plan->inputs[k].strides);
  }
  MergeAxes(dims, plan);
  const bool packed = DTypeBits(program.output) < 8;  // runs would share bytes
  if (plan->rank <= 1) {
    plan->walk = ElementwisePlan::Walk::kFlat;
  } else {
    const bool long_runs = plan->dims[plan->rank - 1] >= kLongRun && !packed;
    plan->walk = long_runs ? ElementwisePlan::Walk::kRuns : ElementwisePlan::Walk::kRows;
  }
  bool scalars[ScalarProgram::kMostInputs] = {};
  for (int k = 0; k < program.input_count; ++k) {
    DescribeOperand(plan, &plan->inputs[k]);
    scalars[k] = plan->inputs[k].scalar;
  }
  SimdProgram simd;
  plan->simd = CompileSimd(program, scalars, &simd);
  if (plan->simd) {
    auto* code = carver.Take<SimdInstruction>(static_cast<size_t>(simd.size));
    std::memcpy(code, simd.code, static_cast<size_t>(simd.size) * sizeof(SimdInstruction));
    plan->simd_code = code;
    plan->simd_slots = static_cast<uint8_t>(simd.slots);
  }
  plan->constants = carver.Take<uint8_t>(program.constant_count * size_t{kSimdBlockBytes});
  for (int v = 0; v < program.size; ++v) {
    const ScalarInstruction& in = program.code[v];
    if (in.op != ScalarOp::kConstant) continue;
    FillConstant(in.type, program.constants[in.a], plan->simd, const_cast<uint8_t*>(plan->constants) + in.a * kSimdBlockBytes);
  }
  if (!plan->simd) {
    auto* values = carver.Take<ScalarInstruction>(program.size);
    auto* functions = carver.Take<BlockFunction>(program.size);
    for (int v = 0; v < program.size; ++v) {
      const ScalarInstruction& in = program.code[v];
      values[v] = in;
      functions[v] = ScalarOpArity(in.op) == 0 || in.op == ScalarOp::kConvert
                         ? nullptr
                         : FindBlockFunction(in.op, program.TypeOf(in.op == ScalarOp::kSelect ? in.b : in.a));
    }
    plan->values = values;
    plan->functions = functions;
  }
  const bool rows = plan->walk == ElementwisePlan::Walk::kRows;
  for (int k = 0; k < program.input_count; ++k) {
    ElementwiseOperand& in = plan->inputs[k];
    in.direct = !in.scalar && (!rows || in.contiguous) && IsPlain(in.dtype, plan->simd);
  }
  plan->direct_output = IsPlain(plan->output, plan->simd);
  ChooseChunk(plan);
  plan->thread_scratch = ThreadScratch(*plan);
  return plan;
}

uint64_t ElementwiseScratchBytes(const ElementwisePlan& plan, int threads) {
  return plan.thread_scratch * static_cast<uint64_t>(threads < 1 ? 1 : threads);
}

namespace {

// One thread's way through a part of the work.
class Runner {
 public:
  Runner(const ElementwisePlan& plan, const void* const* inputs, void* output, uint8_t* scratch)
      : plan_(plan), inputs_(inputs), output_(static_cast<uint8_t*>(output)), carver_(scratch) {
    for (int k = 0; k < plan.input_count; ++k) {
      const ElementwiseOperand& in = plan.inputs[k];
      if (in.scalar) {
        blocks_[k] = carver_.Take<uint8_t>(kSimdBlockBytes);
        if (plan.walk != ElementwisePlan::Walk::kRuns) FillScalar(k, 0);
      } else if (!in.direct) {
        blocks_[k] = carver_.Take<uint8_t>(BlockBytes(plan.chunk, plan.simd ? 4 : 8));
        if (in.repeats) Expand(k, 0, plan.chunk);
      }
    }
    if (!plan.direct_output) result_ = carver_.Take<uint8_t>(BlockBytes(plan.chunk, plan.simd ? 4 : 8));
    if (plan.simd) {
      const int first_slot = plan.input_count + plan.constant_count;
      for (int k = 0; k < plan.constant_count; ++k) {
        places_[plan.input_count + k] = {plan.constants + size_t{kSimdBlockBytes} * static_cast<size_t>(k), 0};
      }
      for (int k = 0; k < plan.simd_slots; ++k) places_[first_slot + k] = {carver_.Take<uint8_t>(kSimdBlockBytes), 0};
      tails_ = carver_.Take<uint8_t>(static_cast<size_t>(plan.input_count + 1) * kSimdBlockBytes);
    } else {
      for (int v = 0; v < plan.value_count; ++v) {
        value_blocks_[v] = carver_.Take<uint8_t>(BlockBytes(plan.chunk, ScalarTypeBytes(plan.values[v].type)));
      }
    }
  }

  // Elements [first, first + count) of a run that starts at the result's element `run`.
  void RunPart(int64_t run, int64_t first, int64_t count) {
    int64_t starts[ScalarProgram::kMostInputs] = {};
    if (plan_.walk == ElementwisePlan::Walk::kRuns) FindStarts(run, starts);
    for (int64_t done = 0; done < count; done += plan_.chunk) {
      const int64_t n = std::min(plan_.chunk, count - done);
      for (int k = 0; k < plan_.input_count; ++k) {
        if (!plan_.inputs[k].scalar) offsets_[k] = starts[k] + first + done;
      }
      RunChunk(run + first + done, n);
    }
  }

  // Whole rows: elements [first, first + count) of the result, at most a chunk, starting with a row.
  void RunRows(int64_t first, int64_t count) {
    for (int k = 0; k < plan_.input_count; ++k) offsets_[k] = first;
    RunChunk(first, count);
  }

 private:
  void LoadBlock(int k, int64_t offset, int64_t count, uint8_t* out) {
    const DType dtype = plan_.inputs[k].dtype;
    if (plan_.simd && dtype == DType::kBool) {
      BytesToMasks(static_cast<const uint8_t*>(inputs_[k]) + offset, count, reinterpret_cast<int32_t*>(out));
    } else {
      LoadElements(dtype, inputs_[k], offset, count, out);
    }
  }

  void FillScalar(int k, int64_t offset) {
    LoadBlock(k, offset, 1, blocks_[k]);
    if (!plan_.simd) return;
    auto* lanes = reinterpret_cast<uint32_t*>(blocks_[k]);
    for (int i = 1; i < kSimdBlock; ++i) lanes[i] = lanes[0];
  }

  // Where each operand's run begins that belongs to the result's element `run`; scalars are filled.
  void FindStarts(int64_t run, int64_t* starts) {
    const int outer = plan_.rank - 1;
    int64_t index = run / plan_.dims[outer];
    int64_t coordinates[kElementwiseRank];
    for (int i = outer - 1; i >= 0; --i) {
      coordinates[i] = index % plan_.dims[i];
      index /= plan_.dims[i];
    }
    for (int k = 0; k < plan_.input_count; ++k) {
      for (int i = 0; i < outer; ++i) starts[k] += coordinates[i] * plan_.inputs[k].strides[i];
      if (plan_.inputs[k].scalar) FillScalar(k, starts[k]);
    }
  }

  // Block k = operand k at the result's elements [first, first + count), which are whole rows.
  void Expand(int k, int64_t first, int64_t count) {
    const ElementwiseOperand& in = plan_.inputs[k];
    const int inner = plan_.rank - 1;
    const int64_t length = plan_.dims[inner];
    int64_t coordinates[kElementwiseRank] = {}, source = 0, index = first / length;
    for (int i = inner - 1; i >= 0; --i) {
      coordinates[i] = index % plan_.dims[i];
      index /= plan_.dims[i];
      source += coordinates[i] * in.strides[i];
    }
    const bool words = in.dtype == DType::kFloat32 || in.dtype == DType::kInt32;
    const int bytes = BlockElementBytes(in.dtype);
    uint8_t* out = blocks_[k];
    for (int64_t done = 0; done < count; done += length) {
      if (words) {
        const auto* from = static_cast<const uint32_t*>(inputs_[k]) + source;
        auto* to = reinterpret_cast<uint32_t*>(out);
        if (in.strides[inner] == 0) {
          std::fill(to, to + length, *from);
        } else {
          std::copy(from, from + length, to);
        }
      } else if (in.strides[inner] != 0) {
        LoadBlock(k, source, length, out);
      } else {
        LoadBlock(k, source, 1, out);
        for (int64_t i = 1; i < length; ++i) std::memcpy(out + i * bytes, out, static_cast<size_t>(bytes));
      }
      out += length * bytes;
      for (int i = inner - 1; i >= 0; --i) {
        source += in.strides[i];
        if (++coordinates[i] < plan_.dims[i]) break;
        source -= in.strides[i] * plan_.dims[i];
        coordinates[i] = 0;
      }
    }
  }

  int BlockElementBytes(DType dtype) const {
    ScalarType type = ScalarType::kFloat32;
    (void)ScalarTypeOf(dtype, &type);
    return ElementBytes(plan_, type);
  }

  // Operand k's elements for the chunk.
  const uint8_t* ChunkOf(int k, int64_t count) {
    const ElementwiseOperand& in = plan_.inputs[k];
    if (in.direct) return static_cast<const uint8_t*>(inputs_[k]) + offsets_[k] * static_cast<int64_t>(DTypeBytes(in.dtype));
    if (in.scalar || in.repeats) return blocks_[k];
    if (plan_.walk == ElementwisePlan::Walk::kRows && !in.contiguous) {
      Expand(k, offsets_[k], count);
    } else {
      LoadBlock(k, offsets_[k], count, blocks_[k]);
    }
    return blocks_[k];
  }

  void RunChunk(int64_t at, int64_t count) {
    const uint8_t* chunks[ScalarProgram::kMostInputs];
    for (int k = 0; k < plan_.input_count; ++k) chunks[k] = ChunkOf(k, count);
    uint8_t* out = plan_.direct_output ? output_ + at * static_cast<int64_t>(DTypeBytes(plan_.output)) : result_;
    if (plan_.simd) {
      RunSimdChunk(chunks, count, out);
    } else {
      RunReferenceChunk(chunks, count, out);
    }
    if (plan_.direct_output) return;
    if (plan_.simd && plan_.output == DType::kBool) {
      const auto* masks = reinterpret_cast<const int32_t*>(result_);
      for (int64_t i = 0; i < count; ++i) output_[at + i] = static_cast<uint8_t>(masks[i] & 1);
    } else {
      StoreElements(plan_.output, result_, at, count, output_, plan_.saturate);
    }
  }

  void RunSimdChunk(const uint8_t* const* chunks, int64_t count, uint8_t* out) {
    const auto blocks = static_cast<size_t>(count / kSimdBlock);
    for (int k = 0; k < plan_.input_count; ++k) places_[k] = {chunks[k], plan_.inputs[k].scalar ? size_t{0} : ~size_t{0}};
    RunSimd(plan_.simd_code, places_, out, blocks);
    const size_t tail = static_cast<size_t>(count % kSimdBlock) * 4, done = blocks * kSimdBlockBytes;
    if (tail == 0) return;
    for (int k = 0; k < plan_.input_count; ++k) {
      if (plan_.inputs[k].scalar) continue;
      uint8_t* block = tails_ + static_cast<size_t>(k) * kSimdBlockBytes;
      std::memcpy(block, chunks[k] + done, tail);
      places_[k].data = block;
    }
    uint8_t* result = tails_ + static_cast<size_t>(plan_.input_count) * kSimdBlockBytes;
    RunSimd(plan_.simd_code, places_, result, 1);
    std::memcpy(out + done, result, tail);
  }

  void RunReferenceChunk(const uint8_t* const* chunks, int64_t count, uint8_t* out) {
    BlockOperand operands[ScalarProgram::kMostInstructions];
    const int n = static_cast<int>(count);
    for (int v = 0; v < plan_.value_count; ++v) {
      const ScalarInstruction& in = plan_.values[v];
      uint8_t* target = v == plan_.result ? out : value_blocks_[v];
      operands[v] = {target, 1};
      if (in.op == ScalarOp::kInput) {
        operands[v] = {chunks[in.a], plan_.inputs[in.a].scalar ? 0 : 1};
      } else if (in.op == ScalarOp::kConstant) {
        operands[v] = {plan_.constants + size_t{kSimdBlockBytes} * in.a, 0};
      } else if (in.op == ScalarOp::kConvert) {
        const int step = operands[in.a].step;
        ConvertBlock(plan_.values[in.a].type, in.type, operands[in.a].data, step == 0 ? 1 : n, target);
        operands[v].step = step;
      } else {
        plan_.functions[v](target, operands[in.a], operands[in.b], operands[in.c], n);
      }
    }
    const BlockOperand& result = operands[plan_.result];
    const auto bytes = static_cast<size_t>(ScalarTypeBytes(plan_.values[plan_.result].type));
    if (result.step == 0) {
      for (int i = result.data == out ? 1 : 0; i < n; ++i) std::memcpy(out + static_cast<size_t>(i) * bytes, result.data, bytes);
    } else if (result.data != out) {
      std::memmove(out, result.data, bytes * static_cast<size_t>(n));
    }
  }

  const ElementwisePlan& plan_;
  const void* const* inputs_;
  uint8_t* output_;
  Carver carver_;
  uint8_t* blocks_[ScalarProgram::kMostInputs] = {};
  int64_t offsets_[ScalarProgram::kMostInputs] = {};
  uint8_t* result_ = nullptr;
  uint8_t* tails_ = nullptr;
  SimdPlace places_[ScalarProgram::kMostInputs + ScalarProgram::kMostConstants + 16];
  uint8_t* value_blocks_[ScalarProgram::kMostInstructions];
};

}  // namespace

void RunElementwise(const ElementwisePlan& plan, const void* const* inputs, void* output, uint8_t* scratch, ThreadPool& pool) {
  if (plan.count == 0) return;
  const bool rows = plan.walk == ElementwisePlan::Walk::kRows;
  const int64_t run = rows || plan.rank == 0 ? plan.count : plan.dims[plan.rank - 1];
  const int64_t unit = rows ? plan.chunk : std::min(run, kUnitElements);
  const int64_t units_per_run = (run + unit - 1) / unit, units = plan.count / run * units_per_run;
  const auto work = [&](Runner& runner, int64_t first, int64_t last) {
    for (int64_t u = first; u < last; ++u) {
      const int64_t start = u / units_per_run * run, within = u % units_per_run * unit, count = std::min(unit, run - within);
      if (rows) {
        runner.RunRows(within, count);
      } else {
        runner.RunPart(start, within, count);
      }
    }
  };
  if (pool.size() == 1 || units == 1 || plan.count * plan.value_count < kParallelWork) {
    Runner runner(plan, inputs, output, scratch);
    return work(runner, 0, units);
  }
  const int tasks = static_cast<int>(std::min<int64_t>(units, int64_t{pool.size()} * 4));
  pool.ParallelFor(tasks, [&](int task, int thread) {
    Runner runner(plan, inputs, output, scratch + plan.thread_scratch * static_cast<uint64_t>(thread));
    work(runner, units * task / tasks, units * (task + 1) / tasks);
  });
}

}  // namespace webinfer::kernels
