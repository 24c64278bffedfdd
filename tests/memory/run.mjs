// What sessions take of memory, in bytes: linear memory against the model's size, what is left after release, the heap of steady
// runs, and a model that nearly fills the address space. Each test is a process of its own.
//   node tests/memory/run.mjs [TEST]      `TEST` runs one of them in this process
import {spawnSync} from 'node:child_process';
import {closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync} from 'node:fs';
import {freemem, tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {encodeModel} from '../../bench/models/onnx-writer.mjs';
import {launchChromium} from '../browser/chromium.mjs';
import {serve} from '../browser/server.mjs';
import {catalog} from '../models/catalog.mjs';
import {makeFeeds} from '../models/inputs.mjs';
import {assert, Report, Skip} from '../report.mjs';

const MB = 2 ** 20;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** GPT-2 is not among them: its embedding is read by rows and by columns, so it is there twice. */
const MODELS = ['mobilenetv2', 'resnet50', 'yolov8n', 'minilm-l6'];

async function load() {
  const library = await import('webinfer');
  library.env.wasm.numThreads = 1;
  return library;
}

async function checkLinearMemory(name, weightMemory) {
  const {InferenceSession, Tensor} = await load();
  const model = catalog([name])[name];
  const {size} = statSync(model.path);
  const session = await InferenceSession.create(model.path, {weightMemory});
  const {memoryBytes: loaded} = await session.stats();
  await session.run(makeFeeds(Tensor, model));
  const {memoryBytes, arenaBytes} = await session.stats();
  const limit = 1.1 * size + arenaBytes + 4 * MB + (weightMemory === 'small' ? 0 : Math.max(size / 2, 32 * MB));
  const note = `${(memoryBytes / MB).toFixed(1)} MB of ${(limit / MB).toFixed(1)}, ${(loaded / MB).toFixed(1)} when loaded`;
  assert(memoryBytes <= limit, note);
  assert(loaded <= 1.2 * limit, note);
  return note;
}

const relu = encodeModel(
  {
    name: 'relu',
    nodes: [{name: 'relu', op: 'Relu', attributes: {}, inputs: ['x'], outputs: ['y']}],
    initializers: [],
    inputs: [{name: 'x', type: 'float32', dims: [1, 4]}],
    outputs: [{name: 'y', type: 'float32', dims: [1, 4]}],
  },
  17,
);

async function checkRelease() {
  const {InferenceSession, Tensor} = await load();
  const x = new Tensor('float32', [1, -2, 3, -4], [1, 4]);
  const levels = [];
  for (let i = 1; i <= 1000; i++) {
    const session = await InferenceSession.create(relu);
    await session.run({x});
    await session.release();
    if (i % 100) continue;
    globalThis.gc();
    await new Promise((done) => setTimeout(done, 20));
    globalThis.gc();
    levels.push(process.memoryUsage());
  }
  // A session's memory is 4 MB and counts as external; the last one may still be there.
  const [first, last] = [levels[1], levels.at(-1)];
  const grown = (key) => (last[key] - first[key]) / MB;
  const note = ['heapUsed', 'external', 'rss'].map((key) => `${key} grew by ${grown(key).toFixed(1)} MB`).join(', ');
  assert(grown('heapUsed') < 1 && grown('external') < 5 && grown('rss') < 100, note);
  return note;
}

async function checkHeap() {
  const {InferenceSession, Tensor} = await load();
  const session = await InferenceSession.create(relu);
  const x = new Tensor('float32', [1, -2, 3, -4], [1, 4]);
  const y = new Tensor('float32', [0, 0, 0, 0], [1, 4]);
  for (let i = 0; i < 2000; i++) session.runSync({x}, {y});
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 10000; i++) session.runSync({x}, {y});
  globalThis.gc();
  const grown = process.memoryUsage().heapUsed - before;
  assert(grown < MB, `the heap grew by ${grown} bytes`);
  assert(y.data.join() === '1,0,3,0', `y is ${y.data}`);
  const {runAllocations} = await session.stats();
  assert(runAllocations === 0, `a steady run allocates ${runAllocations} times`);
  return `${grown} bytes`;
}

const LARGE = {rows: 8192, products: 12, last: 2432};

