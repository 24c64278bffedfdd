// Prepared models on their way between an instance and a store.
import {WebInferError} from '../api/errors.js';
import type {ExternalIdentities, PlanKey, PlanStore, StoredFile} from '../loader/plan-store.js';
import {platform} from '../loader/platform.js';
import type {PlanLoader} from './glue.js';
import type {EngineInstance} from './instance.js';

const HEADER_BYTES = 64;
const PREFIX_BYTES = 4;
const MOST_JSON = 1 << 20;
/** Bytes read or written at once: what was read is still in the cache when its checksum is computed. */
const PIECE = 1 << 20;
/** Bytes between turns of other events. */
const TURN = 16 << 20;

export interface LoadedPlan {
  loader: PlanLoader;
  externals: ExternalIdentities;
}

function storeOf({directory}: PlanKey): PlanStore | undefined {
  return platform().planStore?.(directory);
}

/** The plan of `key` in the instance's memory; undefined if there is none that can be used. */
export async function loadPlan(instance: EngineInstance, key: PlanKey): Promise<LoadedPlan | undefined> {
  const store = storeOf(key);
  const file = await store?.open(key.name);
  if (!store || !file) return undefined;
  let loader: PlanLoader | undefined;
  try {
    const prefix = new Uint8Array(PREFIX_BYTES);
    await readInto(file, 0, prefix);
    const jsonBytes = new DataView(prefix.buffer).getUint32(0, true);
    if (jsonBytes > Math.min(MOST_JSON, file.size)) throw new RangeError('The prefix of a stored plan is damaged');
    const json = new Uint8Array(jsonBytes);
    await readInto(file, PREFIX_BYTES, json);
    const {externals} = JSON.parse(new TextDecoder().decode(json)) as {externals: ExternalIdentities};
    loader = instance.call(() => new instance.engine.PlanLoader());
    await fill(instance, loader, file, PREFIX_BYTES + jsonBytes, key.identity);
    return {loader, externals};
  } catch (error) {
    if (loader && instance.alive) instance.call(() => loader?.delete());
    // An entry of another build is overwritten when the session has been made; a damaged one as well.
    throw error;
  } finally {
    file.close();
  }
}

async function readInto(file: StoredFile, at: number, into: Uint8Array): Promise<void> {
  if (at + into.byteLength > file.size) throw new RangeError('A stored plan is too short');
  await file.read(at, into);
}

async function fill(instance: EngineInstance, loader: PlanLoader, file: StoredFile, from: number, identity: string) {
  const check = (ok: boolean) => {
    if (!ok) throw instance.lastError();
  };
  const chunk = async (at: number, bytes: number) => {
    const address = instance.call(() => loader.chunk(bytes) >>> 0);
    if (!address) throw instance.lastError();
    await readToEngine(instance, file, from + at, address, bytes);
  };
  if (file.size < from + HEADER_BYTES) throw new RangeError('A stored plan is too short');
  await chunk(0, HEADER_BYTES);
  const structure = instance.call(() => loader.begin(HEADER_BYTES, file.size - from, identity));
  check(structure >= 0);
  await chunk(HEADER_BYTES, structure);
  instance.call(() => check(loader.readStructure(structure)));
  const blobs = instance.call(() => loader.blobs());
  let turn = 0;
  for (const [number, {offset, bytes, data}] of blobs.entries()) {
    if (bytes === 0) instance.call(() => check(loader.filled(number, 0)));
    for (let at = 0; at < bytes; at += PIECE) {
      const size = Math.min(PIECE, bytes - at);
      const reading = readToEngine(instance, file, from + offset + at, (data >>> 0) + at, size);
      if (reading) await reading;
      instance.call(() => check(loader.filled(number, size)));
      turn += size;
      if (turn < TURN) continue;
      turn = 0;
      await platform().breathe();
    }
  }
}

/** Straight into the engine's memory if the store reads at once; else by a copy, as the memory may move meanwhile. */
function readToEngine(
  instance: EngineInstance,
  file: StoredFile,
  at: number,
  address: number,
  bytes: number,
): void | Promise<void> {
  if (at + bytes > file.size) throw new RangeError('A stored plan is too short');
  if (file.immediate) {
    file.read(at, instance.bytes.subarray(address, address + bytes));
    return;
  }
  const copy = new Uint8Array(bytes);
  return (async () => {
    await file.read(at, copy);
    instance.call(() => instance.bytes.set(copy, address));
  })();
}

/** Stores the prepared model of `session`. `held` says whether the session is still there. */
export async function savePlan(
  instance: EngineInstance,
  session: number,
  key: PlanKey,
  externals: ExternalIdentities,
  held: () => boolean,
): Promise<boolean> {
  const store = storeOf(key);
  if (!store) return false;
  const images = instance.call(() => new instance.engine.PlanImages());
  try {
    const pieces = instance.call(() => {
      if (!images.write(session, key.identity)) throw instance.lastError();
      return images.pieces();
    });
    const json = new TextEncoder().encode(JSON.stringify({externals}));
    const prefix = new Uint8Array(PREFIX_BYTES + json.length);
    new DataView(prefix.buffer).setUint32(0, json.length, true);
    prefix.set(json, PREFIX_BYTES);
    const size = pieces.reduce((sum, {bytes}) => sum + bytes, prefix.length);
    await store.write(key.name, size, copies(instance, prefix, pieces, held));
    return true;
  } finally {
    if (instance.alive) instance.call(() => images.delete());
  }
}

async function* copies(
  instance: EngineInstance,
  prefix: Uint8Array<ArrayBuffer>,
  pieces: {data: number; bytes: number}[],
  held: () => boolean,
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  yield prefix;
  for (const {data, bytes} of pieces) {
    for (let at = 0; at < bytes; at += 4 * PIECE) {
      if (!held()) throw new WebInferError('Released', 'The session was released before its plan was stored');
      const from = (data >>> 0) + at;
      yield instance.bytes.slice(from, from + Math.min(4 * PIECE, bytes - at)) as Uint8Array<ArrayBuffer>;
      await platform().breathe();
    }
  }
}
