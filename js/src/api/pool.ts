// Several sessions of one model, each in a worker of its own: runs at the same time, also where there is no SharedArrayBuffer.
//
// Runs wait in one queue and go to whichever session is free. A session that dies takes only its own run with it and is made
// anew. Each session has its own copy of the weights.
import {platform} from '../loader/platform.js';
import {type FileSource, keepSource, openSource} from '../loader/source.js';
import {ASYNC_DISPOSE} from './dispose.js';
import {abortError, WebInferError} from './errors.js';
import {InferenceSession} from './inference-session.js';
import type {RunOptions, SessionOptions, ValueMetadata} from './session-options.js';

export interface PoolOptions extends SessionOptions {
  /** Sessions. Default: one for each two cores, at most 4. */
  size?: number;
}

interface Waiting {
  start(session: InferenceSession): Promise<void>;
  reject(reason: unknown): void;
}

export class SessionPool {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly ValueMetadata[];
  readonly outputMetadata: readonly ValueMetadata[];
  readonly #free: InferenceSession[];
  readonly #all: Set<InferenceSession>;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #renew: () => Promise<InferenceSession>;
  #released: Promise<void> | undefined;

  /** Use createPool. */
  constructor(sessions: InferenceSession[], renew: () => Promise<InferenceSession>) {
    const [first] = sessions as [InferenceSession];
    this.inputNames = first.inputNames;
    this.outputNames = first.outputNames;
    this.inputMetadata = first.inputMetadata;
    this.outputMetadata = first.outputMetadata;
    this.#free = [...sessions];
    this.#all = new Set(sessions);
    this.#renew = renew;
  }

  /** Sessions alive. */
  get size(): number {
    return this.#all.size;
  }

  run(feeds: InferenceSession.FeedsType, options?: RunOptions): Promise<InferenceSession.ReturnType>;
  run(
    feeds: InferenceSession.FeedsType,
    fetches: InferenceSession.FetchesType,
    options?: RunOptions,
  ): Promise<InferenceSession.ReturnType>;
  /** Like InferenceSession.run; the feeds must not change until it is done. */
  run(feeds: InferenceSession.FeedsType, arg1?: unknown, arg2?: unknown): Promise<InferenceSession.ReturnType> {
    const signal = signalOf(arg1) ?? signalOf(arg2);
    return new Promise((resolve, reject) => {
      if (this.#released) return reject(released());
      if (signal?.aborted) return reject(abortError(signal));
      const stop = () => {
        const at = this.#waiting.indexOf(waiting);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        waiting.reject(abortError(signal as AbortSignal));
      };
      const waiting: Waiting = {
        reject(reason) {
          signal?.removeEventListener('abort', stop);
          reject(reason);
        },
        // A session that has begun hears the signal by itself.
        async start(session) {
          signal?.removeEventListener('abort', stop);
          try {
            resolve(await session.run(feeds, arg1 as never, arg2 as never));
          } catch (error) {
            reject(error);
            throw error;
          }
        },
      };
      signal?.addEventListener('abort', stop, {once: true});
      this.#waiting.push(waiting);
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#free.length && this.#waiting.length) {
      const session = this.#free.pop() as InferenceSession;
      const next = this.#waiting.shift() as Waiting;
      const run = next.start(session);
      this.#running.add(run);
      run
        .then(
          () => this.#giveBack(session),
          (error) => (isDead(error) ? this.#replace(session) : this.#giveBack(session)),
        )
        .finally(() => this.#running.delete(run));
    }
  }

  #giveBack(session: InferenceSession): void {
    if (this.#released) return;
    this.#free.push(session);
    this.#dispatch();
  }

  async #replace(dead: InferenceSession): Promise<void> {
    this.#all.delete(dead);
    dead.release().catch(() => {});
    try {
      const session = await this.#renew();
      if (this.#released) return session.release();
      this.#all.add(session);
      this.#giveBack(session);
    } catch (cause) {
      if (this.#all.size > 0) return;
      const error = new WebInferError('Crashed', 'All sessions of the pool have died', {cause, actual: String(cause)});
      for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    }
  }

  /** Rejects the runs that wait, lets those under way finish, and gives all memory back. */
  release(): Promise<void> {
    this.#released ??= (async () => {
      for (const waiting of this.#waiting.splice(0)) waiting.reject(released());
      await Promise.allSettled(this.#running);
      await Promise.all([...this.#all].map((session) => session.release()));
      this.#all.clear();
    })();
    return this.#released;
  }

  [ASYNC_DISPOSE](): Promise<void> {
    return this.release();
  }
}

function signalOf(options: unknown): AbortSignal | undefined {
  const {signal} = (options ?? {}) as {signal?: unknown};
  return signal instanceof AbortSignal ? signal : undefined;
}

function released(): WebInferError {
  return new WebInferError('Released', 'The pool has been released', {hint: 'Create it again to run it.'});
}

/** True if the session cannot run again: its instance has crashed, or its worker is gone. */
function isDead(error: unknown): boolean {
  const {code} = error as {code?: string};
  return code === 'Crashed' || code === 'HostUnsupported';
}

/** Sessions of `model` in workers, one thread each, that share the runs among them. */
export async function createPool(model: FileSource, options: PoolOptions = {}): Promise<SessionPool> {
  const {size = Math.max(1, Math.min(4, Math.ceil(platform().cores() / 2))), ...given} = options;
  if (!Number.isSafeInteger(size) || size < 1 || size > 64) {
    throw new WebInferError('InvalidArgument', 'The size of a pool is not valid', {
      expected: 'an integer from 1 to 64',
      actual: String(size),
    });
  }
  if (given.preferredOutputLocation !== undefined && given.preferredOutputLocation !== 'cpu') {
    throw new WebInferError('InvalidArgument', 'Outputs of a pool cannot stay in engine memory', {
      expected: "preferredOutputLocation 'cpu'",
      hint: 'The next run may go to another session, which has another memory.',
    });
  }
  const each: SessionOptions = {worker: true, intraOpNumThreads: 1, ...given};
  const source = keepSource(await openSource(model, 'The model', given.signal));
  const create = (from: typeof source, how: SessionOptions) => InferenceSession.create(from as never, how);
  const sessions = [await create(source, each)];
  try {
    const more = Array.from({length: size - 1}, () => create(source, {...each, onProgress: undefined}));
    const made = await Promise.allSettled(more);
    for (const result of made) if (result.status === 'fulfilled') sessions.push(result.value);
    const failed = made.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  } catch (error) {
    await Promise.all(sessions.map((session) => session.release()));
    throw error;
  }
  // What was read is not kept: a session that must be made again asks for the model again.
  const {signal: _, onProgress: __, ...again} = each;
  return new SessionPool(sessions, async () => create(await openSource(model, 'The model'), again));
}
