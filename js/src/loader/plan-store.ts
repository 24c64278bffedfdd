// Where prepared models are kept from one visit to the next: a folder in Node, the origin's private files in browsers.
//
// An entry is `PREFIX_BYTES` of ours (the length of a JSON text), that text, and the engine's plan file (src/runtime/plan_file.h).
// Whatever goes wrong with a store, a session is made of its model as if there were none.

/** An entry that was found. */
export interface StoredFile {
  readonly size: number;
  /** read() is done when it returns. */
  readonly immediate: boolean;
  /** Fills `into` with the bytes from `at` on; rejects if there are fewer. */
  read(at: number, into: Uint8Array): void | Promise<void>;
  close(): void;
}

export interface PlanStore {
  open(name: string): Promise<StoredFile | undefined>;
  /** Makes an entry of pieces that are `size` bytes together; it is there whole or not at all. */
  write(name: string, size: number, pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Which entry is meant. Plain data: a worker opens the store by itself. */
export interface PlanKey {
  name: string;
  /** What must be the same for the entry to be used: model, engine, build, options. */
  identity: string;
  directory?: string;
}

/** Files beside the model that a plan was made of. */
export type ExternalIdentities = [location: string, identity: string][];

/** A short name for a text: 106 bits, as letters that every file system takes. */
export function shortName(text: string): string {
  return [0x9e3779b1, 0x85ebca6b].map((seed) => hash53(text, seed).toString(36).padStart(11, '0')).join('');
}

// Two 32-bit lanes after MurmurHash's finish.
function hash53(text: string, seed: number): number {
  let low = 0xdeadbeef ^ seed;
  let high = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 4294967296 * (2097151 & high) + (low >>> 0);
}
