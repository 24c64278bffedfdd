// Tensor as onnxruntime-common 1.30 defines it, with its checks and messages, and with the types that ONNX has beyond it.
//
// The types below describe the class to TypeScript the way onnxruntime-common does (an overloaded constructor that knows the
// element type); the class itself is TensorImpl. Values that live in engine memory ('cpu-pinned') come from runs whose
// preferredOutputLocation asks for it.
import type * as types from './data-types.js';
import {
  arrayConstructor,
  arrayLength,
  float16Array,
  isPacked,
  type NumericArray,
  type NumericArrayConstructor,
  typeOfArray,
} from './data-types.js';
import {DISPOSE} from './dispose.js';
import {
  type ImageSource,
  type TensorFromImageOptions,
  type TensorToImageOptions,
  tensorFromImage,
  tensorToDataUrl,
  tensorToImageData,
} from './tensor-image.js';

type TryGetGlobalType<Name extends string, Fallback = unknown> = typeof globalThis extends {
  [key in Name]: {prototype: infer T};
}
  ? T
  : Fallback;

export declare namespace Tensor {
  type Type = types.DataType;
  type DataTypeMap = types.DataTypeMap;
  type ElementTypeMap = types.ElementTypeMap;
  type DataType = DataTypeMap[Type];
  type ElementType = ElementTypeMap[Type];
  type DataLocation = 'none' | 'cpu' | 'cpu-pinned' | 'texture' | 'gpu-buffer' | 'ml-tensor';
  type CpuPinnedDataTypes = Exclude<Type, 'string'>;
  type TextureType = TryGetGlobalType<'WebGLTexture'>;
  type TextureDataTypes = 'float32';
  type GpuBufferType = TryGetGlobalType<'GPUBuffer', {size: number; mapState: 'unmapped' | 'pending' | 'mapped'}>;
  type GpuBufferDataTypes = 'float32' | 'float16' | 'int32' | 'int64' | 'uint32' | 'uint8' | 'bool';
  type MLTensorType = TryGetGlobalType<'MLTensor', {destroy(): void}>;
  type MLTensorDataTypes = GpuBufferDataTypes | 'int8' | 'uint64' | 'uint4' | 'int4';
}

interface TypedTensorBase<T extends Tensor.Type> {
  readonly dims: readonly number[];
  readonly type: T;
  /** Number of elements. */
  readonly size: number;
  /** The elements; throws if they are not in this thread's memory. */
  readonly data: Tensor.DataTypeMap[T];
  readonly location: Tensor.DataLocation;
  readonly texture: Tensor.TextureType;
  readonly gpuBuffer: Tensor.GpuBufferType;
  readonly mlTensor: Tensor.MLTensorType;
  /** The elements, fetched from where they are. */
  getData(releaseData?: boolean): Promise<Tensor.DataTypeMap[T]>;
  /** Lets go of the elements; memory of the engine or a device is free at once. */
  dispose(): void;
  [Symbol.dispose](): void;
  /** The same elements under other dims; the number of elements must stay. */
  reshape(dims: readonly number[]): TypedTensor<T>;
  toDataURL(options?: TensorToDataUrlOptions): string;
  toImageData(options?: TensorToImageDataOptions): ImageData;
  /** The elements as numbers; throws a RangeError where an integer is beyond 2^53 and would change. */
  toNumbers(): number[];
}

export interface TypedTensor<T extends Tensor.Type> extends TypedTensorBase<T> {}
export interface Tensor extends TypedTensorBase<Tensor.Type> {}

export type ImageFormat = 'RGB' | 'RGBA' | 'BGR' | 'RBG';
export type ImageTensorLayout = 'NHWC' | 'NCHW';
export type TensorFromImageDataOptions = TensorFromImageOptions;
export type TensorFromImageElementOptions = TensorFromImageOptions;
export type TensorFromImageBitmapOptions = TensorFromImageOptions;
export type TensorFromUrlOptions = TensorFromImageOptions;
export type TensorToDataUrlOptions = TensorToImageOptions;
export type TensorToImageDataOptions = TensorToImageOptions;

