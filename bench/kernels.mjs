// Runs bench/cpp/bench_kernels of the plain and the relaxed build, and writes its figures as a table into docs/performance.md.
// Each build runs in several processes, of which the best counts: V8 may leave a hot function in baseline code for a process' life.
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {cpus} from 'node:os';
import {table, updatePerformanceDoc} from './tables.mjs';

const PROCESSES = 4;
const ROUNDS = 8;
const programOf = (build) => `build/bench/${build}/bench/cpp/bench_kernels.cjs`;
const BUILDS = ['wasm-simd', 'wasm-relaxed'].filter((build) => existsSync(programOf(build)));
const filter = process.argv[2];

/** The cases of one process. */
function measure(build) {
  const args = [programOf(build), '--json', '--rounds', String(ROUNDS), ...(filter ? [filter] : [])];
  return execFileSync(process.execPath, args, {encoding: 'utf8'})
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const key = (c) => `${c.group}|${c.name}|${c.kernel}`;

/** Maps each case to its best speeds in each build. */
function measureAll() {
  const best = new Map();
  for (let i = 0; i < PROCESSES; i++) {
    for (const build of BUILDS) {
      process.stderr.write(`\rprocess ${i + 1} of ${PROCESSES}: ${build.padEnd(14)}`);
      for (const c of measure(build)) {
        const entry = best.get(key(c)) ?? {...c, speeds: BUILDS.map(() => ({ours: 0, theirs: 0}))};
        const speed = entry.speeds[BUILDS.indexOf(build)];
        speed.ours = Math.max(speed.ours, c.ours);
        speed.theirs = Math.max(speed.theirs, c.theirs);
        best.set(key(c), entry);
      }
    }
  }
  process.stderr.write(`${'\r'.padEnd(40)}\r`);
  return [...best.values()];
}

const [ceiling, ...cases] = measureAll();
const ratio = ({ours, theirs}) => (theirs ? (ours / theirs).toFixed(2) : '');
const cells = (speed, build) => [
  speed.ours.toFixed(1),
  `${((100 * speed.ours) / ceiling.speeds[build].ours).toFixed(0)} %`,
  speed.theirs ? speed.theirs.toFixed(1) : '',
  speed.ours < 0.95 * speed.theirs ? `**${ratio(speed)}**` : ratio(speed),
];
const rows = cases.map((c) => [c.group, c.name, c.kernel, ...c.speeds.flatMap(cells)]);
const columns = ['', '% of ceiling', 'XNNPACK', 'ratio'];
const head = [
  '',
  'shape',
  'kernel',
  ...BUILDS.flatMap((build) => columns.map((name) => `${build.slice(5)} ${name}`.trim())),
];
const ceilings = BUILDS.map((build, i) => `${ceiling.speeds[i].ours.toFixed(1)} in ${build}`).join(', ');
const text = [
  `${cpus()[0].model}, Node ${process.version}, one thread, GFLOP/s: the best of ${PROCESSES} processes with ${ROUNDS} windows of 2 ms per case, ours and XNNPACK's alternating. The ceiling is a loop of nothing but float multiply-adds in registers: ${ceilings}. Winograd's figures are the direct method's operations over its time. For pooling an operation is an input value taken; 8-bit figures are integer operations, XNNPACK's those of its qs8 convolution. Bold: XNNPACK is more than 5 % faster.`,
  table(head, rows),
].join('\n\n');
console.log(text);
if (!filter) updatePerformanceDoc(text, 'script/bench --kernels');
