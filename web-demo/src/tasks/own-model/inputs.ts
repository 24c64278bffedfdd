// How the page fills in a model's inputs: a size for each symbolic dimension, a pattern for each input's elements.
import {makeInput} from '../../../../tests/models/inputs.mjs';
import type {Runtime, Session} from '../../app/runtime.ts';

export const FILLS = {
  normal: 'random, normal',
  uniform: 'random, 0 to 1',
  int: 'random integers',
  zero: 'zeros',
  one: 'ones',
  value: 'a constant',
} as const;
export type Fill = keyof typeof FILLS;

export interface InputForm {
  name: string;
  type: string;
  /** Numbers where fixed, else keys into `sizes`. */
  dims: (number | string)[];
  fill: Fill;
  /** The constant, or one above the largest random integer. */
  max: number;
}

export interface ModelForm {
  inputs: InputForm[];
  /** The size of each symbolic dimension, shared by all inputs that use it. */
  sizes: Record<string, number>;
}

const isSymbol = (dim: number | string | undefined) => typeof dim !== 'number' || dim < 0;

/** A size that most models take: pictures of 224 pixels, short sequences, batches of one. */
function likelySize(symbol: string, axis: number, rank: number): number {
  if (/batch/i.test(symbol) || axis === 0) return 1;
  if (rank === 4) return axis === 1 ? 3 : 224;
  return /seq|len|time|token|samples|past/i.test(symbol) ? 16 : 1;
}

export function formOf(session: Session): ModelForm {
  const sizes: Record<string, number> = {};
  const inputs = session.inputMetadata.map((meta): InputForm => {
    const type = meta.isTensor ? meta.type : 'not a tensor';
    const shape = meta.isTensor ? meta.shape : [];
    const dims = shape.map((dim, axis) => {
      if (!isSymbol(dim)) return dim as number;
      const symbol = typeof dim === 'string' && dim !== '' ? dim : `${meta.name}[${axis}]`;
      sizes[symbol] ??= likelySize(symbol, axis, shape.length);
      return symbol;
    });
    const integer = /int/.test(type);
    const mask = /mask/i.test(meta.name);
    const fill: Fill = mask ? 'one' : integer ? (dims.length ? 'int' : 'value') : type === 'bool' ? 'one' : 'normal';
    return {name: meta.name, type, dims, fill, max: /^sr$|rate/.test(meta.name) ? 16000 : integer ? 100 : 1};
  });
  return {inputs, sizes};
}

export const dimsOf = (input: InputForm, sizes: Record<string, number>) =>
  input.dims.map((dim) => (typeof dim === 'number' ? dim : (sizes[dim] as number)));

/** The same feeds for any library with onnxruntime's Tensor. */
export function feedsOf(runtime: Runtime, {inputs, sizes}: ModelForm): Session.FeedsType {
  return Object.fromEntries(
    inputs.map((input) => {
      const dims = dimsOf(input, sizes);
      const data = makeInput({type: input.type, dims, fill: input.fill, max: input.max});
      return [input.name, new runtime.Tensor(input.type as 'float32', data as Float32Array, dims)];
    }),
  );
}
