// Intervals from probabilities, by the rules in speech.ts: 32 ms a step, 250 ms the shortest speech, 100 ms the shortest silence.
import {speechIntervals} from '../../web-demo/src/tasks/speech.ts';
import {detections} from '../../web-demo/src/tasks/wake-word.ts';

const STEP = 0.032;
const runs = (...parts: [number, number][]) => parts.flatMap(([count, value]) => new Array<number>(count).fill(value));

test('speech between silences is padded by 30 ms', () => {
  const [interval, ...others] = speechIntervals(runs([20, 0.1], [30, 0.9], [20, 0.1]));
  expect(others).toEqual([]);
  expect(interval?.start).toBeCloseTo(20 * STEP - 0.03);
  expect(interval?.end).toBeCloseTo(50 * STEP + 0.03);
});

test('a short dip, or one that stays above the lower threshold, does not end speech', () => {
  expect(speechIntervals(runs([20, 0.9], [2, 0.1], [20, 0.9], [30, 0.1]))).toHaveLength(1);
  expect(speechIntervals(runs([20, 0.9], [30, 0.4], [20, 0.9]))).toHaveLength(1);
  expect(speechIntervals(runs([20, 0.9], [10, 0.1], [20, 0.9]))).toHaveLength(2);
});

test('speech that is too short is dropped, speech at the end is kept', () => {
  expect(speechIntervals(runs([10, 0.1], [5, 0.9], [20, 0.1]))).toEqual([]);
  const [interval] = speechIntervals(runs([10, 0.1], [20, 0.9]));
  expect(interval?.end).toBeCloseTo(30 * STEP);
});

test('a wake word is one detection at the peak of its scores', () => {
  expect(detections([0, 0.2, 0.6, 0.9, 0.7, 0.1, 0.5, 0], 0.5)).toEqual([3, 6]);
  expect(detections([0.9], 0.5)).toEqual([0]);
  expect(detections([], 0.5)).toEqual([]);
});
