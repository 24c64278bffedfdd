// CTC decoding by hand-made probabilities.
import {decode, parseDictionary} from '../../web-demo/src/tasks/ocr/read-text.ts';

/** One step per class index, each with probability 0.9. */
function steps(...classes: number[]) {
  const count = 5;
  const data = new Float32Array(classes.length * count).fill(0.025);
  classes.forEach((best, step) => {
    data[step * count + best] = 0.9;
  });
  return [data, classes.length, count] as const;
}

test('repeats merge, blanks part them, and the confidence is the mean over characters', () => {
  const characters = parseDictionary('a\nb\nc\n');
  expect(characters).toEqual(['', 'a', 'b', 'c', ' ']);
  const {text, confidence} = decode(...steps(1, 1, 0, 1, 4, 2, 0, 0, 3), characters);
  expect(text).toBe('aa bc');
  expect(confidence).toBeCloseTo(0.9);
});

test('nothing but blanks is no text', () => {
  expect(decode(...steps(0, 0), ['', 'a'])).toEqual({text: '', confidence: 0});
});
