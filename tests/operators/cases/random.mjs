// Random numbers: their distribution, not their values.
import {numberOf} from '../types.mjs';

const COUNT = 4000;
const SHAPE = [40, 100];

function moments(values) {
  const numbers = values.map(Number);
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  return {mean, deviation: Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length)};
}

/** A check of type, shape, mean and deviation (within five standard errors), and of the numbers one by one. */
const distribution =
  (mean, deviation, allowed, dims = SHAPE) =>
  (got, types, _, type = types.T2 ?? types.T) => {
    if (got.type !== type) return `type ${got.type}, expected ${type}`;
    if (got.dims.join() !== dims.join()) return `shape [${got.dims}], expected [${dims}]`;
    const wrong = got.values.find((x) => !allowed(Number(x)));
    if (wrong !== undefined) return `${wrong} cannot come up`;
    const found = moments(got.values);
    const error = (5 * deviation) / Math.sqrt(COUNT);
    if (Math.abs(found.mean - mean) > error) return `the mean is ${found.mean}, expected ${mean}`;
    return Math.abs(found.deviation - deviation) > error
      ? `the deviation is ${found.deviation}, expected ${deviation}`
      : '';
  };

const normal = distribution(2, 0.5, (x) => Math.abs(x - 2) < 3);
const uniform = distribution(3, 2 / Math.sqrt(3), (x) => x >= 1 && x <= 5);
const normalAttributes = {mean: {float: 2}, scale: {float: 0.5}, seed: {float: 7}};
const uniformAttributes = {low: {float: 1}, high: {float: 5}, seed: {float: 7}};
const likelihood = {dims: SHAPE, values: new Array(COUNT).fill(0.25)};

export const cases = [
  {op: 'RandomNormal', attributes: ({T}) => ({...normalAttributes, shape: SHAPE, dtype: numberOf(T)}), check: normal},
  {
    op: 'RandomUniform',
    attributes: ({T}) => ({...uniformAttributes, shape: SHAPE, dtype: numberOf(T)}),
    check: uniform,
  },
  {
    op: 'RandomNormalLike',
    inputs: [SHAPE],
    attributes: ({T2}) => ({...normalAttributes, dtype: numberOf(T2)}),
    check: normal,
  },
  {
    op: 'RandomUniformLike',
    inputs: [SHAPE],
    attributes: ({T2}) => ({...uniformAttributes, dtype: numberOf(T2)}),
    check: uniform,
  },
  {
    op: 'Bernoulli',
    inputs: [likelihood],
    attributes: ({T2}) => ({dtype: numberOf(T2), seed: {float: 3}}),
    defaults: {T2: 'float32'},
    check: distribution(0.25, Math.sqrt(0.1875), (x) => x === 0 || x === 1),
  },
  {
    op: 'Multinomial',
    inputs: [{dims: [1, 3], values: [0, Math.log(2), Math.log(5)]}],
    attributes: ({T2}) => ({sample_size: COUNT, dtype: numberOf(T2), seed: {float: 5}}),
    defaults: {T2: 'int32'},
    check: distribution(1.5, Math.sqrt(0.5), (x) => [0, 1, 2].includes(x), [1, COUNT]),
  },
  {
    op: 'Dropout',
    variant: 'training',
    inputs: [
      {dims: SHAPE, values: new Array(COUNT).fill(1)},
      {dims: [], values: [0.75]},
      {dims: [], values: [1]},
    ],
    attributes: {seed: 4},
    outputs: ['T'],
    check: (got, types) => distribution(1, Math.sqrt(3), (x) => x === 0 || x === 4)(got, {T2: types.T}),
  },
];
