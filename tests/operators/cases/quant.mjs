// Changing the type: casts and quantisation.
import {elementwise} from '../formulas.mjs';
import {decode, encode, integerRange, isFloat, isInteger, numberOf} from '../types.mjs';

const scalar = (value) => ({dims: [], values: [value]});

/** Numbers that both types hold. */
function common({T1, T2}) {
  const kinds = `${T1} ${T2}`;
  if (kinds.includes('e8m0')) return [1, 2, 4, 0.5, 8, 1];
  if (kinds.includes('int2')) return kinds.includes('uint2') ? [0, 1, 2, 3, 1, 0] : [0, 1, -2, -1, 1, 0];
  return [0, 1, 2, 3, 4, 6];
}
const values = (types) => [
  {dims: [2, 3], values: (type) => (type === 'string' ? common(types).map(String) : common(types))},
];
const asNumber = (x) => (typeof x === 'string' ? Number(x) : x);
const cast = ([x]) => [{dims: x.dims, values: x.values.map(asNumber)}];

const PARTNER = {
  bool: 'uint8',
  float32: 'int32',
  float64: 'int64',
  float16: 'int16',
  bfloat16: 'uint16',
  float4e2m1: 'uint4',
  complex64: 'uint64',
  complex128: 'complex128',
  string: 'string',
};
function partner(type) {
  if (PARTNER[type]) return PARTNER[type];
  if (type.startsWith('float8')) return 'uint8';
  return type.startsWith('u') ? type.slice(1) : `u${type}`;
}

/** round(x / scale) + zero point, within the type's range; ties to even. */
function quantize(x, scale, zero, type) {
  const ratio = Number(x) / Number(scale);
  if (!isInteger(type)) return ratio + Number(zero);
  const [low, high] = integerRange(type);
  const rounded = Math.abs(ratio % 1) === 0.5 ? 2 * Math.round(ratio / 2) : Math.round(ratio);
  return Math.min(Math.max(rounded + Number(zero), low), high);
}

const zeroOf = (type) => (isFloat(type) || /2|4$/.test(type) ? 0 : type.startsWith('u') ? 10 : -3);

const casts = [
  {op: 'Cast', inputs: values, attributes: ({T2}) => ({to: numberOf(T2)}), defaults: {T2: 'float32'}, expected: cast},
  {
    op: 'CastLike',
    inputs: (types) => [...values(types), {dims: [1], low: 0, high: 1}],
    defaults: {T2: 'float32'},
    expected: cast,
  },
  {
    op: 'BitCast',
    inputs: ({T2}) => [T2 === 'bool' ? {dims: [2, 4], low: 0, high: 1} : [2, 4]],
    attributes: ({T2}) => ({to: numberOf(T2)}),
    couple: (types, varied) => ({...types, [varied === 'T1' ? 'T2' : 'T1']: partner(types[varied])}),
    expected: ([x], {T2}) => [{dims: x.dims, values: decode(T2, castBytes(x, T2), 8)}],
    exact: true,
  },
];

/** The bytes of x as the array that holds `type`. */
function castBytes({type, values: numbers}, to) {
  const data = encode(type, numbers);
  const Kind = encode(to, []).constructor;
  return Kind === Uint8Array ? new Uint8Array(data.buffer) : new Kind(data.buffer);
}

const linear = [
  {
    op: 'QuantizeLinear',
    inputs: ({T1}) =>
      [{dims: [3, 4], low: -20, high: 20, integral: true}, scalar(2), {dims: [], values: (type) => [zeroOf(type)]}].map(
        (spec, i) => (i === 0 && T1 === 'int32' ? {...spec, low: -20} : spec),
      ),
    defaults: {T3: 'uint8'},
    expected: ([x, scale, zero], {T3}) => [
      {dims: x.dims, values: x.values.map((value) => quantize(value, scale.values[0], zero.values[0], T3))},
    ],
  },
  {
    op: 'DequantizeLinear',
    inputs: [
      {dims: [3, 4], low: -6, high: 6, integral: true},
      {dims: [], values: [0.5]},
      {dims: [], values: (type) => [zeroOf(type)]},
    ],
    attributes: ({T3}) => ({output_dtype: numberOf(T3)}),
    defaults: {T1: 'uint8', T3: 'float32'},
    expected: ([x, scale, zero]) =>
      elementwise((value) => (Number(value) - Number(zero.values[0])) * scale.values[0])([x]),
  },
  {op: 'DynamicQuantizeLinear', inputs: [[3, 5]], defaults: {T2: 'uint8'}},
];

