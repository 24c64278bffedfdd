// Node: files by path, workers of worker_threads, threads always possible.
import {open, readFile} from 'node:fs/promises';
import {availableParallelism} from 'node:os';
import {dirname, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {Worker} from 'node:worker_threads';
import {WebInferError} from '../api/errors.js';
import type {ByteSource, Platform, WorkerLike} from '../loader/platform.js';
import {fetchSource} from '../loader/source.js';
import {folderStore} from './plan-store.js';

const PIECE = 1 << 20;

export const nodePlatform: Platform = {
  kind: 'node',
  wasmUrl: (variant) => new URL(`./webinfer-${variant}.wasm`, import.meta.url).href,
  imageCodecUrl: (codec) => new URL(`./webinfer-codec-${codec}.wasm`, import.meta.url).href,
  open: (urlOrPath, signal) =>
    /^(https?|blob|data):/.test(urlOrPath) ? fetchSource(urlOrPath, signal) : openFile(toPath(urlOrPath)),
  async readFile(url) {
    try {
      return await readFile(toPath(url));
    } catch (cause) {
      throw new WebInferError('LoadFailed', `The engine's file ${url} cannot be read`, {
        cause,
        actual: (cause as Error).message,
        hint: 'Reinstall the package; a bundler must copy the .wasm files beside its output, or env.wasm.wasmPaths name their folder.',
      });
    }
  },
  sibling(base, name) {
    if (/^https?:/.test(base)) return new URL(name, base).href;
    return /^(blob|data):/.test(base) || !base.includes('/') ? undefined : resolve(dirname(base), name);
  },
  planStore: (directory) => folderStore(directory),
  createWorker: () => new NodeWorker('./worker.node.mjs'),
  createThread: (failed) => new NodeWorker('./thread.node.mjs', failed),
  cores: availableParallelism,
  threadObstacle: () => undefined,
  breathe: () => new Promise((done) => setImmediate(done)),
};

function toPath(urlOrPath: string): string {
  return urlOrPath.startsWith('file:') ? fileURLToPath(urlOrPath) : resolve(urlOrPath);
}

async function openFile(path: string): Promise<ByteSource> {
  let size: number;
  let changed: number;
  try {
    const file = await open(path);
    ({size, mtimeMs: changed} = await file.stat());
    await file.close();
  } catch (cause) {
    throw new WebInferError('LoadFailed', `The file ${path} cannot be read`, {cause, actual: (cause as Error).message});
  }
  return {name: path, size, identity: `${path} ${changed} ${size}`, chunks: () => readPieces(path)};
}

async function* readPieces(path: string): AsyncIterable<Uint8Array> {
  const file = await open(path);
  const buffer = new Uint8Array(PIECE);
  try {
    for (;;) {
      const {bytesRead} = await file.read(buffer, 0, PIECE);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** A Worker of worker_threads with the face of a browser's; an idle one does not keep the process alive. */
class NodeWorker implements WorkerLike {
  onmessage: ((event: {data: unknown}) => void) | null = null;
  onerror: ((event: {message?: string}) => void) | null = null;
  readonly #worker: Worker;
  readonly #isThread: boolean;

  constructor(file: string, failed?: (reason: string) => void) {
    this.#isThread = failed !== undefined;
    this.#worker = new Worker(new URL(file, import.meta.url));
    this.#worker.on('message', (data) => {
      if (this.#isThread && data?.cmd === 'loaded') this.#worker.unref();
      this.onmessage?.({data});
    });
    this.#worker.on('error', (error) => {
      failed?.(String(error));
      // The glue's handler of a thread throws, which would end the process.
      if (!this.#isThread) this.onerror?.({message: String(error)});
    });
  }

  postMessage(message: unknown, transfer?: unknown[]): void {
    this.#worker.postMessage(message, transfer as never);
  }

  terminate(): void {
    this.#worker.terminate();
  }

  keepAlive(on: boolean): void {
    if (on) this.#worker.ref();
    else this.#worker.unref();
  }

  // The glue has both called on it.
  ref(): void {}
  unref(): void {}
}
