// Tiny models for the tests of sessions, encoded by the writer that the benchmark's models are made with.
import {encodeModel} from '../../bench/models/onnx-writer.mjs';

interface Described {
  name: string;
  type: string;
  dims?: (number | string)[];
}
interface Weight extends Described {
  dims: number[];
  data?: ArrayBufferView;
  external?: {location: string; offset?: number; length?: number};
}
interface NodeDescription {
  op: string;
  name?: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, unknown>;
}

export function model(
  nodes: NodeDescription[],
  inputs: Described[],
  outputs: Described[],
  initializers: Weight[] = [],
  opset = 17,
): Uint8Array {
  const named = nodes.map((node) => ({name: `${node.op.toLowerCase()}_0`, attributes: {}, ...node}));
  return encodeModel({name: 'test', nodes: named, initializers, inputs, outputs}, opset);
}

/** y = relu(x), x float32[N, 4]. */
export const RELU = model(
  [{op: 'Relu', inputs: ['x'], outputs: ['y']}],
  [{name: 'x', type: 'float32', dims: ['N', 4]}],
  [{name: 'y', type: 'float32', dims: ['N', 4]}],
);

/** sum = a + b and difference = a - b, all float32[N]. */
export const SUM_AND_DIFFERENCE = model(
  [
    {op: 'Add', inputs: ['a', 'b'], outputs: ['sum']},
    {op: 'Sub', inputs: ['a', 'b'], outputs: ['difference']},
  ],
  ['a', 'b'].map((name) => ({name, type: 'float32', dims: ['N']})),
  ['sum', 'difference'].map((name) => ({name, type: 'float32', dims: ['N']})),
);

/** y = softmax(x') (row sums of x), x float32[N, M]: every step's size depends on both. */
export const ANY_ROWS = model(
  [
    {op: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: {perm: [1, 0]}},
    {op: 'Softmax', inputs: ['t'], outputs: ['weights']},
    {op: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['sums'], attributes: {keepdims: 1}},
    {op: 'MatMul', inputs: ['weights', 'sums'], outputs: ['y']},
  ],
  [{name: 'x', type: 'float32', dims: ['N', 'M']}],
  [{name: 'y', type: 'float32', dims: ['M', 1]}],
  [{name: 'axes', type: 'int64', dims: [1], data: BigInt64Array.of(1n)}],
);

/** A chain of square matrix products: long enough to be aborted. */
export function slow(products: number, size: number): Uint8Array {
  const w = new Float32Array(size * size).fill(1 / size);
  return model(
    Array.from({length: products}, (_, i) => ({
      op: 'MatMul',
      name: `product_${i}`,
      inputs: [i === 0 ? 'x' : `v${i}`, 'w'],
      outputs: [i === products - 1 ? 'y' : `v${i + 1}`],
    })),
    [{name: 'x', type: 'float32', dims: ['N', size]}],
    [{name: 'y', type: 'float32', dims: ['N', size]}],
    [{name: 'w', type: 'float32', dims: [size, size], data: w}],
  );
}

/** A chain of Softmax over float32[N, size]. */
export function softmaxes(count: number, size: number): Uint8Array {
  return model(
    Array.from({length: count}, (_, i) => ({
      op: 'Softmax',
      name: `softmax_${i}`,
      inputs: [i === 0 ? 'x' : `v${i}`],
      outputs: [i === count - 1 ? 'y' : `v${i + 1}`],
    })),
    [{name: 'x', type: 'float32', dims: ['N', size]}],
    [{name: 'y', type: 'float32', dims: ['N', size]}],
  );
}
