// Compares webinfer with onnxruntime-web: one process per library, model and round, the libraries alternating, medians over the
// rounds. A ratio is printed only where both libraries' outputs agree.
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {deserialize} from 'node:v8';
import {catalog} from '../tests/models/catalog.mjs';
import {largestDifference, TOLERANCE} from '../tests/models/compare.mjs';
import {FURTHER, HEADLINE, UNLISTED} from './lists.mjs';
import {measurePageLoads, measureStartUps} from './page-load.mjs';
import {measureInProcess} from './process.mjs';
import {geometricMean, median} from './statistics.mjs';
import {performanceTables, updatePerformanceDoc} from './tables.mjs';

const USAGE = `node bench/run.mjs [--quick] [--rounds N] [--warm-ms N] [--budget-ms N] [--threads N] [--no-page-load] [--json FILE] [MODEL...]`;
const LIBRARIES = ['onnxruntime-web', 'webinfer'];
/** Measured while they write tokens, each with a longer cache. */
const WRITERS = ['gpt2', 'qwen2-0.5b-q4', 'qwen2-0.5b-q4-int8'];

const {values: arg, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    quick: {type: 'boolean', default: false},
    help: {type: 'boolean', default: false},
    rounds: {type: 'string'},
    'warm-ms': {type: 'string'},
    'budget-ms': {type: 'string'},
    threads: {type: 'string', default: '1'},
    'no-page-load': {type: 'boolean', default: false},
    json: {type: 'string', default: 'build/bench.json'},
  },
});
if (arg.help) {
  console.log(USAGE);
  process.exit(0);
}
const rounds = Number(arg.rounds ?? (arg.quick ? 3 : 5));
const warmMs = arg['warm-ms'] ?? (arg.quick ? '800' : '2500');
const budgetMs = arg['budget-ms'] ?? (arg.quick ? '800' : '3000');
const names = positionals.length ? positionals : [...HEADLINE, ...FURTHER, ...UNLISTED, ...WRITERS.slice(1)];
const models = catalog(names);
const work = mkdtempSync(join(tmpdir(), 'webinfer-bench-'));

function measure(library, model, options = {}) {
  const outputs = join(work, `${library}-${model}`);
  const common = {library, model, threads: arg.threads, 'warm-ms': warmMs, 'budget-ms': budgetMs, outputs};
  return {...measureInProcess({...common, ...options}), outputs};
}

const pick = (results, key) => median(results.map((result) => result[key]));

/** One row: medians of both libraries, the ratio of each round's pair, and how far the outputs are apart. */
function summarize(name, [theirs, ours]) {
  const failed = [...theirs, ...ours].find((result) => result.error);
  if (failed) return {model: name, error: failed.error};
  const read = (results) => deserialize(readFileSync(results[0].outputs));
  const {relative} = largestDifference(read(theirs), read(ours));
  const agrees = relative <= (models[name].tolerance ?? TOLERANCE);
  const ratios = theirs.map((result, round) => result.cpuMs / ours[round].cpuMs);
  return {
    model: name,
    difference: relative,
    agrees,
    theirs: Object.fromEntries(
      ['cpuMs', 'wallMs', 'coldMs', 'linearMB', 'peakRssMB'].map((key) => [key, pick(theirs, key)]),
    ),
    ours: Object.fromEntries(
      ['cpuMs', 'wallMs', 'coldMs', 'linearMB', 'peakRssMB'].map((key) => [key, pick(ours, key)]),
    ),
    modelMB: ours[0].modelMB,
    ratio: agrees ? median(ratios) : undefined,
    ratioRange: agrees ? [Math.min(...ratios), Math.max(...ratios)] : undefined,
  };
}

function measureModels() {
  const results = Object.fromEntries(names.map((name) => [name, [[], []]]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const order = round % 2 ? [1, 0] : [0, 1];
      for (const index of order) results[name][index].push(measure(LIBRARIES[index], name));
      process.stderr.write(`\rround ${round + 1} of ${rounds}: ${name.padEnd(24)}`);
    }
  }
  process.stderr.write(`${'\r'.padEnd(60)}\r`);
  return names.map((name) => summarize(name, results[name]));
}

/** Both libraries' CPU time for a token, over `tokens` of them; one process each, after a run that warms up. */
function measureWriter(name) {
  const tokens = arg.quick ? 16 : 128;
  const [theirs, ours] = LIBRARIES.map((library) => measure(library, name, {growing: true, tokens}));
  return {model: name, tokens, theirs, ours};
}

function measureSizes() {
  const folder = fileURLToPath(new URL('../dist/', import.meta.url));
  const theirs = fileURLToPath(
    new URL('../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm', import.meta.url),
  );
  const brotli = (path) => execFileSync('brotli', ['-q', '11', '-c', path], {maxBuffer: 2 ** 30}).length;
  const sizes = readdirSync(folder)
    .filter((file) => file.endsWith('.wasm'))
    .map((file) => ({file, brotli: brotli(join(folder, file))}));
  return [...sizes, {file: 'onnxruntime-web: ort-wasm-simd-threaded.wasm', brotli: brotli(theirs)}];
}

const rows = measureModels();
const meanOf = (list) => {
  const found = rows.filter((row) => list.includes(row.model) && row.ratio);
  return found.length === list.length ? geometricMean(found.map((row) => row.ratio)) : undefined;
};
const report = {
  host: {cpu: cpus()[0].model, cores: cpus().length, node: process.version, threads: Number(arg.threads), rounds},
  rows,
  geomean: meanOf(HEADLINE),
  unlistedGeomean: meanOf(UNLISTED),
  sizes: measureSizes(),
  writers: WRITERS.filter((name) => names.includes(name)).map(measureWriter),
  pageLoad: arg['no-page-load'] ? undefined : await measurePageLoads('oww-alexa', rounds),
  startUps: arg['no-page-load'] ? undefined : await measureStartUps('mobilenetv2', Math.max(rounds, 9)),
};
rmSync(work, {recursive: true});
const tables = performanceTables(report);
console.log(tables);
if (!arg.quick && !positionals.length) {
  mkdirSync('build', {recursive: true});
  writeFileSync(arg.json, JSON.stringify(report, null, 1));
  updatePerformanceDoc(tables);
}
