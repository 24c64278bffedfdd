// From what a user gives to a session in an engine: options checked, engine chosen, model and external data streamed in.
import type {EngineClient, ExternalRange, SessionHandle} from '../engine/client.js';
import type {EngineSessionOptions} from '../engine/glue.js';
import {chooseVariant, type Variant} from '../loader/capabilities.js';
import {type EngineLease, type EngineWish, leaseEngine} from '../loader/engines.js';
import {type ExternalIdentities, type PlanKey, shortName} from '../loader/plan-store.js';
import {type ByteSource, platform} from '../loader/platform.js';
import {checkModelStart, type FileSource, keepSource, openSource} from '../loader/source.js';
import {engineBuild, loadImageCodecs, loadWasm} from '../loader/wasm-module.js';
import {registeredOperators} from './custom-operators.js';
import {env, log, warnOnce} from './env.js';
import {abortError, WebInferError} from './errors.js';
import type {ExternalDataFileType, SessionOptions} from './session-options.js';

/** Models below this size are first made on this thread: reading and preparing them holds nothing up. */
const LOCAL_MODEL_BYTES = 256 * 1024;
/** Models below this size are first made with one thread: starting more takes longer than most of their runs. */
const SINGLE_MODEL_BYTES = 4 * 1024 * 1024;
/** Multiply-adds that take about 5 ms on one thread: from there on a worker and threads pay. */
const LONG_RUN_OPERATIONS = 4e7;
/** Models up to this size are fetched at once rather than streamed. */
const WHOLE_BYTES = 32 * 1024 * 1024;
/** Pieces of the model on their way to a worker at a time. */
const PIECES_IN_FLIGHT = 4;

export interface CreatedSession extends SessionHandle {
  lease: EngineLease;
  client: EngineClient;
  plan: SessionPlan;
}

/** What the plan cache did for a session. */
export interface SessionPlan {
  /** The session was made of a stored plan: the model was neither read nor prepared. */
  restored: boolean;
  /** Whether its plan has been stored; never rejects. */
  stored: Promise<boolean>;
}

const NO_PLAN: SessionPlan = {restored: false, stored: Promise.resolve(false)};

