// Prepared models in the origin's private file system: pages and workers of one origin share them, nobody else sees them.
import type {PlanStore, StoredFile} from './loader/plan-store.js';

const FOLDER = 'webinfer-plans';

/** What workers can do with a file besides: read without waiting. */
interface SyncHandle {
  getSize(): number;
  read(into: Uint8Array, options: {at: number}): number;
  close(): void;
}
type FileHandle = FileSystemFileHandle & {createSyncAccessHandle?(options: {mode: string}): Promise<SyncHandle>};

async function folder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, {create: true});
}

export function originStore(): PlanStore | undefined {
  // Only secure contexts have it.
  if (typeof navigator === 'undefined' || !navigator.storage?.getDirectory) return undefined;
  return {
    async open(name) {
      let handle: FileHandle;
      try {
        handle = await (await folder()).getFileHandle(`${name}.plan`);
      } catch {
        return undefined;
      }
      return (await openSync(handle)) ?? openFile(await handle.getFile());
    },
    async write(name, _size, pieces) {
      const handle = await (await folder()).getFileHandle(`${name}.plan`, {create: true});
      const file = await handle.createWritable();
      try {
        for await (const piece of pieces) await file.write(piece);
      } catch (error) {
        await file.abort().catch(() => {});
        throw error;
      }
      // The pieces are in a copy until now.
      await file.close();
    },
    async remove(name) {
      await (await folder()).removeEntry(`${name}.plan`).catch(() => {});
    },
  };
}

/** In workers of browsers that let several readers in. */
async function openSync(handle: FileHandle): Promise<StoredFile | undefined> {
  if (!handle.createSyncAccessHandle || typeof document !== 'undefined') return undefined;
  try {
    const access = await handle.createSyncAccessHandle({mode: 'read-only'});
    return {
      size: access.getSize(),
      immediate: true,
      read(at, into) {
        // Not every browser reads into shared memory.
        const shared = typeof SharedArrayBuffer !== 'undefined' && into.buffer instanceof SharedArrayBuffer;
        const target = shared ? new Uint8Array(into.byteLength) : into;
        if (access.read(target, {at}) !== into.byteLength) throw new RangeError('A stored plan is too short');
        if (shared) into.set(target);
      },
      close: () => access.close(),
    };
  } catch {
    return undefined;
  }
}

function openFile(file: File): StoredFile {
  return {
    size: file.size,
    immediate: false,
    async read(at, into) {
      into.set(new Uint8Array(await file.slice(at, at + into.byteLength).arrayBuffer()));
    },
    close() {},
  };
}
