// What a session needs of the engine, wherever it runs: LocalEngine does it on this thread, WorkerEngine in a worker.
//
// Models, sessions and kept values go by numbers that the engine gives out. Everything that crosses is plain data.
import type {ExternalIdentities, PlanKey} from '../loader/plan-store.js';
import type {EngineSessionOptions, ModelDescription, OperatorRegistry, ProfileEntry, SessionStats} from './glue.js';
import type {ImageCodecModules} from './image-codecs.js';
import type {TensorData, ValueData} from './values.js';

/** Bytes of a file that the model keeps its weights in: `length` at `offset` of `location` belong to weight `index`. */
export interface ExternalRange {
  index: number;
  tensor: string;
  location: string;
  offset: number;
  length: number;
}

export interface RunRequest {
  session: number;
  /** Input number and value. */
  feeds: [input: number, value: ValueData][];
  /** Numbers of the wanted outputs; `keep` leaves one in engine memory, `into` takes it if it fits (on this
   * thread only), `over` is the number of a kept value that it is written to. */
  outputs: {index: number; keep: boolean; into?: TensorData; over?: number}[];
}

/** How a model is written: what passes make of it, and the file that weights of at least `leastBytes` go to ('': none). */
export interface WriteOptions {
  optimized: boolean;
  location: string;
  leastBytes: number;
}

export interface WrittenPiece {
  bytes: Uint8Array<ArrayBuffer>;
  isWeights: boolean;
}
export type TakePiece = (piece: Uint8Array<ArrayBuffer>, isWeights: boolean) => void;

export interface InspectRequest {
  session: EngineSessionOptions;
  /** Sizes of inputs, by name. */
  shapes: Record<string, readonly number[]>;
  unknownSize: number;
}

export interface EngineClient {
  /** True if runs leave this thread alone. */
  readonly remote: boolean;

  /** `total`: bytes of the whole file, 0 if unknown. */
  beginModel(total: number): number | Promise<number>;
  /** `owned`: the piece is a buffer of its own that the caller gives away. */
  pushModel(model: number, piece: Uint8Array, owned?: boolean): void | Promise<void>;
  /** After the last piece; the ranges that must be filled before createSession. */
  finishModel(model: number): ExternalRange[] | Promise<ExternalRange[]>;
  /** Bytes of weight `index` from its byte `at` on. */
  fillExternal(model: number, index: number, at: number, bytes: Uint8Array): void | Promise<void>;
  /** Consumes the model. */
  createSession(model: number, options: EngineSessionOptions): SessionHandle | Promise<SessionHandle>;
  dropModel(model: number): void | Promise<void>;
  /** For sessions that decode images: before their first run. */
  installImageCodecs(modules: ImageCodecModules): void | Promise<void>;
  /** Consumes the model. Pieces go to `take`, or are what is returned. */
  writeModel(model: number, options: WriteOptions, take?: TakePiece): WrittenPiece[] | Promise<WrittenPiece[]>;

  /** A stored plan in engine memory, undefined if there is none; rejects if it is damaged. Its number is for restoreSession or dropModel. */
  loadPlan(key: PlanKey): Promise<{model: number; externals: ExternalIdentities} | undefined>;
  restoreSession(plan: number, threads: number): SessionHandle | Promise<SessionHandle>;
  /** False if this host keeps nothing. */
  savePlan(session: number, key: PlanKey, externals: ExternalIdentities): Promise<boolean>;

  run(request: RunRequest, signal?: AbortSignal): ValueData[] | Promise<ValueData[]>;
  download(value: number): ValueData | Promise<ValueData>;
  releaseValue(value: number): void;

  setProfiling(session: number, on: boolean): void | Promise<void>;
  profile(session: number): ProfileEntry[] | Promise<ProfileEntry[]>;
  stats(session: number): SessionStats | Promise<SessionStats>;
  registry(): OperatorRegistry | Promise<OperatorRegistry>;
  dumpText(session: number): string | Promise<string>;
  releaseSession(session: number): void | Promise<void>;
  /** Gives the instance up, with all that is in it. */
  dispose(): void;
}

export interface SessionHandle {
  session: number;
  description: ModelDescription;
}
