// webinfer and its peers in browsers: one page and one fresh browser per library, model and round, one thread, median wall time of
// runs after a warm-up of seconds.
//   node bench/browsers.mjs [--rounds N] [--quick] [--packages FOLDER] [--browsers chromium,firefox,webkit] [MODEL...]
// LiteRT.js takes part in Chromium where FOLDER (default $WEBINFER_PEERS) has @litertjs/core in its node_modules and FOLDER/tflite
// the models' twins (MODEL.tflite).
import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {launch, waitFor} from '../tests/browser/drivers.mjs';
import {serve} from '../tests/browser/server.mjs';
import {catalog} from '../tests/models/catalog.mjs';
import {Skip} from '../tests/report.mjs';
import {median} from './statistics.mjs';
import {table, updatePerformanceDoc} from './tables.mjs';

const {values: arg, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    quick: {type: 'boolean', default: false},
    rounds: {type: 'string'},
    packages: {type: 'string', default: process.env.WEBINFER_PEERS},
    browsers: {type: 'string', default: 'chromium,firefox,webkit'},
  },
});
const rounds = Number(arg.rounds ?? (arg.quick ? 1 : 3));
const [warmMs, budgetMs] = arg.quick ? [800, 800] : [2500, 2500];
const names = positionals.length ? positionals : ['mobilenetv2', 'resnet50', 'squeezenet1.1', 'minilm-l6'];
const models = catalog(names);

/** A page that puts the median milliseconds of a run into document.body.dataset. `prepare` is module code that defines `run`. */
const page = (prepare) => `<!doctype html><body><script type="module">
try {
  ${prepare}
  const warm = performance.now();
  while (performance.now() - warm < ${warmMs}) await run();
  const times = [];
  const from = performance.now();
  while (times.length < 5 || (performance.now() - from < ${budgetMs} && times.length < 400)) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  document.body.dataset.result = times[times.length >> 1];
} catch (error) {
  document.body.dataset.error = String(error?.message ?? error);
}
</script>`;

const onnxPage = (entry, model) =>
  page(`
  const library = await import('${entry}');
  const {makeFeeds} = await import('/tests/models/inputs.mjs');
  library.env.wasm.numThreads = 1;
  const session = await library.InferenceSession.create('/models/${model.file}', {executionProviders: ['wasm']});
  const feeds = makeFeeds(library.Tensor, ${JSON.stringify({...model, path: undefined})});
  const run = () => session.run(feeds);`);

const litertPage = (name, model) =>
  page(`
  const litert = await import('/peers/@litertjs/core/dist/index.js');
  await litert.loadLiteRt('/peers/@litertjs/core/wasm/', {threads: false});
  const compiled = await litert.loadAndCompile('/tflite/${name}.tflite', {accelerator: 'wasm'});
  const [batch, channels, height, width] = ${JSON.stringify(model.inputs[0].dims)};
  const data = Float32Array.from({length: batch * channels * height * width}, (_, i) => Math.sin(i));
  const inputs = [new litert.Tensor(data, [batch, height, width, channels])];
  const run = async () => {
    const outputs = await compiled.run(inputs);
    for (const output of Array.isArray(outputs) ? outputs : Object.values(outputs)) {
      output.toTypedArray().slice();
      output.delete();
    }
  };`).replace(
    '<script type="module">',
    '<script type="importmap">{"imports": {"@litertjs/wasm-utils": "/peers/@litertjs/wasm-utils/dist/index.js"}}</script><script type="module">',
  );

const hasTwin = (name) =>
  arg.packages !== undefined &&
  existsSync(join(arg.packages, 'node_modules/@litertjs/core')) &&
  existsSync(join(arg.packages, 'tflite', `${name}.tflite`));

const mounts = {'/': fileURLToPath(new URL('..', import.meta.url))};
if (arg.packages)
  Object.assign(mounts, {'/peers/': join(arg.packages, 'node_modules'), '/tflite/': join(arg.packages, 'tflite')});
mounts['/models/'] = dirname(models[names[0]].path);
for (const name of names) {
  mounts[`/${name}-theirs.html`] = onnxPage('/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs', models[name]);
  mounts[`/${name}-ours.html`] = onnxPage('/dist/webinfer.mjs', models[name]);
  if (hasTwin(name)) mounts[`/${name}-litert.html`] = litertPage(name, models[name]);
}

async function measure(browser, origin, name, contender) {
  const driver = await launch(browser);
  try {
    await driver.open(`${origin}/${name}-${contender}.html`);
    await waitFor(driver, 'document.body && (document.body.dataset.result || document.body.dataset.error)', {
      seconds: 120,
    });
    const error = await driver.evaluate('document.body.dataset.error');
    if (error) throw new Error(`${browser}, ${name}, ${contender}: ${error}`);
    return Number(await driver.evaluate('document.body.dataset.result'));
  } finally {
    await driver.close();
  }
}

const server = await serve(mounts);
const rows = [];
try {
  for (const browser of arg.browsers.split(',')) {
    for (const name of names) {
      const contenders = ['theirs', 'ours', ...(browser === 'chromium' && hasTwin(name) ? ['litert'] : [])];
      const times = Object.fromEntries(contenders.map((key) => [key, []]));
      try {
        for (let round = 0; round < rounds; round++) {
          for (const key of round % 2 ? contenders.toReversed() : contenders) {
            process.stderr.write(`\r${browser} ${name} ${key}`.padEnd(50));
            times[key].push(await measure(browser, server.origin, name, key));
          }
        }
      } catch (error) {
        process.stderr.write(`\r${error.message}\n`);
        if (error instanceof Skip) break;
        continue;
      }
      const [theirs, ours, litert] = contenders.map((key) => median(times[key]));
      const ratio = (value) => (value === undefined ? '' : (value / ours).toFixed(2));
      const ms = (value) => value?.toFixed(1) ?? '';
      rows.push([browser, name, ms(theirs), ms(litert), ms(ours), `**${ratio(theirs)}**`, ratio(litert)]);
    }
  }
} finally {
  server.close();
}
process.stderr.write(`${'\r'.padEnd(60)}\r`);
const head = [
  'browser',
  'model',
  'onnxruntime-web, ms',
  'LiteRT.js, ms',
  'webinfer, ms',
  'ratio',
  'LiteRT.js over webinfer',
];
const tables = `Wall ms a run, one thread, medians of ${rounds} rounds of a fresh browser each. WebKitGTK has no relaxed SIMD.\n\n${table(head, rows)}`;
console.log(tables);
if (!arg.quick && !positionals.length) updatePerformanceDoc(tables, 'script/bench --browsers');
process.exit(0);
