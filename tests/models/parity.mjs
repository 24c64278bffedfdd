// webinfer and onnxruntime-web give the same outputs for every real and generated model, in the Node.js that runs this; for the
// real ones also what onnxruntime-node gave when expected/ was recorded.
//   node tests/models/parity.mjs [MODEL...]
import {existsSync, readFileSync} from 'node:fs';
import {Report} from '../report.mjs';
import {catalog} from './catalog.mjs';
import {compareWithRecord, largestDifference, TOLERANCE} from './compare.mjs';
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
    const actual = await outputsOf(webinfer, bytes, model);
    const record = new URL(`expected/${name}.json`, import.meta.url);
    if (existsSync(record)) compareWithRecord(JSON.parse(readFileSync(record, 'utf8')), actual);
    const {relative, output, reason} = largestDifference(expected, actual);
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
