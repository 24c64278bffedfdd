// Stored plans: the second create reads no model, and whatever is wrong with an entry, a session is made all the same.
import {mkdtemp, readdir, readFile, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {InferenceSession, type SessionOptions, Tensor} from 'webinfer';
import {model} from '../models.js';

const SIZE = 64;

/** y = relu(x W) + z, with weights that are packed. `external`: W is in a file. */
function product(scale: number, external?: string): Uint8Array {
  const w = Float32Array.from({length: SIZE * SIZE}, (_, i) => ((i % 13) - 6) * scale);
  const z = Float32Array.from({length: SIZE}, (_, i) => i);
  const weights = external ? {external: {location: external, offset: 0, length: w.byteLength}} : {data: w};
  return model(
    [
      {op: 'MatMul', inputs: ['x', 'w'], outputs: ['p']},
      {op: 'Relu', inputs: ['p'], outputs: ['r']},
      {op: 'Add', inputs: ['r', 'z'], outputs: ['y']},
    ],
    [{name: 'x', type: 'float32', dims: ['N', SIZE]}],
    [{name: 'y', type: 'float32', dims: ['N', SIZE]}],
    [
      {name: 'w', type: 'float32', dims: [SIZE, SIZE], ...weights},
      {name: 'z', type: 'float32', dims: [SIZE], data: z},
    ],
  );
}

const x = () =>
  new Tensor(
    'float32',
    Float32Array.from({length: 2 * SIZE}, (_, i) => Math.sin(i)),
    [2, SIZE],
  );

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webinfer-plans-'));
  path = join(folder, 'model.onnx');
  await writeFile(path, product(0.5));
});
afterEach(() => rm(folder, {recursive: true}));

interface Made {
  restored: boolean;
  y: Float32Array;
  session: InferenceSession;
}

async function make(source: string | Uint8Array, options: SessionOptions = {}): Promise<Made> {
  const planCache = {directory: join(folder, 'plans'), ...(options.planCache as object)};
  const session = await InferenceSession.create(source, {worker: false, ...options, planCache});
  const {y} = await session.run({x: x()});
  await session.release();
  return {restored: session.plan.restored, y: y.data, session};
}

const entries = async () => (await readdir(join(folder, 'plans'))).map((name) => join(folder, 'plans', name));

describe('a stored plan', () => {
  test.each([{worker: false}, {worker: true}, {intraOpNumThreads: 2}])(
    'gives the same session (%j)',
    async (options) => {
      const first = await make(path, options);
      const second = await make(path, options);
      expect([first.restored, second.restored]).toEqual([false, true]);
      expect(second.y).toEqual(first.y);
      expect(second.session.inputMetadata).toEqual(first.session.inputMetadata);
      expect(second.session.model).toEqual(first.session.model);
      expect(await entries()).toHaveLength(1);
    },
  );

  test('is not used for other options, and is made anew for a changed model', async () => {
    const {y} = await make(path);
    expect((await make(path, {deterministic: true})).restored).toBe(false);
    expect(await entries()).toHaveLength(2);
    await writeFile(path, product(0.25));
    const changed = await make(path);
    expect(changed.restored).toBe(false);
    expect(changed.y).not.toEqual(y);
    expect((await make(path)).y).toEqual(changed.y);
    expect(await entries()).toHaveLength(2);
  });

  test('goes by the key for bytes', async () => {
    const bytes = product(0.5);
    expect((await make(bytes)).restored).toBe(false);
    expect((await make(bytes)).restored).toBe(false);
    const planCache = {key: 'product 1'};
    expect((await make(bytes, {planCache})).restored).toBe(false);
    expect((await make(bytes, {planCache})).restored).toBe(true);
    expect((await make(bytes, {planCache: {key: 'product 2'}})).restored).toBe(false);
  });

  test('goes with the files beside the model', async () => {
    const weights = Float32Array.from({length: SIZE * SIZE}, (_, i) => (i % 13) - 6);
    await writeFile(path, product(0, 'weights.bin'));
    await writeFile(join(folder, 'weights.bin'), new Uint8Array(weights.buffer));
    const {y} = await make(path);
    expect(await make(path)).toMatchObject({restored: true, y});
    await writeFile(join(folder, 'weights.bin'), new Uint8Array(weights.map((w) => 2 * w).buffer));
    await utimes(join(folder, 'weights.bin'), 1, 1);
    const changed = await make(path);
    expect(changed.restored).toBe(false);
    expect(changed.y).not.toEqual(y);
  });

  test('that is damaged is passed over and replaced', async () => {
    const {y} = await make(path);
    const [entry] = (await entries()) as [string];
    const whole = await readFile(entry);
    const damages: [string, (bytes: Buffer) => Buffer][] = [
      ['empty', () => Buffer.alloc(0)],
      ['no prefix', (bytes) => bytes.subarray(0, 2)],
      ['a huge prefix', (bytes) => Buffer.concat([Buffer.alloc(4, 255), bytes.subarray(4)])],
      ['no JSON', (bytes) => Buffer.concat([bytes.subarray(0, 4), Buffer.from('}'), bytes.subarray(5)])],
      ['cut in the header', (bytes) => bytes.subarray(0, 60)],
      ['cut in the structure', (bytes) => bytes.subarray(0, 300)],
      ['cut in a weight', (bytes) => bytes.subarray(0, bytes.length - 5)],
      ['longer', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
      ...[30, 100, 500, whole.length - 1].map((at): [string, (bytes: Buffer) => Buffer] => [
        `changed at ${at}`,
        (bytes) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))),
      ]),
    ];
    for (const [name, damage] of damages) {
      await writeFile(entry, damage(whole));
      expect([name, await make(path)]).toMatchObject([name, {restored: false, y}]);
      expect((await stat(entry)).size).toBe(whole.length);
      expect([name, await make(path)]).toMatchObject([name, {restored: true, y}]);
    }
  });

  test('that cannot be written harms nobody', async () => {
    await writeFile(join(folder, 'plans'), 'a file where the folder should be');
    const first = await make(path);
    expect(await first.session.plan.stored).toBe(false);
    expect((await make(path)).y).toEqual(first.y);
  });

  test('is an option that is checked', async () => {
    await expect(InferenceSession.create(path, {planCache: 'yes' as never})).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
  });
});