interface ResourceParameters<T extends Tensor.Type> {
  /** Fetches the elements from the device. */
  download?(): Promise<Tensor.DataTypeMap[T]>;
  /** Called when the tensor is disposed of. */
  dispose?(): void;
}

export interface TensorFromTextureOptions<T extends Tensor.TextureDataTypes> extends ResourceParameters<T> {
  height: number;
  width: number;
  format?: ImageFormat;
}
export interface TensorFromGpuBufferOptions<T extends Tensor.GpuBufferDataTypes> extends ResourceParameters<T> {
  dims: readonly number[];
  dataType?: T;
}
export interface TensorFromMLTensorOptions<T extends Tensor.MLTensorDataTypes> extends ResourceParameters<T> {
  dims: readonly number[];
  dataType?: T;
}

interface LocatedParameters<T> {
  readonly type: T;
  readonly dims: readonly number[];
}
export interface CpuPinnedConstructorParameters<T extends Tensor.CpuPinnedDataTypes = Tensor.CpuPinnedDataTypes>
  extends LocatedParameters<T> {
  readonly location: 'cpu-pinned';
  readonly data: Tensor.DataTypeMap[T];
}
export interface TextureConstructorParameters<T extends Tensor.TextureDataTypes = Tensor.TextureDataTypes>
  extends LocatedParameters<T>,
    ResourceParameters<T> {
  readonly location: 'texture';
  readonly texture: Tensor.TextureType;
}
export interface GpuBufferConstructorParameters<T extends Tensor.GpuBufferDataTypes = Tensor.GpuBufferDataTypes>
  extends LocatedParameters<T>,
    ResourceParameters<T> {
  readonly location: 'gpu-buffer';
  readonly gpuBuffer: Tensor.GpuBufferType;
}
export interface MLTensorConstructorParameters<T extends Tensor.MLTensorDataTypes = Tensor.MLTensorDataTypes>
  extends LocatedParameters<T>,
    ResourceParameters<T> {
  readonly location: 'ml-tensor';
  readonly mlTensor: Tensor.MLTensorType;
}

export interface TensorFactory {
  /** Reads an image: values are (pixel + bias) / mean, by default pixel / 255. */
  fromImage(
    image: ImageSource,
    options?: TensorFromImageOptions,
  ): Promise<TypedTensor<'float32'> | TypedTensor<'uint8'>>;
  fromTexture<T extends Tensor.TextureDataTypes = 'float32'>(
    texture: Tensor.TextureType,
    options: TensorFromTextureOptions<T>,
  ): TypedTensor<'float32'>;
  fromGpuBuffer<T extends Tensor.GpuBufferDataTypes>(
    buffer: Tensor.GpuBufferType,
    options: TensorFromGpuBufferOptions<T>,
  ): TypedTensor<T>;
  fromMLTensor<T extends Tensor.MLTensorDataTypes>(
    tensor: Tensor.MLTensorType,
    options: TensorFromMLTensorOptions<T>,
  ): TypedTensor<T>;
  fromPinnedBuffer<T extends Tensor.CpuPinnedDataTypes>(
    type: T,
    buffer: Tensor.DataTypeMap[T],
    dims?: readonly number[],
  ): TypedTensor<T>;
}

