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
  /** `take` and `takeWeights` get (address, bytes) and give false to stop. `location` is '' for weights inside of the model. */
  write(
    optimize: boolean,
    location: string,
    leastBytes: number,
    take: (address: number, bytes: number) => boolean,
    takeWeights: (address: number, bytes: number) => boolean,
  ): boolean;
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

/** An operator that a model uses and this build does not have. */
export interface MissingOperator {
  domain: string;
  name: string;
  opset: number;
  /** Names of the nodes. */
  nodes: string[];
  /** Types of the first node's inputs, '' where they are unknown. */
  types: string[];
  /** The nearest operator there is, '' if none is near. */
  suggestion: string;
}

/** What an inspection tells, dtypes as numbers. */
export interface InspectionFields extends Omit<ModelDescription, 'operations'> {
  operators: {domain: string; name: string; count: number}[];
  weights: {dtype: number; bytes: number}[];
  memory: {
    known: boolean;
    weightBytes: number;
    arenaBytes: number;
    loadBytes: number;
    totalBytes: number;
    assumedSize: number;
  };
  missing: MissingOperator[];
  problem: string;
}

export interface ModelInspector {
  chunk(bytes: number): number;
  push(bytes: number): boolean;
  finish(
    options: EngineSessionOptions,
    inputs: string[],
    shapes: (readonly number[])[],
    unknownSize: number,
  ): InspectionFields | null;
  delete(): void;
}

/** An input or output of a custom operator's node; `data` is the address of its elements. */
export interface OperandFields {
  kind: number;
  dtype: number;
  dims: (number | null)[] | null;
  data?: number;
}

export interface OperatorNode {
  address: number;
  name: string;
  domain: string;
  op: string;
  outputs: number;
  attributes: Record<string, number | string | number[] | string[] | OperandFields>;
}

export interface OperatorFailure {
  message: string;
}

/** How the engine calls custom operators. */
export interface OperatorCallbacks {
  infer(
    id: number,
    node: OperatorNode,
    inputs: (OperandFields | null)[],
  ): {failure?: OperatorFailure; outputs?: ({dtype: number; dims: (number | null)[] | null} | null)[]};
  run(
    id: number,
    node: OperatorNode,
    inputs: (OperandFields | null)[],
    outputs: (OperandFields | null)[],
  ): OperatorFailure | null;
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
  /** Inputs, and intermediate values of the largest binding. */
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
  ModelInspector: new (total: number) => ModelInspector;
  lastError(): ErrorFields;
  lastMissing(): MissingOperator[];
  setOperatorCallbacks(callbacks: OperatorCallbacks): void;
  addOperator(domain: string, name: string, id: number): void;
  hideOperator(id: number): void;
  /** Memory for a dynamic output of the custom operator that runs. */
  resizeOutput(output: number, dtype: number, dims: number[]): number;
  addString(text: string): number;
  /** Whether the node at `address` is one of the model's own graph, not of a body. */
  isMainNode(session: number, address: number): boolean;
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
  _wi_write_over(session: number, input: number, output: number): void;
  _wi_clear_feeds(session: number): void;
  _wi_begin(session: number, low: number, high: number): number;
  _wi_continue(session: number, budget: number): number;
  _wi_run(session: number, low: number, high: number): number;
  _wi_abort(session: number): void;
  _wi_output(session: number, output: number): number;
  _wi_copy_output(session: number, output: number): number;
  _wi_copy_output_into(session: number, output: number, value: number): number;
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
