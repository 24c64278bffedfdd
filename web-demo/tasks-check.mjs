// Drives the tasks of the demo page as a user does, in any browser, and compares what it shows with what the samples contain.
import {readFileSync} from 'node:fs';
import {waitFor} from '../tests/browser/drivers.mjs';
import {assert, assertEqual} from '../tests/report.mjs';

const samples = JSON.parse(readFileSync(new URL('public/samples/samples.json', import.meta.url), 'utf8'));
const INTERVAL_TOLERANCE = 0.2; // seconds: the network works in steps of 32 ms and pads its intervals
const withoutSpaces = (text) => text.replaceAll(/\s/g, ''); // PP-OCR's recogniser drops most spaces

/** Presses a button of a task and returns what its panel then holds. */
export async function press(driver, task, action) {
  const panel = `document.querySelector('#task-${task}')`;
  const button = `${panel}?.querySelector('[data-action="${action}"]')`;
  await waitFor(driver, `!!${button}`);
  await driver.evaluate(`${button}.click()`);
  await waitFor(driver, `${panel}.dataset.phase !== 'idle'`);
  const phase = await waitFor(driver, `['done', 'failed'].includes(${panel}.dataset.phase) && ${panel}.dataset.phase`);
  if (phase === 'failed') {
    throw new Error(
      `the page says: ${await driver.evaluate(`${panel}.querySelector('.error').textContent`)}\n${driver.messages.slice(-5).join('\n')}`,
    );
  }
  return JSON.parse((await driver.evaluate(`${panel}.dataset.result ?? ''`)) || 'null');
}

async function runSample(driver, origin, task, query) {
  await driver.open(`${origin}/${query}#${task}`);
  return press(driver, task, 'sample');
}

/** {task: async (driver, origin, query) => note}: each throws when the page shows something else than the sample contains. */
export const SAMPLE_CHECKS = {
  async text(driver, origin, query = '') {
    const lines = await runSample(driver, origin, 'text', query);
    assertEqual(
      lines.map(({text}) => withoutSpaces(text)),
      samples.picture.lines.map(withoutSpaces),
      'the text in the picture',
    );
    return `${lines.length} lines`;
  },

  async speech(driver, origin, query = '') {
    const found = await runSample(driver, origin, 'speech', query);
    const expected = samples.speech.intervals;
    const text = JSON.stringify(found);
    assertEqual(found.length, expected.length, `the number of speech intervals in ${text}`);
    expected.forEach(({start, end}, i) => {
      const near = (a, b) => Math.abs(a - b) <= INTERVAL_TOLERANCE;
      assert(
        near(found[i].start, start) && near(found[i].end, end),
        `interval ${i}: expected ${start}-${end} s, found ${text}`,
      );
    });
    return found.map(({start, end}) => `${start.toFixed(2)}-${end.toFixed(2)} s`).join(', ');
  },

  async 'wake-word'(driver, origin, query = '') {
    const {times, highest} = await runSample(driver, origin, 'wake-word', query);
    assert(highest > 0.9, `expected a score above 0.9, found ${highest}`);
    assertEqual(times.length, 1, 'the number of wake words');
    const late = times[0] - samples.wakeWord.end;
    assert(late > -0.2 && late < 0.8, `expected the word at ${samples.wakeWord.end} s, found it at ${times[0]} s`);
    return `score ${highest.toFixed(4)} at ${times[0].toFixed(2)} s`;
  },
};