export interface TensorConstructor extends TensorFactory {
  new (type: 'string', data: readonly string[], dims?: readonly number[]): TypedTensor<'string'>;
  new (type: 'bool', data: Uint8Array | readonly boolean[], dims?: readonly number[]): TypedTensor<'bool'>;
  new (type: 'uint8', data: Uint8ClampedArray, dims?: readonly number[]): TypedTensor<'uint8'>;
  new <T extends 'uint64' | 'int64'>(
    type: T,
    data: Tensor.DataTypeMap[T] | readonly bigint[] | readonly number[],
    dims?: readonly number[],
  ): TypedTensor<T>;
  new <T extends Exclude<Tensor.Type, 'string' | 'bool' | 'uint64' | 'int64'>>(
    type: T,
    data: Tensor.DataTypeMap[T] | readonly number[],
    dims?: readonly number[],
  ): TypedTensor<T>;
  new (data: Float32Array, dims?: readonly number[]): TypedTensor<'float32'>;
  new (data: Int8Array, dims?: readonly number[]): TypedTensor<'int8'>;
  new (data: Uint8Array, dims?: readonly number[]): TypedTensor<'uint8'>;
  new (data: Uint8ClampedArray, dims?: readonly number[]): TypedTensor<'uint8'>;
  new (data: Uint16Array, dims?: readonly number[]): TypedTensor<'uint16'>;
  new (data: Int16Array, dims?: readonly number[]): TypedTensor<'int16'>;
  new (data: Int32Array, dims?: readonly number[]): TypedTensor<'int32'>;
  new (data: BigInt64Array, dims?: readonly number[]): TypedTensor<'int64'>;
  new (data: readonly string[], dims?: readonly number[]): TypedTensor<'string'>;
  new (data: readonly boolean[], dims?: readonly number[]): TypedTensor<'bool'>;
  new (data: Float64Array, dims?: readonly number[]): TypedTensor<'float64'>;
  new (data: Uint32Array, dims?: readonly number[]): TypedTensor<'uint32'>;
  new (data: BigUint64Array, dims?: readonly number[]): TypedTensor<'uint64'>;
  new (params: CpuPinnedConstructorParameters): Tensor;
  new (params: TextureConstructorParameters): Tensor;
  new (params: GpuBufferConstructorParameters): Tensor;
  new (params: MLTensorConstructorParameters): Tensor;
  new (
    type: Tensor.Type,
    data: Tensor.DataType | readonly number[] | readonly string[] | readonly bigint[] | readonly boolean[],
    dims?: readonly number[],
  ): Tensor;
  new (data: Tensor.DataType, dims?: readonly number[]): Tensor;
}

type TensorData = NumericArray | string[];
type LocatedArguments =
  | CpuPinnedConstructorParameters
  | TextureConstructorParameters
  | GpuBufferConstructorParameters
  | MLTensorConstructorParameters;

/** Elements that the engine keeps: what a 'cpu-pinned' tensor of a run stands on. */
export interface EngineValue {
  /** A view of the elements where they are, or undefined if they are in another thread. */
  view(): TensorData | undefined;
  download(): Promise<TensorData>;
  release(): void;
}

const GPU_TYPES = ['float32', 'float16', 'int32', 'int64', 'uint32', 'uint8', 'bool', 'uint4', 'int4'];
const ML_TYPES = [...GPU_TYPES, 'uint64', 'int8'];
const ENGINE = Symbol('engine value');
const engineValues = new WeakMap<object, EngineValue>();

class TensorImpl {
  static {
    Object.defineProperty(TensorImpl, 'name', {value: 'Tensor'});
  }

  // The names and the order of these own fields are onnxruntime-common's.
  declare private cpuData?: TensorData;
  declare private dataLocation: Tensor.DataLocation;
  declare readonly type: Tensor.Type;
  declare readonly dims: readonly number[];
  declare readonly size: number;
  #resource: unknown;
  #download?: () => Promise<TensorData>;
  #dispose?: () => void;
  #downloading = false;

  constructor(first: unknown, second?: unknown, third?: unknown) {
    let type: string;
    let dims: readonly number[];
    if (typeof first === 'object' && first !== null && 'location' in first) {
      const located = first as LocatedArguments;
      ({type, dims} = located);
      this.#takeLocated(located);
    } else {
      let data: TensorData;
      let given: unknown;
      if (typeof first === 'string') {
        type = first;
        data = dataOfType(type, second);
        given = third;
      } else {
        ({type, data} = inferType(first));
        given = second;
      }
      if (given !== undefined && !Array.isArray(given)) throw new TypeError("A tensor's dims must be a number array");
      dims = (given as number[] | undefined) ?? [type.startsWith('complex') ? data.length / 2 : data.length];
      this.cpuData = data;
      this.dataLocation = 'cpu';
    }
    const size = sizeOf(dims);
    if (this.cpuData && !lengthFits(type, size, this.cpuData.length)) {
      throw new Error(`Tensor's size(${size}) does not match data length(${this.cpuData.length}).`);
    }
    this.type = type as Tensor.Type;
    this.dims = dims;
    this.size = size;
  }

