// What webinfer needs of its host and gets from it in different ways: the entry of each host installs one Platform.
import type {ImageCodec} from '../engine/image-codecs.js';
import type {Variant} from './capabilities.js';
import type {PlanStore} from './plan-store.js';

/** The part of a Worker that both browsers and Node can offer. */
export interface WorkerLike {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: {data: unknown}) => void) | null;
  onerror: ((event: {message?: string}) => void) | null;
  /** Node: whether the worker keeps the process alive. */
  keepAlive?(on: boolean): void;
}

/** A file that arrives in pieces. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** Bytes, if they are known beforehand. */
  readonly size?: number;
  /** The bytes themselves, if they are in memory already. */
  readonly bytes?: Uint8Array;
  /** Changes when the bytes do; absent if that cannot be told without reading them. */
  readonly identity?: string;
  /** The pieces in order; each is good until the next one is asked for. */
  chunks(signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** All at once, for files that fit twice: several times faster than pieces of a stream. The caller owns the buffer. */
  whole?(): Promise<Uint8Array<ArrayBuffer>>;
  /** Lets go of a file that will not be read. */
  cancel?(): void;
}

export interface Platform {
  readonly kind: 'browser' | 'node';
  /** Where the build of a variant lies unless env.wasm.wasmPaths says otherwise. */
  wasmUrl(variant: Variant): string;
  /** Where the codec of a kind of image files lies unless env.wasm.wasmPaths says otherwise. */
  imageCodecUrl(codec: ImageCodec): string;
  /** A model or data file named by a string. */
  open(urlOrPath: string, signal?: AbortSignal): Promise<ByteSource>;
  /** Bytes of a .wasm file, for hosts whose fetch does not read files. */
  readFile?(url: string): Promise<Uint8Array>;
  /** `name` as a file beside the model at `base`. */
  sibling(base: string, name: string): string | undefined;
  /** Where prepared models are kept; undefined if this host keeps nothing. */
  planStore?(directory: string | undefined): PlanStore | undefined;
  createWorker(): WorkerLike;
  /** A worker that runs a thread of the engine; `failed` is called if it cannot start. */
  createThread(failed: (reason: string) => void): WorkerLike;
  cores(): number;
  /** Why there can be no threads; undefined if there can. */
  threadObstacle(): string | undefined;
  /** Lets other events have their turn. */
  breathe(): Promise<void>;
}

let installed: Platform | undefined;

export function installPlatform(platform: Platform): void {
  installed = platform;
}

export function platform(): Platform {
  if (!installed) throw new Error('webinfer: no platform installed');
  return installed;
}
