// `webinfer build`: the package it writes runs its model as the whole engine does, in fewer bytes, and names what others miss.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {RELU, SUM_AND_DIFFERENCE, slow} from '../models.js';

const CLI = join(process.cwd(), 'dist/cli/webinfer.mjs');
const folder = mkdtempSync(join(tmpdir(), 'webinfer-subset-'));
afterAll(() => rmSync(folder, {recursive: true}));

function node(...args: string[]): {status: number | null; output: string} {
  const {status, stdout, stderr} = spawnSync(process.execPath, args, {cwd: folder, encoding: 'utf8'});
  return {status, output: stdout + stderr};
}

/** Runs a model of one input in the subset; the output's elements, or the error. */
function run(file: string, threads: number): string {
  const script = `
import {env, InferenceSession, Tensor} from './subset/dist/webinfer.node.mjs';
env.wasm.numThreads = ${threads};
try {
  const session = await InferenceSession.create('${file}');
  const dims = session.inputMetadata[0].shape.map((size) => (typeof size === 'number' ? size : 2));
  const x = new Tensor('float32', Float32Array.from({length: dims[0] * dims[1]}, (_, i) => i - 3), dims);
  const {y} = await session.run({x});
  console.log(Array.from(y.data.slice(0, 8)).join(' '));
  await session.release();
} catch (error) {
  console.log(error.code, error.message);
}`;
  writeFileSync(join(folder, 'run.mjs'), script);
  return node('run.mjs').output.trim();
}

describe('a subset build', () => {
  beforeAll(() => {
    writeFileSync(join(folder, 'relu.onnx'), RELU);
    writeFileSync(join(folder, 'sum.onnx'), SUM_AND_DIFFERENCE);
    writeFileSync(join(folder, 'slow.onnx'), slow(2, 64));
    const {status, output} = node(CLI, 'build', 'relu.onnx', '-o', 'subset');
    expect([status, output]).toEqual([0, expect.stringContaining('ai.onnx.Relu')]);
  });

  test('runs its model', () => {
    for (const threads of [1, 2]) expect(run('relu.onnx', threads)).toBe('0 0 0 0 1 2 3 4');
  });

  test('names what another model misses', () => {
    expect(run('slow.onnx', 1)).toMatch(
      /^Unsupported 1 operator is missing: ai\.onnx\.MatMul \(opset 17, 2 nodes: "product_0"/,
    );
    expect(run('sum.onnx', 1)).toMatch(/^Unsupported 2 operators are missing: ai\.onnx\.Add .*ai\.onnx\.Sub/);
  });

  test('is much smaller in every variant, and has no decoders of images', () => {
    const files = readdirSync('dist').filter((name) => name.endsWith('.wasm') && !name.includes('codec'));
    expect(files.length).toBeGreaterThan(0);
    expect(
      readdirSync(join(folder, 'subset/dist'))
        .filter((name) => name.endsWith('.wasm'))
        .sort(),
    ).toEqual(files.sort());
    for (const name of files) {
      expect(statSync(join(folder, 'subset/dist', name)).size).toBeLessThan(statSync(join('dist', name)).size * 0.6);
    }
  });

  test('has the operators of several models', () => {
    expect(node(CLI, 'build', 'relu.onnx', 'slow.onnx', '-o', 'subset').status).toBe(0);
    expect(run('relu.onnx', 1)).toBe('0 0 0 0 1 2 3 4');
    expect(run('slow.onnx', 1)).toMatch(/^[-\d. e]+$/);
  });

  test('refuses a wrong command line', () => {
    expect(node(CLI, 'build')).toMatchObject({status: 2});
    expect(node(CLI, 'build', 'relu.onnx', '--variant', 'fast')).toMatchObject({status: 2});
    expect(node(CLI, 'build', 'relu.onnx', '--dimension', 'N')).toMatchObject({status: 2});
    expect(node(CLI, 'build', 'missing.onnx')).toMatchObject({status: 1});
  });
});
