// InferenceSession as onnxruntime-common 1.30 defines it, with runSync, disposal, aborts and the facts about a session beyond.
import type {EngineClient, RunRequest} from '../engine/client.js';
import type {
  SessionStats as EngineStats,
  ModelDescription,
  OperatorRegistry,
  ProfileEntry,
  ValueDescription,
} from '../engine/glue.js';
import type {TensorData, ValueData} from '../engine/values.js';
import type {EngineLease} from '../loader/engines.js';
import type {FileSource} from '../loader/source.js';
import {convertIn, ModelOrigin} from './convert.js';
import {type CreatedSession, createSession, type SessionPlan} from './create-session.js';
import {type NumericArray, TYPE_NAMES} from './data-types.js';
import {ASYNC_DISPOSE, DISPOSE} from './dispose.js';
import {warnOnce} from './env.js';
import {abortError, WebInferError} from './errors.js';
import type * as options from './session-options.js';
import type {OnnxValue, OnnxValueDataLocation, RunOptions, SessionOptions, ValueMetadata} from './session-options.js';
import {Tensor} from './tensor.js';
import {TRACE_EVENT_BEGIN, TRACE_EVENT_END, TRACE_FUNC_BEGIN, TRACE_FUNC_END} from './trace.js';
import {fillTensor, fromValue, keptBy, toValue} from './values.js';

export declare namespace InferenceSession {
  type OnnxValueMapType = {readonly [name: string]: OnnxValue};
  type NullableOnnxValueMapType = {readonly [name: string]: OnnxValue | null};
  type FeedsType = OnnxValueMapType;
  type FetchesType = readonly string[] | NullableOnnxValueMapType;
  // Outputs are tensors in all but the few models that yield sequences, maps or optionals.
  // biome-ignore lint/suspicious/noExplicitAny: onnxruntime-common's users read tensors without a cast
  type ReturnType = {readonly [name: string]: Tensor & any};
  type SessionOptions = options.SessionOptions;
  type RunOptions = options.RunOptions;
  type ExecutionProviderConfig = options.ExecutionProviderConfig;
  type ExecutionProviderOption = options.ExecutionProviderOption;
  type ValueMetadata = options.ValueMetadata;
  type TensorValueMetadata = options.TensorValueMetadata;
  type NonTensorValueMetadata = options.NonTensorValueMetadata;
}

export type SessionProfile = ProfileEntry[];
export type SessionStats = EngineStats;

/** What a model says about itself. */
export interface ModelInfo {
  producer: string;
  description: string;
  irVersion: number;
  opsets: Record<string, number>;
  metadata: Record<string, string>;
  /** Multiply-adds of one run, as far as they are known without inputs: a lower bound. */
  operations: number;
}

interface PreparedRun {
  request: RunRequest;
  /** Name of each output of the request, and the tensor that takes its elements. */
  targets: {name: string; into: OnnxValue | null}[];
}

