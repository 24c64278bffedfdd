// The shape of what Emscripten's glue gives: the exports of wasm/hot_path.cc and the bindings of wasm/bindings.cc.

import type {WorkerLike} from '../loader/platform.js';

/** Fields of an ErrorRecord. */
export interface ErrorFields {
  code: string;
  message: string;
  op: string;
  node: string;
  expected: string;
  actual: string;
  hint: string;
}

export interface ValueDescription {
  name: string;
  kind: number;
  /** Of a tensor, of the elements, or of a map's values. */
  dtype: number;
  /** The type of the keys of a map, or of a sequence of maps; else 0. */
  key: number;
  rankKnown: boolean;
  shape: (number | string)[];
  optional: boolean;
}

/** What a session knows of its model. */
export interface ModelDescription {
  inputs: ValueDescription[];
  outputs: ValueDescription[];
  producer: string;
  description: string;
  irVersion: number;
  opsets: Record<string, number>;
  metadata: Record<string, string>;
  /** A lower bound of the multiply-adds of one run. */
  operations: number;
  /** The session needs the image codecs. */
  decodesImages: boolean;
}

export interface ExternalTensor {
  tensor: string;
  location: string;
  offset: number;
  length: number;
  data: number;
}

export interface ModelLoader {
  chunk(bytes: number): number;
  push(bytes: number): boolean;
  finish(): boolean;
  external(): ExternalTensor[];
  createSession(options: EngineSessionOptions): number;
  delete(): void;
}

export interface PlanImages {
  write(session: number, identity: string): boolean;
  pieces(): {data: number; bytes: number}[];
  delete(): void;
}

export interface PlanLoader {
  chunk(bytes: number): number;
  begin(bytes: number, fileBytes: number, identity: string): number;
  readStructure(bytes: number): boolean;
  blobs(): {offset: number; bytes: number; data: number}[];
  filled(blob: number, bytes: number): boolean;
  createSession(threads: number): number;
  delete(): void;
}

/** Operators of this build, in the order of the engine's list of them; one that has been taken out has no name. */
export type OperatorRegistry = {domain: string; name: string; askedFor: boolean}[];

export interface EngineSessionOptions {
  threads: number;
  optimize: boolean;
  deterministic: boolean;
  weightMemory: 'small' | 'balanced' | 'fast';
  dimensionNames: string[];
  dimensionSizes: number[];
}

export interface ProfileEntry {
  op: string;
  node: string;
  microseconds: number;
  calls: number;
}

export interface SessionStats {
  /** Constants and packed weights. */
  weightBytes: number;
  /** Intermediate values of the largest binding. */
  arenaBytes: number;
  /** Allocations of the last run; 0 once shapes have been seen. */
  runAllocations: number;
  /** Sets of input shapes prepared so far. */
  bindings: number;
  nodes: number;
  steps: number;
  /** Bytes the engine holds, and the most it has held. */
  engineBytes: number;
  peakEngineBytes: number;
  /** Size of the WebAssembly memory. */
  memoryBytes: number;
}

/** The instantiated engine. */
export interface EngineModule {
  ModelLoader: new (total: number) => ModelLoader;
  PlanImages: new () => PlanImages;
  PlanLoader: new () => PlanLoader;
  registry(): OperatorRegistry;
  lastError(): ErrorFields;
  describe(session: number): ModelDescription;
  profile(session: number): ProfileEntry[];
  stats(session: number): SessionStats;
  setProfiling(session: number, on: boolean): void;
  dumpText(session: number): string;
  release(session: number): void;
  limitMemory(bytes: number): void;
  _wi_dims(): number;
  _wi_feed_buffer(session: number, input: number, bytes: number): number;
  _wi_feed(session: number, input: number, dtype: number, rank: number, data: number): number;
  _wi_feed_value(session: number, input: number, value: number): number;
  _wi_clear_feeds(session: number): void;
  _wi_begin(session: number, low: number, high: number): number;
  _wi_continue(session: number, budget: number): number;
  _wi_run(session: number, low: number, high: number): number;
  _wi_abort(session: number): void;
  _wi_output(session: number, output: number): number;
  _wi_copy_output(session: number, output: number): number;
  _wi_value_free(value: number): void;
  _wi_value_info(value: number): number;
  _wi_value_element(value: number, i: number): number;
  _wi_new_fed_value(session: number): number;
  _wi_value_set_list(value: number, kind: number, present: number, elements: number): void;
  _wi_value_set_map(value: number, key: number, dtype: number, elements: number): boolean | number;
  _wi_value_set_tensor(value: number, dtype: number, rank: number): number;
  _wi_fill_strings(session: number, elements: number, count: number, text: number, lengths: number): number;
  _wi_allocate(bytes: number): number;
  _wi_free(block: number): void;
  _wi_use_image_codecs(): void;
  _wi_place_image(height: number, width: number): number;
  /** What the engine calls to decode `bytes` at `file`; see image-codecs.ts. */
  decodeImage?(file: number, bytes: number, format: number, channels: number): number;
}

export interface GlueOptions {
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
  wasmMemory: WebAssembly.Memory;
  print(text: string): void;
  printErr(text: string): void;
  /** Threads beside the caller (builds with threads). */
  poolSize: number;
  /** Makes the worker of a thread; js/build.mjs puts the call into the glue. */
  createWorker(): WorkerLike;
}

export type GlueFactory = (options: GlueOptions) => Promise<EngineModule>;
