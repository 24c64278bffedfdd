// Element types outside the engine: what numbers each can hold, how they are stored, and which wider type can stand in for one.
// Written from the formats' definitions, not from the engine's code, because expected values go through it.

import {DTYPE} from '../../bench/models/onnx-writer.mjs';
import {ARRAYS} from '../models/inputs.mjs';

const NATIVE = {
  ...ARRAYS,
  complex64: Float32Array,
  complex128: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
};
const PACKED = {int4: 4, uint4: 4, int2: 2, uint2: 2, float4e2m1: 4};

// exponent and mantissa bits, bias; what codes are special: 'ieee' has infinities and NaNs, 'fn' one NaN (all ones), 'fnuz' one NaN
// (minus zero), 'finite' none.
const SMALL_FLOATS = {
  float8e4m3fn: [4, 3, 7, 'fn'],
  float8e4m3fnuz: [4, 3, 8, 'fnuz'],
  float8e5m2: [5, 2, 15, 'ieee'],
  float8e5m2fnuz: [5, 2, 16, 'fnuz'],
  float4e2m1: [2, 1, 1, 'finite'],
  float16: [5, 10, 15, 'ieee'],
  bfloat16: [8, 7, 127, 'ieee'],
};

/** The number of a type in ONNX. */
export const numberOf = (type) => DTYPE[type];
export const isComplex = (type) => type.startsWith('complex');
export const isFloat = (type) => type.startsWith('float') || type === 'bfloat16';
export const isInteger = (type) => /^u?int\d+$/.test(type);
export const is64 = (type) => type === 'int64' || type === 'uint64';
const bitsOf = (type) => Number(type.match(/\d+/)?.[0]);