  #takeLocated(params: LocatedArguments): void {
    const {location, type} = params;
    this.dataLocation = location;
    if (location === 'cpu-pinned') {
      const value = (params as {[ENGINE]?: EngineValue})[ENGINE];
      if (value) {
        engineValues.set(this, value);
        return;
      }
      const kind = arrayConstructor(type);
      if (!kind) throw new TypeError(`unsupported type "${type}" to create tensor from pinned buffer`);
      if (!isArrayOf(params.data, kind)) {
        throw new TypeError(`buffer should be of type ${kind.name}`);
      }
      this.cpuData = params.data as NumericArray;
      return;
    }
    if (location === 'texture') {
      if (type !== 'float32') throw new TypeError(`unsupported type "${type}" to create tensor from texture`);
      this.#resource = params.texture;
    } else if (location === 'gpu-buffer') {
      if (!GPU_TYPES.includes(type)) throw new TypeError(`unsupported type "${type}" to create tensor from gpu buffer`);
      this.#resource = params.gpuBuffer;
    } else if (location === 'ml-tensor') {
      if (!ML_TYPES.includes(type)) throw new TypeError(`unsupported type "${type}" to create tensor from MLTensor`);
      this.#resource = params.mlTensor;
    } else {
      throw new Error(`Tensor constructor: unsupported location '${location}'`);
    }
    this.#download = params.download as (() => Promise<TensorData>) | undefined;
    this.#dispose = params.dispose;
  }

  static async fromImage(image: ImageSource, options?: TensorFromImageOptions): Promise<TensorImpl> {
    const {type, data, dims} = await tensorFromImage(image, options);
    return new TensorImpl(type, data, dims);
  }

  static fromTexture<T extends Tensor.TextureDataTypes>(
    texture: Tensor.TextureType,
    {width, height, download, dispose}: TensorFromTextureOptions<T>,
  ): TensorImpl {
    return new TensorImpl({
      location: 'texture',
      type: 'float32',
      texture,
      dims: [1, height, width, 4],
      download,
      dispose,
    });
  }

  static fromGpuBuffer<T extends Tensor.GpuBufferDataTypes>(
    gpuBuffer: Tensor.GpuBufferType,
    {dataType, dims, download, dispose}: TensorFromGpuBufferOptions<T>,
  ): TensorImpl {
    return new TensorImpl({location: 'gpu-buffer', type: dataType ?? 'float32', gpuBuffer, dims, download, dispose});
  }

  static fromMLTensor<T extends Tensor.MLTensorDataTypes>(
    mlTensor: Tensor.MLTensorType,
    {dataType, dims, download, dispose}: TensorFromMLTensorOptions<T>,
  ): TensorImpl {
    return new TensorImpl({location: 'ml-tensor', type: dataType ?? 'float32', mlTensor, dims, download, dispose});
  }

  static fromPinnedBuffer(type: Tensor.Type, buffer: NumericArray, dims?: readonly number[]): TensorImpl {
    return new TensorImpl({location: 'cpu-pinned', type, data: buffer, dims: dims ?? [buffer.length]});
  }

  get data(): TensorData {
    this.#ensureValid();
    if (this.cpuData) return this.cpuData;
    const value = engineValues.get(this);
    const view = value?.view();
    if (view) return view;
    if (value) throw new Error('The data is in the memory of a worker. Use `getData()` to fetch it.');
    throw new Error(
      'The data is not on CPU. Use `getData()` to download GPU data to CPU, ' +
        'or use `texture` or `gpuBuffer` property to access the GPU data directly.',
    );
  }

  get location(): Tensor.DataLocation {
    return this.dataLocation;
  }

  get texture(): unknown {
    return this.#device('texture', 'a WebGL texture');
  }

  get gpuBuffer(): unknown {
    return this.#device('gpu-buffer', 'a WebGPU buffer');
  }

  get mlTensor(): unknown {
    return this.#device('ml-tensor', 'a WebNN MLTensor');
  }

  #device(location: Tensor.DataLocation, what: string): unknown {
    this.#ensureValid();
    if (this.dataLocation !== location || !this.#resource) throw new Error(`The data is not stored as ${what}.`);
    return this.#resource;
  }

  async getData(releaseData?: boolean): Promise<TensorData> {
    this.#ensureValid();
    const value = engineValues.get(this);
    if (value && !this.cpuData)
      return this.#fetch(
        () => value.download(),
        releaseData,
        () => value.release(),
      );
    switch (this.dataLocation) {
      case 'cpu':
      case 'cpu-pinned':
        return this.data;
      case 'texture':
      case 'gpu-buffer':
      case 'ml-tensor': {
        const download = this.#download;
        if (!download) throw new Error('The current tensor is not created with a specified data downloader.');
        return this.#fetch(download, releaseData, this.#dispose);
      }
      default:
        throw new Error(`cannot get data from location: ${this.dataLocation}`);
    }
  }

  async #fetch(download: () => Promise<TensorData>, release?: boolean, free?: () => void): Promise<TensorData> {
    if (this.#downloading) throw new Error('The current tensor is being downloaded.');
    this.#downloading = true;
    try {
      const data = await download();
      const pinned = engineValues.has(this);
      if (!pinned || release) {
        this.cpuData = data;
        this.dataLocation = 'cpu';
        this.#download = undefined;
      }
      if (release && free) {
        free();
        this.#dispose = undefined;
        engineValues.delete(this);
      }
      return data;
    } finally {
      this.#downloading = false;
    }
  }

  dispose(): void {
    if (this.#downloading) throw new Error('The current tensor is being downloaded.');
    this.#dispose?.();
    engineValues.get(this)?.release();
    engineValues.delete(this);
    this.#dispose = undefined;
    this.#download = undefined;
    this.#resource = undefined;
    this.cpuData = undefined;
    this.dataLocation = 'none';
  }

  [DISPOSE](): void {
    this.dispose();
  }

  #ensureValid(): void {
    if (this.dataLocation === 'none') throw new Error('The tensor is disposed.');
  }

  reshape(dims: readonly number[]): TensorImpl {
    this.#ensureValid();
    if (this.#download || this.#dispose) throw new Error('Cannot reshape a tensor that owns GPU resource.');
    const {type, dataLocation: location} = this;
    if (location === 'cpu') return new TensorImpl(type, this.data, dims);
    const value = engineValues.get(this);
    if (value) {
      if (sizeOf(dims) !== this.size)
        throw new Error(`Tensor's size(${sizeOf(dims)}) does not match data length(${this.size}).`);
      // The original owns the memory; this is another look at it.
      const shared = {view: () => value.view(), download: () => value.download(), release: () => {}};
      return new TensorImpl({location, type, dims, [ENGINE]: shared});
    }
    const resource = this.#resource;
    return new TensorImpl({
      location,
      type,
      dims,
      data: this.cpuData,
      texture: resource,
      gpuBuffer: resource,
      mlTensor: resource,
    });
  }

  toDataURL(options?: TensorToDataUrlOptions): string {
    return tensorToDataUrl(this as unknown as Tensor, options);
  }

  toImageData(options?: TensorToImageDataOptions): ImageData {
    return tensorToImageData(this as unknown as Tensor, options);
  }

  toNumbers(): number[] {
    if (this.type === 'string' || isPacked(this.type)) {
      throw new TypeError(`The elements of a ${this.type} tensor are not numbers.`);
    }
    return Array.from(this.data as ArrayLike<number | bigint>, (value) => {
      const number = Number(value);
      if (typeof value === 'bigint' && !Number.isSafeInteger(number)) {
        throw new RangeError(`${value} is beyond the integers that a number holds exactly.`);
      }
      return number;
    });
  }
}

