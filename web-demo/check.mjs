// `script/demo --check`: drives the built page in headless Chromium and asserts what it recognises; then the same page on
// onnxruntime-web, which must see the same.
import {mkdirSync} from 'node:fs';
import {launch, waitFor} from '../tests/browser/drivers.mjs';
import {serve} from '../tests/browser/server.mjs';
import {assert, assertEqual, Report} from '../tests/report.mjs';
import {demoFolder} from './serve.mjs';
import {press, SAMPLE_CHECKS} from './tasks-check.mjs';

const screenshots = process.argv.includes('--screenshots') ? 'build/screenshots' : undefined;
const report = new Report();
const {origin} = await serve({'/': demoFolder});
const driver = await launch('chromium');
const shoot = async (name) => {
  if (!screenshots) return;
  mkdirSync(screenshots, {recursive: true});
  await driver.page.setViewportSize({width: 1200, height: 900});
  await driver.page.screenshot({path: `${screenshots}/${name}.png`, fullPage: true});
};

for (const [task, check] of Object.entries(SAMPLE_CHECKS)) {
  await report.test(`${task} with webinfer`, async () => {
    const note = await check(driver, origin);
    await shoot(task);
    return note;
  });
  await report.test(`${task} with onnxruntime-web`, () => check(driver, origin, '?library=onnxruntime-web'));
}

await report.test('own model beside onnxruntime-web', async () => {
  await driver.open(`${origin}/#own-model`);
  await press(driver, 'own-model', 'embedding_model.onnx');
  await waitFor(driver, `!!document.querySelector('[data-action="compare"]')`);
  const result = await press(driver, 'own-model', 'compare');
  await shoot('own-model');
  assertEqual(result.times.length, 2, 'the libraries that were timed');
  assert(result.difference <= 1e-4, `expected the outputs to agree, found a difference of ${result.difference}`);
  assert(result.profiled > 5, `expected a time per node, found ${result.profiled} nodes`);
  return result.times.map(({library, ms}) => `${library} ${ms.toFixed(2)} ms`).join(', ');
});

await report.test('a file that is no model is explained in words', async () => {
  await driver.open(`${origin}/#own-model`);
  await waitFor(driver, `!!document.querySelector('#task-own-model input[type=file]')`);
  const input = await driver.page.$('#task-own-model input[type=file]');
  await input.setInputFiles({
    name: 'notes.onnx',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('<html>not a model</html>'),
  });
  const text = await waitFor(driver, `document.querySelector('.error')?.textContent`);
  await shoot('error');
  assert(text.length > 40, `expected an explanation, found "${text}"`);
  return text.slice(0, 120);
});

await report.test('the microphone is listened to until it is stopped', async () => {
  await driver.open(`${origin}/#speech`);
  const panel = `document.querySelector('#task-speech')`;
  const button = (action) => `${panel}?.querySelector('[data-action="${action}"]')`;
  await waitFor(driver, `!!${button('microphone')}`);
  await driver.evaluate(`${button('microphone')}.click()`);
  await waitFor(
    driver,
    `!!${button('stop')} && ${panel}.querySelector('.curve')?.getAttribute('d').split('L').length > 30`,
  );
  await driver.evaluate(`${button('stop')}.click()`);
  await waitFor(driver, `${panel}.dataset.phase === 'done'`);
  assert((await driver.evaluate(`${panel}.dataset.result`)).startsWith('['), 'expected intervals');
});

await driver.close();
report.finish();
