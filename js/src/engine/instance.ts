// One WebAssembly instance of the engine with a memory of its own, and the rule for its death: once it has trapped, nothing
// calls it again, and every session in it rejects with the cause.
import {log} from '../api/env.js';
import {missingText, WebInferError, type WebInferErrorCode} from '../api/errors.js';
import type {Variant} from '../loader/capabilities.js';
import {platform, type WorkerLike} from '../loader/platform.js';
import {CustomOperators} from './custom-operators.js';
import type {EngineModule} from './glue.js';
import {createEngine} from './glue.mjs';
import {createEngine as createThreadedEngine} from './glue-threads.mjs';

const PAGE = 65536;
const INITIAL_PAGES = 64;
const MAXIMUM_PAGES = 65536;

/** How the message of the error begins that says that only threads are in the way. */
export const THREADS_FAILED = 'The workers of the threads could not be started';

export interface InstanceOptions {
  module: WebAssembly.Module;
  variant: Variant;
  threads: number;
  /** Bytes the instance may hold; the memory never grows beyond. */
  maxMemory?: number;
}

export class EngineInstance {
  readonly engine: EngineModule;
  readonly operators: CustomOperators;
  readonly #memory: WebAssembly.Memory;
  #death: unknown;
  #bytes!: Uint8Array;
  #ints!: Int32Array;
  #dims: number;

  readonly #threads: readonly WorkerLike[];

  private constructor(engine: EngineModule, memory: WebAssembly.Memory, threads: readonly WorkerLike[]) {
    this.engine = engine;
    this.#memory = memory;
    this.#threads = threads;
    this.#look();
    this.#dims = engine._wi_dims() >> 2;
    this.operators = new CustomOperators(this);
  }

  static async create({module, variant, threads, maxMemory}: InstanceOptions): Promise<EngineInstance> {
    const shared = variant.endsWith('-threads');
    const memory = makeMemory(shared, maxMemory);
    const factory = shared ? createThreadedEngine : createEngine;
    const workers: WorkerLike[] = [];
    let made: EngineInstance | undefined;
    let failed: (reason: unknown) => void = () => {};
    const failure = new Promise<never>((_, reject) => {
      failed = reject;
    });
    const ready = factory({
      instantiateWasm(imports, receive) {
        WebAssembly.instantiate(module, imports).then((instance) => receive(instance, module), failed);
        return {};
      },
      wasmMemory: memory,
      print: (text) => log('info', text),
      printErr: (text) => log('error', text),
      poolSize: threads - 1,
      createWorker() {
        const worker = platform().createThread((reason) => {
          failed(new WebInferError('HostUnsupported', THREADS_FAILED, {actual: reason}));
          if (made) made.#die(new Error(`a thread of the engine failed: ${reason}`));
        });
        workers.push(worker);
        return worker;
      },
    });
    try {
      const engine = await Promise.race([ready, failure]);
      if (maxMemory) engine.limitMemory(maxMemory);
      made = new EngineInstance(engine, memory, workers);
      return made;
    } catch (error) {
      for (const worker of workers) worker.terminate();
      throw error;
    }
  }

  /** Ends the threads, which would keep the memory alive. */
  dispose(): void {
    for (const worker of this.#threads) worker.terminate();
  }

  /** The engine's memory; views change when it grows, so ask again after every call that may allocate. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#look();
    return this.#bytes;
  }

  get ints(): Int32Array {
    if (this.#ints.buffer !== this.#memory.buffer) this.#look();
    return this.#ints;
  }

  #look(): void {
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#ints = new Int32Array(this.#memory.buffer);
  }

  get buffer(): ArrayBufferLike {
    return this.#memory.buffer;
  }

  /** Puts a shape where the next export that takes one reads it. */
  writeDims(dims: readonly number[]): void {
    const {ints} = this;
    for (let i = 0; i < dims.length && i < 8; i++) {
      const dim = dims[i] as number;
      if (dim > 0x7fffffff)
        throw new WebInferError('Unsupported', `dims[${i}] is too large`, {expected: 'below 2^31', actual: `${dim}`});
      ints[this.#dims + i] = dim;
    }
  }

  /** The engine's description of what just failed. */
  lastError(): WebInferError {
    const {code, message, ...details} = this.engine.lastError();
    const failure = this.operators.takeFailure();
    if (failure) return operatorError(failure.reason, message, details);
    const missing = code === 'Unsupported' && / missing: /.test(message) ? this.engine.lastMissing() : [];
    return new WebInferError(
      code as WebInferErrorCode,
      missing.length ? missingText(missing) : message,
      missing.length ? {...details, missing} : details,
    );
  }

  /** Runs `use` unless the instance is dead; a trap kills it. */
  call<T>(use: () => T): T {
    if (this.#death !== undefined) throw this.#dead();
    try {
      return use();
    } catch (error) {
      if (!isTrap(error)) throw error;
      this.#die(error);
      throw this.#dead();
    }
  }

  #die(cause: unknown): void {
    this.#death ??= cause;
    this.dispose();
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  #dead(): WebInferError {
    return new WebInferError('Crashed', 'The engine instance of this session has crashed', {
      cause: this.#death,
      actual: String((this.#death as Error)?.message ?? this.#death),
      hint: 'Create the session again: a new one gets a fresh instance. Please report the model and the inputs.',
    });
  }
}

/** What a custom operator threw, with the node it was for. */
function operatorError(cause: unknown, message: string, {op, node}: {op: string; node: string}): WebInferError {
  if (!(cause instanceof WebInferError)) return new WebInferError('OperatorFailed', message, {op, node, cause});
  const {code, expected, actual, hint} = cause;
  const own = cause.message.split(/: (?:expected|got) /)[0] as string;
  return new WebInferError(code, own, {op, node, expected, actual, hint, cause});
}

// RangeError: the stack of the engine's host ran out inside it, which leaves its own stack pointer wrong. 'unwind': Emscripten
// ends the call because another thread has trapped.
function isTrap(error: unknown): boolean {
  if (error === 'unwind') return true;
  if (typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError) return true;
  return error instanceof RangeError && /call stack/i.test(error.message);
}

/** A memory whose maximum is what the caller allows; shared ones reserve theirs, which iOS does not survive at 4 GB. */
function makeMemory(shared: boolean, maxMemory: number | undefined): WebAssembly.Memory {
  const wanted = maxMemory ? Math.ceil(maxMemory / PAGE) + INITIAL_PAGES : shared ? sharedMaximum() : MAXIMUM_PAGES;
  for (let maximum = Math.min(wanted, MAXIMUM_PAGES); ; maximum >>= 1) {
    try {
      return new WebAssembly.Memory({initial: INITIAL_PAGES, maximum: Math.max(maximum, INITIAL_PAGES), shared});
    } catch (cause) {
      if (maximum > INITIAL_PAGES) continue;
      throw new WebInferError('OutOfMemory', 'The host gives no memory for another session', {
        cause,
        hint: 'Release sessions that are no longer needed.',
      });
    }
  }
}

function sharedMaximum(): number {
  const {vendor = '', maxTouchPoints = 0} = (globalThis.navigator ?? {}) as {vendor?: string; maxTouchPoints?: number};
  return vendor.startsWith('Apple') && maxTouchPoints > 1 ? 16384 : MAXIMUM_PAGES;
}
