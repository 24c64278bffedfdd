// What the demo, the parity tests and the bench mean by a difference (tests/models/compare.mjs).
import {compareWithRecord, largestDifference} from '../models/compare.mjs';

const output = (data: ArrayLike<number>, dims = [data.length], type = 'float32') => ({
  y: {type, dims, data: Float32Array.from(data)},
});

test('the difference is relative to the largest magnitude, and that is no less than 1e-3', () => {
  expect(largestDifference(output([1, -4, 2]), output([1, -4, 2.5])).relative).toBeCloseTo(0.125);
  expect(largestDifference(output([0, 0]), output([0, 1e-4])).relative).toBeCloseTo(0.1);
  expect(largestDifference(output([1, 2]), output([1, 2])).relative).toBe(0);
});

test('the worst output is named', () => {
  const both = (last: number) => ({a: output([1]).y, b: output([last]).y});
  expect(largestDifference(both(1), both(2))).toMatchObject({output: 'b', relative: 1});
});

test.each([
  ['a missing output', {}],
  ['another type', output([1, 2], [2], 'float64')],
  ['other dims', output([1, 2], [2, 1])],
  ['a NaN where a number is expected', output([1, Number.NaN])],
  ['an infinity where a number is expected', output([1, Number.POSITIVE_INFINITY])],
])('%s is no agreement', (_, actual) => {
  expect(largestDifference(output([1, 2]), actual).relative).toBe(Number.POSITIVE_INFINITY);
});

test('NaN agrees with NaN, infinity with the same infinity', () => {
  const odd = output([Number.NaN, Number.POSITIVE_INFINITY, 1]);
  expect(largestDifference(odd, odd).relative).toBe(0);
});

test('a record holds the first values, the extremes and the sum', () => {
  const record = {by: 'a library', outputs: {y: {type: 'float32', dims: [3], first: [1, 2], sum: 6, min: 1, max: 3}}};
  expect(() => compareWithRecord(record, output([1, 2, 3]))).not.toThrow();
  expect(() => compareWithRecord(record, output([1, 2, 3.01]))).toThrow('a library');
  expect(() => compareWithRecord(record, output([1.01, 2, 3]))).toThrow('a library');
  expect(() => compareWithRecord(record, output([1, 2, 3], [1, 3]))).toThrow('dims');
});
