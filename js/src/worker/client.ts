// The page's side of an engine in a worker.
import {env} from '../api/env.js';
import {errorFromData, WebInferError} from '../api/errors.js';
import type {
  EngineClient,
  ExternalRange,
  RunRequest,
  SessionHandle,
  TakePiece,
  WriteOptions,
  WrittenPiece,
} from '../engine/client.js';
import type {EngineSessionOptions, OperatorRegistry, ProfileEntry, SessionStats} from '../engine/glue.js';
import type {ImageCodecModules} from '../engine/image-codecs.js';
import type {InstanceOptions} from '../engine/instance.js';
import type {ValueData} from '../engine/values.js';
import type {ExternalIdentities, PlanKey} from '../loader/plan-store.js';
import {platform, type WorkerLike} from '../loader/platform.js';
import type {CallName, FromWorker, ToWorker} from './protocol.js';

/** Milliseconds until a worker that has not answered counts as one that cannot start. */
const START_LIMIT_MS = 20000;

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

export class WorkerEngine implements EngineClient {
  readonly remote = true;
  readonly #worker: WorkerLike;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #gone: WebInferError | undefined;

  private constructor(worker: WorkerLike) {
    this.#worker = worker;
    worker.onmessage = ({data}) => this.#answer(data as FromWorker);
    worker.onerror = (event) => {
      this.#end(
        new WebInferError('HostUnsupported', 'The worker of this session failed', {
          actual: event.message || 'it could not be loaded',
          hint: 'Check that worker.mjs is deployed beside the script and that a Content-Security-Policy allows it in worker-src.',
        }),
      );
    };
  }

  /** Starts the worker while the engine is still being loaded. Rejects if a worker cannot be had here. */
  static async start(
    module: Promise<WebAssembly.Module>,
    options: Omit<InstanceOptions, 'module'>,
  ): Promise<WorkerEngine> {
    const engine = new WorkerEngine(platform().createWorker());
    let limit: ReturnType<typeof setTimeout> | undefined;
    try {
      const init = {...options, module: await module};
      limit = setTimeout(() => engine.#end(notStarted()), START_LIMIT_MS);
      await engine.#send((call) => ({kind: 'init', call, options: init, logLevel: env.logLevel}));
      return engine;
    } catch (error) {
      engine.dispose();
      throw error;
    } finally {
      clearTimeout(limit);
    }
  }

  #answer({call, result, error}: FromWorker): void {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (this.#waiting.size === 0) this.#worker.keepAlive?.(false);
    if (!waiting) return;
    if (error) waiting.reject(errorFromData(error));
    else waiting.resolve(result);
  }

  #end(reason: WebInferError): void {
    this.#gone ??= reason;
    for (const {reject} of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    this.#worker.keepAlive?.(false);
    this.#worker.terminate();
  }

  #send(make: (call: number) => ToWorker, transfer: Transferable[] = []): Promise<unknown> {
    if (this.#gone) return Promise.reject(this.#gone);
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, {resolve, reject});
      this.#worker.keepAlive?.(true);
      try {
        this.#worker.postMessage(make(call), transfer);
      } catch (cause) {
        this.#waiting.delete(call);
        reject(
          new WebInferError('InvalidArgument', 'The feeds cannot be sent to the worker', {
            cause,
            actual: String(cause),
          }),
        );
      }
    });
  }

  #call<T>(name: CallName, args: unknown[], transfer?: Transferable[]): Promise<T> {
    return this.#send((call) => ({kind: 'call', call, name, args}), transfer) as Promise<T>;
  }

  beginModel(total: number): Promise<number> {
    return this.#call('beginModel', [total]);
  }

  pushModel(model: number, piece: Uint8Array, owned = false): Promise<void> {
    const own = owned ? (piece as Uint8Array<ArrayBuffer>) : piece.slice();
    return this.#call('pushModel', [model, own], [own.buffer]);
  }

  finishModel(model: number): Promise<ExternalRange[]> {
    return this.#call('finishModel', [model]);
  }

  fillExternal(model: number, index: number, at: number, bytes: Uint8Array): Promise<void> {
    const own = bytes.slice();
    return this.#call('fillExternal', [model, index, at, own], [own.buffer]);
  }

  createSession(model: number, options: EngineSessionOptions): Promise<SessionHandle> {
    return this.#call('createSession', [model, options]);
  }

  installImageCodecs(modules: ImageCodecModules): Promise<void> {
    return this.#call('installImageCodecs', [modules]);
  }

  dropModel(model: number): Promise<void> {
    return this.#call('dropModel', [model]);
  }

  loadPlan(key: PlanKey): Promise<{model: number; externals: ExternalIdentities} | undefined> {
    return this.#call('loadPlan', [key]);
  }

  restoreSession(plan: number, threads: number): Promise<SessionHandle> {
    return this.#call('restoreSession', [plan, threads]);
  }

  savePlan(session: number, key: PlanKey, externals: ExternalIdentities): Promise<boolean> {
    return this.#call('savePlan', [session, key, externals]);
  }

  async writeModel(model: number, options: WriteOptions, take?: TakePiece): Promise<WrittenPiece[]> {
    const pieces = await this.#call<WrittenPiece[]>('writeModel', [model, options]);
    if (!take) return pieces;
    for (const {bytes, isWeights} of pieces) take(bytes, isWeights);
    return [];
  }

  run(request: RunRequest, signal?: AbortSignal): Promise<ValueData[]> {
    if (!signal) return this.#call('run', [request]);
    let number = 0;
    const answer = this.#send((call) => {
      number = call;
      return {kind: 'call', call, name: 'run', args: [request], abortable: true};
    }) as Promise<ValueData[]>;
    // The answer comes when the run has really ended, so that the next one finds the session free.
    const stop = () => this.#worker.postMessage({kind: 'abort', call: number} satisfies ToWorker);
    signal.addEventListener('abort', stop, {once: true});
    return answer.finally(() => signal.removeEventListener('abort', stop));
  }

  download(value: number): Promise<ValueData> {
    return this.#call('download', [value]);
  }

  releaseValue(value: number): void {
    if (!this.#gone) this.#call('releaseValue', [value]).catch(() => {});
  }

  setProfiling(session: number, on: boolean): Promise<void> {
    return this.#call('setProfiling', [session, on]);
  }

  profile(session: number): Promise<ProfileEntry[]> {
    return this.#call('profile', [session]);
  }

  stats(session: number): Promise<SessionStats> {
    return this.#call('stats', [session]);
  }

  registry(): Promise<OperatorRegistry> {
    return this.#call('registry', []);
  }

  dumpText(session: number): Promise<string> {
    return this.#call('dumpText', [session]);
  }

  releaseSession(session: number): Promise<void> {
    return this.#call('releaseSession', [session]);
  }

  dispose(): void {
    this.#end(new WebInferError('Released', 'The session has been released'));
  }
}

function notStarted(): WebInferError {
  return new WebInferError('HostUnsupported', 'The worker of this session did not start', {
    expected: `an answer within ${START_LIMIT_MS} ms`,
  });
}