/** Makes a session of `model`. Rejects with the signal's reason as soon as it says stop. */
export async function createSession(model: FileSource | ByteSource, options: SessionOptions): Promise<CreatedSession> {
  checkOptions(options);
  const {signal} = options;
  if (!signal) return new SessionMaker(options).make(model);
  if (signal.aborted) throw abortError(signal);
  const maker = new SessionMaker(options);
  return new Promise((resolve, reject) => {
    const stop = () => {
      maker.stop();
      reject(abortError(signal));
    };
    signal.addEventListener('abort', stop, {once: true});
    maker
      .make(model)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}

/** What reading a model may need. */
export type ModelOptions = Pick<SessionOptions, 'externalData' | 'signal'>;

/** Reads `model` into an engine of its own for `use`, which consumes it; the engine ends with it. */
export async function readModel<T>(
  model: FileSource,
  options: ModelOptions,
  place: {worker: boolean},
  use: (client: EngineClient, model: number) => Promise<T>,
): Promise<T> {
  options.signal?.throwIfAborted();
  return new SessionMaker(options).read(model, place, use);
}

class SessionMaker {
  readonly #options: SessionOptions;
  #lease: EngineLease | undefined;
  #stopped = false;
  #loaded = 0;
  #total: number | undefined;
  #reading: Promise<Uint8Array> | undefined;
  /** Files beside the model, and what tells their versions apart. */
  readonly #externals = new Map<string, string | undefined>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Lets go of the engine: one of its own ends at once, whatever it is doing in its worker. */
  stop(): void {
    this.#stopped = true;
    this.#lease?.release();
  }

  async make(model: FileSource | ByteSource): Promise<CreatedSession> {
    const {worker = env.wasm.proxy === true ? true : 'auto', signal} = this.#options;
    const placed = {worker: worker === 'auto' ? workersPay() : worker, threads: this.#threads()};
    const [least, most] = [this.#variant(placed.threads ?? 1), this.#variant(placed.threads)];
    // The engine is on its way while the model is asked for; whether it arrives is seen when it is needed.
    if (least.variant === most.variant) loadWasm(most.variant).catch(() => {});
    const source = await openSource(model, 'The model', signal);
    this.#total = source.size;
    this.#report('engine');
    const size = source.size ?? Number.POSITIVE_INFINITY;
    const modest = {
      worker: size < LOCAL_MODEL_BYTES ? worker === true : placed.worker,
      threads: placed.threads ?? (size < SINGLE_MODEL_BYTES ? 1 : undefined),
    };
    const same = this.#variant(modest.threads).threads === most.threads;
    if (same && modest.worker === placed.worker) return this.#makeIn(placed, source);
    const kept = keepSource(source);
    const small = await this.#makeIn(modest, kept);
    if (small.description.operations < LONG_RUN_OPERATIONS) return small;
    log('verbose', `runs of about ${small.description.operations} operations are expected: a larger place is taken`);
    await small.client.releaseSession(small.session);
    small.lease.release();
    return this.#makeIn(placed, kept);
  }

  async read<T>(
    model: FileSource,
    {worker}: {worker: boolean},
    use: (client: EngineClient, model: number) => Promise<T>,
  ): Promise<T> {
    const source = await openSource(model, 'The model', this.#options.signal);
    const lease = await leaseEngine({...this.#variant(1), worker});
    const {client} = lease;
    try {
      const number = await client.beginModel(source.size ?? 0);
      await this.#push(client, number, source);
      await this.#fill(client, number, await client.finishModel(number), source);
      return await use(client, number);
    } finally {
      lease.release();
    }
  }

  /** The number of threads the user wants, if it matters to them. */
  #threads(): number | undefined {
    return this.#options.intraOpNumThreads || env.wasm.numThreads || undefined;
  }

  #variant(threads: number | undefined) {
    return chooseVariant({threads, deterministic: this.#options.deterministic});
  }

  async #makeIn(place: {worker: boolean; threads: number | undefined}, source: ByteSource): Promise<CreatedSession> {
    const {maxMemory, group} = this.#options;
    const {worker} = place;
    const {variant, threads} = this.#variant(place.threads);
    const wish: EngineWish = {variant, threads, worker, maxMemory, group};
    const key = planKey(this.#options, source, variant);
    // Without a plan to be looked for, the model arrives while the engine starts.
    if (!key) this.#readAtOnce(source);
    const lease = await leaseEngine(wish);
    this.#lease = lease;
    try {
      this.#check();
      const {client} = lease;
      const restored = key && (await this.#restore(client, key, source, threads));
      this.#check();
      if (restored) {
        source.cancel?.();
        await provideImageCodecs(client, restored);
        return {...restored, lease, client, plan: {restored: true, stored: Promise.resolve(true)}};
      }
      const handle = await this.#prepare(client, source, engineOptions(this.#options, threads));
      await provideImageCodecs(client, handle);
      return {...handle, lease, client, plan: key ? this.#store(client, handle.session, key) : NO_PLAN};
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  async #prepare(client: EngineClient, source: ByteSource, options: EngineSessionOptions): Promise<SessionHandle> {
    const model = await client.beginModel(source.size ?? 0);
    try {
      await this.#push(client, model, source);
      await this.#fill(client, model, await client.finishModel(model), source);
      this.#check();
      this.#report('prepare');
      const handle = await client.createSession(model, options);
      this.#check();
      return handle;
    } catch (error) {
      await client.dropModel(model);
      throw error;
    }
  }

  /** A session of the stored plan, if there is one of this very model; what is wrong with a plan is never an error. */
  async #restore(
    client: EngineClient,
    key: PlanKey,
    source: ByteSource,
    threads: number,
  ): Promise<SessionHandle | undefined> {
    let plan: Awaited<ReturnType<EngineClient['loadPlan']>>;
    try {
      plan = await client.loadPlan(key);
      if (!plan) return undefined;
      for (const [location, identity] of plan.externals) {
        const file = await this.#openExternal(location, source, location);
        file.cancel?.();
        if (file.identity !== identity) throw new Error(`${location} has changed`);
      }
      return await client.restoreSession(plan.model, threads);
    } catch (error) {
      this.#check();
      log('verbose', `the stored plan of ${source.name} is not used: ${(error as Error).message}`);
      if (plan) await client.dropModel(plan.model);
      return undefined;
    }
  }

  /** Stores the plan while the session is already in use. */
  #store(client: EngineClient, session: number, key: PlanKey): SessionPlan {
    const externals: ExternalIdentities = [];
    for (const [location, identity] of this.#externals) {
      if (identity !== undefined) externals.push([location, identity]);
      else if (!namedByCaller(this.#options)) return NO_PLAN;
    }
    const stored = client.savePlan(session, key, externals).catch((error) => {
      log('verbose', `the plan could not be stored: ${(error as Error).message}`);
      return false;
    });
    return {restored: false, stored};
  }

  /** The bytes of a model that is not too large, once asked for; undefined if it is to be read in pieces. */
  #readAtOnce(source: ByteSource): Promise<Uint8Array> | undefined {
    const {size = Number.POSITIVE_INFINITY} = source;
    if (!source.whole || size > WHOLE_BYTES || this.#options.onProgress) return undefined;
    this.#reading ??= source.whole();
    // What fails is told where the bytes are needed.
    this.#reading.catch(() => {});
    return this.#reading;
  }

  async #push(client: EngineClient, model: number, source: ByteSource): Promise<void> {
    this.#loaded = 0;
    const bytes = await this.#readAtOnce(source);
    if (bytes) {
      this.#check();
      checkModelStart(bytes, source.name);
      this.#loaded = bytes.byteLength;
      if (this.#loaded > 0) await client.pushModel(model, bytes, true);
    } else {
      await this.#pushPieces(client, model, source);
    }
    if (this.#loaded === 0) {
      throw new WebInferError('InvalidModel', `${source.name} is empty`, {
        expected: 'an ONNX model',
        actual: '0 bytes',
      });
    }
  }

  async #pushPieces(client: EngineClient, model: number, source: ByteSource): Promise<void> {
    const queue = new PieceQueue();
    for await (const piece of source.chunks(this.#options.signal)) {
      this.#check();
      if (this.#loaded === 0) checkModelStart(piece, source.name);
      await queue.add(client.pushModel(model, piece));
      this.#loaded += piece.byteLength;
      this.#report('model');
    }
    await queue.drain();
  }

  async #fill(client: EngineClient, model: number, ranges: ExternalRange[], source: ByteSource): Promise<void> {
    const locations = new Map<string, ExternalRange[]>();
    for (const range of ranges) {
      const of = locations.get(range.location) ?? [];
      of.push(range);
      locations.set(range.location, of);
    }
    for (const [location, wanted] of locations) {
      const file = await this.#openExternal(location, source, (wanted[0] as ExternalRange).tensor);
      this.#externals.set(location, file.identity);
      await this.#fillFrom(client, model, file, wanted);
    }
  }

  async #openExternal(location: string, model: ByteSource, tensor: string): Promise<ByteSource> {
    const {externalData = [], signal} = this.#options;
    const given = externalData.find((file) => sameFile(pathOf(file), location));
    if (given !== undefined) return openSource(typeof given === 'string' ? given : given.data, location, signal);
    const beside = platform().sibling(model.name, location);
    if (beside !== undefined) return platform().open(beside, signal);
    throw new WebInferError('LoadFailed', `The model keeps weight "${tensor}" in another file`, {
      expected: `the file "${location}" in externalData`,
      actual: externalData.length ? externalData.map((file) => `"${pathOf(file)}"`).join(', ') : 'no externalData',
      hint: `Pass externalData: [{path: '${location}', data: …}] to InferenceSession.create.`,
    });
  }

  async #fillFrom(client: EngineClient, model: number, file: ByteSource, ranges: ExternalRange[]): Promise<void> {
    if (this.#total !== undefined && file.size !== undefined) this.#total += file.size;
    const queue = new PieceQueue();
    let at = 0;
    for await (const piece of file.chunks(this.#options.signal)) {
      this.#check();
      for (const range of ranges) {
        const from = Math.max(at, range.offset);
        const to = Math.min(at + piece.byteLength, range.offset + range.length);
        if (from >= to) continue;
        await queue.add(
          client.fillExternal(model, range.index, from - range.offset, piece.subarray(from - at, to - at)),
        );
      }
      at += piece.byteLength;
      this.#loaded += piece.byteLength;
      this.#report('model');
    }
    await queue.drain();
    const short = ranges.find((range) => range.offset + range.length > at);
    if (short) {
      throw new WebInferError('InvalidModel', `${file.name} is too short for weight "${short.tensor}"`, {
        expected: `at least ${short.offset + short.length} bytes`,
        actual: `${at} bytes`,
      });
    }
  }

  #check(): void {
    if (this.#stopped && this.#options.signal) throw abortError(this.#options.signal);
  }

  #report(phase: 'engine' | 'model' | 'prepare'): void {
    this.#options.onProgress?.({phase, loaded: this.#loaded, total: this.#total});
  }
}

async function provideImageCodecs(client: EngineClient, {description}: SessionHandle): Promise<void> {
  if (description.decodesImages) await client.installImageCodecs(await loadImageCodecs());
}

/** Lets a few transfers overlap; a failed one surfaces at the next add or at the end. */
class PieceQueue {
  readonly #sent: Promise<void>[] = [];

  async add(sending: void | Promise<void>): Promise<void> {
    if (!sending) return;
    sending.catch(() => {});
    this.#sent.push(sending);
    if (this.#sent.length >= PIECES_IN_FLIGHT) await this.#sent.shift();
  }

  async drain(): Promise<void> {
    await Promise.all(this.#sent);
  }
}

/** True where a long run would hold up a page. */
function workersPay(): boolean {
  // Operators of the application run where it is.
  if (registeredOperators().size > 0) return false;
  return platform().kind === 'browser' && typeof document !== 'undefined';
}

function namedByCaller({planCache}: SessionOptions): string | undefined {
  return typeof planCache === 'object' ? planCache.key : undefined;
}

/** Where the plan of a session is kept; undefined if none is asked for, or nothing tells when the model changes. */
function planKey(options: SessionOptions, source: ByteSource, variant: Variant): PlanKey | undefined {
  const {planCache} = options;
  if (!planCache) return undefined;
  const given = namedByCaller(options);
  const identity = given === undefined ? source.identity : `${given} ${source.size ?? ''}`;
  if (identity === undefined) {
    warnOnce(`planCache has no effect on ${source.name}: it has no ETag and no date. Give planCache: {key: '…'}.`);
    return undefined;
  }
  const {threads: _, ...preparation} = engineOptions(options, 1);
  const how = JSON.stringify([variant.replace('-threads', ''), preparation]);
  return {
    // An older version of the same model is overwritten rather than kept beside.
    name: shortName(`${given ?? source.name} ${how}`),
    identity: JSON.stringify([identity, engineBuild(variant), how]),
    directory: typeof planCache === 'object' ? planCache.directory : undefined,
  };
}

function pathOf(file: ExternalDataFileType): string {
  return typeof file === 'string' ? file : file.path;
}

function sameFile(given: string, location: string): boolean {
  const plain = (path: string) => path.replace(/\\/g, '/').replace(/^(\.\/)+/, '');
  const [a, b] = [plain(given), plain(location)];
  return a === b || a.endsWith(`/${b}`);
}

export function engineOptions(options: SessionOptions, threads: number): EngineSessionOptions {
  const dimensions = Object.entries(options.freeDimensionOverrides ?? {});
  return {
    threads,
    optimize: options.graphOptimizationLevel !== 'disabled',
    deterministic: options.deterministic ?? false,
    weightMemory: options.weightMemory ?? 'balanced',
    dimensionNames: dimensions.map(([name]) => name),
    dimensionSizes: dimensions.map(([, size]) => size),
  };
}

const OWN_PROVIDERS = ['wasm', 'cpu'];

function checkOptions(options: SessionOptions): void {
  checkProviders(options);
  const one = <T>(name: keyof SessionOptions, allowed: readonly T[]) => {
    const value = options[name] as T | undefined;
    if (value !== undefined && !allowed.includes(value)) {
      throw new WebInferError('InvalidArgument', `The session option "${name}" is not valid`, {
        expected: allowed.map((choice) => JSON.stringify(choice)).join(', '),
        actual: JSON.stringify(value) ?? String(value),
      });
    }
  };
  one('graphOptimizationLevel', ['disabled', 'basic', 'extended', 'layout', 'all']);
  one('executionMode', ['sequential', 'parallel']);
  one('weightMemory', ['small', 'balanced', 'fast']);
  one('worker', [true, false, 'auto']);
  const {planCache} = options;
  if (
    planCache !== undefined &&
    typeof planCache !== 'boolean' &&
    (typeof planCache !== 'object' || planCache === null)
  ) {
    throw new WebInferError('InvalidArgument', 'The session option "planCache" is not valid', {
      expected: 'true, false or {key, directory}',
      actual: String(planCache),
    });
  }
  for (const name of ['intraOpNumThreads', 'interOpNumThreads', 'maxMemory'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
      throw new WebInferError('InvalidArgument', `The session option "${name}" is not valid`, {
        expected: 'a non-negative integer',
        actual: String(value),
      });
    }
  }
  for (const [name, size] of Object.entries(options.freeDimensionOverrides ?? {})) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new WebInferError('InvalidArgument', `freeDimensionOverrides["${name}"] is not valid`, {
        expected: 'a non-negative integer',
        actual: String(size),
      });
    }
  }
  if (options.optimizedModelFilePath) warnOnce('optimizedModelFilePath is not supported and ignored.');
  const threads = options.intraOpNumThreads ?? env.wasm.numThreads ?? 0;
  const obstacle = threads > 1 ? platform().threadObstacle() : undefined;
  if (obstacle) warnOnce(`${threads} threads are asked for, sessions use one. ${obstacle}`);
}

function checkProviders({executionProviders}: SessionOptions): void {
  if (!executionProviders?.length) return;
  const names = executionProviders.map((provider) => (typeof provider === 'string' ? provider : provider.name));
  const missing = names.filter((name) => !OWN_PROVIDERS.includes(name));
  if (missing.length === 0) return;
  if (missing.length === names.length) {
    throw new WebInferError('HostUnsupported', 'No available backend found', {
      expected: "'wasm' among executionProviders",
      actual: names.map((name) => `'${name}'`).join(', '),
    });
  }
  warnOnce(`executionProviders: ${missing.map((name) => `'${name}'`).join(', ')} cannot be had here; 'wasm' is used.`);
}