/** True for an array of that class, also of another realm: a frame's, a test runner's. */
function isArrayOf(data: unknown, kind: NumericArrayConstructor): data is NumericArray {
  return ArrayBuffer.isView(data) && (data as NumericArray)[Symbol.toStringTag] === kind.name;
}

/** The elements of a tensor constructed as (type, data, dims). */
function dataOfType(type: string, data: unknown): TensorData {
  if (type === 'string') {
    if (!Array.isArray(data)) throw new TypeError("A string tensor's data must be a string array.");
    return data;
  }
  const kind = arrayConstructor(type);
  if (!kind) throw new TypeError(`Unsupported tensor type: ${type}.`);
  if (isArrayOf(data, kind)) return data;
  if (Array.isArray(data)) {
    const bits = (type === 'float16' && !float16Array()) || type === 'bfloat16' || type.startsWith('float8');
    if (bits || isPacked(type)) {
      throw new TypeError(
        `Creating a ${type} tensor from number array is not supported. Please use ${kind.name} as data.`,
      );
    }
    return type === 'int64' || type === 'uint64' ? kind.from(data, exactBigInt) : kind.from(data);
  }
  if (data instanceof Uint8ClampedArray) {
    if (type !== 'uint8') throw new TypeError("A Uint8ClampedArray tensor's data must be type of uint8");
    return Uint8Array.from(data);
  }
  if (type === 'float16' && data instanceof Uint16Array) return new kind(data.buffer, data.byteOffset, data.length);
  if (type === 'int4' && data instanceof Int8Array) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  if ((type === 'int64' || type === 'uint64') && ArrayBuffer.isView(data) && 'length' in data) {
    return kind.from(data as unknown as ArrayLike<unknown>, exactBigInt);
  }
  throw new TypeError(`A ${type} tensor's data must be type of ${kind}`);
}

