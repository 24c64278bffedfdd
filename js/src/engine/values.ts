// Values on their way between JavaScript and the engine's memory.
//
// ValueData is what travels: plain data that postMessage takes as it is. Reading and writing follow the layout of ValueRecord in
// wasm/bound_session.h.
import {
  arrayConstructor,
  arrayLength,
  type DataType,
  type NumericArray,
  TYPE_NAMES,
  TYPE_NUMBERS,
} from '../api/data-types.js';
import {WebInferError} from '../api/errors.js';
import type {EngineInstance} from './instance.js';

export interface TensorData {
  kind: 'tensor';
  type: DataType;
  dims: readonly number[];
  data: NumericArray | readonly string[];
}

/** A value the engine keeps, by the number it is kept under. */
export interface PinnedData {
  kind: 'pinned';
  id: number;
  type: DataType;
  dims: readonly number[];
}

export interface SequenceData {
  kind: 'sequence';
  elements: ValueData[];
}

export interface OptionalData {
  kind: 'optional';
  value: ValueData | null;
}

/** Keys, of type int64 or string, and their values, both [N]. */
export interface MapData {
  kind: 'map';
  keys: TensorData;
  values: TensorData;
}

export type ValueData = TensorData | PinnedData | SequenceData | OptionalData | MapData;

const KIND_TENSOR = 0;
const KIND_SEQUENCE = 1;
const KIND_OPTIONAL = 2;
const KIND_MAP = 3;

// ValueRecord, as indices of 32-bit words.
const KIND = 0;
const DTYPE = 1;
const RANK = 3;
const DIMS = 4;
const DATA = 12;
const BYTES = 13;
const ELEMENTS = 14;
const VALUE = 15;

/** The value described at `info`, copied out of the engine. */
export function readValue(instance: EngineInstance, info: number): ValueData {
  const {ints} = instance;
  const at = info >>> 2;
  const kind = ints[at + KIND];
  if (kind === KIND_TENSOR) return readTensor(instance, at);
  const value = (ints[at + VALUE] as number) >>> 0;
  // An optional is its content, unless it is empty.
  if (kind === KIND_OPTIONAL) return {kind: 'optional', value: null};
  if (kind === KIND_MAP) {
    const keys = readElement(instance, value, 0) as TensorData;
    return {kind: 'map', keys, values: readElement(instance, value, 1) as TensorData};
  }
  const count = (ints[at + ELEMENTS] as number) >>> 0;
  const elements: ValueData[] = [];
  for (let i = 0; i < count; i++) elements.push(readElement(instance, value, i));
  return {kind: 'sequence', elements};
}

/** The same, copied into `into` if it is a tensor that fits. */
export function readValueInto(instance: EngineInstance, info: number, into: TensorData): ValueData {
  const {ints} = instance;
  const at = info >>> 2;
  const {type, dims, data} = into;
  const bytes = (ints[at + BYTES] as number) >>> 0;
  let fits = ints[at + KIND] === KIND_TENSOR && ints[at + DTYPE] === TYPE_NUMBERS.get(type) && type !== 'string';
  fits &&= ints[at + RANK] === dims.length && bytes === (data as NumericArray).byteLength;
  for (let i = 0; fits && i < dims.length; i++) fits = ints[at + DIMS + i] === dims[i];
  if (!fits) return readValue(instance, info);
  const from = (ints[at + DATA] as number) >>> 0;
  const {buffer, byteOffset} = data as NumericArray;
  new Uint8Array(buffer, byteOffset, bytes).set(instance.bytes.subarray(from, from + bytes));
  return into;
}

function readElement(instance: EngineInstance, value: number, i: number): ValueData {
  const {engine} = instance;
  return readValue(instance, engine._wi_value_info(engine._wi_value_element(value, i) >>> 0));
}

