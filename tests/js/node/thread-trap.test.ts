// A thread that traps in the middle of a run: the run rejects instead of waiting for it, and the process lives on.
//
// The thread's worker gets an engine of its own in which all operators are stubs, so that its first task traps. The operator is
// Softmax: products of matrices belong to the part of the engine that every subset keeps.
import {spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {reduceBinary} from '../../../js/src/subset/reduce.js';
import {softmaxes} from '../models.js';

const folder = mkdtempSync(join(tmpdir(), 'webinfer-trap-'));
afterAll(() => rmSync(folder, {recursive: true}));

test.each([false, true])('a trapped thread ends the run (in a worker: %s)', (worker) => {
  cpSync('dist', join(folder, 'dist'), {recursive: true});
  const variants = ['simd-threads', 'relaxed-threads'];
  for (const variant of variants) {
    const data = JSON.parse(readFileSync(`dist/subset/webinfer-${variant}.json`, 'utf8'));
    const binary = readFileSync(`dist/webinfer-${variant}.wasm`);
    writeFileSync(join(folder, `${variant}.wasm`), reduceBinary(binary, {...data, keep: []}).binary);
  }
  const thread = join(folder, 'dist/thread.node.mjs');
  writeFileSync(
    thread,
    `import {readFileSync as readStub} from 'node:fs';
import {parentPort as port0} from 'node:worker_threads';
const on = port0.on.bind(port0);
port0.on = (event, handler) => on(event, event !== 'message' ? handler : (data) => {
  if (data.wasmModule) {
    const variant = process.env.VARIANT;
    data = {...data, wasmModule: new WebAssembly.Module(readStub(${JSON.stringify(folder)} + '/' + variant + '.wasm'))};
  }
  handler(data);
});
${readFileSync(thread, 'utf8')}`,
  );
  writeFileSync(join(folder, 'model.onnx'), softmaxes(20, 512));
  writeFileSync(
    join(folder, 'run.mjs'),
    `import {capabilities, env, InferenceSession, Tensor} from './dist/webinfer.node.mjs';
env.wasm.numThreads = 2;
env.logLevel = 'fatal';
process.env.VARIANT = capabilities().variant;
const session = await InferenceSession.create('model.onnx', {worker: ${worker}});
const x = new Tensor('float32', new Float32Array(512 * 512), [512, 512]);
let failure = 'nothing';
for (let i = 0; i < 200 && failure === 'nothing'; i++) {
  await session.run({x}).catch((error) => { failure = error.code; });
  await new Promise((done) => setTimeout(done, 1));
}
const again = await session.run({x}).then(() => 'it ran', (error) => error.code);
console.log(failure, again);
process.exit(0);
`,
  );
  const {stdout, stderr, signal} = spawnSync(process.execPath, ['run.mjs'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 50000,
  });
  expect([signal, stdout.trim(), stderr]).toEqual([null, 'Crashed Crashed', expect.anything()]);
});
