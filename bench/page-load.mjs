// What a page waits for: import, create and first run of a model in Chromium, the libraries alternating in one browser that has all
// files in its cache; and the same with nothing cached, from navigation to the first result.
import {dirname} from 'node:path';
import {fileURLToPath} from 'node:url';
import {launchChromium} from '../tests/browser/chromium.mjs';
import {serve} from '../tests/browser/server.mjs';
import {catalog} from '../tests/models/catalog.mjs';
import {median} from './statistics.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ONNXRUNTIME = '/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs';
const WEBINFER = '/dist/webinfer.mjs';
const STEADY_RUNS = 20;
const WARM_VISITS = 3;

const page = (entry, model, options) => `<!doctype html><body><script type="module">
const model = ${JSON.stringify({...model, path: undefined})};
const {makeFeeds} = await import('/tests/models/inputs.mjs');
const from = performance.now();
const library = await import('${entry}');
library.env.wasm.numThreads = 1;
const imported = performance.now();
const session = await library.InferenceSession.create('/models/' + model.file, ${JSON.stringify(options)});
const created = performance.now();
const feeds = makeFeeds(library.Tensor, model);
const fed = performance.now();
await session.run(feeds);
const ran = performance.now();
const steady = [];
for (let i = 0; i < ${STEADY_RUNS}; i++) {
  const start = performance.now();
  await session.run(feeds);
  steady.push(performance.now() - start);
}
await session.plan?.stored;
steady.sort((a, b) => a - b);
document.body.dataset.result = JSON.stringify({
  importMs: imported - from,
  createMs: created - imported,
  startMs: created - from,
  firstRunMs: ran - fed,
  steadyMs: steady[steady.length >> 1],
  resultMs: ran,
});
</script>`;

async function visit(context, url) {
  const tab = await context.newPage();
  await tab.goto(url);
  await tab.waitForFunction(() => document.body?.dataset.result, undefined, {timeout: 120000});
  const result = JSON.parse(await tab.evaluate(() => document.body.dataset.result));
  await tab.close();
  return result;
}

const medians = (results) =>
  Object.fromEntries(Object.keys(results[0]).map((key) => [key, median(results.map((result) => result[key]))]));

/** Medians of {importMs, createMs, startMs, firstRunMs, steadyMs} for [onnxruntime-web, webinfer, webinfer with a stored plan]. */
export async function measureStartUps(name, rounds) {
  const model = catalog([name])[name];
  const kinds = [
    [ONNXRUNTIME, {executionProviders: ['wasm']}],
    [WEBINFER, {}],
    [WEBINFER, {planCache: true}],
  ];
  const mounts = {'/': root, '/models/': dirname(model.path)};
  kinds.forEach(([entry, options], i) => {
    mounts[`/page-${i}.html`] = page(entry, model, options);
  });
  const server = await serve(mounts, {isolated: false, cache: true});
  const browser = await launchChromium();
  const context = await browser.newContext();
  const results = kinds.map(() => []);
  try {
    for (let round = -WARM_VISITS; round < rounds; round++) {
      for (const i of round % 2 ? [2, 1, 0] : [0, 1, 2]) {
        const result = await visit(context, `${server.origin}/page-${i}.html`);
        if (round >= 0) results[i].push(result);
      }
    }
  } finally {
    await browser.close();
    server.close();
  }
  return results.map(medians);
}

/** Median milliseconds from navigation to the first result in fresh browsers: [onnxruntime-web, webinfer]. */
export async function measurePageLoads(name, rounds) {
  const model = catalog([name])[name];
  const times = [[], []];
  const mounts = {
    '/': root,
    '/models/': dirname(model.path),
    '/page-0.html': page(ONNXRUNTIME, model, {executionProviders: ['wasm']}),
    '/page-1.html': page(WEBINFER, model, {}),
  };
  const server = await serve(mounts, {isolated: false});
  try {
    for (let round = 0; round < rounds; round++) {
      for (const i of round % 2 ? [1, 0] : [0, 1]) {
        const browser = await launchChromium();
        times[i].push((await visit(browser, `${server.origin}/page-${i}.html`)).resultMs);
        await browser.close();
      }
    }
  } finally {
    server.close();
  }
  return times.map(median);
}
