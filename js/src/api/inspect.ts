// What a model is and what it will need, before its weights are read or anything runs.

import type {InspectionFields, MissingOperator, ValueDescription} from '../engine/glue.js';
import {EngineInstance} from '../engine/instance.js';
import {LocalEngine} from '../engine/local.js';
import {chooseVariant} from '../loader/capabilities.js';
import {checkModelStart, type FileSource, openSource} from '../loader/source.js';
import {loadWasm} from '../loader/wasm-module.js';
import {engineOptions} from './create-session.js';
import {TYPE_NAMES} from './data-types.js';
import type {SessionOptions} from './session-options.js';

export interface InspectOptions
  extends Pick<SessionOptions, 'freeDimensionOverrides' | 'weightMemory' | 'graphOptimizationLevel' | 'deterministic'> {
  /** Sizes of inputs by name, for the memory of one run. */
  shapes?: {readonly [input: string]: readonly number[]};
  /** The size of dimensions that nothing else tells; default 1. */
  unknownSize?: number;
  signal?: AbortSignal;
}

export interface InspectedValue {
  name: string;
  kind: 'tensor' | 'sequence' | 'optional' | 'map';
  /** Of the tensor, of the elements, or of the map's values. */
  type: string;
  /** Sizes; a name where the size is free, '' where it has none; null if not even the rank is known. */
  shape: (number | string)[] | null;
  /** It has a default value. */
  optional: boolean;
}

/** Bytes. */
export interface MemoryEstimate {
  /** Weights in the form that kernels read, with second, faster copies. */
  weights: number;
  /** Intermediate values of one run. */
  values: number;
  /** The most that is held while the model is read and prepared. */
  loading: number;
  /** The WebAssembly memory after the first run. */
  total: number;
  /** The size that dimensions were given which nothing told; larger than `unknownSize` if the model needs more. */
  assumedSize?: number;
}

export interface Inspection {
  producer: string;
  description: string;
  irVersion: number;
  opsets: Record<string, number>;
  metadata: Record<string, string>;
  inputs: InspectedValue[];
  outputs: InspectedValue[];
  /** With those of bodies and functions, most frequent first. */
  operators: {domain: string; name: string; count: number}[];
  /** Bytes of weights by type. */
  weights: Record<string, number>;
  /** Operators that webinfer does not have. */
  missing: readonly MissingOperator[];
  /** Why the model cannot run, if not for missing operators. */
  problem?: string;
  /** Absent if the model cannot run, or if its memory depends on what it is fed. */
  memory?: MemoryEstimate;
}

/** Reads the structure of `model` and passes over its weights; files with external data are not asked for. */
export async function inspect(model: FileSource, options: InspectOptions = {}): Promise<Inspection> {
  const {shapes = {}, unknownSize = 1, signal, ...session} = options;
  const {variant} = chooseVariant({threads: 1, deterministic: options.deterministic});
  const [module, source] = await Promise.all([loadWasm(variant), openSource(model, 'The model', signal)]);
  const engine = new LocalEngine(await EngineInstance.create({module, variant, threads: 1}));
  try {
    const chunks = checkedChunks(source.chunks(signal), source.name);
    return toInspection(
      await engine.inspect(chunks, source.size ?? 0, {session: engineOptions(session, 1), shapes, unknownSize}),
    );
  } finally {
    engine.dispose();
  }
}

/** The memory that a session of `model` will take; undefined where it cannot be told. */
export async function estimateMemory(model: FileSource, options?: InspectOptions): Promise<MemoryEstimate | undefined> {
  return (await inspect(model, options)).memory;
}

async function* checkedChunks(chunks: AsyncIterable<Uint8Array>, name: string): AsyncIterable<Uint8Array> {
  let first = true;
  for await (const piece of chunks) {
    if (first) checkModelStart(piece, name);
    first = false;
    yield piece;
  }
}

const KINDS = ['tensor', 'sequence', 'optional', 'map'] as const;

function toValue({name, kind, dtype, rankKnown, shape, optional}: ValueDescription): InspectedValue {
  return {
    name,
    kind: KINDS[kind] ?? 'tensor',
    type: TYPE_NAMES[dtype] ?? 'undefined',
    shape: rankKnown ? shape : null,
    optional,
  };
}

function toInspection({inputs, outputs, operators, weights, memory, problem, ...rest}: InspectionFields): Inspection {
  return {
    ...rest,
    inputs: inputs.map(toValue),
    outputs: outputs.map(toValue),
    operators: operators.toSorted((a, b) => b.count - a.count),
    weights: Object.fromEntries(weights.map(({dtype, bytes}) => [TYPE_NAMES[dtype] ?? 'undefined', bytes])),
    ...(problem ? {problem} : {}),
    ...(memory.known
      ? {
          memory: {
            weights: memory.weightBytes,
            values: memory.arenaBytes,
            loading: memory.loadBytes,
            total: memory.totalBytes,
            ...(memory.assumedSize ? {assumedSize: memory.assumedSize} : {}),
          },
        }
      : {}),
  };
}
