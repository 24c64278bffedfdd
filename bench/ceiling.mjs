// What the multiply-add units give when nothing else is in the way: a WebAssembly loop of independent sums in registers, in one
// thread or several at once. The yardstick of every share of the ceiling, taken in the same run as what is compared with it.
import {Worker} from 'node:worker_threads';
import {median} from './statistics.mjs';

const LANES = 12; // independent sums: enough to hide the latency of a multiply-add on two units
const STEPS = 4e6;

const leb = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
const simd = (op) => [0xfd, ...leb(op)];
const get = (i) => [0x20, i];
const set = (i) => [0x21, i];

/** (func $f (param i32) (result f32)): that many steps of LANES vector multiply-adds; relaxed ones, or product and sum. */
function loopModule(relaxed) {
  const [x, y] = [1 + LANES, 2 + LANES];
  const splat = (value) => [0x43, ...new Uint8Array(Float32Array.of(value).buffer), ...simd(0x13)];
  const body = [...splat(0.999), ...set(x), ...splat(0.001), ...set(y), 0x03, 0x40];
  for (let lane = 1; lane <= LANES; lane++) {
    const product = [...get(lane), ...get(x)];
    body.push(
      ...product,
      ...(relaxed ? [...get(y), ...simd(0x105)] : [...simd(0xe6), ...get(y), ...simd(0xe4)]),
      ...set(lane),
    );
  }
  body.push(...get(0), 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, ...get(1));
  for (let lane = 2; lane <= LANES; lane++) body.push(...get(lane), ...simd(0xe4));
  const code = [1, ...leb(LANES + 2), 0x7b, ...body, ...simd(0x1f), 0, 0x0b];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7d]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

const IN_WORKER = `
const {parentPort, workerData} = require('node:worker_threads');
const {f} = new WebAssembly.Instance(new WebAssembly.Module(workerData.bytes)).exports;
for (let i = 0; i < 20; i++) f(2e5);
parentPort.on('message', (steps) => { f(steps); parentPort.postMessage(0); });
parentPort.postMessage(0);`;

const answer = (worker) => new Promise((resolve) => worker.once('message', resolve));

/** GFLOP/s of wall time of `threads` threads together: median and best of some windows. */
export async function measureCeiling({threads = 1, relaxed = true} = {}) {
  const bytes = loopModule(relaxed);
  const workers = Array.from({length: threads}, () => new Worker(IN_WORKER, {eval: true, workerData: {bytes}}));
  await Promise.all(workers.map(answer));
  const rates = [];
  for (let window = 0; window < 15; window++) {
    const from = performance.now();
    await Promise.all(
      workers.map((worker) => {
        worker.postMessage(STEPS);
        return answer(worker);
      }),
    );
    rates.push((threads * STEPS * LANES * 8) / (performance.now() - from) / 1e6);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return {median: median(rates), best: Math.max(...rates)};
}