/** [lowest, highest] integer of a type, as numbers (64 bits: what a double holds exactly). */
export function integerRange(type) {
  const bits = Math.min(bitsOf(type), type.startsWith('u') ? 53 : 54);
  return type.startsWith('u') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

function decodeSmall(type, code) {
  const [exponentBits, mantissaBits, bias, special] = SMALL_FLOATS[type];
  const mantissa = code & ((1 << mantissaBits) - 1);
  const exponent = (code >> mantissaBits) & ((1 << exponentBits) - 1);
  const negative = (code >> (mantissaBits + exponentBits)) & 1;
  const allOnes = exponent === (1 << exponentBits) - 1;
  if (special === 'fnuz' && negative && !exponent && !mantissa) return Number.NaN;
  if (special === 'fn' && allOnes && mantissa === (1 << mantissaBits) - 1) return Number.NaN;
  if (special === 'ieee' && allOnes) return mantissa ? Number.NaN : negative ? -Infinity : Infinity;
  const scaled = exponent
    ? (mantissa / 2 ** mantissaBits + 1) * 2 ** (exponent - bias)
    : mantissa * 2 ** (1 - bias - mantissaBits);
  return negative ? -scaled : scaled;
}

const largestSmall = Object.fromEntries(
  Object.entries(SMALL_FLOATS).map(([type, [e, m, , special]]) => {
    const top = 2 ** (e + m) - 1; // the largest code without a sign
    const code = special === 'ieee' ? top - 2 ** m : special === 'fn' ? top - 1 : top;
    return [type, {code, value: decodeSmall(type, code)}];
  }),
);

/** The nearest code, ties to even; float8 and float4 saturate as ONNX's Cast does by default, the 16-bit ones overflow to infinity. */
function encodeSmall(type, x) {
  const [exponentBits, mantissaBits, bias, special] = SMALL_FLOATS[type];
  const sign = 1 << (mantissaBits + exponentBits);
  const allOnes = ((1 << exponentBits) - 1) << mantissaBits;
  if (Number.isNaN(x))
    return special === 'fnuz'
      ? sign
      : special === 'finite'
        ? 0
        : special === 'fn'
          ? allOnes | ((1 << mantissaBits) - 1)
          : allOnes | (1 << (mantissaBits - 1));
  const negative = x < 0 || Object.is(x, -0);
  const size = Math.abs(x);
  const largest = largestSmall[type];
  const exponent = Math.max(size === 0 ? -Infinity : Math.floor(Math.log2(size)), 1 - bias);
  const unit = 2 ** (exponent - mantissaBits);
  const steps = size / unit;
  let rounded = Math.floor(steps);
  if (steps - rounded > 0.5 || (steps - rounded === 0.5 && rounded % 2)) rounded++;
  const value = rounded * unit;
  let code;
  if (size === Infinity || value > largest.value) {
    code = bitsOf(type) === 16 || type === 'float16' || type === 'bfloat16' ? allOnes : largest.code;
  } else if (value === 0) {
    code = 0;
  } else {
    const e = Math.floor(Math.log2(value));
    code =
      e < 1 - bias
        ? value / 2 ** (1 - bias - mantissaBits)
        : ((e + bias) << mantissaBits) | ((value / 2 ** e - 1) * 2 ** mantissaBits);
  }
  if (special === 'fnuz' && code === 0) return 0;
  return negative ? code | sign : code;
}

/** float8e8m0 is a power of two; code 255 is NaN. */
function encodePower(x) {
  if (Number.isNaN(x)) return 255;
  return x <= 0 ? 0 : Math.min(Math.max(Math.round(Math.log2(x)) + 127, 0), 254);
}

/** One number as the nearest that `type` holds: floats round to even, integers are cut and wrap. */
function store(type, x) {
  if (type === 'string') return String(x);
  if (type === 'bool') return Number(x) !== 0 ? 1 : 0;
  if (type === 'float8e8m0') return encodePower(Number(x));
  if (SMALL_FLOATS[type]) return encodeSmall(type, Number(x));
  if (isFloat(type) || isComplex(type)) return Number(x);
  const whole = typeof x === 'bigint' ? x : BigInt(Number.isFinite(x) ? Math.trunc(x) : 0);
  const wrapped = type.startsWith('u') ? BigInt.asUintN(bitsOf(type), whole) : BigInt.asIntN(bitsOf(type), whole);
  return is64(type) ? wrapped : Number(wrapped);
}

/** The elements' storage, as Tensor of this package takes it. Complex numbers are pairs one after the other. */
export function encode(type, values) {
  const codes = Array.from(values, (x) => store(type, x));
  if (type === 'string') return codes;
  const bits = PACKED[type];
  if (!bits) return (NATIVE[type] ?? Uint8Array).from(codes);
  const bytes = new Uint8Array(Math.ceil((codes.length * bits) / 8));
  codes.forEach((code, i) => {
    bytes[(i * bits) >> 3] |= (code & ((1 << bits) - 1)) << ((i * bits) & 7);
  });
  return bytes;
}

/** `count` elements as numbers, bigints (64-bit integers) or strings. */
export function decode(type, data, count) {
  if (type === 'string') return [...data];
  const bits = PACKED[type];
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data;
  if (bits) {
    return Array.from({length: count}, (_, i) => {
      const code = (bytes[(i * bits) >> 3] >> ((i * bits) & 7)) & ((1 << bits) - 1);
      if (type === 'float4e2m1') return decodeSmall(type, code);
      return type.startsWith('u') || code < 1 << (bits - 1) ? code : code - (1 << bits);
    });
  }
  if (type === 'float8e8m0') return Array.from(bytes, (code) => (code === 255 ? Number.NaN : 2 ** (code - 127)));
  if (SMALL_FLOATS[type]) {
    const codes = type.startsWith('float8') ? bytes : new Uint16Array(bytes.slice().buffer);
    return Array.from(codes, (code) => decodeSmall(type, code));
  }
  return Array.from(data);
}

/** The values as they are after storage in `type`. */
export const roundTo = (type, values) => decode(type, encode(type, values), values.length);

const IN_BITS_OF_8 = ['float32'];
/** Types whose numbers include this one's: an operator on them tells what it gives on `type`, once rounded. Nearest first. */
export const WIDER = {
  float16: ['float32', 'float64'],
  bfloat16: ['float32', 'float64'],
  float64: ['float32'],
  float32: ['float64'],
  int8: ['int32', 'int64', 'float32'],
  int16: ['int32', 'int64', 'float32'],
  uint8: ['int32', 'int64', 'float32'],
  uint16: ['int32', 'int64', 'float32'],
  int32: ['int64', 'float32', 'float64'],
  uint32: ['int64', 'float64', 'float32'],
  int64: ['int32', 'float64', 'float32'],
  uint64: ['int64', 'float64', 'float32'],
  bool: ['uint8', 'int32', 'float32'],
  int4: ['int8', 'int32', 'float32'],
  uint4: ['uint8', 'int32', 'float32'],
  int2: ['int8', 'int32', 'float32'],
  uint2: ['uint8', 'int32', 'float32'],
  float8e4m3fn: IN_BITS_OF_8,
  float8e4m3fnuz: IN_BITS_OF_8,
  float8e5m2: IN_BITS_OF_8,
  float8e5m2fnuz: IN_BITS_OF_8,
  float8e8m0: IN_BITS_OF_8,
  float4e2m1: IN_BITS_OF_8,
  string: ['int64', 'int32', 'float32'],
  complex64: ['float32'],
  complex128: ['float64', 'float32'],
};
