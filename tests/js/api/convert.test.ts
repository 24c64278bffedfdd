// Models written as ONNX by the built package, and run by it and by onnxruntime-web.
import * as onnxruntime from 'onnxruntime-web';
import {type ConvertOptions, convert, env, InferenceSession, Tensor} from 'webinfer';
import {model, RELU, slow} from '../models.js';

env.wasm.numThreads = 1;
onnxruntime.env.wasm.numThreads = 1;
onnxruntime.env.logLevel = 'error';

const image = Float32Array.from({length: 4 * 6 * 6}, (_, i) => Math.sin(i));

/** A convolution with bias, residual and activation: what fusions and layouts change most. */
const CONVOLUTION = model(
  [
    {op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'], attributes: {pads: [1, 1, 1, 1]}},
    {op: 'Add', inputs: ['c', 'x'], outputs: ['sum']},
    {op: 'Relu', inputs: ['sum'], outputs: ['r']},
    {op: 'MaxPool', inputs: ['r'], outputs: ['y'], attributes: {kernel_shape: [2, 2], strides: [2, 2]}},
  ],
  [{name: 'x', type: 'float32', dims: ['N', 4, 6, 6]}],
  [{name: 'y', type: 'float32', dims: ['N', 4, 3, 3]}],
  [
    {name: 'w', type: 'float32', dims: [4, 4, 3, 3], data: Float32Array.from({length: 144}, (_, i) => Math.cos(i) / 9)},
    {name: 'b', type: 'float32', dims: [4], data: Float32Array.of(0.1, -0.2, 0.3, -0.4)},
  ],
);

async function outputOf(
  library: {InferenceSession: unknown; Tensor: unknown},
  bytes: Uint8Array,
): Promise<Float32Array> {
  const {InferenceSession: Session, Tensor: Kind} = library as typeof onnxruntime;
  const session = await Session.create(bytes, {executionProviders: ['wasm']});
  const {y} = await session.run({x: new Kind('float32', image, [1, 4, 6, 6])});
  await session.release();
  return y?.data as Float32Array;
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 4));
}

describe.each([false, true])('with {optimized: %s}', (optimized) => {
  test.each([false, true])('toOnnx gives what onnxruntime-web runs (worker: %s)', async (worker) => {
    const expected = await outputOf(onnxruntime, CONVOLUTION);
    const session = await InferenceSession.create(CONVOLUTION, {worker});
    const bytes = await session.toOnnx({optimized});
    expectClose(await outputOf(onnxruntime, bytes), expected);
    expectClose(await outputOf({InferenceSession, Tensor}, bytes), expected);
    await session.release();
    await expect(session.toOnnx()).rejects.toMatchObject({code: 'Released'});
  });

  test('names, types and free dimensions stay', async () => {
    const session = await InferenceSession.create(await convert(RELU, {optimized}), {worker: false});
    expect(session.inputMetadata).toEqual([{name: 'x', isTensor: true, type: 'float32', shape: ['N', 4]}]);
    expect(session.outputMetadata).toEqual([{name: 'y', isTensor: true, type: 'float32', shape: ['N', 4]}]);
    await session.release();
  });
});

test('weights may go to a file of their own', async () => {
  const weights: Uint8Array<ArrayBuffer>[] = [];
  const options: ConvertOptions = {weights: {path: 'w.bin', minimumBytes: 256, write: (piece) => weights.push(piece)}};
  const bytes = await convert(CONVOLUTION, options);
  const data = new Uint8Array(await new Blob(weights).arrayBuffer());
  expect(data.byteLength).toBe(576);
  await expect(InferenceSession.create(bytes)).rejects.toMatchObject({code: 'LoadFailed'});
  const session = await InferenceSession.create(bytes, {worker: false, externalData: [{path: 'w.bin', data}]});
  const {y} = await session.run({x: new Tensor('float32', image, [1, 4, 6, 6])});
  expectClose(y.data as Float32Array, await outputOf(onnxruntime, CONVOLUTION));
  // The session knows where its weights came from.
  expectClose(await outputOf(onnxruntime, await session.toOnnx()), y.data as Float32Array);
  await session.release();
});

test('pieces may be taken as they come, and what takes them may throw', async () => {
  let bytes = 0;
  const model = slow(1, 256);
  const write = (piece: Uint8Array) => {
    bytes += piece.byteLength;
  };
  expect(await convert(model, {write})).toHaveLength(0);
  expect(bytes).toBeGreaterThan(256 * 256 * 4);
  const full = () => {
    throw new Error('the disk is full');
  };
  await expect(convert(model, {write: full})).rejects.toThrow('the disk is full');
});

test('a stream cannot be read again', async () => {
  const stream = new Blob([RELU as BlobPart]).stream() as ReadableStream<Uint8Array>;
  const session = await InferenceSession.create(stream);
  await expect(session.toOnnx()).rejects.toMatchObject({code: 'InvalidArgument', actual: 'a stream'});
  await session.release();
});

test('an operator that nobody knows is no obstacle, unless the model is to be optimised', async () => {
  const strange = model(
    [{op: 'Frobnicate', inputs: ['x'], outputs: ['y']}],
    [{name: 'x', type: 'float32', dims: ['N']}],
    [{name: 'y', type: 'float32', dims: ['N']}],
  );
  expect((await convert(strange)).byteLength).toBeGreaterThan(0);
  await expect(convert(strange, {optimized: true})).rejects.toMatchObject({missing: [{name: 'Frobnicate'}]});
});
