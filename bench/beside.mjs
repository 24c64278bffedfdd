// webinfer in other settings, and beside other libraries: the build without relaxed SIMD, onnxruntime-node (the share of what
// native code reaches), two threads beside what a bare multiply-add loop gains by a second one.
//   node bench/beside.mjs [--rounds N] [--quick] [--packages FOLDER] [MODEL...]
// FOLDER has onnxruntime-node in its node_modules (default $WEBINFER_PEERS); without it that column stays empty.
import {cpus} from 'node:os';
import {parseArgs} from 'node:util';
import {measureCeiling} from './ceiling.mjs';
import {HEADLINE} from './lists.mjs';
import {measureInProcess} from './process.mjs';
import {geometricMean, median} from './statistics.mjs';
import {table, updatePerformanceDoc} from './tables.mjs';

const {values: arg, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    quick: {type: 'boolean', default: false},
    rounds: {type: 'string'},
    packages: {type: 'string', default: process.env.WEBINFER_PEERS},
  },
});
const rounds = Number(arg.rounds ?? (arg.quick ? 1 : 3));
const windows = arg.quick ? {'warm-ms': 800, 'budget-ms': 800} : {'warm-ms': 2500, 'budget-ms': 2500};
const names = positionals.length ? positionals : HEADLINE;

const CONTENDERS = {
  theirs: {library: 'onnxruntime-web'},
  ours: {library: 'webinfer'},
  plain: {library: 'webinfer', simd: 'fixed'},
  ...(arg.packages ? {native: {library: 'onnxruntime-node', packages: arg.packages}} : {}),
  theirs2: {library: 'onnxruntime-web', threads: 2},
  ours2: {library: 'webinfer', threads: 2},
};

/** {contender: [result of each round]}, the contenders alternating. */
function measureModel(model) {
  const results = Object.fromEntries(Object.keys(CONTENDERS).map((key) => [key, []]));
  for (let round = 0; round < rounds; round++) {
    const keys = Object.keys(CONTENDERS);
    for (const key of round % 2 ? keys.reverse() : keys) {
      process.stderr.write(`\r${model} ${key}`.padEnd(50));
      results[key].push(measureInProcess({model, ...windows, ...CONTENDERS[key]}));
    }
  }
  return results;
}

function rowOf(model, results) {
  const take = (key, field) => {
    const values = (results[key] ?? []).filter((result) => !result.error).map((result) => result[field]);
    return values.length ? median(values) : undefined;
  };
  const over = (a, b) => (a && b ? a / b : undefined);
  return {
    model,
    native: take('native', 'cpuMs'),
    share: over(take('native', 'cpuMs'), take('ours', 'cpuMs')),
    theirShare: over(take('native', 'cpuMs'), take('theirs', 'cpuMs')),
    plain: over(take('theirs', 'cpuMs'), take('plain', 'cpuMs')),
    scaling: over(take('ours', 'wallMs'), take('ours2', 'wallMs')),
    theirScaling: over(take('theirs', 'wallMs'), take('theirs2', 'wallMs')),
    twoThreads: over(take('theirs2', 'wallMs'), take('ours2', 'wallMs')),
  };
}

const loops = [];
const measureLoops = async () => {
  const [one, two] = [await measureCeiling({threads: 1}), await measureCeiling({threads: 2})];
  loops.push(two.median / one.median);
};
const rows = [];
for (const name of names) {
  await measureLoops();
  rows.push(rowOf(name, measureModel(name)));
}
await measureLoops();
process.stderr.write(`${'\r'.padEnd(60)}\r`);

const text = (value, digits = 2) => (value === undefined ? '' : value.toFixed(digits));
const mean = (key) => {
  const values = rows.map((row) => row[key]).filter((value) => value !== undefined);
  return values.length ? geometricMean(values) : undefined;
};
const columns = ['plain', 'native', 'share', 'theirShare', 'scaling', 'theirScaling', 'twoThreads'];
const head = [
  'model',
  'plain SIMD, ratio',
  'native, ms',
  'share of native',
  "onnxruntime-web's share",
  '2 threads, scaling',
  "onnxruntime-web's scaling",
  '2 threads, ratio',
];
const tables = [
  `${cpus()[0].model}, Node ${process.version}, medians of ${rounds} rounds. Ratios are onnxruntime-web's time over webinfer's: CPU time in one thread with the build that has no relaxed SIMD, wall time in two threads. The share of native is onnxruntime-node's CPU time over that of the library. Scaling is wall time in one thread over wall time in two; in the same run a bare multiply-add loop in registers scales by ${median(loops).toFixed(2)} (${Math.min(...loops).toFixed(2)}-${Math.max(...loops).toFixed(2)}).`,
  table(head, [
    ...rows.map((row) => [row.model, ...columns.map((key) => text(row[key], key === 'native' ? 1 : 2))]),
    [
      'geometric mean',
      ...columns.map((key) => (key === 'native' || mean(key) === undefined ? '' : `**${text(mean(key))}**`)),
    ],
  ]),
].join('\n\n');
console.log(tables);
if (!arg.quick && !positionals.length) updatePerformanceDoc(tables, 'script/bench --beside');
