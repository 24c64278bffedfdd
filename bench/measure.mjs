// Measures one library on one model in this process, and prints one line of JSON; run.mjs starts it once per round, because a
// process may leave a hot function in baseline code for its whole life.
//   node bench/measure.mjs --library webinfer --model resnet50 [--warm-ms 2500] [--budget-ms 3000] [--outputs FILE]
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {parseArgs} from 'node:util';
import {serialize} from 'node:v8';
import {catalog} from '../tests/models/catalog.mjs';
import {makeFeeds} from '../tests/models/inputs.mjs';
import {median} from './statistics.mjs';

const {values: arg} = parseArgs({
  options: {
    library: {type: 'string'},
    model: {type: 'string'},
    threads: {type: 'string', default: '1'},
    simd: {type: 'string'}, // 'fixed': the build without relaxed SIMD
    packages: {type: 'string'}, // the folder whose node_modules has the library, if not this checkout's
    'warm-ms': {type: 'string', default: '2500'},
    'budget-ms': {type: 'string', default: '3000'},
    outputs: {type: 'string'},
    growing: {type: 'boolean', default: false},
    tokens: {type: 'string', default: '128'},
  },
});
const MIN_RUNS = 5;
const MAX_RUNS = 400;

const memories = watchMemories();
const model = catalog([arg.model])[arg.model];
const bytes = readFileSync(model.path);
const rssBefore = process.memoryUsage().rss;

const started = performance.now();
const library = await import(arg.packages ? createRequire(`${arg.packages}/`).resolve(arg.library) : arg.library);
const isNative = arg.library === 'onnxruntime-node';
if (!isNative) library.env.wasm.numThreads = Number(arg.threads);
if (arg.simd) library.env.wasm.simd = arg.simd;
const session = await library.InferenceSession.create(bytes, {
  executionProviders: [isNative ? 'cpu' : 'wasm'],
  graphOptimizationLevel: 'all',
  ...(isNative ? {intraOpNumThreads: Number(arg.threads), interOpNumThreads: 1} : {}),
});
const feeds = makeFeeds(library.Tensor, model);
let outputs = await session.run(feeds);
const coldMs = performance.now() - started;
const linearMB = linearMemory();
if (arg.outputs) {
  const plain = Object.entries(outputs).map(([name, {type, dims, data}]) => [name, {type, dims: [...dims], data}]);
  writeFileSync(arg.outputs, serialize(Object.fromEntries(plain)));
}

const result = arg.growing ? await measureGrowing() : await measureSteady();
console.log(
  `\n${JSON.stringify({
    library: arg.library,
    model: arg.model,
    coldMs,
    linearMB,
    linearAfterMB: linearMemory(),
    modelMB: bytes.length / 2 ** 20,
    peakRssMB: process.resourceUsage().maxRSS / 1024 - rssBefore / 2 ** 20,
    ...result,
  })}`,
);
process.exit(0);

/** The same inputs again and again, after a warm-up of seconds: V8 swaps in optimised code when it is ready, not by runs. */
async function measureSteady() {
  const warm = performance.now();
  while (performance.now() - warm < Number(arg['warm-ms'])) await session.run(feeds);
  const wall = [];
  const cpu = [];
  const from = performance.now();
  while (wall.length < MIN_RUNS || (performance.now() - from < Number(arg['budget-ms']) && wall.length < MAX_RUNS)) {
    const [ms, cpuMs] = await timed(async () => {
      outputs = await session.run(feeds);
    });
    wall.push(ms);
    cpu.push(cpuMs);
  }
  return {wallMs: median(wall), cpuMs: median(cpu), runs: wall.length};
}

/** Tokens, each with a longer cache, against as many steps at the mean length. */
async function measureGrowing() {
  const tokens = Number(arg.tokens);
  const generate = async (count) => {
    let step = makeFeeds(library.Tensor, model, {past: 1});
    for (let past = 1; past <= count; past++) {
      const results = await session.run(step);
      const mask = new library.Tensor('int64', new BigInt64Array(past + 2).fill(1n), [1, past + 2]);
      step = {...step, attention_mask: mask};
      for (const [name, value] of Object.entries(results)) {
        if (name.startsWith('present.')) step[name.replace('present.', 'past_key_values.')] = value;
      }
    }
  };
  const fixed = makeFeeds(library.Tensor, model, {past: tokens / 2});
  const repeat = async (count) => {
    for (let i = 0; i < count; i++) await session.run(fixed);
  };
  const from = performance.now();
  while (performance.now() - from < Number(arg['warm-ms'])) await repeat(1);
  await generate(4);
  const linearBefore = linearMemory();
  const [, growingCpu] = await timed(() => generate(tokens));
  const linearGrowthMB = linearMemory() - linearBefore;
  const [, fixedCpu] = await timed(() => repeat(tokens / 4));
  return {cpuMs: growingCpu / tokens, fixedCpuMs: fixedCpu / (tokens / 4), linearGrowthMB};
}

async function timed(body) {
  const cpu = process.cpuUsage();
  const from = performance.now();
  await body();
  const wall = performance.now() - from;
  const used = process.cpuUsage(cpu);
  return [wall, (used.user + used.system) / 1000];
}

/** Keeps track of every WebAssembly memory that the process makes. */
function watchMemories() {
  const seen = new Set();
  const {Memory, instantiate, Instance} = WebAssembly;
  const collect = (instance) => {
    for (const value of Object.values(instance.exports)) if (value instanceof Memory) seen.add(value);
  };
  WebAssembly.Memory = new Proxy(Memory, {
    construct(target, args) {
      const memory = new target(...args);
      seen.add(memory);
      return memory;
    },
  });
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, args) {
      const instance = new target(...args);
      collect(instance);
      return instance;
    },
  });
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate(...args);
    collect(made.instance ?? made);
    return made;
  };
  return seen;
}

function linearMemory() {
  let total = 0;
  for (const memory of memories) total += memory.buffer.byteLength;
  return total / 2 ** 20;
}
