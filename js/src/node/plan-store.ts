// Prepared models in a folder: ~/.cache/webinfer/plans unless the caller names one.
import {closeSync, openSync, readSync} from 'node:fs';
import {mkdir, open, rename, rm, stat} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join, resolve} from 'node:path';
import type {PlanStore} from '../loader/plan-store.js';

function defaultFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'webinfer', 'plans');
}

let temporary = 0;

export function folderStore(directory: string | undefined): PlanStore {
  const folder = directory === undefined ? defaultFolder() : resolve(directory);
  const path = (name: string) => join(folder, `${name}.plan`);
  return {
    async open(name) {
      let size: number;
      try {
        ({size} = await stat(path(name)));
      } catch {
        return undefined;
      }
      const file = openSync(path(name), 'r');
      return {
        size,
        immediate: true,
        read(at, into) {
          for (let done = 0; done < into.byteLength; ) {
            const read = readSync(file, into, done, into.byteLength - done, at + done);
            if (read === 0) throw new RangeError('A stored plan is too short');
            done += read;
          }
        },
        close: () => closeSync(file),
      };
    },
    async write(name, _size, pieces) {
      await mkdir(folder, {recursive: true});
      // Renamed when it is whole, so that nobody reads half of it.
      const unfinished = join(folder, `${name}.${process.pid}-${++temporary}.tmp`);
      try {
        const file = await open(unfinished, 'wx');
        try {
          for await (const piece of pieces) await file.writeFile(piece);
        } finally {
          await file.close();
        }
        await rename(unfinished, path(name));
      } catch (error) {
        await rm(unfinished, {force: true});
        throw error;
      }
    },
    remove: (name) => rm(path(name), {force: true}),
  };
}
