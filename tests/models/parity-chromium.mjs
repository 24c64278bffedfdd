// The same comparison as parity.mjs, in headless Chromium: a page per model, cross-origin isolated and relaxed SIMD at hand.
//   node tests/models/parity-chromium.mjs [MODEL...]
import {dirname} from 'node:path';
import {fileURLToPath} from 'node:url';
import {launch, waitFor} from '../browser/drivers.mjs';
import {serve} from '../browser/server.mjs';
import {Report} from '../report.mjs';
import {catalog} from './catalog.mjs';
import {TOLERANCE} from './compare.mjs';
import {generatedFolder, modelsFolder} from './folders.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = `<!doctype html><body><script type="module">
import * as webinfer from '/dist/webinfer.mjs';
import * as onnxruntime from '/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs';
import {largestDifference} from '/tests/models/compare.mjs';
import {makeFeeds} from '/tests/models/inputs.mjs';

async function outputsOf(library, bytes, model) {
  library.env.wasm.numThreads = 1;
  const session = await library.InferenceSession.create(bytes, {executionProviders: ['wasm']});
  const outputs = await session.run(makeFeeds(library.Tensor, model));
  await session.release();
  return outputs;
}
try {
  const model = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  const bytes = new Uint8Array(await (await fetch(model.url)).arrayBuffer());
  const expected = await outputsOf(onnxruntime, bytes, model);
  const result = largestDifference(expected, await outputsOf(webinfer, bytes, model));
  document.body.dataset.result = JSON.stringify({...result, relative: String(result.relative)});
} catch (error) {
  document.body.dataset.result = JSON.stringify({relative: 'NaN', output: '', reason: String(error?.message ?? error)});
}
</script>`;

const report = new Report();
const server = await serve({'/': root, '/real/': modelsFolder, '/generated/': generatedFolder, '/parity.html': page});
for (const [name, model] of Object.entries(catalog(process.argv.length > 2 ? process.argv.slice(2) : undefined))) {
  await report.test(name, async () => {
    const driver = await launch('chromium');
    try {
      const folder = dirname(model.path) === modelsFolder ? 'real' : 'generated';
      const {inputs, symbols, file} = model;
      const task = encodeURIComponent(JSON.stringify({inputs, symbols, url: `/${folder}/${file}`}));
      await driver.open(`${server.origin}/parity.html#${task}`);
      const {relative, output, reason} = JSON.parse(await waitFor(driver, 'document.body.dataset.result'));
      const tolerance = model.tolerance ?? TOLERANCE;
      if (!(Number(relative) <= tolerance))
        throw new Error(`${output}: ${reason ?? `differs by ${relative}, allowed ${tolerance}`}`);
      return `largest difference ${Number(relative).toExponential(1)}`;
    } finally {
      await driver.close();
    }
  });
}
report.finish();
