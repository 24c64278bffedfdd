#include "kernels/elementwise_simd.h"

#include <cmath>
#include <utility>

#include "kernels/simd.h"
#include "kernels/vmath.h"

namespace webinfer::kernels {

namespace {

// clang-format off
// With one operand, in registers: X(name, expression of v).
#define WEBINFER_SIMD_UNARY(X)                                                                                          \
  X(NegF, Neg(v)) X(AbsF, wasm_f32x4_abs(v)) X(SqrtF, wasm_f32x4_sqrt(v)) X(FloorF, wasm_f32x4_floor(v))                \
  X(CeilF, wasm_f32x4_ceil(v)) X(TruncF, wasm_f32x4_trunc(v)) X(RoundF, wasm_f32x4_nearest(v))                          \
  X(IsNanF, wasm_f32x4_ne(v, v)) X(IsInfF, wasm_f32x4_eq(wasm_f32x4_abs(v), infinity)) X(NegI, wasm_i32x4_neg(v))       \
  X(AbsI, wasm_i32x4_abs(v)) X(Not, wasm_v128_not(v)) X(FloatToInt, wasm_i32x4_trunc_sat_f32x4(v))                      \
  X(IntToFloat, wasm_f32x4_convert_i32x4(v)) X(MaskToInt, wasm_i32x4_neg(v)) X(MaskToFloat, wasm_v128_and(v, one))      \
  X(FloatToMask, wasm_f32x4_ne(v, zero)) X(IntToMask, wasm_i32x4_ne(v, zero)) X(SignF, SignFloat(v, one))               \
  X(SignI, wasm_i32x4_sub(wasm_i32x4_lt(v, zero), wasm_i32x4_gt(v, zero)))

// With two: the accumulator v and a place w; each also for a place that holds one element.
#define WEBINFER_SIMD_BINARY(X)                                                                                         \
  X(AddF, Add(v, w)) X(SubF, Sub(v, w)) X(RevSubF, Sub(w, v)) X(MulF, Mul(v, w)) X(DivF, Div(v, w))                     \
  X(RevDivF, Div(w, v)) X(MinF, wasm_f32x4_min(v, w)) X(MaxF, wasm_f32x4_max(v, w)) X(FastMinF, FastMin(v, w))          \
  X(FastMaxF, FastMax(v, w)) X(EqualF, wasm_f32x4_eq(v, w)) X(LessF, wasm_f32x4_lt(v, w))                               \
  X(LessOrEqualF, wasm_f32x4_le(v, w)) X(GreaterF, wasm_f32x4_gt(v, w)) X(GreaterOrEqualF, wasm_f32x4_ge(v, w))         \
  X(AddI, wasm_i32x4_add(v, w)) X(SubI, wasm_i32x4_sub(v, w)) X(RevSubI, wasm_i32x4_sub(w, v))                          \
  X(MulI, wasm_i32x4_mul(v, w)) X(MinI, wasm_i32x4_min(v, w)) X(MaxI, wasm_i32x4_max(v, w))                             \
  X(EqualI, wasm_i32x4_eq(v, w)) X(LessI, wasm_i32x4_lt(v, w)) X(LessOrEqualI, wasm_i32x4_le(v, w))                     \
  X(GreaterI, wasm_i32x4_gt(v, w)) X(GreaterOrEqualI, wasm_i32x4_ge(v, w)) X(And, wasm_v128_and(v, w))                  \
  X(Or, wasm_v128_or(v, w)) X(Xor, wasm_v128_xor(v, w))
// clang-format on

enum Op : uint8_t {
  kEnd,
  kLoad,        // accumulator = place b
  kSave,        // place b = accumulator
  kSelectOp,    // accumulator (a mask) chooses between places b and c
  kCallUnary,   // function c on the accumulator
  kCallBinary,  // function c on the accumulator and place b
#define X(name, expression) k##name,
  WEBINFER_SIMD_UNARY(X)
#undef X
#define X(name, expression) k##name, k##name##Splat,
      WEBINFER_SIMD_BINARY(X)
#undef X
};

WEBINFER_INLINE Vec SignFloat(Vec v, Vec one) {
  const Vec magnitude = Select(wasm_f32x4_eq(v, Zero()), v, one);  // keeps zeros
  const Vec sign = wasm_v128_or(magnitude, wasm_v128_and(v, SplatInt(INT32_MIN)));
  return wasm_v128_or(sign, wasm_f32x4_ne(v, v));
}

// Functions that take more than a few instructions work on blocks in memory; y may be x.
using UnaryFunction = void (*)(const float* x, float* y, size_t blocks);
using BinaryFunction = void (*)(float* x, const float* y);

template <Vec (*function)(Vec, const MathConstants&)>
void Vectors(const float* x, float* y, size_t blocks) {
  const MathConstants& k = GetMathConstants();
  WEBINFER_NO_UNROLL
  for (size_t i = 0; i < blocks * kSimdBlock; i += 8) {
    const Vec a = function(Load(x + i), k), b = function(Load(x + i + 4), k);
    Store(y + i, a);
    Store(y + i + 4, b);
  }
}
template <float (*function)(float)>
void Lanes(const float* x, float* y, size_t blocks) {
  for (size_t i = 0; i < blocks * kSimdBlock; ++i) y[i] = function(x[i]);
}
template <float (*function)(float, float)>
void Lanes(float* x, const float* y) {
  for (int i = 0; i < kSimdBlock; ++i) x[i] = function(x[i], y[i]);
}
float PythonModulo(float a, float b) {
  const float r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
template <bool left>
void ShiftLanes(float* x, const float* y) {
  auto* a = reinterpret_cast<uint32_t*>(x);
  const auto* b = reinterpret_cast<const uint32_t*>(y);
  for (int i = 0; i < kSimdBlock; ++i) {
    const int32_t value = static_cast<int32_t>(a[i]);
    a[i] = b[i] > 31 ? 0 : left ? a[i] << b[i] : static_cast<uint32_t>(value >> b[i]);
  }
}

constexpr UnaryFunction kUnaryFunctions[] = {
    &Vectors<Exp>,   &Vectors<Expm1>, &Vectors<Log>,   &Vectors<Log1p>,  &Vectors<Erf>,    &Vectors<Sigmoid>, &Vectors<Tanh>,
    &Vectors<Silu>,  &Vectors<Gelu>,  &Lanes<::sinf>,  &Lanes<::cosf>,   &Lanes<::tanf>,   &Lanes<::asinf>,   &Lanes<::acosf>,
    &Lanes<::atanf>, &Lanes<::sinhf>, &Lanes<::coshf>, &Lanes<::asinhf>, &Lanes<::acoshf>, &Lanes<::atanhf>,
};
static_assert(static_cast<int>(ScalarOp::kAtanh) - static_cast<int>(ScalarOp::kExp) == 19);

constexpr BinaryFunction kBinaryFunctions[] = {&Lanes<::powf>, &Lanes<::fmodf>, &Lanes<PythonModulo>, &ShiftLanes<true>,
                                               &ShiftLanes<false>};

bool UnaryOpOf(ScalarOp op, ScalarType type, uint8_t* code) {
  const bool real = type == ScalarType::kFloat32;
  switch (op) {
    case ScalarOp::kNeg: *code = real ? kNegF : kNegI; return true;
    case ScalarOp::kAbs: *code = real ? kAbsF : kAbsI; return true;
    case ScalarOp::kSign: *code = real ? kSignF : kSignI; return true;
    case ScalarOp::kNot: *code = kNot; return true;
    case ScalarOp::kFloor: *code = kFloorF; return real;
    case ScalarOp::kCeil: *code = kCeilF; return real;
    case ScalarOp::kTrunc: *code = kTruncF; return real;
    case ScalarOp::kRound: *code = kRoundF; return real;
    case ScalarOp::kSqrt: *code = kSqrtF; return real;
    case ScalarOp::kIsNan: *code = kIsNanF; return real;
    case ScalarOp::kIsInf: *code = kIsInfF; return real;
    default: return false;
  }
}

bool ConversionOf(ScalarType from, ScalarType to, uint8_t* code) {
  if (from == to) return false;
  switch (from) {
    case ScalarType::kFloat32: *code = to == ScalarType::kInt32 ? kFloatToInt : kFloatToMask; return true;
    case ScalarType::kInt32: *code = to == ScalarType::kFloat32 ? kIntToFloat : kIntToMask; return true;
    default: *code = to == ScalarType::kFloat32 ? kMaskToFloat : kMaskToInt; return true;
  }
}

// The code of `op`, and the code with its operands exchanged (0 if there is none).
struct BinaryCode {
  uint8_t code = 0, reversed = 0;
};
BinaryCode BinaryOpOf(ScalarOp op, ScalarType type) {
  const bool real = type == ScalarType::kFloat32;
  const auto pick = [real](Op f, Op i) { return BinaryCode{real ? f : i, real ? f : i}; };
  switch (op) {
    case ScalarOp::kAdd: return pick(kAddF, kAddI);
    case ScalarOp::kMul: return pick(kMulF, kMulI);
    case ScalarOp::kMin: return pick(kMinF, kMinI);
    case ScalarOp::kMax: return pick(kMaxF, kMaxI);
    case ScalarOp::kEqual: return pick(kEqualF, kEqualI);
    case ScalarOp::kSub: return real ? BinaryCode{kSubF, kRevSubF} : BinaryCode{kSubI, kRevSubI};
    case ScalarOp::kDiv: return real ? BinaryCode{kDivF, kRevDivF} : BinaryCode{};
    case ScalarOp::kLess: return real ? BinaryCode{kLessF, kGreaterF} : BinaryCode{kLessI, kGreaterI};
    case ScalarOp::kLessOrEqual:
      return real ? BinaryCode{kLessOrEqualF, kGreaterOrEqualF} : BinaryCode{kLessOrEqualI, kGreaterOrEqualI};
    case ScalarOp::kAnd: return {kAnd, kAnd};
    case ScalarOp::kOr: return {kOr, kOr};
    case ScalarOp::kXor: return {kXor, kXor};
    default: return {};
  }
}

int BinaryFunctionOf(ScalarOp op, ScalarType type) {
  const bool real = type == ScalarType::kFloat32;
  switch (op) {
    case ScalarOp::kPow: return real ? 0 : -1;
    case ScalarOp::kFmod: return real ? 1 : -1;
    case ScalarOp::kMod: return real ? 2 : -1;
    case ScalarOp::kShiftLeft: return real ? -1 : 3;
    case ScalarOp::kShiftRight: return real ? -1 : 4;
    default: return -1;
  }
}

// Assigns the accumulator and the slots.
class Compiler {
 public:
  Compiler(const ScalarProgram& program, const bool* scalar_inputs, SimdProgram* out)
      : program_(program), scalar_inputs_(scalar_inputs), out_(out) {}

  bool Compile() {
    CountUses();
    for (int i = 0; i < program_.size; ++i) {
      const ScalarType type = program_.code[i].type;
      if (uses_[i] == 0) continue;
      if (type != ScalarType::kFloat32 && type != ScalarType::kInt32 && type != ScalarType::kBool) return false;
      if (!InMemory(i) && !CompileValue(i)) return false;
    }
    LoadAccumulator(program_.result);
    Emit(kEnd);
    return ok_;
  }

 private:
  static constexpr uint8_t kNowhere = 255;

  void CountUses() {
    uses_[program_.result] = 1;
    for (int i = program_.size - 1; i >= 0; --i) {
      const ScalarInstruction& in = program_.code[i];
      place_[i] = kNowhere;
      if (in.op == ScalarOp::kInput) place_[i] = in.a;
      if (in.op == ScalarOp::kConstant) place_[i] = static_cast<uint8_t>(program_.input_count + in.a);
      if (uses_[i] == 0) continue;
      const uint8_t operands[] = {in.a, in.b, in.c};
      for (int k = 0; k < ScalarOpArity(in.op); ++k) ++uses_[operands[k]];
    }
  }

  bool InMemory(int value) const {
    return program_.code[value].op == ScalarOp::kInput || program_.code[value].op == ScalarOp::kConstant;
  }
  bool IsScalar(int value) const {
    const ScalarInstruction& in = program_.code[value];
    return in.op == ScalarOp::kConstant || (in.op == ScalarOp::kInput && scalar_inputs_[in.a]);
  }
  bool IsOrdinaryConstant(int value) const {
    const ScalarInstruction& in = program_.code[value];
    return in.op == ScalarOp::kConstant && !std::isnan(program_.constants[in.a].real);
  }

  void Emit(uint8_t op, int b = 0, int c = 0) {
    if (out_->size == SimdProgram::kMost) {
      ok_ = false;
      return;
    }
    out_->code[out_->size++] = {op, static_cast<uint8_t>(b), static_cast<uint8_t>(c)};
  }

  // The place of a value that is not only in the accumulator.
  int PlaceOf(int value) {
    if (place_[value] == kNowhere) SaveAccumulator();  // the only value without a place is the accumulator's
    return place_[value];
  }
  void SaveAccumulator() {
    int slot = 0;
    while (slot < kMostSlots && slot_used_[slot]) ++slot;
    if (slot == kMostSlots) {
      ok_ = false;
      slot = 0;
    }
    slot_used_[slot] = true;
    if (slot >= out_->slots) out_->slots = slot + 1;
    place_[accumulator_] = static_cast<uint8_t>(program_.input_count + program_.constant_count + slot);
    Emit(kSave, place_[accumulator_]);
  }
  // Puts the accumulator's value aside if it is needed after the accumulator is overwritten.
  void Vacate() {
    if (accumulator_ != kNowhere && uses_[accumulator_] > 0 && place_[accumulator_] == kNowhere) SaveAccumulator();
  }
  void LoadAccumulator(int value) {
    if (accumulator_ == value) return;
    Vacate();
    Emit(kLoad, place_[value]);
    accumulator_ = value;
  }
  // One instruction: its operands are used, the accumulator is overwritten by `value`, and slots nobody reads again are free.
  void Finish(int value, const ScalarInstruction& in, SimdInstruction instruction) {
    const uint8_t operands[] = {in.a, in.b, in.c};
    const int count = ScalarOpArity(in.op);
    for (int k = 0; k < count; ++k) --uses_[operands[k]];
    Vacate();
    Emit(instruction.op, instruction.b, instruction.c);
    accumulator_ = value;
    for (int k = 0; k < count; ++k) {
      const int operand = operands[k];
      if (uses_[operand] > 0 || InMemory(operand) || place_[operand] == kNowhere) continue;
      slot_used_[place_[operand] - program_.input_count - program_.constant_count] = false;
    }
  }

  bool CompileValue(int i) {
    const ScalarInstruction& in = program_.code[i];
    switch (ScalarOpArity(in.op)) {
      case 1: return CompileUnary(i, in);
      case 2: return CompileBinary(i, in);
      default: return CompileSelect(i, in);
    }
  }

  bool CompileUnary(int i, const ScalarInstruction& in) {
    const ScalarType from = program_.TypeOf(in.a);
    uint8_t code = 0;
    int function = 0;
    if (in.op == ScalarOp::kConvert) {
      if (!ConversionOf(from, in.type, &code)) return false;
    } else if (in.op >= ScalarOp::kExp && in.op <= ScalarOp::kAtanh) {
      if (from != ScalarType::kFloat32) return false;
      code = kCallUnary;
      function = static_cast<int>(in.op) - static_cast<int>(ScalarOp::kExp);
    } else if (!UnaryOpOf(in.op, from, &code)) {
      return false;
    }
    LoadAccumulator(in.a);
    Finish(i, in, {code, 0, static_cast<uint8_t>(function)});
    return true;
  }

  bool CompileBinary(int i, const ScalarInstruction& in) {
    const ScalarType type = program_.TypeOf(in.a);
    BinaryCode code = BinaryOpOf(in.op, type);
    const int function = BinaryFunctionOf(in.op, type);
    if (code.code == 0 && function < 0) return false;
    int a = in.a, b = in.b;
    if (code.reversed != 0 && a != b && (accumulator_ == b || (accumulator_ != a && IsScalar(a)))) {
      std::swap(a, b);
      code.code = code.reversed;
    }
    if (accumulator_ == b) PlaceOf(b);
    LoadAccumulator(a);
    const auto place = static_cast<uint8_t>(PlaceOf(b));
    if (code.code == 0) {
      Finish(i, in, {kCallBinary, place, static_cast<uint8_t>(function)});
      return true;
    }
    // The fast forms lose a NaN of the place, never one of the accumulator.
    if (code.code == kMinF && IsOrdinaryConstant(b)) code.code = kFastMinF;
    if (code.code == kMaxF && IsOrdinaryConstant(b)) code.code = kFastMaxF;
    Finish(i, in, {static_cast<uint8_t>(code.code + (IsScalar(b) ? 1 : 0)), place, 0});
    return true;
  }

  bool CompileSelect(int i, const ScalarInstruction& in) {
    if (accumulator_ == in.b || accumulator_ == in.c) PlaceOf(accumulator_);
    LoadAccumulator(in.a);
    const auto yes = static_cast<uint8_t>(PlaceOf(in.b)), no = static_cast<uint8_t>(PlaceOf(in.c));
    Finish(i, in, {kSelectOp, yes, no});
    return true;
  }

  static constexpr int kMostSlots = 16;
  const ScalarProgram& program_;
  const bool* scalar_inputs_;
  SimdProgram* out_;
  bool ok_ = true;
  int accumulator_ = kNowhere;
  bool slot_used_[kMostSlots] = {};
  uint8_t uses_[ScalarProgram::kMostInstructions] = {};
  uint8_t place_[ScalarProgram::kMostInstructions] = {};
};

}  // namespace

bool CompileSimd(const ScalarProgram& program, const bool* scalar_inputs, SimdProgram* simd) {
  simd->size = 0;
  simd->slots = 0;
  return Compiler(program, scalar_inputs, simd).Compile();
}

#define WEBINFER_EIGHT(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

void RunSimd(const SimdInstruction* code, const SimdPlace* places, void* out, size_t blocks) {
  if (code[0].op == kLoad && code[1].op == kCallUnary && code[2].op == kEnd && places[code[0].b].advance != 0) {
    return kUnaryFunctions[code[1].c](reinterpret_cast<const float*>(places[code[0].b].data), static_cast<float*>(out), blocks);
  }
  const MathConstants& k = GetMathConstants();
  const Vec one = Load(k.one), zero = Load(k.zero), infinity = Load(k.infinity);
  alignas(16) float block[kSimdBlock];
  auto* result = static_cast<uint8_t*>(out);
  for (size_t offset = 0; offset < blocks * kSimdBlockBytes; offset += kSimdBlockBytes) {
    Vec r0 = zero, r1 = zero, r2 = zero, r3 = zero, r4 = zero, r5 = zero, r6 = zero, r7 = zero;
    const auto at = [places, offset](int place) { return places[place].data + (offset & places[place].advance); };
    for (const SimdInstruction* in = code; in->op != kEnd; ++in) {
      switch (in->op) {
        case kLoad: {
          const uint8_t* b = at(in->b);
#define X(i) r##i = Load(b + 16 * i);
          WEBINFER_EIGHT(X)
#undef X
          break;
        }
        case kSave: {
          auto* b = const_cast<uint8_t*>(at(in->b));
#define X(i) Store(b + 16 * i, r##i);
          WEBINFER_EIGHT(X)
#undef X
          break;
        }
        case kSelectOp: {
          const uint8_t *b = at(in->b), *c = at(in->c);
#define X(i) r##i = Select(r##i, Load(b + 16 * i), Load(c + 16 * i));
          WEBINFER_EIGHT(X)
#undef X
          break;
        }
        case kCallUnary:
        case kCallBinary: {
#define X(i) Store(block + 4 * i, r##i);
          WEBINFER_EIGHT(X)
#undef X
          if (in->op == kCallUnary) {
            kUnaryFunctions[in->c](block, block, 1);
          } else {
            kBinaryFunctions[in->c](block, reinterpret_cast<const float*>(at(in->b)));
          }
#define X(i) r##i = Load(block + 4 * i);
          WEBINFER_EIGHT(X)
#undef X
          break;
        }
#define X(name, expression)                         \
  case k##name: {                                   \
    const auto f = [one, zero, infinity](Vec v) {   \
      (void)one, (void)zero, (void)infinity;        \
      return expression;                            \
    };                                              \
    r0 = f(r0), r1 = f(r1), r2 = f(r2), r3 = f(r3); \
    r4 = f(r4), r5 = f(r5), r6 = f(r6), r7 = f(r7); \
    break;                                          \
  }
          WEBINFER_SIMD_UNARY(X)
#undef X
#define X(name, expression)                                                       \
  case k##name: {                                                                 \
    const auto f = [](Vec v, Vec w) { return expression; };                       \
    const uint8_t* b = at(in->b);                                                 \
    r0 = f(r0, Load(b)), r1 = f(r1, Load(b + 16)), r2 = f(r2, Load(b + 32));      \
    r3 = f(r3, Load(b + 48)), r4 = f(r4, Load(b + 64)), r5 = f(r5, Load(b + 80)); \
    r6 = f(r6, Load(b + 96)), r7 = f(r7, Load(b + 112));                          \
    break;                                                                        \
  }                                                                               \
  case k##name##Splat: {                                                          \
    const auto f = [](Vec v, Vec w) { return expression; };                       \
    const Vec b = Load(at(in->b));                                                \
    r0 = f(r0, b), r1 = f(r1, b), r2 = f(r2, b), r3 = f(r3, b);                   \
    r4 = f(r4, b), r5 = f(r5, b), r6 = f(r6, b), r7 = f(r7, b);                   \
    break;                                                                        \
  }
          WEBINFER_SIMD_BINARY(X)
#undef X
        default: break;
      }
    }
#define X(i) Store(result + offset + 16 * i, r##i);
    WEBINFER_EIGHT(X)
#undef X
  }
}

}  // namespace webinfer::kernels
