// What a page downloads: each WebAssembly variant with the script that goes with it, compressed as servers do.
import {readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync} from 'node:zlib';
import {assert, Report} from '../report.mjs';

const LIMIT = 900_000;
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const compressed = (file) => brotliCompressSync(readFileSync(dist + file)).length;

const report = new Report();
const scripts = compressed('webinfer.mjs') + compressed('worker.mjs') + compressed('thread.mjs');
for (const file of readdirSync(dist).filter((name) => /^webinfer-.*\.wasm$/.test(name))) {
  await report.test(`${file} and its scripts are below ${LIMIT} bytes`, () => {
    const bytes = compressed(file) + scripts;
    assert(bytes <= LIMIT, `${bytes} bytes`);
    return `${bytes} bytes`;
  });
}
report.finish();