export class InferenceSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly ValueMetadata[];
  readonly outputMetadata: readonly ValueMetadata[];
  readonly model: ModelInfo;
  /** What the plan cache did for this session. */
  readonly plan: SessionPlan;

  readonly #session: number;
  readonly #client: EngineClient;
  readonly #lease: EngineLease;
  readonly #inputs: ReadonlyMap<string, number>;
  readonly #declared: readonly ValueDescription[];
  readonly #outputs: ReadonlyMap<string, number>;
  readonly #locations: SessionOptions['preferredOutputLocation'];
  readonly #origin: {model: ModelOrigin; externalData: SessionOptions['externalData']};
  #last: Promise<unknown> | undefined;
  #released: Promise<void> | undefined;

  private constructor(
    {session, client, lease, description, plan}: CreatedSession,
    {preferredOutputLocation, externalData}: SessionOptions,
    source: FileSource,
  ) {
    const {inputs, outputs, producer, description: text, irVersion, opsets, metadata, operations} = description;
    // Inputs with a default are not asked for; they can be fed by name all the same.
    const required = inputs.filter(({optional}) => !optional);
    this.inputNames = required.map(({name}) => name);
    this.outputNames = outputs.map(({name}) => name);
    this.inputMetadata = required.map(toMetadata);
    this.outputMetadata = outputs.map(toMetadata);
    this.model = {producer, description: text, irVersion, opsets, metadata, operations};
    this.plan = plan;
    this.#session = session;
    this.#client = client;
    this.#lease = lease;
    this.#inputs = indexByName(inputs);
    this.#declared = inputs;
    this.#outputs = indexByName(outputs);
    this.#locations = preferredOutputLocation;
    this.#origin = {model: new ModelOrigin(source), externalData};
    checkLocations(preferredOutputLocation, this.#outputs);
    leases.register(this, lease, this);
  }

  static create(model: FileSource, options?: SessionOptions): Promise<InferenceSession>;
  static create(
    buffer: ArrayBufferLike,
    byteOffset: number,
    byteLength?: number,
    options?: SessionOptions,
  ): Promise<InferenceSession>;
  static async create(model: FileSource, arg1?: unknown, arg2?: unknown, arg3?: unknown): Promise<InferenceSession> {
    TRACE_FUNC_BEGIN();
    TRACE_EVENT_BEGIN('InferenceSession.create');
    const {source, options} = createArguments(model, arg1, arg2, arg3);
    const created = await createSession(source, options);
    try {
      const session = new InferenceSession(created, options, source);
      if (options.enableProfiling) await created.client.setProfiling(created.session, true);
      return session;
    } catch (error) {
      created.lease.release();
      throw error;
    } finally {
      TRACE_EVENT_END('InferenceSession.create');
      TRACE_FUNC_END();
    }
  }

  run(feeds: InferenceSession.FeedsType, options?: RunOptions): Promise<InferenceSession.ReturnType>;
  run(
    feeds: InferenceSession.FeedsType,
    fetches: InferenceSession.FetchesType,
    options?: RunOptions,
  ): Promise<InferenceSession.ReturnType>;
  async run(feeds: InferenceSession.FeedsType, arg1?: unknown, arg2?: unknown): Promise<InferenceSession.ReturnType> {
    TRACE_FUNC_BEGIN();
    TRACE_EVENT_BEGIN('InferenceSession.run');
    try {
      const {fetches, options} = this.#runArguments(feeds, arg1, arg2);
      const {signal, terminate} = options;
      if (terminate) throw new WebInferError('Aborted', 'The run was not started: its options say terminate');
      if (signal?.aborted) throw abortError(signal);
      const prepared = this.#prepare(feeds, fetches);
      if (!this.#last && !signal && !this.#client.remote) {
        const values = this.#client.run(prepared.request);
        if (!(values instanceof Promise)) return this.#collect(prepared, values);
        // Only an asynchronous operator is not done by now. The run may fail before its turn in the queue is looked at.
        values.catch(() => {});
        return this.#collect(prepared, await this.#queue(() => values));
      }
      const values = await this.#queue(() => this.#client.run(prepared.request, signal), signal);
      return this.#collect(prepared, values);
    } finally {
      TRACE_EVENT_END('InferenceSession.run');
      TRACE_FUNC_END();
    }
  }

  /** Runs before it returns, for audio worklets and other code that cannot wait. Only for sessions with {worker: false}. */
  runSync(feeds: InferenceSession.FeedsType, fetches?: InferenceSession.FetchesType): InferenceSession.ReturnType {
    if (this.#client.remote) {
      throw new WebInferError('HostUnsupported', 'runSync needs the session on this thread', {
        hint: 'Create it with {worker: false}, or use run().',
      });
    }
    if (this.#last) throw new WebInferError('InvalidArgument', 'runSync cannot wait for the runs that are under way');
    const prepared = this.#prepare(feeds, this.#runArguments(feeds, fetches, undefined).fetches);
    const values = this.#client.run(prepared.request);
    if (!(values instanceof Promise)) return this.#collect(prepared, values);
    values.catch(() => {});
    this.#queue(() => values).catch(() => {});
    throw new WebInferError('HostUnsupported', 'runSync cannot wait for a custom operator that is asynchronous', {
      hint: 'Use run().',
    });
  }

  /** Waits for the runs before, then does `work`; a signal ends the waiting. */
  async #queue<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last;
    const turn = (async () => {
      await before?.catch(() => {});
      if (signal?.aborted) throw abortError(signal);
      this.#checkAlive();
      return work();
    })();
    this.#last = turn;
    const forget = () => {
      if (this.#last === turn) this.#last = undefined;
    };
    turn.then(forget, forget);
    if (!signal) return turn;
    return new Promise((resolve, reject) => {
      const stop = () => reject(abortError(signal));
      signal.addEventListener('abort', stop, {once: true});
      turn
        .then(resolve, (error) => reject(signal.aborted ? abortError(signal) : error))
        .finally(() => signal.removeEventListener('abort', stop));
    });
  }

  #prepare(feeds: InferenceSession.FeedsType, fetches: ReadonlyMap<string, OnnxValue | null>): PreparedRun {
    this.#checkAlive();
    const request: RunRequest = {session: this.#session, feeds: [], outputs: []};
    for (const name of this.inputNames) {
      if (feeds[name] === undefined) {
        throw new WebInferError('InvalidArgument', `input '${name}' is missing in 'feeds'.`, {
          expected: quoted(this.inputNames),
          actual: quoted(Object.keys(feeds)) || 'nothing',
        });
      }
    }
    for (const name in feeds) {
      const index = this.#inputs.get(name);
      if (index === undefined) {
        throw new WebInferError('InvalidArgument', `'feeds' contains invalid input name: ${name}.`, {
          expected: quoted([...this.#inputs.keys()]),
          actual: quoted(Object.keys(feeds)),
        });
      }
      const value = feeds[name];
      if (value === undefined) continue;
      request.feeds.push([
        index,
        toValue(value, `input '${name}'`, this.#client, this.#declared[index] as ValueDescription),
      ]);
    }
    const targets: PreparedRun['targets'] = [];
    for (const [name, into] of fetches) {
      const over = keptBy(this.#client, into);
      request.outputs.push({
        index: this.#outputs.get(name) as number,
        keep: into === null && this.#keeps(name),
        into: over !== undefined || this.#client.remote ? undefined : ownData(into),
        over,
      });
      targets.push({name, into});
    }
    return {request, targets};
  }

  #keeps(name: string): boolean {
    const location = typeof this.#locations === 'object' ? this.#locations[name] : this.#locations;
    return location !== undefined && location !== 'cpu' && location !== 'none';
  }

  #collect({targets}: PreparedRun, values: ValueData[]): InferenceSession.ReturnType {
    const result: Record<string, OnnxValue> = {};
    targets.forEach(({name, into}, i) => {
      const data = values[i] as ValueData;
      const filled = data.kind === 'tensor' && into instanceof Tensor && data.data === ownData(into)?.data;
      const overwritten = data.kind === 'pinned' && data.id === keptBy(this.#client, into);
      if (into !== null && (filled || overwritten)) {
        result[name] = into;
        return;
      }
      const value = fromValue(data, this.#client);
      result[name] = into instanceof Tensor ? fillTensor(into, value, name) : value;
    });
    return result as InferenceSession.ReturnType;
  }

  #runArguments(feeds: unknown, arg1: unknown, arg2: unknown) {
    if (typeof feeds !== 'object' || feeds === null || feeds instanceof Tensor || Array.isArray(feeds)) {
      throw new TypeError(
        "'feeds' must be an object that use input names as keys and OnnxValue as corresponding values.",
      );
    }
    let fetches = new Map<string, OnnxValue | null>();
    let options: unknown = arg2;
    if (arg1 === null) throw new TypeError('Unexpected argument[1]: cannot be null.');
    if (arg1 !== undefined) {
      if (typeof arg1 !== 'object') throw new TypeError("Unexpected argument[1]: must be 'fetches' or 'options'.");
      if (arg1 instanceof Tensor) throw new TypeError("'fetches' cannot be a Tensor");
      fetches = Array.isArray(arg1) ? this.#namedFetches(arg1) : this.#givenFetches(arg1 as Record<string, unknown>);
      if (fetches.size === 0) options = arg1;
    }
    if (options !== undefined && (typeof options !== 'object' || options === null)) {
      throw new TypeError("'options' must be an object.");
    }
    if (fetches.size === 0) for (const name of this.outputNames) fetches.set(name, null);
    return {fetches, options: (options ?? {}) as RunOptions};
  }

  #namedFetches(names: unknown[]): Map<string, null> {
    if (names.length === 0) throw new TypeError("'fetches' cannot be an empty array.");
    const fetches = new Map<string, null>();
    for (const name of names) {
      if (typeof name !== 'string') throw new TypeError("'fetches' must be a string array or an object.");
      if (!this.#outputs.has(name)) throw new RangeError(`'fetches' contains invalid output name: ${name}.`);
      fetches.set(name, null);
    }
    return fetches;
  }

  /** An object is fetches if it names an output and gives a value for it; else it is options. */
  #givenFetches(given: Record<string, unknown>): Map<string, OnnxValue | null> {
    const fetches = new Map<string, OnnxValue | null>();
    for (const name of this.outputNames) {
      const value = Object.hasOwn(given, name) ? given[name] : undefined;
      if (value === null || value instanceof Tensor) fetches.set(name, value as OnnxValue | null);
    }
    return fetches;
  }

  /** Starts to measure the nodes of each run. */
  startProfiling(): void {
    this.#ask(() => this.#client.setProfiling(this.#session, true)).catch(() => {});
  }

  /** Stops measuring and gives the times of the last run, one entry a node. */
  endProfiling(): Promise<SessionProfile> {
    return this.#ask(async () => {
      const profile = await this.#client.profile(this.#session);
      await this.#client.setProfiling(this.#session, false);
      return profile;
    });
  }

  /** Memory and counters, as of the last run. */
  stats(): Promise<SessionStats> {
    return this.#ask(() => this.#client.stats(this.#session));
  }

  /** The operators of this build, and which ones the models of this engine have asked for (`webinfer build` is made of it). */
  operators(): Promise<OperatorRegistry> {
    return this.#ask(() => this.#client.registry());
  }

  /** The optimised graph and the plan of the last run, as text. */
  dumpText(): Promise<string> {
    return this.#ask(() => this.#client.dumpText(this.#session));
  }

  /**
   * The model as an ONNX file: as it was, or with what the passes make of it, in ONNX's own operators. Reads the model once more, in an
   * engine of its own; a session of a stream cannot, and one of more than 16 MB of bytes only while the application keeps them.
   */
  async toOnnx({optimized = false}: {optimized?: boolean} = {}): Promise<Uint8Array<ArrayBuffer>> {
    this.#checkAlive();
    const {model, externalData} = this.#origin;
    return convertIn(model.source, {optimized, externalData}, {worker: this.#client.remote});
  }

  #ask<T>(question: () => T | Promise<T>): Promise<T> {
    return this.#queue(question);
  }

  /** Ends the session after the runs under way, and gives its memory back. Calling it again does nothing. */
  release(): Promise<void> {
    this.#released ??= this.#end(this.#last);
    return this.#released;
  }

  async #end(running: Promise<unknown> | undefined): Promise<void> {
    leases.unregister(this);
    await running?.catch(() => {});
    await this.plan.stored;
    try {
      await this.#client.releaseSession(this.#session);
    } finally {
      this.#lease.release();
    }
  }

  [DISPOSE](): void {
    this.release().catch(() => {});
  }

  [ASYNC_DISPOSE](): Promise<void> {
    return this.release();
  }

  #checkAlive(): void {
    if (this.#released) {
      throw new WebInferError('Released', 'The session has been released', {hint: 'Create it again to run it.'});
    }
  }
}