function readTensor(instance: EngineInstance, at: number): TensorData {
  const type = typeAt(instance, at);
  const dims = dimsAt(instance, at);
  if (type === 'string') return {kind: 'tensor', type, dims, data: readStrings(instance, at, sizeOfDims(dims))};
  const {ints} = instance;
  const bytes = (ints[at + BYTES] as number) >>> 0;
  const data = (ints[at + DATA] as number) >>> 0;
  const kind = arrayConstructor(type);
  if (!kind) throw new WebInferError('Unsupported', `A value has the type ${type}, which has no array`);
  if (bytes === 0) return {kind: 'tensor', type, dims, data: new kind(0)};
  const length = bytes / kind.BYTES_PER_ELEMENT;
  if (data % kind.BYTES_PER_ELEMENT === 0) {
    return {kind: 'tensor', type, dims, data: new kind(instance.buffer, data, length).slice() as NumericArray};
  }
  return {kind: 'tensor', type, dims, data: new kind(instance.bytes.slice(data, data + bytes).buffer)};
}

/** A view of the tensor at `info`, without copying; strings are copied. */
export function viewTensor(instance: EngineInstance, info: number): NumericArray | string[] {
  const at = info >>> 2;
  const type = typeAt(instance, at);
  if (type === 'string') return readStrings(instance, at, sizeOfDims(dimsAt(instance, at)));
  const kind = arrayConstructor(type);
  if (!kind) throw new WebInferError('Unsupported', `A value has the type ${type}, which has no array`);
  const {ints} = instance;
  const length = ((ints[at + BYTES] as number) >>> 0) / kind.BYTES_PER_ELEMENT;
  return new kind(instance.buffer, (ints[at + DATA] as number) >>> 0, length);
}

/** Type and shape of the tensor at `info`; undefined if the value is no tensor. */
export function describeTensor(instance: EngineInstance, info: number): {type: DataType; dims: number[]} | undefined {
  const at = info >>> 2;
  if (instance.ints[at + KIND] !== KIND_TENSOR) return undefined;
  return {type: typeAt(instance, at), dims: dimsAt(instance, at)};
}

function typeAt(instance: EngineInstance, at: number): DataType {
  return (TYPE_NAMES[instance.ints[at + DTYPE] as number] ?? 'undefined') as DataType;
}

function dimsAt({ints}: EngineInstance, at: number): number[] {
  const rank = ints[at + RANK] as number;
  const dims = new Array<number>(rank);
  for (let i = 0; i < rank; i++) dims[i] = ints[at + DIMS + i] as number;
  return dims;
}

function readStrings(instance: EngineInstance, at: number, count: number): string[] {
  return readStringsAt(instance, (instance.ints[at + DATA] as number) >>> 0, count);
}

/** The string elements at `address`. */
export function readStringsAt(instance: EngineInstance, address: number, count: number): string[] {
  const {ints, bytes} = instance;
  const first = address >>> 2;
  const decoder = new TextDecoder();
  const strings: string[] = [];
  for (let i = 0; i < count; i++) {
    const string = (ints[first + i] as number) >>> 0;
    const length = (ints[string >>> 2] as number) >>> 0;
    strings.push(decoder.decode(bytes.slice(string + 4, string + 4 + length)));
  }
  return strings;
}