const bytes = (dims) => ({dims, low: -90, high: 90});
const scale = (value) => ({dims: [], values: [value]});
const zero = {dims: [], values: (type) => [zeroOf(type)]};
const product = {tolerance: {atol: 1}};

const products = [
  {op: 'MatMulInteger', inputs: [bytes([3, 5]), bytes([5, 4]), zero, zero], defaults: {T1: 'uint8', T2: 'uint8'}},
  {
    op: 'ConvInteger',
    inputs: [bytes([1, 3, 5, 5]), bytes([4, 3, 3, 3]), zero, zero],
    attributes: {pads: [1, 1, 1, 1]},
    defaults: {T1: 'uint8', T2: 'uint8'},
    expected: convInteger,
  },
  {
    op: 'QLinearMatMul',
    inputs: [bytes([3, 5]), scale(0.02), zero, bytes([5, 4]), scale(0.03), zero, scale(0.5), zero],
    defaults: {T1: 'uint8', T2: 'uint8', T3: 'uint8', TS: 'float32'},
    expected: qlinearMatMul,
    ...product,
  },
  {
    op: 'QLinearConv',
    inputs: [
      bytes([1, 2, 5, 5]),
      scale(0.02),
      zero,
      bytes([3, 2, 3, 3]),
      scale(0.03),
      zero,
      scale(0.5),
      zero,
      {dims: [3], low: -500, high: 500},
    ],
    defaults: {T1: 'uint8', T2: 'uint8', T3: 'uint8'},
    attributes: {pads: [1, 1, 1, 1]},
    expected: qlinearConv,
    ...product,
  },
];

/** Sums of a convolution of 3 x 3 with padding 1 over an image of 5 x 5. */
function convolve(x, w, xZero, wZero) {
  const [channels, filters] = [x.dims[1], w.dims[0]];
  const result = [];
  for (let m = 0; m < filters; m++)
    for (let at = 0; at < 25; at++) {
      let sum = 0;
      for (let i = 0; i < channels * 9; i++) {
        const [c, row, column] = [
          Math.floor(i / 9),
          Math.floor(at / 5) + Math.floor((i % 9) / 3) - 1,
          (at % 5) + (i % 3) - 1,
        ];
        if (row < 0 || row > 4 || column < 0 || column > 4) continue;
        sum +=
          (x.values[(c * 5 + row) * 5 + column] - xZero.values[0]) * (w.values[m * channels * 9 + i] - wZero.values[0]);
      }
      result.push(sum);
    }
  return {dims: [1, filters, 5, 5], values: result};
}

function convInteger([x, w, xZero, wZero]) {
  return [convolve(x, w, xZero, wZero)];
}

function qlinearConv([x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias], {T3}) {
  const {dims, values: sums} = convolve(x, w, xZero, wZero);
  const real = sums.map((sum, i) => (sum + bias.values[Math.floor(i / 25)]) * xScale.values[0] * wScale.values[0]);
  return [{dims, values: real.map((value) => quantize(value, yScale.values[0], yZero.values[0], T3))}];
}

function qlinearMatMul([a, aScale, aZero, b, bScale, bZero, yScale, yZero], {T3}) {
  const result = [];
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 4; j++) {
      let sum = 0;
      for (let k = 0; k < 5; k++)
        sum += (a.values[i * 5 + k] - aZero.values[0]) * (b.values[k * 4 + j] - bZero.values[0]);
      result.push(quantize(sum * aScale.values[0] * bScale.values[0], yScale.values[0], yZero.values[0], T3));
    }
  return [{dims: [3, 4], values: result}];
}

export const cases = [...casts, ...linear, ...products];
