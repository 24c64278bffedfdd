// Where the time of models goes: webinfer's profiler over repeated runs, the fastest of each step counting, with operations
// from the shapes of the plan and the share of a bare multiply-add loop's rate measured around them.
//   node bench/profile.mjs [--simd fixed] [--json FILE] [--top N] MODEL...
import {readFileSync, writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {parseArgs} from 'node:util';
import * as webinfer from 'webinfer';
import {catalog} from '../tests/models/catalog.mjs';
import {makeFeeds} from '../tests/models/inputs.mjs';
import {measureCeiling} from './ceiling.mjs';
import {FURTHER, HEADLINE} from './lists.mjs';
import {median} from './statistics.mjs';
import {table, updatePerformanceDoc} from './tables.mjs';

const WARM_MS = 1500;
const RUNS = 25;
/** Their bodies' nodes have entries of their own. */
const CONTROL_FLOW = new Set(['If', 'Loop', 'Scan']);

const product = (dims) => dims.reduce((a, b) => a * b, 1);

/** Multiplications and additions of a step from the shapes of its outputs and inputs; 0 where they are not what costs. */
export function operationsOf({op, outputs, inputs}) {
  const [out, a, b] = [outputs[0], inputs[0], inputs[1]];
  if (!out || !a) return 0;
  switch (op) {
    case 'Conv':
    case 'IntegerConv':
      return b ? 2 * product(out) * product(b.slice(1)) : 0;
    case 'ConvTranspose':
      return b ? 2 * product(a) * product(b.slice(1)) : 0;
    case 'MatMul':
    case 'Gemm':
    case 'IntegerMatMul':
    case 'MatMulNBits':
      return 2 * product(out) * a.at(-1);
    default:
      return 0;
  }
}

/** The steps of dumpText(): operator, node, shapes. */
export function stepsOf(text) {
  const shapes = (list) =>
    [...list.matchAll(/(?:[a-z]\w*\[([\d,]*)\]|-|sequence|optional)(?:, |$)/g)].map(([, dims]) =>
      dims?.split(',').filter(Boolean).map(Number),
    );
  const steps = [];
  for (const line of text.slice(text.lastIndexOf('\narena ')).split('\n')) {
    const match = /^(.*?) = (?:([\w.]+)\.)?(\w+)\((.*?)\)(?: deferred)?(?: {2}# (.*))?$/.exec(line);
    if (match) steps.push({op: match[3], node: match[5] ?? '', outputs: shapes(match[1]), inputs: shapes(match[4])});
  }
  return steps;
}

/** Profile entries with their shapes; both lists are in the order of execution. */
function join(entries, steps) {
  let next = 0;
  return entries.map((entry) => {
    const at = steps.findIndex((step, i) => i >= next && step.op === entry.op && step.node === entry.node);
    if (at >= 0) next = at + 1;
    return {...entry, outputs: [], inputs: [], ...steps[at]};
  });
}

export async function profileModel(name) {
  const model = catalog([name])[name];
  const session = await webinfer.InferenceSession.create(readFileSync(model.path), {worker: false});
  const feeds = makeFeeds(webinfer.Tensor, model);
  for (const from = performance.now(); performance.now() - from < WARM_MS; ) await session.run(feeds);
  const shares = [];
  const walls = [];
  let fastest;
  for (let run = 0; run < RUNS; run++) {
    session.startProfiling();
    const from = performance.now();
    await session.run(feeds);
    const wall = performance.now() - from;
    const entries = (await session.endProfiling()).filter(({op}) => !CONTROL_FLOW.has(op));
    walls.push(wall);
    shares.push(entries.reduce((sum, entry) => sum + entry.microseconds, 0) / 1000 / wall);
    fastest ??= entries;
    fastest.forEach((entry, i) => {
      entry.microseconds = Math.min(entry.microseconds, entries[i].microseconds);
    });
  }
  const steps = join(fastest, stepsOf(await session.dumpText())).map((step) => ({
    ...step,
    operations: operationsOf(step),
  }));
  await session.release();
  return {model: name, wallMs: median(walls), attributed: median(shares), steps};
}

const shape = (dims) => (dims ? dims.join('x') : '');

/** The most expensive steps as rows of a table. */
function stepRows({steps}, ceiling, count) {
  const total = steps.reduce((sum, step) => sum + step.microseconds, 0);
  return [...steps]
    .sort((a, b) => b.microseconds - a.microseconds)
    .slice(0, count)
    .map(({op, node, microseconds, operations, inputs, outputs}) => {
      const rate = operations / microseconds / 1000;
      const shapes = `${shape(inputs[0])}${operations && inputs[1] ? ` * ${shape(inputs[1])}` : ''} -> ${shape(outputs[0])}`;
      return [
        `${op} ${node}`,
        shapes,
        microseconds.toFixed(0),
        `${((100 * microseconds) / total).toFixed(1)} %`,
        ...(operations ? [rate.toFixed(1), `${((100 * rate) / ceiling).toFixed(0)} %`] : ['', '']),
      ];
    });
}

/** Time by operator: [operator, count, share]. */
function operatorShares({steps}) {
  const total = steps.reduce((sum, step) => sum + step.microseconds, 0);
  const sums = new Map();
  for (const {op, microseconds} of steps) {
    const [count, sum] = sums.get(op) ?? [0, 0];
    sums.set(op, [count + 1, sum + microseconds]);
  }
  return [...sums]
    .sort((a, b) => b[1][1] - a[1][1])
    .map(([op, [count, sum]]) => `${count} ${op} ${((100 * sum) / total).toFixed(1)} %`);
}

export function profileTables(profiles, ceiling, count) {
  return profiles
    .map((profile) => {
      const {model, wallMs, attributed} = profile;
      const head = `**${model}**: ${wallMs.toFixed(2)} ms a profiled run, ${(100 * attributed).toFixed(1)} % of it in named steps: ${operatorShares(profile).slice(0, 6).join(', ')}.`;
      const columns = ['step', 'shapes', 'us', 'of the run', 'GFLOP/s', 'of the ceiling'];
      return `${head}\n\n${table(columns, stepRows(profile, ceiling, count))}`;
    })
    .join('\n\n');
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const {values: arg, positionals} = parseArgs({
    allowPositionals: true,
    options: {simd: {type: 'string'}, json: {type: 'string'}, top: {type: 'string', default: '10'}},
  });
  webinfer.env.wasm.numThreads = 1;
  if (arg.simd) webinfer.env.wasm.simd = arg.simd;
  const relaxed = arg.simd !== 'fixed';
  const profiles = [];
  const ceilings = [(await measureCeiling({relaxed})).best];
  for (const name of positionals.length ? positionals : [...HEADLINE, ...FURTHER]) {
    profiles.push(await profileModel(name));
    ceilings.push((await measureCeiling({relaxed})).best);
  }
  const ceiling = Math.max(...ceilings);
  if (arg.json) writeFileSync(arg.json, JSON.stringify({ceiling, profiles}));
  const tables = `${cpus()[0].model}, Node ${process.version}, one thread. The fastest of ${RUNS} runs counts for each step. The ceiling is a bare loop of multiply-adds in registers: ${ceiling.toFixed(1)} GFLOP/s. Operations are the direct method's, so Winograd's convolutions pass the ceiling.\n\n${profileTables(profiles, ceiling, Number(arg.top))}`;
  console.log(tables);
  if (!positionals.length && !arg.simd) updatePerformanceDoc(tables, 'script/bench --profile');
}