function exactBigInt(value: unknown): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`${value} is not an integer that a number holds exactly; use a bigint.`);
  }
  return BigInt(value as number | bigint);
}

/** Type and elements of a tensor constructed as (data, dims). */
function inferType(data: unknown): {type: string; data: TensorData} {
  if (Array.isArray(data)) {
    if (data.length === 0) throw new TypeError('Tensor type cannot be inferred from an empty array.');
    const element = typeof data[0];
    if (element === 'string') return {type: 'string', data};
    if (element === 'boolean') return {type: 'bool', data: Uint8Array.from(data as number[])};
    throw new TypeError(`Invalid element type of data array: ${element}.`);
  }
  if (data instanceof Uint8ClampedArray) return {type: 'uint8', data: Uint8Array.from(data)};
  const type = ArrayBuffer.isView(data) ? typeOfArray(data as NumericArray) : undefined;
  if (!type) throw new TypeError(`Unsupported type for tensor data: ${(data as object | null)?.constructor}.`);
  return {type, data: data as NumericArray};
}

/** The number of elements of a shape, checked. */
export function sizeOf(dims: readonly unknown[]): number {
  let size = 1;
  for (let i = 0; i < dims.length; i++) {
    const dim = dims[i];
    if (typeof dim !== 'number' || !Number.isSafeInteger(dim)) {
      throw new TypeError(`dims[${i}] must be an integer, got: ${dim}`);
    }
    if (dim < 0) throw new RangeError(`dims[${i}] must be a non-negative integer, got: ${dim}`);
    size *= dim;
  }
  return size;
}

// onnxruntime-common takes 4-bit elements packed or one to a byte of which the first half counts.
function lengthFits(type: string, size: number, length: number): boolean {
  return length === arrayLength(type, size) || (length === size && (type === 'uint4' || type === 'int4'));
}

/** A tensor whose elements stay in engine memory until it is disposed of (or collected). */
export function pinnedTensor(type: Tensor.Type, dims: readonly number[], value: EngineValue): Tensor {
  return new TensorImpl({location: 'cpu-pinned', type, dims, [ENGINE]: value}) as unknown as Tensor;
}

/** What a tensor of pinnedTensor stands on; undefined for other tensors. */
export function engineValueOf(tensor: unknown): EngineValue | undefined {
  return engineValues.get(tensor as object);
}

export const Tensor = TensorImpl as unknown as TensorConstructor;