function sizeOfDims(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Feeds `value` to input `input` of `session`. `pinned` gives the address of a value the engine keeps. */
export function feedValue(
  instance: EngineInstance,
  session: number,
  input: number,
  value: ValueData,
  pinned: (id: number) => number,
): void {
  const {engine} = instance;
  let code: number;
  if (value.kind === 'tensor') {
    const dtype = typeNumber(value.type);
    const address = engine._wi_feed_buffer(session, input, byteLength(value)) >>> 0;
    if (!address) throw instance.lastError();
    writeElements(instance, session, address, value);
    instance.writeDims(value.dims);
    code = engine._wi_feed(session, input, dtype, value.dims.length, address);
  } else if (value.kind === 'pinned') {
    code = engine._wi_feed_value(session, input, pinned(value.id));
  } else {
    const root = engine._wi_new_fed_value(session) >>> 0;
    writeValue(instance, session, root, value, pinned);
    code = engine._wi_feed_value(session, input, root);
  }
  if (code !== 0) throw instance.lastError();
}

function writeValue(
  instance: EngineInstance,
  session: number,
  target: number,
  value: ValueData,
  pinned: (id: number) => number,
): void {
  const {engine} = instance;
  if (value.kind === 'tensor') {
    instance.writeDims(value.dims);
    const address = engine._wi_value_set_tensor(target, typeNumber(value.type), value.dims.length) >>> 0;
    if (!address) throw instance.lastError();
    writeElements(instance, session, address, value);
  } else if (value.kind === 'pinned') {
    writeValue(instance, session, target, readValue(instance, engine._wi_value_info(pinned(value.id))), pinned);
  } else if (value.kind === 'optional') {
    if (value.value !== null) writeValue(instance, session, target, value.value, pinned);
    else engine._wi_value_set_list(target, KIND_OPTIONAL, 0, 0);
  } else if (value.kind === 'map') {
    const {keys, values} = value;
    const types = [typeNumber(keys.type), typeNumber(values.type)] as const;
    if (!engine._wi_value_set_map(target, ...types, keys.data.length)) throw instance.lastError();
    [keys, values].forEach((tensor, i) => {
      const info = engine._wi_value_info(engine._wi_value_element(target, i) >>> 0);
      writeElements(instance, session, (instance.ints[(info >> 2) + DATA] as number) >>> 0, tensor);
    });
  } else {
    engine._wi_value_set_list(target, KIND_SEQUENCE, 1, value.elements.length);
    value.elements.forEach((element, i) => {
      writeValue(instance, session, engine._wi_value_element(target, i) >>> 0, element, pinned);
    });
  }
}

function typeNumber(type: string): number {
  const number = TYPE_NUMBERS.get(type);
  if (!number)
    throw new WebInferError('TypeMismatch', 'A tensor has a type that does not exist', {actual: `"${type}"`});
  return number;
}

function byteLength({type, dims, data}: TensorData): number {
  const size = sizeOfDims(dims);
  if (type === 'string') return size * 4;
  const bytes = arrayLength(type, size) * (data as NumericArray).BYTES_PER_ELEMENT;
  if ((data as NumericArray).byteLength < bytes) {
    throw new WebInferError('InvalidArgument', 'A tensor has too few elements', {
      expected: `${bytes} bytes for ${type}[${dims}]`,
      actual: `${(data as NumericArray).byteLength} bytes`,
      hint: 'Its buffer may have been transferred away.',
    });
  }
  return bytes;
}

function writeElements(instance: EngineInstance, session: number, address: number, value: TensorData): void {
  const {data, type} = value;
  if (type === 'string') {
    writeStrings(instance, session, address, data as readonly string[]);
    return;
  }
  const {buffer, byteOffset} = data as NumericArray;
  instance.bytes.set(new Uint8Array(buffer, byteOffset, byteLength(value)), address);
}

function writeStrings(instance: EngineInstance, session: number, address: number, strings: readonly string[]): void {
  const {engine} = instance;
  const encoder = new TextEncoder();
  const encoded = strings.map((string) => encoder.encode(String(string)));
  const total = encoded.reduce((sum, bytes) => sum + bytes.length, 0);
  const lengths = engine._wi_allocate(4 * encoded.length + total) >>> 0;
  if (!lengths) throw instance.lastError();
  const text = lengths + 4 * encoded.length;
  let at = text;
  encoded.forEach((bytes, i) => {
    instance.ints[(lengths >>> 2) + i] = bytes.length;
    instance.bytes.set(bytes, at);
    at += bytes.length;
  });
  const code = engine._wi_fill_strings(session, address, encoded.length, text, lengths);
  engine._wi_free(lengths);
  if (code !== 0) throw instance.lastError();
}
