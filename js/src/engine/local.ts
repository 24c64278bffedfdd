// The engine on this thread.
//
// Runs are synchronous calls. One that carries a signal is cut into slices, between which other events (the abort among them)
// have their turn.

import type {DataType, NumericArray} from '../api/data-types.js';
import {WebInferError} from '../api/errors.js';
import type {ExternalIdentities, PlanKey} from '../loader/plan-store.js';
import {platform} from '../loader/platform.js';
import type {
  EngineClient,
  ExternalRange,
  InspectRequest,
  RunRequest,
  SessionHandle,
  TakePiece,
  WriteOptions,
  WrittenPiece,
} from './client.js';
import type {CustomOperators} from './custom-operators.js';
import type {
  EngineSessionOptions,
  ExternalTensor,
  InspectionFields,
  ModelLoader,
  OperatorRegistry,
  PlanLoader,
  ProfileEntry,
  SessionStats,
} from './glue.js';
import {type ImageCodecModules, installImageCodecs} from './image-codecs.js';
import type {EngineInstance} from './instance.js';
import {loadPlan, savePlan} from './plan.js';
import {
  describeTensor,
  feedValue,
  type PinnedData,
  readValue,
  readValueInto,
  type ValueData,
  viewTensor,
} from './values.js';

/** Milliseconds a slice may take: an abort is seen within a few of them. */
const SLICE_MS = 8;

/** Bytes of a model on their way through the engine's memory at a time: they stay in the cache until they are in place. */
const PIECE = 256 * 1024;

interface LoadingModel {
  loader: ModelLoader;
  external: ExternalTensor[];
}

/** An operator whose result a run waits for. */
type SettlingOperator = NonNullable<ReturnType<CustomOperators['takeWaiting']>>;

