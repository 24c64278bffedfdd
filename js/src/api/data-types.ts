// The element types of tensors: their names, their numbers in ONNX and in the engine, and the arrays that hold them.
//
// A name follows onnxruntime-common where it has one; the others follow its style. Types narrower than a byte are packed into
// a Uint8Array, low bits first; 8-bit floats and bfloat16 are kept as their bits; complex numbers are interleaved pairs.

/** The array class that holds each type, for TypeScript. */
export interface DataTypeMap {
  float32: Float32Array;
  uint8: Uint8Array;
  int8: Int8Array;
  uint16: Uint16Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  string: string[];
  bool: Uint8Array;
  float16: Uint16Array;
  float64: Float64Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  uint4: Uint8Array;
  int4: Int8Array;
  complex64: Float32Array;
  complex128: Float64Array;
  bfloat16: Uint16Array;
  float8e4m3fn: Uint8Array;
  float8e4m3fnuz: Uint8Array;
  float8e5m2: Uint8Array;
  float8e5m2fnuz: Uint8Array;
  float8e8m0: Uint8Array;
  float4e2m1: Uint8Array;
  uint2: Uint8Array;
  int2: Uint8Array;
}

/** The JavaScript type of one element. */
export interface ElementTypeMap {
  float32: number;
  uint8: number;
  int8: number;
  uint16: number;
  int16: number;
  int32: number;
  int64: bigint;
  string: string;
  bool: boolean;
  float16: number;
  float64: number;
  uint32: number;
  uint64: bigint;
  uint4: number;
  int4: number;
  complex64: number;
  complex128: number;
  bfloat16: number;
  float8e4m3fn: number;
  float8e4m3fnuz: number;
  float8e5m2: number;
  float8e5m2fnuz: number;
  float8e8m0: number;
  float4e2m1: number;
  uint2: number;
  int2: number;
}

export type DataType = keyof DataTypeMap;

/** Any typed array a tensor's elements may be in. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array;

/** A class of typed arrays, as far as it is used here. */
export interface NumericArrayConstructor {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): NumericArray;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): NumericArray;
  from(values: ArrayLike<unknown>, map?: (value: unknown) => unknown): NumericArray;
}

const constructors: Record<string, unknown> = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  float64: Float64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  uint4: Uint8Array,
  int4: Uint8Array,
  complex64: Float32Array,
  complex128: Float64Array,
  bfloat16: Uint16Array,
  float8e4m3fn: Uint8Array,
  float8e4m3fnuz: Uint8Array,
  float8e5m2: Uint8Array,
  float8e5m2fnuz: Uint8Array,
  float8e8m0: Uint8Array,
  float4e2m1: Uint8Array,
  uint2: Uint8Array,
  int2: Uint8Array,
};

/** The engine's Float16Array where the host has one (read when needed: pages may install a polyfill late). */
export function float16Array(): NumericArrayConstructor | undefined {
  const found = (globalThis as unknown as {Float16Array?: NumericArrayConstructor}).Float16Array;
  return typeof found?.from === 'function' ? found : undefined;
}

/** The array class of a type; undefined for strings and for names that are no type. */
export function arrayConstructor(type: string): NumericArrayConstructor | undefined {
  if (type === 'float16') return float16Array() ?? (Uint16Array as unknown as NumericArrayConstructor);
  return constructors[type] as NumericArrayConstructor | undefined;
}

/** The type that an array class stands for where none is named. */
export function typeOfArray(array: NumericArray): DataType | undefined {
  const kind = array[Symbol.toStringTag] as string;
  for (const type of INFERRED) if ((constructors[type] as NumericArrayConstructor).name === kind) return type;
  return kind === 'Float16Array' ? 'float16' : undefined;
}

const INFERRED: readonly DataType[] = [
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'float64',
  'uint32',
  'uint64',
];

/** Types by the number that ONNX and the engine give them. */
export const TYPE_NAMES: readonly (DataType | 'undefined')[] = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
];

/** The number of each type. */
export const TYPE_NUMBERS: ReadonlyMap<string, number> = new Map(TYPE_NAMES.map((name, i) => [name, i]));

const PACKED: Record<string, number> = {uint4: 2, int4: 2, float4e2m1: 2, uint2: 4, int2: 4};

/** How many array elements hold `size` tensor elements of `type`. */
export function arrayLength(type: string, size: number): number {
  if (type === 'complex64' || type === 'complex128') return size * 2;
  const perByte = PACKED[type];
  return perByte === undefined ? size : Math.ceil(size / perByte);
}

/** True for types whose elements share bytes. */
export function isPacked(type: string): boolean {
  return type in PACKED;
}
