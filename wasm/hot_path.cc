// Everything a run needs, as plain exports: a call costs 3 ns this way and 70-150 ns through embind.
//
// Handles are addresses. Functions that can fail return a Code (0 is success) or a null address; the details are then in
// lastError() of bindings.cc. Shapes travel through wi_dims(), results through the ValueRecord that wi_output and wi_value_info
// return, which is overwritten by the next call.
#include <emscripten/emscripten.h>

#include <cstring>
#include <string_view>

#include "bound_session.h"

namespace webinfer {
namespace {

// One engine runs on one thread, so the scratch of its calls is global.
int32_t dims_in[kMaxRank];
ValueRecord info;

template <typename T>
uint32_t AddressOf(const T* pointer) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

int32_t CodeOf(Status status) { return static_cast<int32_t>(status.code()); }

Result<Shape> ShapeIn(int rank) {
  if (rank < 0 || rank > kMaxRank) {
    return Error(Code::kUnsupported, "A tensor has too many dimensions").Expected("at most %d", kMaxRank).Actual("%d", rank);
  }
  Shape shape;
  for (int i = 0; i < rank; ++i) shape.Append(dims_in[i]);
  WEBINFER_TRY(shape.CheckedElements().status());
  return shape;
}

void DescribeTensor(DType dtype, const Shape& shape, const void* data, bool present) {
  info.kind = static_cast<int32_t>(ValueKind::kTensor);
  info.dtype = static_cast<int32_t>(dtype);
  info.present = present;
  info.rank = shape.rank();
  for (int i = 0; i < shape.rank(); ++i) info.dims[i] = static_cast<int32_t>(shape[i]);
  info.data = AddressOf(data);
  info.bytes = present ? static_cast<uint32_t>(BytesOf(dtype, static_cast<uint64_t>(shape.Elements()))) : 0;
}

const ValueRecord* Describe(const RuntimeValue& value) {
  const TensorView view = value.tensor.view();
  DescribeTensor(view.dtype, view.shape, view.data, value.present && view.dtype != DType::kUndefined);
  info.kind = static_cast<int32_t>(value.kind);
  info.present = value.present;
  info.elements = static_cast<uint32_t>(value.elements.size());
  info.value = AddressOf(&value);
  return &info;
}

}  // namespace

extern "C" {

// Where JavaScript writes the shape that the next call takes: int32[kMaxRank].
EMSCRIPTEN_KEEPALIVE int32_t* wi_dims() { return dims_in; }

EMSCRIPTEN_KEEPALIVE void* wi_feed_buffer(BoundSession* bound, int input, uint32_t bytes) {
  Result<void*> buffer = bound->session->FeedBuffer(input, bytes);
  return buffer.ok() ? *buffer : nullptr;
}

EMSCRIPTEN_KEEPALIVE int32_t wi_feed(BoundSession* bound, int input, int dtype, int rank, void* data) {
  Result<Shape> shape = ShapeIn(rank);
  if (!shape.ok()) return CodeOf(shape.status());
  return CodeOf(bound->session->Feed(input, TensorView{static_cast<DType>(dtype), *shape, data}));
}

EMSCRIPTEN_KEEPALIVE int32_t wi_feed_value(BoundSession* bound, int input, const RuntimeValue* value) {
  return CodeOf(bound->session->Feed(input, *value));
}

// The next run may write output `output` over input `input`, a kept value.
EMSCRIPTEN_KEEPALIVE void wi_write_over(BoundSession* bound, int input, int output) { bound->session->WriteOver(input, output); }

EMSCRIPTEN_KEEPALIVE void wi_clear_feeds(BoundSession* bound) {
  bound->session->ClearFeeds();
  bound->fed_values.clear();
  bound->fed_strings.Clear();
}

EMSCRIPTEN_KEEPALIVE int32_t wi_begin(BoundSession* bound, uint32_t wanted_low, uint32_t wanted_high) {
  return CodeOf(bound->session->Begin(uint64_t{wanted_high} << 32 | wanted_low));
}

// 0: more to do, 1: done, below 0: minus the Code of the failure.
EMSCRIPTEN_KEEPALIVE int32_t wi_continue(BoundSession* bound, double budget_ms) {
  bool done = false;
  const Status status = bound->session->Continue(budget_ms, &done);
  return status.ok() ? done : -CodeOf(status);
}

EMSCRIPTEN_KEEPALIVE int32_t wi_run(BoundSession* bound, uint32_t wanted_low, uint32_t wanted_high) {
  return CodeOf(bound->session->Run(uint64_t{wanted_high} << 32 | wanted_low));
}

EMSCRIPTEN_KEEPALIVE void wi_abort(BoundSession* bound) { bound->session->Abort(); }

EMSCRIPTEN_KEEPALIVE const ValueRecord* wi_output(BoundSession* bound, int output) {
  const Operand& operand = bound->session->Output(output);
  if (operand.kind != ValueKind::kTensor && operand.value != nullptr) return Describe(*operand.value);
  DescribeTensor(operand.dtype, operand.shape, operand.data, operand.present);
  info.kind = static_cast<int32_t>(operand.kind);
  info.elements = 0;
  info.value = AddressOf(operand.value);
  return &info;
}

// A copy of an output that the caller owns until wi_value_free.
EMSCRIPTEN_KEEPALIVE RuntimeValue* wi_copy_output(BoundSession* bound, int output) {
  Result<std::unique_ptr<RuntimeValue>> copy = bound->session->CopyOutput(output);
  return copy.ok() ? (*copy).release() : nullptr;
}

// Makes a kept value a copy of an output, unless the output was written there.
EMSCRIPTEN_KEEPALIVE int32_t wi_copy_output_into(BoundSession* bound, int output, RuntimeValue* value) {
  return CodeOf(bound->session->CopyOutput(output, value));
}

EMSCRIPTEN_KEEPALIVE void wi_value_free(RuntimeValue* value) { delete value; }
EMSCRIPTEN_KEEPALIVE const ValueRecord* wi_value_info(const RuntimeValue* value) { return Describe(*value); }
EMSCRIPTEN_KEEPALIVE RuntimeValue* wi_value_element(RuntimeValue* value, uint32_t i) { return &value->elements[i]; }

// An empty value that lives until the next wi_clear_feeds: the root of a sequence or an optional to feed.
EMSCRIPTEN_KEEPALIVE RuntimeValue* wi_new_fed_value(BoundSession* bound) {
  bound->fed_values.push_back(std::make_unique<RuntimeValue>());
  return bound->fed_values.back().get();
}

EMSCRIPTEN_KEEPALIVE void wi_value_set_list(RuntimeValue* value, int kind, int present, uint32_t elements) {
  value->kind = static_cast<ValueKind>(kind);
  value->present = present != 0;
  value->elements.resize(elements);
}

// Makes `value` a map whose two elements, keys and values, are to be filled in; false means out of memory.
EMSCRIPTEN_KEEPALIVE bool wi_value_set_map(RuntimeValue* value, int key, int dtype, uint32_t count) {
  return value->ResizeMap(static_cast<DType>(key), static_cast<DType>(dtype), count).ok();
}

// Makes `value` a tensor of the shape in wi_dims() and returns where its elements go; null means out of memory.
EMSCRIPTEN_KEEPALIVE void* wi_value_set_tensor(RuntimeValue* value, int dtype, int rank) {
  Result<Shape> shape = ShapeIn(rank);
  if (!shape.ok() || !value->Resize(static_cast<DType>(dtype), *shape).ok()) return nullptr;
  return value->tensor.buffer.data();
}

// Writes `count` string elements to `elements`; `text` holds their UTF-8 one after the other, `lengths` the bytes of each.
EMSCRIPTEN_KEEPALIVE int32_t wi_fill_strings(BoundSession* bound, const StringData** elements, uint32_t count, const char* text,
                                             const uint32_t* lengths) {
  for (uint32_t i = 0; i < count; ++i) {
    Result<const StringData*> string = bound->fed_strings.Add(std::string_view(text, lengths[i]));
    if (!string.ok()) return CodeOf(string.status());
    elements[i] = *string;
    text += lengths[i];
  }
  return 0;
}

EMSCRIPTEN_KEEPALIVE void* wi_allocate(uint32_t bytes) {
  void* block = TryAllocate(bytes);
  if (block == nullptr) static_cast<void>(static_cast<Status>(OutOfMemory(bytes, "a buffer")));
  return block;
}

EMSCRIPTEN_KEEPALIVE void wi_free(void* block) { Free(block); }

}  // extern "C"

}  // namespace webinfer
