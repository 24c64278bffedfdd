// Weights in other files: given, found beside the model, missing, too short.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {env, InferenceSession, Tensor} from 'webinfer';
import {model} from '../models.js';

env.wasm.numThreads = 1;

const WEIGHTS = Float32Array.of(-1, -1, 10, 20, 30);
const DATA = new Uint8Array(WEIGHTS.buffer);
const MODEL = model(
  [{op: 'Add', inputs: ['x', 'w'], outputs: ['y']}],
  [{name: 'x', type: 'float32', dims: [3]}],
  [{name: 'y', type: 'float32', dims: [3]}],
  [{name: 'w', type: 'float32', dims: [3], external: {location: 'weights.bin', offset: 8, length: 12}}],
);

async function check(session: InferenceSession): Promise<void> {
  const {y} = await session.run({x: new Tensor('float32', [1, 2, 3])});
  expect(y.data).toEqual(Float32Array.of(11, 22, 33));
  await session.release();
}

describe.each([false, true])('with {worker: %s}', (worker) => {
  test.each([
    ['a typed array', DATA],
    ['a buffer', DATA.slice().buffer],
    ['a Blob', new Blob([DATA])],
    ['a stream', () => new Blob([DATA.subarray(0, 11), DATA.subarray(11)]).stream()],
  ])('%s', async (_name, data) => {
    const file = typeof data === 'function' ? data() : data;
    await check(await InferenceSession.create(MODEL, {worker, externalData: [{path: './weights.bin', data: file}]}));
  });

  test('a file beside the model is found', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'webinfer-'));
    await writeFile(join(folder, 'model.onnx'), MODEL);
    await writeFile(join(folder, 'weights.bin'), DATA);
    await check(await InferenceSession.create(join(folder, 'model.onnx'), {worker}));
    await check(await InferenceSession.create(MODEL, {worker, externalData: [join(folder, 'weights.bin')]}));
    await rm(folder, {recursive: true});
  });

  test('a missing file', async () => {
    await expect(InferenceSession.create(MODEL, {worker})).rejects.toMatchObject({
      code: 'LoadFailed',
      expected: 'the file "weights.bin" in externalData',
      actual: 'no externalData',
      hint: expect.stringContaining("{path: 'weights.bin', data: …}"),
    });
  });

  test('a short file', async () => {
    await expect(
      InferenceSession.create(MODEL, {worker, externalData: [{path: 'weights.bin', data: DATA.subarray(0, 19)}]}),
    ).rejects.toMatchObject({code: 'InvalidModel', expected: 'at least 20 bytes', actual: '19 bytes'});
  });
});