export class LocalEngine implements EngineClient {
  readonly remote = false;
  readonly #instance: EngineInstance;
  readonly #models = new Map<number, LoadingModel>();
  readonly #plans = new Map<number, PlanLoader>();
  readonly #sessions = new Set<number>();
  readonly #values = new Map<number, number>();
  #numbers = 0;
  readonly #running = new Set<number>();
  #threadsTaken = false;
  readonly #addressOf = (id: number): number => {
    const value = this.#values.get(id);
    if (value === undefined)
      throw new WebInferError('Released', 'A tensor that was kept in engine memory has been disposed of');
    return value;
  };

  constructor(instance: EngineInstance) {
    this.#instance = instance;
  }

  beginModel(total: number): number {
    const {engine} = this.#instance;
    const model = ++this.#numbers;
    this.#models.set(model, {loader: this.#instance.call(() => new engine.ModelLoader(total)), external: []});
    return model;
  }

  pushModel(model: number, piece: Uint8Array): void {
    const instance = this.#instance;
    const {loader} = this.#model(model);
    instance.call(() => {
      for (let at = 0; at < piece.byteLength; at += PIECE) {
        const part = piece.subarray(at, at + PIECE);
        const address = loader.chunk(part.byteLength) >>> 0;
        if (!address) throw instance.lastError();
        instance.bytes.set(part, address);
        if (!loader.push(part.byteLength)) throw instance.lastError();
      }
    });
  }

  finishModel(model: number): ExternalRange[] {
    const instance = this.#instance;
    const loading = this.#model(model);
    return instance.call(() => {
      if (!loading.loader.finish()) throw instance.lastError();
      loading.external = loading.loader.external();
      return loading.external.map(({tensor, location, offset, length}, index) => ({
        index,
        tensor,
        location,
        offset,
        length,
      }));
    });
  }

  fillExternal(model: number, index: number, at: number, bytes: Uint8Array): void {
    const target = this.#model(model).external[index];
    if (!target || at + bytes.byteLength > target.length) throw new RangeError('External data beyond its tensor');
    this.#instance.call(() => this.#instance.bytes.set(bytes, target.data + at));
  }

  writeModel(model: number, options: WriteOptions, take?: TakePiece): WrittenPiece[] {
    const instance = this.#instance;
    const {loader} = this.#model(model);
    const pieces: WrittenPiece[] = [];
    let failed: {error: unknown} | undefined;
    const taker = (isWeights: boolean) => (address: number, bytes: number) => {
      const at = address >>> 0;
      const piece = instance.bytes.slice(at, at + bytes) as Uint8Array<ArrayBuffer>;
      if (!take) pieces.push({bytes: piece, isWeights});
      try {
        take?.(piece, isWeights);
        return true;
      } catch (error) {
        failed = {error};
        return false;
      }
    };
    try {
      return instance.call(() => {
        instance.operators.install();
        const {optimized, location, leastBytes} = options;
        if (loader.write(optimized, location, leastBytes, taker(false), taker(true))) return pieces;
        if (failed) throw failed.error;
        throw instance.lastError();
      });
    } finally {
      this.dropModel(model);
    }
  }

  async inspect(chunks: AsyncIterable<Uint8Array>, size: number, options: InspectRequest): Promise<InspectionFields> {
    const instance = this.#instance;
    const inspector = instance.call(() => new instance.engine.ModelInspector(size));
    try {
      for await (const piece of chunks) {
        instance.call(() => {
          const address = inspector.chunk(piece.byteLength) >>> 0;
          if (!address) throw instance.lastError();
          instance.bytes.set(piece, address);
          if (!inspector.push(piece.byteLength)) throw instance.lastError();
        });
      }
      return instance.call(() => {
        instance.operators.install();
        const {session, shapes, unknownSize} = options;
        const fields = inspector.finish(session, Object.keys(shapes), Object.values(shapes), unknownSize);
        if (!fields) throw instance.lastError();
        return fields;
      });
    } finally {
      if (instance.alive) instance.call(() => inspector.delete());
    }
  }

  createSession(model: number, options: EngineSessionOptions): SessionHandle {
    const {loader} = this.#model(model);
    try {
      return this.#describe(() => loader.createSession({...options, threads: this.#takeThreads(options.threads)}));
    } finally {
      this.dropModel(model);
    }
  }

  /** The instance has workers for the threads of one session; starting one more would trap. */
  #takeThreads(wanted: number): number {
    const threads = this.#threadsTaken ? 1 : wanted;
    this.#threadsTaken ||= threads > 1;
    return threads;
  }

  #describe(make: () => number): SessionHandle {
    const instance = this.#instance;
    return instance.call(() => {
      instance.operators.install();
      const session = make() >>> 0;
      if (!session) throw instance.lastError();
      this.#sessions.add(session);
      return {session, description: instance.engine.describe(session)};
    });
  }

  async loadPlan(key: PlanKey): Promise<{model: number; externals: ExternalIdentities} | undefined> {
    const plan = await loadPlan(this.#instance, key);
    if (!plan) return undefined;
    const model = ++this.#numbers;
    this.#plans.set(model, plan.loader);
    return {model, externals: plan.externals};
  }

  restoreSession(plan: number, threads: number): SessionHandle {
    const loader = this.#plans.get(plan);
    if (!loader) throw new Error(`No plan ${plan} has been loaded`);
    try {
      return this.#describe(() => loader.createSession(this.#takeThreads(threads)));
    } finally {
      this.dropModel(plan);
    }
  }

  savePlan(session: number, key: PlanKey, externals: ExternalIdentities): Promise<boolean> {
    return savePlan(this.#instance, session, key, externals, () => this.#sessions.has(session));
  }

  dropModel(model: number): void {
    const loader = this.#models.get(model)?.loader ?? this.#plans.get(model);
    this.#models.delete(model);
    this.#plans.delete(model);
    if (loader && this.#instance.alive) this.#instance.call(() => loader.delete());
  }

  installImageCodecs(modules: ImageCodecModules): void {
    this.#instance.call(() => installImageCodecs(this.#instance, modules));
  }

  #model(model: number): LoadingModel {
    const loading = this.#models.get(model);
    if (!loading) throw new Error(`No model ${model} is being loaded`);
    return loading;
  }

  run(request: RunRequest, signal?: AbortSignal): ValueData[] | Promise<ValueData[]> {
    const {session} = request;
    if (this.#running.has(session)) {
      throw new WebInferError('InvalidArgument', 'The session is run by an operator of its own run', {
        hint: 'A custom operator may run other sessions only.',
      });
    }
    if (signal) return this.#runInSlices(request, signal);
    const instance = this.#instance;
    return instance.call(() => {
      let waits: SettlingOperator | undefined;
      this.#running.add(session);
      try {
        this.#feed(request);
        const [low, high] = wanted(request);
        if (instance.engine._wi_run(session, low, high) === 0) return this.#outputs(request);
        waits = instance.operators.takeWaiting();
        if (!waits) throw instance.lastError();
        return this.#runOn(request, waits);
      } finally {
        if (!waits) this.#endRun(session);
      }
    });
  }

  #endRun(session: number): void {
    this.#running.delete(session);
    if (this.#instance.alive) this.#instance.engine._wi_clear_feeds(session);
  }

  /** Goes on with a run whose operator `waits` will be done later. */
  async #runOn(request: RunRequest, waits: SettlingOperator): Promise<ValueData[]> {
    const instance = this.#instance;
    const {engine} = instance;
    const {session} = request;
    try {
      for (let next: SettlingOperator | undefined = waits; next; ) {
        await this.#settle(session, next);
        const state = instance.call(() => engine._wi_continue(session, 0));
        if (state === 1) break;
        next = instance.operators.takeWaiting();
        if (!next) throw instance.lastError();
      }
      return instance.call(() => this.#outputs(request));
    } finally {
      this.#endRun(session);
    }
  }

  /** Waits for an operator; one in a body cannot be waited for, since bodies begin anew. */
  async #settle(session: number, {node, settled}: SettlingOperator): Promise<void> {
    await settled;
    const {engine} = this.#instance;
    if (this.#instance.call(() => engine.isMainNode(session, node))) return;
    throw new WebInferError('Unsupported', 'A custom operator inside of a body of If, Loop or Scan is asynchronous', {
      hint: 'Give its result at once.',
    });
  }

  async #runInSlices(request: RunRequest, signal: AbortSignal): Promise<ValueData[]> {
    const instance = this.#instance;
    const {engine} = instance;
    const {session} = request;
    this.#running.add(session);
    try {
      instance.call(() => {
        this.#feed(request);
        const [low, high] = wanted(request);
        if (engine._wi_begin(session, low, high) !== 0) throw instance.lastError();
      });
      for (;;) {
        const state = instance.call(() => engine._wi_continue(session, SLICE_MS));
        if (state === 1) return instance.call(() => this.#outputs(request));
        const waits = state < 0 ? instance.operators.takeWaiting() : undefined;
        if (state < 0 && !waits) throw instance.lastError();
        if (waits) await this.#settle(session, waits);
        else await platform().breathe();
        if (signal.aborted) instance.call(() => engine._wi_abort(session));
      }
    } finally {
      this.#endRun(session);
    }
  }

  #feed({session, feeds, outputs}: RunRequest): void {
    for (const [input, value] of feeds) feedValue(this.#instance, session, input, value, this.#addressOf);
    for (const {index, over} of outputs) {
      // A kept value that is input and output at once: a cache that the run may update in place.
      if (over === undefined) continue;
      const readers = feeds.filter(([, value]) => value.kind === 'pinned' && value.id === over);
      if (readers.length === 1)
        this.#instance.engine._wi_write_over(session, (readers[0] as RunRequest['feeds'][0])[0], index);
    }
  }

  #outputs({session, outputs}: RunRequest): ValueData[] {
    const instance = this.#instance;
    return outputs.map(({index, keep, into, over}) => {
      if (over !== undefined && this.#fits(session, index, over)) {
        const value = this.#addressOf(over);
        if (instance.engine._wi_copy_output_into(session, index, value) !== 0) throw instance.lastError();
        const tensor = describeTensor(instance, instance.engine._wi_value_info(value));
        return {kind: 'pinned', id: over, ...(tensor as {type: DataType; dims: number[]})} satisfies PinnedData;
      }
      const info = instance.engine._wi_output(session, index);
      if (into) return readValueInto(instance, info, into);
      if (!keep) return readValue(instance, info);
      const tensor = describeTensor(instance, info);
      if (!tensor || tensor.type === 'string') return readValue(instance, info);
      const value = instance.engine._wi_copy_output(session, index) >>> 0;
      if (!value) throw instance.lastError();
      const id = ++this.#numbers;
      this.#values.set(id, value);
      return {kind: 'pinned', id, ...tensor} satisfies PinnedData;
    });
  }

  /** Whether an output is a tensor of the type and shape that the kept value has. */
  #fits(session: number, index: number, value: number): boolean {
    const instance = this.#instance;
    const text = (info: number) => JSON.stringify(describeTensor(instance, info));
    const output = text(instance.engine._wi_output(session, index));
    return output !== undefined && output === text(instance.engine._wi_value_info(this.#addressOf(value)));
  }

  download(value: number): ValueData {
    const instance = this.#instance;
    return instance.call(() => readValue(instance, instance.engine._wi_value_info(this.#addressOf(value))));
  }

  /** The elements of a kept value where they are; the view is good until the memory grows. */
  view(value: number): NumericArray | string[] {
    const instance = this.#instance;
    return instance.call(() => viewTensor(instance, instance.engine._wi_value_info(this.#addressOf(value))));
  }

  releaseValue(value: number): void {
    const address = this.#values.get(value);
    this.#values.delete(value);
    if (address !== undefined && this.#instance.alive)
      this.#instance.call(() => this.#instance.engine._wi_value_free(address));
  }

  setProfiling(session: number, on: boolean): void {
    this.#instance.call(() => this.#instance.engine.setProfiling(session, on));
  }

  profile(session: number): ProfileEntry[] {
    return this.#instance.call(() => this.#instance.engine.profile(session));
  }

  stats(session: number): SessionStats {
    return this.#instance.call(() => this.#instance.engine.stats(session));
  }

  registry(): OperatorRegistry {
    return this.#instance.call(() => this.#instance.engine.registry());
  }

  dumpText(session: number): string {
    return this.#instance.call(() => this.#instance.engine.dumpText(session));
  }

  releaseSession(session: number): void {
    this.#sessions.delete(session);
    if (this.#instance.alive) this.#instance.call(() => this.#instance.engine.release(session));
  }

  dispose(): void {
    this.#models.clear();
    this.#plans.clear();
    this.#sessions.clear();
    this.#values.clear();
    this.#instance.dispose();
  }
}

/** The outputs as two halves of the engine's 64-bit mask; beyond 64 outputs all are computed. */
function wanted({outputs}: RunRequest): [low: number, high: number] {
  let low = 0;
  let high = 0;
  for (const {index} of outputs) {
    if (index >= 64) return [-1, -1];
    if (index < 32) low |= 1 << index;
    else high |= 1 << (index - 32);
  }
  return [low, high];
}
