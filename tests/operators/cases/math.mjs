// Operators that are one formula for each element.
import {arithmetic, elementwise} from '../formulas.mjs';
import {isFloat, isInteger} from '../types.mjs';

const SHAPE = [3, 5];
const float = {rtol: 1e-6};

/** An operator of one input on `range`; the formula is the oracle for every type. */
const unary = (op, f, range = {}, more = {}) => ({
  op,
  inputs: [{dims: SHAPE, ...range}],
  expected: elementwise(f),
  ...more,
});

const binary = (op, f, ranges = [{}, {}], more = {}) => ({
  op,
  inputs: [
    {dims: [2, 3, 4], ...ranges[0]},
    {dims: [3, 1], ...ranges[1]},
  ],
  expected: arithmetic(f),
  ...more,
});

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);
const roundEven = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
const nonzero = {low: 1, high: 5};
const POWERS = {low: 0, high: 3, integral: true};

/** Division of integers cuts towards zero. */
const divide = arithmetic((a, b) => a / b);
/** The remainder has the divisor's sign, with fmod the dividend's. */
const floorMod = arithmetic((a, b) => {
  const rest = a % b;
  return rest && rest < 0 !== b < 0 ? rest + b : rest;
});

const functions = [
  unary('Abs', Math.abs),
  unary('Acos', Math.acos, {low: -1, high: 1}),
  unary('Acosh', Math.acosh, {low: 1, high: 9}),
  unary('Asin', Math.asin, {low: -1, high: 1}),
  unary('Asinh', Math.asinh, {low: -9, high: 9}),
  unary('Atan', Math.atan, {low: -9, high: 9}),
  unary('Atanh', Math.atanh, {low: -0.9, high: 0.9}),
  unary('Ceil', Math.ceil, {low: -9, high: 9}),
  unary('Cos', Math.cos, {low: -9, high: 9}),
  unary('Cosh', Math.cosh, {low: -3, high: 3}),
  unary('Exp', Math.exp, {low: -3, high: 3}),
  unary('Floor', Math.floor, {low: -9, high: 9}),
  unary('Log', Math.log, {low: 0.1, high: 9}),
  unary('Neg', (x) => -x, {low: -100, high: 100}),
  unary('Reciprocal', (x) => 1 / x, {low: 0.5, high: 4}),
  unary('Round', roundEven, {values: [-2.5, -1.5, -0.5, -0.25, 0, 0.5, 1.5, 2.5, 3.75, 1, 2, 3, -3.5, 4.5, 0.75]}),
  unary('Sign', (x) => (x > 0 ? 1 : x < 0 ? -1 : 0), {low: -3, high: 3}),
  unary('Sin', Math.sin, {low: -9, high: 9}),
  unary('Sinh', Math.sinh, {low: -3, high: 3}),
  unary('Sqrt', Math.sqrt, {low: 0, high: 9}),
  unary('Tan', Math.tan, {low: -1, high: 1}),
  unary('Tanh', Math.tanh),
  unary('Not', (x) => 1 - x),
  unary('IsNaN', (x) => Number.isNaN(x), {values: (type) => special(type)}),
  unary('IsInf', (x) => Math.abs(x) === Infinity, {values: (type) => special(type)}),
];

function special(type) {
  const infinite = /float8e4m3|float8e5m2fnuz/.test(type) ? 1 : Infinity;
  return [0, 1, -1, Number.NaN, infinite, -infinite, 2, 3, 4, Number.NaN, 1, 1, 1, 1, 1];
}