// A session that is lost without release() still ends its worker.
const leases = new FinalizationRegistry<EngineLease>((lease) => lease.release());

/** The elements of a tensor that the caller wants filled, as the engine can fill them. */
function ownData(into: OnnxValue | null): TensorData | undefined {
  if (!(into instanceof Tensor) || into.location !== 'cpu' || into.type === 'string') return undefined;
  return {kind: 'tensor', type: into.type, dims: into.dims, data: into.data as NumericArray};
}

function indexByName(values: readonly ValueDescription[]): Map<string, number> {
  return new Map(values.map(({name}, i) => [name, i]));
}

function toMetadata({name, kind, dtype, shape}: ModelDescription['inputs'][number]): ValueMetadata {
  if (kind !== 0) return {name, isTensor: false};
  return {name, isTensor: true, type: TYPE_NAMES[dtype] as Tensor.Type, shape};
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

const LOCATIONS: readonly OnnxValueDataLocation[] = ['cpu', 'cpu-pinned', 'texture', 'gpu-buffer', 'ml-tensor'];

function checkLocations(wish: SessionOptions['preferredOutputLocation'], outputs: ReadonlyMap<string, number>): void {
  if (wish === undefined) return;
  for (const [name, location] of typeof wish === 'string' ? [[undefined, wish] as const] : Object.entries(wish)) {
    if (name !== undefined && !outputs.has(name)) {
      throw new WebInferError('InvalidArgument', `preferredOutputLocation names an unknown output: ${name}.`, {
        expected: quoted([...outputs.keys()]),
      });
    }
    if (!LOCATIONS.includes(location)) {
      throw new WebInferError('InvalidArgument', 'preferredOutputLocation is not valid', {
        expected: quoted(LOCATIONS),
        actual: String(location),
      });
    }
    if (location !== 'cpu' && location !== 'cpu-pinned') {
      warnOnce(
        `preferredOutputLocation '${location}' needs a GPU backend; such outputs stay in engine memory ('cpu-pinned').`,
      );
    }
  }
}

/** The source and the options of the forms of create(). */
function createArguments(model: FileSource, arg1: unknown, arg2: unknown, arg3: unknown) {
  const isBuffer =
    model instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && model instanceof SharedArrayBuffer);
  if (!isBuffer || typeof arg1 !== 'number') return {source: checkedSource(model), options: checkedOptions(arg1)};
  const {byteLength: length} = model;
  if (!Number.isSafeInteger(arg1)) throw new RangeError("'byteOffset' must be an integer.");
  if (arg1 < 0 || arg1 >= length) throw new RangeError(`'byteOffset' is out of range [0, ${length}).`);
  if (arg2 === undefined) return {source: new Uint8Array(model, arg1), options: checkedOptions(arg3)};
  if (typeof arg2 !== 'number') throw new TypeError("'byteLength' must be a number.");
  if (!Number.isSafeInteger(arg2)) throw new RangeError("'byteLength' must be an integer.");
  if (arg2 <= 0 || arg1 + arg2 > length) throw new RangeError(`'byteLength' is out of range (0, ${length - arg1}].`);
  return {source: new Uint8Array(model, arg1, arg2), options: checkedOptions(arg3)};
}

function checkedSource(model: FileSource): FileSource {
  if (typeof model === 'string' || (typeof model === 'object' && model !== null)) return model;
  throw new TypeError("Unexpected argument[0]: must be 'path' or 'buffer'.");
}

function checkedOptions(options: unknown): SessionOptions {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null) throw new TypeError("'options' must be an object.");
  return options as SessionOptions;
}
