// `webinfer build`: a copy of this package whose engine has only the operators of the given models.
//
// The models are read once, with every option that changes which operators are needed; the engine says which ones it looked for.
import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {brotliCompressSync} from 'node:zlib';
import {InferenceSession, type SessionOptions} from '../../node.js';
import {type DataObjects, reduceBinary} from '../../subset/reduce.js';
import {type Command, UsageError} from './command.js';

const ENGINE = /^webinfer-(simd|relaxed)(-threads)?\.wasm$/;
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** What js/build.mjs writes beside each variant. */
interface SubsetData {
  makers: number;
  objects: DataObjects;
  kept: number[];
}

const OPTIONS: SessionOptions[] = [
  {},
  {deterministic: true},
  {weightMemory: 'small'},
  {graphOptimizationLevel: 'disabled'},
];

interface Needs {
  keep: boolean[];
  names: string[];
}

/** Which operators the models ask for, in the order of the engine's list. */
async function findNeeds(
  models: string[],
  freeDimensionOverrides: Record<string, number>,
  hasPlain: boolean,
): Promise<Needs> {
  const keep: boolean[] = [];
  const names = new Set<string>();
  for (const model of models) {
    for (const options of OPTIONS) {
      // A package without the plain build has no deterministic sessions.
      if (options.deterministic && !hasPlain) continue;
      const session = await InferenceSession.create(model, {...options, freeDimensionOverrides, worker: false});
      for (const [i, {domain, name, askedFor}] of (await session.operators()).entries()) {
        keep[i] ||= askedFor;
        if (askedFor) names.add(`${domain || 'ai.onnx'}.${name}`);
      }
      await session.release();
    }
  }
  return {keep, names: [...names].sort()};
}

function parseDimensions(texts: string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const [name, size] = text.split('=');
      if (!name || !/^\d+$/.test(size ?? '')) throw new UsageError(`--dimension expects NAME=SIZE, not "${text}"`);
      return [name, Number(size)];
    }),
  );
}

/** The package without its command line, and with nothing to tell what a subset is; codecs of images come along if needed. */
function writePackage(folder: string, decodesImages: boolean): void {
  const manifest = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8'));
  const {name, version, description, license, type, engines, main, module, browser, types, exports, sideEffects} =
    manifest;
  mkdirSync(`${folder}/dist`, {recursive: true});
  for (const entry of readdirSync(`${PACKAGE}dist`)) {
    if (entry === 'cli' || entry === 'subset' || ENGINE.test(entry)) continue;
    if (entry.endsWith('.wasm') && !decodesImages) continue;
    cpSync(`${PACKAGE}dist/${entry}`, `${folder}/dist/${entry}`, {recursive: true});
  }
  for (const entry of ['LICENSE', 'THIRD_PARTY_NOTICES.md']) {
    if (existsSync(`${PACKAGE}${entry}`)) cpSync(`${PACKAGE}${entry}`, `${folder}/${entry}`);
  }
  const kept = {
    name,
    version: `${version}-subset`,
    description,
    license,
    type,
    engines,
    main,
    module,
    browser,
    types,
    exports,
    sideEffects,
  };
  writeFileSync(`${folder}/package.json`, `${JSON.stringify(kept, null, 2)}\n`);
}

function report(file: string, before: Uint8Array, after: Uint8Array, removed: number): void {
  const compressed = brotliCompressSync(after).length;
  console.log(
    `${file}: ${after.length} bytes (of ${before.length}), ${compressed} brotli; ${removed} functions removed`,
  );
}

export const command: Command = {
  usage: `Usage: webinfer build MODEL… [-o FOLDER] [--variant VARIANT]… [--dimension NAME=SIZE]…

Writes a copy of this package to FOLDER (default: webinfer-subset) whose WebAssembly files have only the operators that the
models need. Another model is refused by the names of what it misses.
  --variant    simd, relaxed, simd-threads or relaxed-threads; default: all
  --dimension  a size given as freeDimensionOverrides when the sessions are created`,
  async run(args) {
    const {values, positionals} = parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: {type: 'string', short: 'o', default: 'webinfer-subset'},
        variant: {type: 'string', multiple: true},
        dimension: {type: 'string', multiple: true, default: []},
      },
    });
    if (positionals.length === 0) throw new UsageError('expected a model');
    const folder = resolve(values.output);
    const available = readdirSync(`${PACKAGE}dist`).filter((file) => ENGINE.test(file));
    const files = values.variant ? values.variant.map((variant) => `webinfer-${variant}.wasm`) : available;
    const unknown = files.find((file) => !available.includes(file));
    if (unknown) throw new UsageError(`there is no ${unknown} in this package`);
    const {keep, names} = await findNeeds(
      positionals,
      parseDimensions(values.dimension),
      available.includes('webinfer-simd.wasm'),
    );
    writePackage(folder, names.includes('ai.onnx.ImageDecoder'));
    for (const file of files) {
      const binary = readFileSync(`${PACKAGE}dist/${file}`);
      const data: SubsetData = JSON.parse(
        readFileSync(`${PACKAGE}dist/subset/${file.replace('.wasm', '.json')}`, 'utf8'),
      );
      const reduced = reduceBinary(binary, {...data, keep});
      writeFileSync(`${folder}/dist/${file}`, reduced.binary);
      report(file, binary, reduced.binary, reduced.removedFunctions);
    }
    console.log(`${names.length} operators: ${names.join(', ')}`);
  },
};
