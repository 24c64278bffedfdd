// Options of sessions and runs: onnxruntime-common's, each with what becomes of it here, and webinfer's own.
import type {FileSource} from '../loader/source.js';
import type {Tensor} from './tensor.js';

/**
 * A tensor; a sequence as an array; an optional as null or its value; a map as a Map, whose int64 keys and values come back as
 * bigint (numbers are taken too).
 */
export type OnnxValue = Tensor | NonTensorType;
export type NonTensorType = OnnxValue[] | Map<string | number | bigint, unknown> | null;
export type OnnxValueDataLocation = Tensor.DataLocation;

export type FileUrlOrPath = string;
export type FileBlob = Blob;
export type FileData = Uint8Array | ArrayBufferLike;
export type FileType = FileSource;

export interface ExternalDataFileDescription {
  data: FileType;
  /** The file's name as the model gives it. */
  path: string;
}
export type ExternalDataFileType = ExternalDataFileDescription | FileUrlOrPath;

export interface OnnxModelOptions {
  /** Files that hold weights. In Node, and where the model comes from a URL, files beside the model are found by themselves. */
  externalData?: readonly ExternalDataFileType[];
}

export interface PlanCacheOptions {
  /** Names the model instead of its address and the server's ETag: give another one when the model changes. Needed for bytes. */
  key?: string;
  /** Node: the folder. Default: webinfer/plans in the user's cache folder. */
  directory?: string;
}

/** How far a create has come. */
export interface CreateProgress {
  /** 'engine' loads the WebAssembly build, 'model' the model and its data, 'prepare' makes the session of them. */
  phase: 'engine' | 'model' | 'prepare';
  /** Bytes of the model and its data so far. */
  loaded: number;
  /** All bytes, if they are known. */
  total?: number;
}

export interface ExecutionProviderOption {
  readonly name: string;
}
export type ExecutionProviderConfig = string | ExecutionProviderOption;

export interface SessionOptions extends OnnxModelOptions {
  /** 'wasm' and 'cpu' are this engine. Others are passed over with a warning as long as one of these is listed too. */
  executionProviders?: readonly ExecutionProviderConfig[];
  /** Threads of this session; default env.wasm.numThreads. */
  intraOpNumThreads?: number;
  /** Accepted; nodes run one after the other. */
  interOpNumThreads?: number;
  /** Sizes of symbolic dimensions, fixed before the model is optimised. */
  freeDimensionOverrides?: {readonly [dimensionName: string]: number};
  /** 'disabled' leaves out what a model does not need to run; all other levels are the same. */
  graphOptimizationLevel?: 'disabled' | 'basic' | 'extended' | 'layout' | 'all';
  /** Accepted; there always is one arena. */
  enableCpuMemArena?: boolean;
  /** Accepted; memory is always planned. */
  enableMemPattern?: boolean;
  /** Accepted; execution is sequential. */
  executionMode?: 'sequential' | 'parallel';
  /** Not supported: ignored with a warning. */
  optimizedModelFilePath?: string;
  /** Starts with profiling on. */
  enableProfiling?: boolean;
  /** Accepted; endProfiling gives the profile to the caller. */
  profileFilePrefix?: string;
  /** Accepted. */
  logId?: string;
  /** Accepted; env.logLevel decides. */
  logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  logVerbosityLevel?: number;
  /** 'cpu-pinned' leaves outputs in engine memory, from where they are fed back without copying. */
  preferredOutputLocation?: OnnxValueDataLocation | {readonly [outputName: string]: OnnxValueDataLocation};
  /** Accepted; it is about GPUs. */
  enableGraphCapture?: boolean;
  /** Accepted. */
  extra?: Record<string, unknown>;

  /** Whether the session runs in a worker. 'auto' (default): in pages, if a run is expected to take more than 5 ms. */
  worker?: boolean | 'auto';
  /** Stops the create; it rejects with the signal's reason. */
  signal?: AbortSignal;
  onProgress?(progress: CreateProgress): void;
  /** Bytes the session may hold; what needs more fails with OutOfMemory. */
  maxMemory?: number;
  /** Memory for second, faster copies of weights: none, up to half the model (default), or any amount. */
  weightMemory?: 'small' | 'balanced' | 'fast';
  /** Keeps the prepared model for the next create: true, or where and under which name. Default: false. */
  planCache?: boolean | PlanCacheOptions;
  /** The same bits on every machine: plain SIMD, no Winograd. */
  deterministic?: boolean;
  /** Sessions of one group share a WebAssembly instance (and a worker): less memory, but only the first has threads. */
  group?: string;
}

export interface RunOptions {
  /** Accepted. */
  logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  logVerbosityLevel?: number;
  /** true: the run is not started. */
  terminate?: boolean;
  /** Accepted. */
  tag?: string;
  extra?: Record<string, unknown>;
  /** Stops the run; it rejects with the signal's reason within a few milliseconds. */
  signal?: AbortSignal;
}

export interface ValueMetadataBase {
  readonly name: string;
}
export interface NonTensorValueMetadata extends ValueMetadataBase {
  readonly isTensor: false;
}
export interface TensorValueMetadata extends ValueMetadataBase {
  readonly isTensor: true;
  readonly type: Tensor.Type;
  /** Sizes; a name where the size is free, '' where it has none. */
  readonly shape: ReadonlyArray<number | string>;
}
export type ValueMetadata = NonTensorValueMetadata | TensorValueMetadata;
