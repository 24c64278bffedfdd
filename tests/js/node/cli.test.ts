// The command line of the built package, as a user starts it.
import {execFile} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {RELU, slow} from '../models.js';

const CLI = fileURLToPath(new URL('../../../dist/cli/webinfer.mjs', import.meta.url));

interface Outcome {
  code: number;
  out: string;
  err: string;
}

function webinfer(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, out, err) => {
      resolve({code: error ? (error.code as number) : 0, out, err});
    });
  });
}

let folder: string;
let relu: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webinfer-'));
  relu = join(folder, 'relu.onnx');
  await writeFile(relu, RELU);
});
afterAll(() => rm(folder, {recursive: true}));

test('help names the commands', async () => {
  const {code, out} = await webinfer('--help');
  expect(code).toBe(0);
  expect(out).toMatch(/^ {2}inspect /m);
  expect((await webinfer('inspect', '--help')).out).toMatch(/^Usage: webinfer inspect /);
});

test('a wrong command line ends with code 2 and the usage', async () => {
  expect(await webinfer('bake')).toMatchObject({code: 2, err: expect.stringContaining('no command "bake"')});
  for (const args of [['inspect'], ['inspect', '--colour', relu]]) {
    expect(await webinfer(...args)).toMatchObject({code: 2, err: expect.stringContaining('Usage: webinfer inspect')});
  }
});

test('a failure ends with code 1 and its reason', async () => {
  const missing = join(folder, 'missing.onnx');
  expect(await webinfer('inspect', missing)).toMatchObject({code: 1, err: expect.stringContaining(missing)});
});

test('inspect prints a model in words, or as JSON', async () => {
  const {code, out} = await webinfer('inspect', relu);
  expect(code).toBe(0);
  expect(out).toMatch(/^ {2}x: float32\[N, 4\]$/m);
  expect(out).toMatch(/^ +1 {2}Relu$/m);
  const {out: json} = await webinfer('inspect', relu, '--json', '--shape', 'x=1000000,4');
  const {inputs, memory} = JSON.parse(json);
  expect(inputs[0]).toMatchObject({name: 'x', shape: ['N', 4]});
  expect(memory.total).toBeGreaterThan(16e6);
});

test('convert writes a model, whole or with its weights beside it', async () => {
  const out = join(folder, 'out.onnx');
  expect((await webinfer('convert', relu)).code).toBe(2);
  expect(await webinfer('convert', relu, '-o', out, '--optimize')).toMatchObject({code: 0});
  expect((await webinfer('inspect', out)).out).toMatch(/^ +1 {2}Relu$/m);
  const large = join(folder, 'large.onnx');
  await writeFile(large, slow(1, 64));
  expect((await webinfer('convert', large, '-o', out, '--external-data', 'out.data')).code).toBe(0);
  expect((await readFile(join(folder, 'out.data'))).byteLength).toBe(64 * 64 * 4);
  expect((await readdir(folder)).toSorted()).toEqual(['large.onnx', 'out.data', 'out.onnx', 'relu.onnx']);
});
