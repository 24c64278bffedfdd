// Convolutions by Winograd's method stay close to the direct ones over whole networks: the default session against one that is
// deterministic, which leaves Winograd out, on every convolutional model; at most 1e-4 of the largest output.
//   node tests/models/winograd.mjs [MODEL...]
import {readFileSync} from 'node:fs';
import * as webinfer from 'webinfer';
import {Report} from '../report.mjs';
import {catalog} from './catalog.mjs';
import {largestDifference} from './compare.mjs';
import {makeFeeds} from './inputs.mjs';

const LARGEST = 1e-4;
const CONVOLUTIONAL = [
  'mobilenetv2',
  'resnet50',
  'squeezenet1.1',
  'efficientnet-b0',
  'yolov8n',
  'ppocr-v4-det',
  'ppocr-v4-rec',
  'oww-embedding',
];

async function outputsOf(bytes, model, deterministic) {
  const session = await webinfer.InferenceSession.create(bytes, {deterministic});
  const outputs = await session.run(makeFeeds(webinfer.Tensor, model));
  await session.release();
  return outputs;
}

webinfer.env.wasm.numThreads = 1;
const report = new Report();
const names = process.argv.length > 2 ? process.argv.slice(2) : CONVOLUTIONAL;
for (const [name, model] of Object.entries(catalog(names))) {
  await report.test(`${name} with Winograd's method`, async () => {
    const bytes = readFileSync(model.path);
    const direct = await outputsOf(bytes, model, true);
    const {relative, output, reason} = largestDifference(direct, await outputsOf(bytes, model, false));
    if (!(relative <= LARGEST)) throw new Error(`${output}: ${reason ?? `differs by ${relative.toExponential(2)}`}`);
    return `largest difference ${relative.toExponential(1)}`;
  });
}
report.finish();
