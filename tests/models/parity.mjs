// webinfer and onnxruntime-web give the same outputs for every real and generated model, in the Node.js that runs this.
//   node tests/models/parity.mjs [MODEL...]
import {readFileSync} from 'node:fs';
import {Report} from '../report.mjs';
import {catalog} from './catalog.mjs';
import {largestDifference, TOLERANCE} from './compare.mjs';
import {makeFeeds} from './inputs.mjs';

async function outputsOf(library, bytes, model) {
  const session = await library.InferenceSession.create(bytes, {executionProviders: ['wasm']});
  const outputs = await session.run(makeFeeds(library.Tensor, model));
  await session.release();
  return outputs;
}

const webinfer = await import('webinfer');
const onnxruntime = await import('onnxruntime-web');
for (const library of [webinfer, onnxruntime]) library.env.wasm.numThreads = 1;

const report = new Report();
for (const [name, model] of Object.entries(catalog(process.argv.length > 2 ? process.argv.slice(2) : undefined))) {
  await report.test(name, async () => {
    const bytes = readFileSync(model.path);
    const expected = await outputsOf(onnxruntime, bytes, model);
    const {relative, output, reason} = largestDifference(expected, await outputsOf(webinfer, bytes, model));
    const tolerance = model.tolerance ?? TOLERANCE;
    if (!(relative <= tolerance)) {
      throw new Error(
        `${output}: ${reason ?? `differs by ${relative.toExponential(2)} of the largest magnitude, allowed ${tolerance}`}`,
      );
    }
    return `largest difference ${relative.toExponential(1)}`;
  });
}
report.finish();
