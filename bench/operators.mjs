// Single operators at natural sizes (operator-sizes.mjs) beside onnxruntime-web, in one process on one thread: both sessions of an
// operator are warm, then windows of runs alternate; the fastest of each counts, because other programs only slow a window. A ratio is onnxruntime-web's CPU time over webinfer's.
//   node bench/operators.mjs [REGEXP] [--rounds 7] [--window-ms 40]
// Without REGEXP it writes docs/compatibility/operator-speed.md.
import {writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {parseArgs} from 'node:util';
import * as ort from 'onnxruntime-web';
import * as webinfer from 'webinfer';
import {fill, graphOf, instancesOf, loadDescriptions, storedTensor} from '../tests/operators/case.mjs';
import {encodeModel} from './models/onnx-writer.mjs';
import {sizes} from './operator-sizes.mjs';
import {geometricMean, median} from './statistics.mjs';
import {table} from './tables.mjs';

const {values: arg, positionals} = parseArgs({
  allowPositionals: true,
  options: {rounds: {type: 'string', default: '7'}, 'window-ms': {type: 'string', default: '40'}},
});
const DOC = new URL('../docs/compatibility/operator-speed.md', import.meta.url);
const OPSETS = [26, 23, 21, 18, 16, 11]; // the newest for which onnxruntime-web has a kernel
const DOMAINS = {'ai.onnx.ml': 3, 'com.microsoft': 1};
const SLOWEST = 0.3;
const REASONS = `Below ${SLOWEST}x, and why:
- And, Or, Xor (and slowly Not, Equal, Less, Greater): the one elementwise engine computes with masks of 32 bits and narrows them to bytes
  behind; onnxruntime works on bytes. 400,000 elements take 0.3 ms, and none where they are fused with their neighbours.
- AffineGrid: every coordinate is computed in the general form for two and three axes, in scalar code.
- MaxUnpool: every index is moved from the implied shape to the output's by divisions, also where the two are equal.`;

for (const {env} of [ort, webinfer]) env.wasm.numThreads = 1;
ort.env.logLevel = 'fatal';
const QUIET = {logSeverityLevel: 4};

async function open(library, bytes, filled) {
  const session = await library.InferenceSession.create(bytes, {executionProviders: ['wasm'], ...QUIET});
  const feeds = {};
  for (const {name, value, constant} of filled.inputs.filter(Boolean)) {
    const {type, dims, data} = storedTensor(value, '');
    if (!constant) feeds[name] = new library.Tensor(type, data, dims);
  }
  return {session, run: () => session.run(feeds)};
}

/** The model at the newest opset that onnxruntime-web runs, and a session of it. */
async function openTheirs(description, filled) {
  let failure;
  for (const opset of description.oracleOpset ? [description.oracleOpset, ...OPSETS] : OPSETS) {
    const {domain} = description;
    const bytes = encodeModel(graphOf(description, filled), opset, domain ? {[domain]: DOMAINS[domain] ?? 1} : {});
    try {
      const theirs = await open(ort, bytes, filled);
      await theirs.run();
      return {bytes, theirs};
    } catch (error) {
      failure ??= error;
    }
  }
  throw new Error(`onnxruntime-web: ${failure.message.split('\n')[0]}`);
}

/** CPU milliseconds per run over a window of at least `ms`. */
async function measure(run, ms) {
  const from = performance.now();
  const cpu = process.cpuUsage();
  let runs = 0;
  do {
    await run();
    runs++;
  } while (performance.now() - from < ms);
  const {user, system} = process.cpuUsage(cpu);
  return (user + system) / 1000 / runs;
}

async function compare(description) {
  const [instance] = instancesOf({...description, variant: 'natural', couple: undefined});
  const filled = fill(instance);
  const {bytes, theirs} = await openTheirs(description, filled);
  const ours = await open(webinfer, bytes, filled);
  const window = Number(arg['window-ms']);
  for (let i = 0; i < 3; i++) for (const {run} of [theirs, ours]) await measure(run, window);
  const pairs = [];
  for (let round = 0; round < Number(arg.rounds); round++) {
    const order = round % 2 ? [ours, theirs] : [theirs, ours];
    const [first, second] = [await measure(order[0].run, window), await measure(order[1].run, window)];
    pairs.push(round % 2 ? [second, first] : [first, second]);
  }
  for (const {session} of [theirs, ours]) await session.release();
  const [theirMs, ourMs] = [0, 1].map((side) => Math.min(...pairs.map((pair) => pair[side])));
  return {theirs: theirMs, ours: ourMs, ratio: theirMs / ourMs};
}

/** A description at its natural size; what the size does not say is the description's. */
function naturalOf(description) {
  const {op, variant, domain} = description;
  const name = `${domain ? `${domain}.` : ''}${op}${variant ? `:${variant}` : ''}`;
  const size = description.natural ?? sizes[name];
  if (!size) return undefined;
  return {...description, ...size, name};
}

const pattern = new RegExp(positionals[0] ?? '');
const natural = (await loadDescriptions())
  .map(naturalOf)
  .filter((description) => description && pattern.test(description.name));
const rows = [];
for (const description of natural) {
  try {
    rows.push({name: description.name, ...(await compare(description))});
  } catch (error) {
    rows.push({name: description.name, error: error.message.split('\n')[0].slice(0, 160)});
  }
  const {name, theirs, ours, ratio, error} = rows.at(-1);
  console.log(error ? `${name}\t${error}` : `${name}\t${theirs.toFixed(3)}\t${ours.toFixed(3)}\t${ratio.toFixed(2)}`);
}
const measured = rows.filter((row) => row.ratio).sort((a, b) => a.ratio - b.ratio);
const ratios = measured.map((row) => row.ratio);
const summary = `${measured.length} operators: median ${median(ratios).toFixed(2)}x, geometric mean ${geometricMean(ratios).toFixed(2)}x, ${ratios.filter((r) => r < 1).length} below 1x, ${ratios.filter((r) => r < SLOWEST).length} below ${SLOWEST}x`;
console.log(summary);
if (!positionals[0]) {
  const ms = (value) => value.toFixed(value < 1 ? 3 : 2);
  const without = rows.filter((row) => row.error?.startsWith('onnxruntime-web')).map((row) => row.name);
  const text = `# Single operators beside onnxruntime-web

\`script/bench --ops\` writes this: one natural size for each operator (\`bench/operator-sizes.mjs\`), ${cpus()[0].model}, Node ${process.version}, one thread,
CPU ms per run with feeding and fetching, the fastest of ${arg.rounds} alternating windows. The slowest come first.

**${summary}.** Not run by onnxruntime-web: ${without.join(', ') || 'none'}.

${REASONS}

${table(
  ['operator', 'onnxruntime-web', 'webinfer', 'ratio'],
  measured.map((row) => [row.name, ms(row.theirs), ms(row.ours), row.ratio.toFixed(2)]),
)}
`;
  writeFileSync(DOC, text);
}
process.exit(0);
