// The global settings, under the names onnxruntime-web gives them. Each says here whether it is honoured.
import {COMMON_VERSION, VERSION} from '../version.js';

export declare namespace Env {
  type WasmPathPrefix = string;
  interface WasmFilePaths {
    wasm?: URL | string;
    mjs?: URL | string;
  }
  type WasmPrefixOrFilePaths = WasmPathPrefix | WasmFilePaths;

  interface WebAssemblyFlags {
    /** Threads of sessions made from now on; default min(4, half the cores) where threads are possible, else 1. */
    numThreads?: number;
    /** 'fixed' keeps to plain SIMD, 'relaxed' asks for relaxed SIMD where the host has it; anything else picks the best. */
    simd?: boolean | 'fixed' | 'relaxed';
    /** Like env.trace. */
    trace?: boolean;
    /** Milliseconds that fetching and compiling the engine may take; 0 or absent: no limit. */
    initTimeout?: number;
    /** Where the .wasm files are: a folder, or {wasm: file}. `mjs` is ignored: the glue is part of this package. */
    wasmPaths?: WasmPrefixOrFilePaths;
    /** The bytes of the .wasm file that `capabilities().variant` names, instead of fetching it. */
    wasmBinary?: ArrayBufferLike | Uint8Array;
    /** true: sessions run in a worker unless their options say otherwise. */
    proxy?: boolean;
  }

  /** Kept so that code written for WebGL runs; there is no WebGL backend. */
  interface WebGLFlags {
    contextId?: 'webgl' | 'webgl2';
    readonly context?: unknown;
    matmulMaxBatchSize?: number;
    textureCacheMode?: 'initializerOnly' | 'full';
    pack?: boolean;
    async?: boolean;
  }

  /** Kept so that code written for WebGPU runs; sessions fall back to WebAssembly. */
  interface WebGpuFlags {
    profilingMode?: 'off' | 'default';
    profiling?: {mode?: 'off' | 'default'; ondata?: (data: unknown) => void};
    powerPreference?: 'low-power' | 'high-performance';
    forceFallbackAdapter?: boolean;
    adapter?: unknown;
    device?: unknown;
    validateInputContent?: boolean;
  }
}

export interface Env {
  /** What is printed on the console; default 'warning'. */
  logLevel?: 'verbose' | 'info' | 'warning' | 'error' | 'fatal';
  /** true: like logLevel 'verbose'. */
  debug?: boolean;
  /** true: runs and creates appear as marks in the browser's performance panel. */
  trace?: boolean;
  readonly versions: {readonly common: string; readonly webinfer: string; readonly [name: string]: string | undefined};
  readonly wasm: Env.WebAssemblyFlags;
  readonly webgl: Env.WebGLFlags;
  readonly webgpu: Env.WebGpuFlags;
  [name: string]: unknown;
}

const LEVELS = ['verbose', 'info', 'warning', 'error', 'fatal'] as const;
let logLevel: (typeof LEVELS)[number] = 'warning';

export const env: Env = {
  wasm: {},
  webgl: {},
  webgpu: {},
  // No `web`: libraries take it as leave to load that version's files of onnxruntime-web from a CDN.
  versions: {common: COMMON_VERSION, webinfer: VERSION},
  get logLevel() {
    return logLevel;
  },
  set logLevel(value) {
    if (value === undefined) return;
    if (!LEVELS.includes(value)) throw new Error(`Unsupported logging level: ${value}`);
    logLevel = value;
  },
};

/** Prints `message` if env.logLevel lets messages of `level` through. */
export function log(level: (typeof LEVELS)[number], message: string): void {
  if (LEVELS.indexOf(level) < (env.debug ? 0 : LEVELS.indexOf(logLevel))) return;
  const print =
    level === 'warning' ? console.warn : level === 'error' || level === 'fatal' ? console.error : console.log;
  print(`webinfer: ${message}`);
}

const warned = new Set<string>();

/** Prints a warning the first time it is given. */
export function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  log('warning', message);
}
