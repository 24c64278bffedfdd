// What the passes make of every real and generated model, written as ONNX: onnxruntime-web runs it and gives what the model itself gives;
// and the memory that was foretold is what a session takes.
//   node tests/models/convert.mjs [MODEL...]
import {readFileSync} from 'node:fs';
import {Report} from '../report.mjs';
import {catalog} from './catalog.mjs';
import {largestDifference, TOLERANCE} from './compare.mjs';
import {makeFeeds} from './inputs.mjs';

/** A larger model takes onnxruntime-web too long to load twice. */
const MOST_BYTES = 120e6;
/** The share of the measured memory that the estimate may be off. */
const MEMORY_TOLERANCE = 0.2;

const webinfer = await import('webinfer');
const onnxruntime = await import('onnxruntime-web');
for (const library of [webinfer, onnxruntime]) library.env.wasm.numThreads = 1;
onnxruntime.env.logLevel = 'error';

async function outputsOf(bytes, model) {
  const session = await onnxruntime.InferenceSession.create(bytes, {executionProviders: ['wasm']});
  const outputs = await session.run(makeFeeds(onnxruntime.Tensor, model));
  await session.release();
  return outputs;
}

const report = new Report();
for (const [name, model] of Object.entries(catalog(process.argv.length > 2 ? process.argv.slice(2) : undefined))) {
  const bytes = readFileSync(model.path);
  const feeds = makeFeeds(webinfer.Tensor, model);
  await report.test(`${name}: memory`, async () => {
    const shapes = Object.fromEntries(Object.entries(feeds).map(([input, {dims}]) => [input, dims]));
    const {total} = await webinfer.estimateMemory(bytes, {shapes});
    const session = await webinfer.InferenceSession.create(bytes, {worker: false});
    await session.run(feeds);
    const {memoryBytes} = await session.stats();
    await session.release();
    const error = total / memoryBytes - 1;
    const text = `${(total / 1e6).toFixed(1)} MB foretold, ${(memoryBytes / 1e6).toFixed(1)} MB taken`;
    if (!(Math.abs(error) <= MEMORY_TOLERANCE)) throw new Error(text);
    return text;
  });
  if (bytes.byteLength > MOST_BYTES) continue;
  await report.test(`${name}: written`, async () => {
    const expected = await outputsOf(bytes, model);
    const actual = await outputsOf(await webinfer.convert(bytes, {optimized: true}), model);
    const {relative, output, reason} = largestDifference(expected, actual);
    const tolerance = model.tolerance ?? TOLERANCE;
    if (!(relative <= tolerance)) {
      throw new Error(`${output}: ${reason ?? `differs by ${relative.toExponential(2)}, allowed ${tolerance}`}`);
    }
    return `largest difference ${relative.toExponential(1)}`;
  });
}
report.finish();
