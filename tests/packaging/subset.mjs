// `webinfer build` for MobileNetV2: the bytes of every variant, and the package in Chromium: it runs its model on the page and in a
// worker, refuses another one by name, keeps its plan for the next visit, and runs as a pool.
import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync} from 'node:zlib';
import {launchChromium} from '../browser/chromium.mjs';
import {serve} from '../browser/server.mjs';
import {catalog} from '../models/catalog.mjs';
import {assert, assertEqual, Report, Skip} from '../report.mjs';
import {temporaryFolder} from './lib/project.mjs';

/** Bytes of the engine for MobileNetV2 in a page without threads. */
const LIMIT = 250_000;
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder('subset');
const report = new Report();

function model(name) {
  const found = catalog([name])[name];
  if (!existsSync(found.path)) throw new Skip(`${found.path} is missing: node bench/models/generate.mjs`);
  return found;
}

await report.test('MobileNetV2 needs less than 250 KB', () => {
  const cli = join(root, 'dist/cli/webinfer.mjs');
  execFileSync(process.execPath, [cli, 'build', model('mobilenetv2').path, '-o', folder], {encoding: 'utf8'});
  const sizes = readdirSync(join(folder, 'dist'))
    .filter((file) => /^webinfer-(simd|relaxed)\.wasm$/.test(file))
    .map((file) => [file, brotliCompressSync(readFileSync(join(folder, 'dist', file))).length]);
  assert(sizes.length > 0, 'there is no .wasm file');
  const note = sizes.map(([file, bytes]) => `${file} ${bytes}`).join(', ');
  assert(
    sizes.every(([, bytes]) => bytes <= LIMIT),
    note,
  );
  return note;
});

const page = `<!doctype html><body><script type="module">
import {createPool, env, InferenceSession, Tensor} from '/dist/webinfer.mjs';
const x = () => new Tensor('float32', new Float32Array(3 * 224 * 224).map((_, i) => Math.sin(i)), [1, 3, 224, 224]);
const outputs = (results) => Array.from(Object.values(results)[0].data.slice(0, 10));
async function once(options) {
  const session = await InferenceSession.create('/models/mobilenetv2.onnx', options);
  const result = outputs(await session.run({[session.inputNames[0]]: x()}));
  await session.plan.stored;
  await session.release();
  return {result, restored: session.plan.restored};
}
const outcome = {};
try {
  outcome.page = await once({worker: false});
  outcome.worker = await once({worker: true});
  for (const worker of [false, true]) {
    outcome['first ' + worker] = await once({worker, planCache: {key: 'mobilenetv2 ' + worker}});
    outcome['second ' + worker] = await once({worker, planCache: {key: 'mobilenetv2 ' + worker}});
  }
  const pool = await createPool('/models/mobilenetv2.onnx', {size: 2});
  outcome.pool = (await Promise.all([1, 2, 3].map(() => pool.run({[pool.inputNames[0]]: x()})))).map(outputs);
  await pool.release();
  outcome.refused = await InferenceSession.create('/models/yolov8n.onnx').then(() => 'it was taken', (e) => e.code + ' ' + e.message);
} catch (error) {
  outcome.error = String(error.stack ?? error);
}
document.body.dataset.outcome = JSON.stringify(outcome);
</script>`;

await report.test('the package in Chromium', async () => {
  const {path} = model('mobilenetv2');
  model('yolov8n');
  const mounts = {'/dist/': `${folder}/dist/`, '/models/': `${dirname(path)}/`, '/page.html': page};
  const server = await serve(mounts, {isolated: false});
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    await tab.goto(`${server.origin}/page.html`);
    await tab.waitForFunction(() => document.body?.dataset.outcome, undefined, {timeout: 240000});
    const outcome = JSON.parse(await tab.evaluate(() => document.body.dataset.outcome));
    assert(!outcome.error, outcome.error);
    const {result} = outcome.page;
    for (const other of ['worker', 'first false', 'second false', 'first true', 'second true']) {
      assertEqual(outcome[other].result, result, other);
    }
    for (const worker of [false, true]) {
      assertEqual(outcome[`first ${worker}`].restored, false, 'the first create is of a plan');
      assertEqual(outcome[`second ${worker}`].restored, true, 'the second create is of a plan');
    }
    assertEqual(outcome.pool, [result, result, result], 'the pool');
    assert(/^Unsupported \d+ operators are missing: .*ai\.onnx\.Sigmoid/.test(outcome.refused), outcome.refused);
  } finally {
    await browser.close();
    server.close();
  }
});
report.finish();