/** A chain of matrix products whose weights are zeros but for their first and their last element, in a file with holes. */
function makeLargeModel(folder) {
  const {rows, products, last} = LARGE;
  const file = openSync(join(folder, 'weights.bin'), 'w');
  const initializers = [];
  let offset = 0;
  for (let i = 0; i <= products; i++) {
    const columns = i < products ? rows : last;
    const length = 4 * rows * columns;
    writeSync(file, new Float32Array([2]), 0, 4, offset);
    writeSync(file, new Float32Array([3]), 0, 4, offset + length - 4);
    initializers.push({
      name: `w${i}`,
      type: 'float32',
      dims: [rows, columns],
      external: {location: 'weights.bin', offset, length},
    });
    offset += length;
  }
  ftruncateSync(file, offset);
  closeSync(file);
  const nodes = initializers.map((_, i) => ({
    name: `product ${i}`,
    op: 'MatMul',
    attributes: {},
    inputs: [i ? `v${i}` : 'x', `w${i}`],
    outputs: [i === products ? 'y' : `v${i + 1}`],
  }));
  const graph = {
    name: 'large',
    nodes,
    initializers,
    inputs: [{name: 'x', type: 'float32', dims: [1, rows]}],
    outputs: [{name: 'y', type: 'float32', dims: [1, last]}],
  };
  writeFileSync(join(folder, 'model.onnx'), encodeModel(graph, 17));
  return offset;
}

function checkLargeOutput(first, final) {
  const {products} = LARGE;
  assert(first === 2 ** (products + 1), `y[0] is ${first}`);
  assert(final === 3 ** (products + 1), `the last of y is ${final}`);
}

async function withLargeModel(use) {
  if (freemem() < 8 * 1024 * MB) throw new Skip('8 GB of free memory are needed');
  const folder = mkdtempSync(join(tmpdir(), 'webinfer-large-'));
  try {
    const bytes = makeLargeModel(folder);
    assert(bytes >= 3.3e9, `the model has ${bytes} bytes only`);
    const memory = await use(folder);
    return `${bytes} bytes of weights, ${memory} of memory`;
  } finally {
    rmSync(folder, {recursive: true});
  }
}

const checkLargeModel = () =>
  withLargeModel(async (folder) => {
    const {InferenceSession, Tensor} = await load();
    const session = await InferenceSession.create(join(folder, 'model.onnx'));
    const x = new Tensor('float32', new Float32Array(LARGE.rows).fill(1), [1, LARGE.rows]);
    const {y} = await session.run({x});
    checkLargeOutput(y.data[0], y.data.at(-1));
    return (await session.stats()).memoryBytes;
  });

const checkLargeModelInChromium = () =>
  withLargeModel(async (folder) => {
    const page = `<!doctype html><body><script type="module">
import {env, InferenceSession, Tensor} from '/dist/webinfer.mjs';
env.wasm.numThreads = 1;
try {
  const session = await InferenceSession.create('/large/model.onnx');
  const x = new Tensor('float32', new Float32Array(${LARGE.rows}).fill(1), [1, ${LARGE.rows}]);
  const {y} = await session.run({x});
  const {memoryBytes} = await session.stats();
  document.body.dataset.result = JSON.stringify({first: y.data[0], final: y.data.at(-1), memoryBytes});
} catch (error) {
  document.body.dataset.result = JSON.stringify({error: String(error)});
}
</script>`;
    const server = await serve({'/': root, '/large/': `${folder}/`, '/large.html': page}, {isolated: false});
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      await tab.goto(`${server.origin}/large.html`);
      await tab.waitForFunction(() => document.body?.dataset.result, undefined, {timeout: 600000});
      const {error, first, final, memoryBytes} = JSON.parse(await tab.evaluate(() => document.body.dataset.result));
      assert(!error, error);
      checkLargeOutput(first, final);
      return memoryBytes;
    } finally {
      await browser.close();
      server.close();
    }
  });

const TESTS = {
  ...Object.fromEntries(
    MODELS.flatMap((name) =>
      ['small', 'balanced'].map((choice) => [
        `linear memory of ${name}, ${choice}`,
        () => checkLinearMemory(name, choice),
      ]),
    ),
  ),
  'a thousand sessions leave nothing behind': checkRelease,
  'ten thousand runs with own outputs leave the heap as it is': checkHeap,
  '3.3e9 bytes of weights in another file': checkLargeModel,
  '3.3e9 bytes of weights in another file, in Chromium': checkLargeModelInChromium,
};

const [only] = process.argv.slice(2);
if (only !== undefined) {
  try {
    console.log(JSON.stringify({note: await TESTS[only]()}));
  } catch (error) {
    console.log(JSON.stringify({[error instanceof Skip ? 'skip' : 'error']: error.message}));
  }
  process.exit(0);
}
const report = new Report();
for (const name of Object.keys(TESTS)) {
  await report.test(name, () => {
    const args = ['--expose-gc', fileURLToPath(import.meta.url), name];
    const {stdout, stderr} = spawnSync(process.execPath, args, {encoding: 'utf8'});
    const last = stdout.trim().split('\n').at(-1);
    assert(last?.startsWith('{'), `it ended early: ${stderr.slice(-500)}`);
    const {note, skip, error} = JSON.parse(last);
    if (skip) throw new Skip(skip);
    assert(!error, error);
    return note;
  });
}
report.finish();