const activations = [
  unary(
    'Celu',
    (x, {attributes: {alpha}}) => Math.max(x, 0) + Math.min(0, alpha.float * Math.expm1(x / alpha.float)),
    {},
    {attributes: {alpha: {float: 2}}},
  ),
  unary(
    'Elu',
    (x, {attributes: {alpha}}) => (x < 0 ? alpha.float * Math.expm1(x) : x),
    {},
    {attributes: {alpha: {float: 1.5}}},
  ),
  unary('HardSigmoid', (x) => Math.max(0, Math.min(1, 0.2 * x + 0.5)), {low: -4, high: 4}, {tolerance: float}),
  unary('HardSwish', (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)), {low: -4, high: 4}, {tolerance: float}),
  unary('LeakyRelu', (x) => (x < 0 ? Math.fround(0.01) * x : x)),
  unary('Mish', (x) => x * Math.tanh(softplus(x)), {low: -4, high: 4}),
  unary('Relu', (x) => Math.max(x, 0)),
  unary(
    'Selu',
    (x) => (x > 0 ? 1.0507009873554805 * x : 1.0507009873554805 * 1.6732632423543772 * Math.expm1(x)),
    {},
    {tolerance: float},
  ),
  unary(
    'Shrink',
    (x, {attributes}) => (x < -1 ? Number(x) + attributes.bias.float : x > 1 ? Number(x) - attributes.bias.float : 0),
    {low: -5, high: 5},
    {attributes: {lambd: {float: 1}, bias: {float: 1}}},
  ),
  unary('Sigmoid', sigmoid, {low: -6, high: 6}),
  unary('Softplus', softplus, {low: -6, high: 6}),
  unary('Softsign', (x) => x / (1 + Math.abs(x)), {low: -6, high: 6}),
  unary('Swish', (x, {attributes}) => x * sigmoid(attributes.alpha.float * x), {}, {attributes: {alpha: {float: 0.5}}}),
  unary('ThresholdedRelu', (x) => (x > 1 ? x : 0), {low: -3, high: 3}),
  {op: 'Erf', inputs: [SHAPE]},
  {op: 'Gelu', inputs: [SHAPE]},
  {
    op: 'Gelu',
    variant: 'tanh',
    inputs: [SHAPE],
    attributes: {approximate: 'tanh'},
    expected: elementwise((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  },
  {op: 'SwiGLU', inputs: [SHAPE, SHAPE], expected: elementwise((a, b) => a * sigmoid(a) * b)},
  {
    op: 'PRelu',
    inputs: [SHAPE, {dims: [5], low: -1, high: 2}],
    expected: elementwise((x, slope) => (x < 0 ? slope * x : x)),
  },
];

const pairs = [
  binary('Add', (a, b) => a + b),
  binary('Sub', (a, b) => a - b),
  binary('Mul', (a, b) => a * b),
  binary('Div', null, [{}, nonzero], {expected: divide}),
  binary('Mod', null, [{}, nonzero], {
    attributes: ({T}) => (isFloat(T) ? {fmod: 1} : {}),
    expected: (inputs, types, attributes) =>
      (attributes.fmod ? elementwise((a, b) => a % b) : floorMod)(inputs, types, attributes),
  }),
  {
    op: 'Pow',
    inputs: ({T}) => [
      {dims: [2, 3, 4], low: isInteger(T) ? 1 : 0.5, high: 4},
      {dims: [3, 1], ...POWERS},
    ],
    defaults: {T1: 'float32'},
    expected: elementwise((a, b) => Number(a) ** Number(b)),
  },
  binary(
    'BitShift',
    (a, b) => a << b,
    [
      {low: 0, high: 200},
      {low: 0, high: 5},
    ],
    {attributes: {direction: 'LEFT'}},
  ),
  binary(
    'BitShift',
    (a, b) => a >> b,
    [
      {low: 0, high: 200},
      {low: 0, high: 5},
    ],
    {variant: 'right', attributes: {direction: 'RIGHT'}},
  ),
  binary('BitwiseAnd', (a, b) => a & b, [
    {low: -100, high: 100},
    {low: -100, high: 100},
  ]),
  binary('BitwiseOr', (a, b) => a | b, [
    {low: -100, high: 100},
    {low: -100, high: 100},
  ]),
  binary('BitwiseXor', (a, b) => a ^ b, [
    {low: -100, high: 100},
    {low: -100, high: 100},
  ]),
  {op: 'BitwiseNot', inputs: [{dims: SHAPE, low: -100, high: 100}], expected: arithmetic((a) => ~a)},
  binary('And', (a, b) => a & b),
  binary('Or', (a, b) => a | b),
  binary('Xor', (a, b) => a ^ b),
  binary(
    'Equal',
    (a, b) => a === b,
    [
      {low: 0, high: 2, integral: true},
      {low: 0, high: 2, integral: true},
    ],
    {expected: elementwise((a, b) => a === b)},
  ),
  binary('Greater', (a, b) => a > b),
  binary('GreaterOrEqual', (a, b) => a >= b, [{integral: true}, {integral: true}]),
  binary('Less', (a, b) => a < b),
  binary('LessOrEqual', (a, b) => a <= b, [{integral: true}, {integral: true}]),
];

const many = [
  {
    op: 'Max',
    inputs: [[2, 3, 4], [3, 1], [4]],
    expected: elementwise((a, b, c) => [a, b, c].reduce((x, y) => Math.max(x, y))),
  },
  {
    op: 'Min',
    inputs: [[2, 3, 4], [3, 1], [4]],
    expected: elementwise((a, b, c) => [a, b, c].reduce((x, y) => Math.min(x, y))),
  },
  {op: 'Sum', inputs: [[2, 3, 4], [3, 1], [4]], expected: elementwise((a, b, c) => a + b + c)},
  {op: 'Mean', inputs: [[2, 3, 4], [3, 1], [4]], expected: elementwise((a, b, c) => (a + b + c) / 3)},
  {
    op: 'Clip',
    inputs: [
      {dims: SHAPE, low: -9, high: 20},
      {dims: [], values: [1]},
      {dims: [], values: [6]},
    ],
    expected: elementwise((...values) => values.sort((a, b) => Number(a) - Number(b))[1]),
  },
];

export const cases = [...functions, ...activations, ...pairs, ...many];
