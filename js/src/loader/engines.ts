// Gives each session an engine: an instance of its own, or the one of its group; on this thread or in a worker.
import {warnOnce} from '../api/env.js';
import type {EngineClient} from '../engine/client.js';
import {EngineInstance, THREADS_FAILED} from '../engine/instance.js';
import {LocalEngine} from '../engine/local.js';
import {WorkerEngine} from '../worker/client.js';
import type {Variant} from './capabilities.js';
import {loadWasm} from './wasm-module.js';

export interface EngineWish {
  variant: Variant;
  threads: number;
  worker: boolean;
  maxMemory?: number;
  group?: string;
}

/** A session's hold on an engine; the last one of a group to let go ends it. */
export interface EngineLease {
  client: EngineClient;
  release(): void;
}

interface Shared {
  client: Promise<EngineClient>;
  users: number;
}

const groups = new Map<string, Shared>();

export async function leaseEngine(wish: EngineWish): Promise<EngineLease> {
  const {group, worker, variant} = wish;
  if (group === undefined) {
    const client = await makeEngine(wish);
    return {client, release: once(() => client.dispose())};
  }
  const key = `${group}\n${worker}\n${variant}`;
  const shared = groups.get(key) ?? {client: makeEngine(wish), users: 0};
  groups.set(key, shared);
  shared.users++;
  const release = once(() => {
    if (--shared.users > 0) return;
    groups.delete(key);
    shared.client.then(
      (client) => client.dispose(),
      () => {},
    );
  });
  try {
    return {client: await shared.client, release};
  } catch (error) {
    release();
    throw error;
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

/** What is asked for, or the nearest that works here, with a warning: without the worker, or without the threads. */
async function makeEngine(wish: EngineWish): Promise<EngineClient> {
  const {variant, threads, worker, maxMemory} = wish;
  const module = loadWasm(variant);
  const options = {variant, threads, maxMemory};
  try {
    if (worker) return await WorkerEngine.start(module, options);
    return new LocalEngine(await EngineInstance.create({...options, module: await module}));
  } catch (error) {
    // If the engine's own file is at fault, nothing else would help.
    await module;
    const {message} = error as Error;
    if (threads > 1 && message.startsWith(THREADS_FAILED)) {
      warnOnce(`No threads can be had here, sessions use one. ${message}`);
      return makeEngine({...wish, variant: variant.replace('-threads', '') as Variant, threads: 1});
    }
    if (!worker) throw error;
    warnOnce(`No worker can be had here, sessions run on this thread. ${message}`);
    return makeEngine({...wish, worker: false});
  }
}
