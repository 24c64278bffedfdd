// What is wrong with a file, said so that a user can act on it; and that whatever happens to one session, others still run.
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {env, InferenceSession, Tensor, type WebInferError} from 'webinfer';
import {model, RELU} from '../models.js';

env.wasm.numThreads = 1;

let other: InferenceSession;
beforeAll(async () => {
  other = await InferenceSession.create(RELU);
});
afterEach(async () => {
  const {y} = await other.run({x: new Tensor('float32', Float32Array.of(-1, 1, -2, 2), [1, 4])});
  expect(y.data).toEqual(Float32Array.of(0, 1, 0, 2));
});

async function failure(bytes: Uint8Array | string, options = {}): Promise<WebInferError> {
  return InferenceSession.create(bytes, options).then(
    () => {
      throw new Error('it was accepted');
    },
    (error) => error,
  );
}

const y = [{name: 'y', type: 'float32', dims: [2]}];
const x = [{name: 'x', type: 'float32', dims: [2]}];

describe.each([false, true])('bad models, with {worker: %s}', (worker) => {
  test.each([
    ['empty', new Uint8Array(0), {code: 'InvalidModel', actual: '0 bytes'}],
    ['truncated', RELU.slice(0, RELU.length - 9), {code: 'InvalidModel'}],
    ['noise', Uint8Array.from({length: 300}, (_, i) => (i * 7919) & 255), {code: 'InvalidModel'}],
    ['a web page', new TextEncoder().encode('<!DOCTYPE html><html></html>'), {code: 'LoadFailed', actual: 'HTML'}],
    [
      'a Git LFS pointer',
      new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
      {code: 'LoadFailed', hint: expect.stringContaining('git lfs pull')},
    ],
    [
      'an unknown operator',
      model([{op: 'Frobnicate', name: 'odd', inputs: ['x'], outputs: ['y']}], x, y),
      {
        code: 'Unsupported',
        op: expect.stringContaining('Frobnicate'),
        message: expect.stringMatching(/opset 17.*odd/s),
      },
    ],
    [
      'a cycle',
      model(
        [
          {op: 'Add', name: 'first', inputs: ['x', 'b'], outputs: ['a']},
          {op: 'Relu', name: 'second', inputs: ['a'], outputs: ['b']},
          {op: 'Relu', name: 'last', inputs: ['b'], outputs: ['y']},
        ],
        x,
        y,
      ),
      {code: 'InvalidModel', node: expect.stringMatching(/first|second/)},
    ],
    [
      'a value made by nobody',
      model([{op: 'Relu', name: 'lonely', inputs: ['nothing'], outputs: ['y']}], x, y),
      {code: 'InvalidModel', node: expect.stringContaining('lonely')},
    ],
    [
      'absurd dims',
      model([{op: 'Add', name: 'sum', inputs: ['x', 'w'], outputs: ['y']}], x, y, [
        {name: 'w', type: 'float32', dims: [2 ** 40, 2 ** 20], data: Float32Array.of(1)},
      ]),
      {code: expect.stringMatching(/InvalidModel|OutOfMemory/)},
    ],
    [
      'shapes that do not fit',
      model(
        [{op: 'MatMul', name: 'product', inputs: ['x', 'w'], outputs: ['y']}],
        [{name: 'x', type: 'float32', dims: [2, 3]}],
        y,
        [{name: 'w', type: 'float32', dims: [4, 5], data: new Float32Array(20)}],
      ),
      {code: 'ShapeMismatch', node: expect.stringContaining('product'), message: expect.stringMatching(/3.*4|4.*3/s)},
    ],
  ])('%s', async (_name, bytes, fields) => {
    const error = await failure(bytes, {worker});
    expect(error.name).toBe('WebInferError');
    expect(error).toMatchObject(fields);
  });
});

describe('bad addresses', () => {
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/page') response.writeHead(200, {'content-type': 'text/html'}).end('<!doctype html>');
      else if (request.url === '/model.onnx') response.end(RELU);
      else response.writeHead(404).end();
    });
    await new Promise<void>((done) => server.listen(0, done));
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  test('a missing file', async () => {
    expect(await failure('no/such/model.onnx')).toMatchObject({
      code: 'LoadFailed',
      message: expect.stringContaining('no/such/model.onnx'),
    });
  });
  test('404', async () => {
    expect(await failure(`${origin}/nothing.onnx`)).toMatchObject({code: 'LoadFailed', actual: 'HTTP 404 Not Found'});
  });
  test('a page instead of the model', async () => {
    expect(await failure(`${origin}/page`)).toMatchObject({code: 'LoadFailed', actual: 'HTML'});
  });
  test('no server', async () => {
    expect(await failure('http://localhost:1/model.onnx')).toMatchObject({
      code: 'LoadFailed',
      hint: expect.stringContaining('CORS'),
    });
  });
  test('a good address', async () => {
    const session = await InferenceSession.create(`${origin}/model.onnx`);
    expect(session.inputNames).toEqual(['x']);
    await session.release();
  });
});

test('1,000 create-run-release cycles leave memory flat', async () => {
  const input = new Tensor('float32', new Float32Array(4), [1, 4]);
  const cycle = async () => {
    const session = await InferenceSession.create(RELU);
    await session.run({x: input});
    await session.release();
  };
  // V8 counts the memories that instances leave behind only when it collects: without asking, some hundreds may still be owed.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const settled = async () => {
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((done) => setTimeout(done, 50));
    }
    return process.memoryUsage();
  };
  // V8's own bookkeeping takes 60 KB an instance until some 1,600 were made, then reuses it.
  for (let i = 0; i < 2000; i++) await cycle();
  const before = await settled();
  for (let i = 0; i < 1000; i++) await cycle();
  const after = await settled();
  expect(after.rss - before.rss).toBeLessThan(50 << 20);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(5 << 20);
}, 120000);
