// Time from navigation to the first result of a small model, in fresh Chromium processes, the libraries alternating.
import {dirname} from 'node:path';
import {fileURLToPath} from 'node:url';
import {launchChromium} from '../tests/browser/chromium.mjs';
import {serve} from '../tests/browser/server.mjs';
import {catalog} from '../tests/models/catalog.mjs';
import {median} from './statistics.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENTRIES = ['/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs', '/dist/webinfer.mjs'];

const page = (entry, model) => `<!doctype html><body><script type="module">
import * as library from '${entry}';
import {makeFeeds} from '/tests/models/inputs.mjs';
library.env.wasm.numThreads = 1;
const session = await library.InferenceSession.create('/models/${model.file}', {executionProviders: ['wasm']});
await session.run(makeFeeds(library.Tensor, ${JSON.stringify(model)}));
document.body.dataset.result = performance.now();
</script>`;

/** Median milliseconds of [onnxruntime-web, webinfer]. */
export async function measurePageLoads(name, rounds) {
  const model = catalog([name])[name];
  const times = ENTRIES.map(() => []);
  const mounts = {'/': root, '/models/': dirname(model.path)};
  ENTRIES.forEach((entry, i) => {
    mounts[`/page-${i}.html`] = page(entry, {...model, path: undefined});
  });
  const server = await serve(mounts, {isolated: false});
  try {
    for (let round = 0; round < rounds; round++) {
      for (const i of round % 2 ? [1, 0] : [0, 1]) {
        const browser = await launchChromium();
        const tab = await browser.newPage();
        await tab.goto(`${server.origin}/page-${i}.html`);
        await tab.waitForFunction(() => document.body.dataset.result, undefined, {timeout: 60000});
        times[i].push(Number(await tab.evaluate(() => document.body.dataset.result)));
        await browser.close();
      }
    }
  } finally {
    server.close();
  }
  return times.map(median);
}
