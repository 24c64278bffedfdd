// The package in an empty folder, in Node 20, 22 and 24: import, require, the ten lines of the README, a worker, threads.
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {cacheFolder} from '../models/folders.mjs';
import {assert, assertEqual, Report, Skip} from '../report.mjs';
import {EXPECTED, freshProject, INPUT, MODEL} from './lib/project.mjs';

const report = new Report();
const RUN = `
const session = await InferenceSession.create('model.onnx', {worker});
const {y} = await session.run({x: new Tensor('float32', Float32Array.from(${JSON.stringify(INPUT)}), [2, 3])});
await session.release();
console.log(JSON.stringify({data: Array.from(y.data), variant: capabilities().variant}));
`;
let project;
await report.test('installs', () => {
  project = freshProject('node', [], {
    'model.onnx': MODEL,
    'import.mjs': `import {InferenceSession, Tensor, capabilities, env} from 'webinfer';\nconst worker = false;\n${RUN}`,
    'worker.mjs': `import {InferenceSession, Tensor, capabilities, env} from 'webinfer';\nconst worker = true;\n${RUN}`,
    'threads.mjs': `import {InferenceSession, Tensor, capabilities, env} from 'webinfer';\nenv.wasm.numThreads = 2;\nconst worker = false;\n${RUN}`,
    'worker-threads.mjs': `import {InferenceSession, Tensor, capabilities, env} from 'webinfer';\nenv.wasm.numThreads = 2;\nconst worker = true;\n${RUN}`,
    'require.cjs': `const {InferenceSession, Tensor, capabilities, env} = require('webinfer');\nconst worker = false;\n(async () => {${RUN}})();`,
    'both.mjs': `import {createRequire} from 'node:module';
import {Tensor} from 'webinfer';
console.log(JSON.stringify({same: createRequire(import.meta.url)('webinfer').Tensor === Tensor}));`,
    // Server rendering imports the browser's build; it must not look for a page.
    'server.mjs': `const before = Object.keys(globalThis);
for (const name of ['self', 'window', 'document', 'location']) {
  Object.defineProperty(globalThis, name, {get() { throw new Error(name + ' was touched'); }, configurable: true});
}
const {Tensor} = await import('./node_modules/webinfer/dist/webinfer.mjs');
console.log(JSON.stringify({size: new Tensor('float32', [1, 2]).size}));`,
  });
});

function nodeOf(version) {
  const own = process.versions.node.split('.')[0] === String(version);
  const binary = own ? process.execPath : join(cacheFolder, `node-${version}/node_modules/.bin/node`);
  if (!existsSync(binary)) throw new Skip(`no Node.js ${version} here: script/bootstrap installs it`);
  return binary;
}

function run(version, script) {
  const {stdout, stderr, status} = spawnSync(nodeOf(version), [script], {
    cwd: project,
    encoding: 'utf8',
    timeout: 60000,
  });
  assert(status === 0, `${script} ended with ${status}: ${stderr}`);
  assertEqual(stderr, '', `${script} on the error output`);
  return JSON.parse(stdout);
}

if (project) {
  for (const version of [20, 22, 24]) {
    const build = version === 20 ? 'simd' : 'relaxed';
    for (const script of ['import.mjs', 'require.cjs', 'worker.mjs']) {
      await report.test(`Node ${version}: ${script}`, () =>
        assertEqual(run(version, script), {data: EXPECTED, variant: build}, script),
      );
    }
    for (const script of ['threads.mjs', 'worker-threads.mjs']) {
      await report.test(`Node ${version}: ${script}`, () =>
        assertEqual(run(version, script), {data: EXPECTED, variant: `${build}-threads`}, script),
      );
    }
    await report.test(`Node ${version}: import and require share one module`, () =>
      assertEqual(run(version, 'both.mjs'), {same: true}, 'Tensor'),
    );
    await report.test(`Node ${version}: the browser's build imports without a page`, () =>
      assertEqual(run(version, 'server.mjs'), {size: 2}, 'server'),
    );
  }
  await report.test('declarations serve TypeScript', () => {
    const program = `import {InferenceSession, Tensor, type Capabilities, capabilities} from 'webinfer';
const found: Capabilities = capabilities();
const session: InferenceSession = await InferenceSession.create(new Uint8Array(4), {worker: 'auto', signal: AbortSignal.timeout(9)});
const data: Float32Array = new Tensor('float32', [1], [1]).data;
const results = await session.run({x: new Tensor('int64', [1n])}, ['y']);
console.log(found.variant, data, results.y.dims);`;
    execFileSync(process.execPath, ['-e', `require('fs').writeFileSync('use.ts', ${JSON.stringify(program)})`], {
      cwd: project,
    });
    const tsc = new URL('../../node_modules/typescript/bin/tsc', import.meta.url).pathname;
    for (const [module, resolution] of [
      ['ESNext', 'Bundler'],
      ['NodeNext', 'NodeNext'],
    ]) {
      const args = [
        tsc,
        '--noEmit',
        '--strict',
        '--target',
        'es2022',
        '--lib',
        'es2022,dom,esnext.disposable',
        '--module',
        module,
        '--moduleResolution',
        resolution,
        'use.ts',
      ];
      const {stdout, status} = spawnSync(process.execPath, args, {cwd: project, encoding: 'utf8'});
      assert(status === 0, `${resolution}: ${stdout}`);
    }
  });
}
report.finish();
