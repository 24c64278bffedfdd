// Sessions of the built package, on this thread and in a worker: the whole surface on models whose results are known.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {jest} from '@jest/globals';
import {env, InferenceSession, Tensor, WebInferError} from 'webinfer';
import {ANY_ROWS, model, RELU, SUM_AND_DIFFERENCE, slow} from '../models.js';

env.wasm.numThreads = 1;

const x = () => new Tensor('float32', Float32Array.of(-1, 2, -3, 4), [1, 4]);
const RELU_OF_X = Float32Array.of(0, 2, 0, 4);

async function rejection(promise: Promise<unknown>): Promise<WebInferError> {
  const error = await promise.then(
    () => new Error('it was fulfilled'),
    (reason) => reason,
  );
  return error as WebInferError;
}

describe('create takes', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webinfer-'));
    await writeFile(join(folder, 'model.onnx'), RELU);
  });
  afterAll(() => rm(folder, {recursive: true}));

  const padded = new Uint8Array(RELU.length + 20);
  padded.set(RELU, 7);
  const stream = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let i = 0; i < RELU.length; i += 10) controller.enqueue(RELU.slice(i, i + 10));
        controller.close();
      },
    });
  const forms: Record<string, () => Promise<InferenceSession>> = {
    'a path': () => InferenceSession.create(join(folder, 'model.onnx')),
    'a file URL': () => InferenceSession.create(pathToFileURL(join(folder, 'model.onnx'))),
    'a data URL': () =>
      InferenceSession.create(`data:application/octet-stream;base64,${Buffer.from(RELU).toString('base64')}`),
    'a Uint8Array': () => InferenceSession.create(RELU),
    'an ArrayBuffer': () => InferenceSession.create(RELU.slice().buffer, {}),
    'a SharedArrayBuffer': () => {
      const shared = new SharedArrayBuffer(RELU.length);
      new Uint8Array(shared).set(RELU);
      return InferenceSession.create(shared);
    },
    'a buffer with offset': () => InferenceSession.create(padded.slice(0, 7 + RELU.length).buffer, 7),
    'a buffer with offset and length': () => InferenceSession.create(padded.buffer, 7, RELU.length, {}),
    'a Blob': () => InferenceSession.create(new Blob([RELU as BlobPart])),
    'a Response': () => InferenceSession.create(new Response(RELU as BodyInit)),
    'a stream': () => InferenceSession.create(stream()),
  };
  test.each(Object.entries(forms))('%s', async (_name, create) => {
    const session = await create();
    expect((await session.run({x: x()})).y.data).toEqual(RELU_OF_X);
    await session.release();
  });

  test.each([
    [[undefined], TypeError, "Unexpected argument[0]: must be 'path' or 'buffer'."],
    [[RELU, 'options'], TypeError, "'options' must be an object."],
    [[padded.buffer, 1.5], RangeError, "'byteOffset' must be an integer."],
    [[padded.buffer, padded.length], RangeError, `'byteOffset' is out of range [0, ${padded.length}).`],
    [[padded.buffer, 7, 0], RangeError, `'byteLength' is out of range (0, ${padded.length - 7}].`],
    [[padded.buffer, 7, 'long'], TypeError, "'byteLength' must be a number."],
  ])('and refuses %#', async (args, kind, message) => {
    const create = InferenceSession.create as (...args: unknown[]) => Promise<InferenceSession>;
    const error = await rejection(create(...args));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toBe(message);
  });

  test('reports progress', async () => {
    const phases: unknown[] = [];
    const session = await InferenceSession.create(RELU, {onProgress: (progress) => phases.push(progress)});
    const total = RELU.length;
    expect(phases).toEqual([
      {phase: 'engine', loaded: 0, total},
      {phase: 'model', loaded: total, total},
      {phase: 'prepare', loaded: total, total},
    ]);
    await session.release();
  });

  test('an abort', async () => {
    const controller = new AbortController();
    const pending = InferenceSession.create(RELU, {signal: controller.signal});
    const reason = new Error('not needed any more');
    controller.abort(reason);
    expect(await rejection(pending)).toBe(reason);
    expect(await rejection(InferenceSession.create(RELU, {signal: controller.signal}))).toBe(reason);
  });
});

describe.each([false, true])('with {worker: %s}', (worker) => {
  let session: InferenceSession;
  beforeAll(async () => {
    session = await InferenceSession.create(SUM_AND_DIFFERENCE, {worker});
  });
  afterAll(() => session.release());

  const feeds = () => ({a: new Tensor('float32', [5, 7]), b: new Tensor('float32', [1, 2])});

  test('names and metadata', () => {
    expect(session.inputNames).toEqual(['a', 'b']);
    expect(session.outputNames).toEqual(['sum', 'difference']);
    expect(session.inputMetadata[1]).toEqual({name: 'b', isTensor: true, type: 'float32', shape: ['N']});
    expect(session.model.opsets).toEqual({'': 17});
  });

  test('all outputs', async () => {
    const {sum, difference} = await session.run(feeds());
    expect(sum.data).toEqual(Float32Array.of(6, 9));
    expect(difference.data).toEqual(Float32Array.of(4, 5));
    expect(sum.dims).toEqual([2]);
    expect(sum).toBeInstanceOf(Tensor);
  });

  test('outputs by name, then of another size', async () => {
    expect(Object.keys(await session.run(feeds(), ['difference']))).toEqual(['difference']);
    const a = new Tensor('float32', [1, 2, 3]);
    expect((await session.run({a, b: a})).sum.data).toEqual(Float32Array.of(2, 4, 6));
  });

  test('an output into a tensor of the caller', async () => {
    const data = new Float32Array(2);
    const sum = new Tensor('float32', data, [2]);
    const results = await session.run(feeds(), {sum, difference: null});
    expect(results.sum).toBe(sum);
    expect(data).toEqual(Float32Array.of(6, 9));
    const small = new Tensor('float32', [0]);
    const error = await rejection(session.run(feeds(), {sum: small}));
    expect(error).toMatchObject({code: 'ShapeMismatch', expected: 'float32[2]', actual: 'float32[1]'});
  });

  test('runs queue', async () => {
    const results = await Promise.all(
      Array.from({length: 20}, (_, i) => session.run({a: new Tensor('float32', [i]), b: new Tensor('float32', [1])})),
    );
    expect(results.map(({sum}) => sum.data[0])).toEqual(Array.from({length: 20}, (_, i) => i + 1));
  });

  test('feeds are neither changed nor taken away', async () => {
    const {a, b} = feeds();
    await session.run({a, b});
    expect(a.data).toEqual(Float32Array.of(5, 7));
  });

  test('kept outputs are fed back', async () => {
    const keeper = await InferenceSession.create(SUM_AND_DIFFERENCE, {
      worker,
      preferredOutputLocation: {sum: 'cpu-pinned'},
    });
    const one = new Tensor('float32', [1, 1]);
    let {sum, difference} = await keeper.run({a: one, b: one});
    expect([sum.location, difference.location]).toEqual(['cpu-pinned', 'cpu']);
    for (let i = 0; i < 5; i++) {
      const next = await keeper.run({a: sum, b: one});
      sum.dispose();
      sum = next.sum;
    }
    expect(await sum.getData()).toEqual(Float32Array.of(7, 7));
    if (worker) expect(() => sum.data).toThrow('in the memory of a worker');
    else expect(sum.data).toEqual(Float32Array.of(7, 7));
    sum.dispose();
    expect(await rejection(keeper.run({a: sum, b: one}))).toMatchObject({code: 'Released'});
    await keeper.release();
  });

  test('a kept tensor that is input and output is written over', async () => {
    const keeper = await InferenceSession.create(SUM_AND_DIFFERENCE, {
      worker,
      preferredOutputLocation: {sum: 'cpu-pinned'},
    });
    const one = new Tensor('float32', [1, 1]);
    const {sum} = await keeper.run({a: one, b: one});
    for (let i = 0; i < 5; i++) expect((await keeper.run({a: sum, b: one}, {sum})).sum).toBe(sum);
    expect(await sum.getData()).toEqual(Float32Array.of(7, 7));
    // Another output that reads the old elements gets them.
    const both = await keeper.run({a: sum, b: one}, {sum, difference: null} as never);
    expect(both.difference.data).toEqual(Float32Array.of(6, 6));
    expect(await both.sum.getData()).toEqual(Float32Array.of(8, 8));
    expect(
      await rejection(keeper.run({a: new Tensor('float32', [1]), b: new Tensor('float32', [1])}, {sum})),
    ).toMatchObject({
      code: 'ShapeMismatch',
    });
    await keeper.release();
  });

  test('profile, stats and text', async () => {
    session.startProfiling();
    await session.run(feeds());
    const profile = await session.endProfiling();
    expect(profile.map(({op}) => op).sort()).toEqual(['Add', 'Sub']);
    expect(profile.every(({microseconds, calls}) => microseconds >= 0 && calls === 1)).toBe(true);
    await session.run(feeds());
    await session.run(feeds());
    const stats = await session.stats();
    expect(stats.runAllocations).toBe(0);
    expect(stats.memoryBytes).toBeGreaterThanOrEqual(stats.engineBytes);
    expect(await session.dumpText()).toContain('Add(');
  });

  test('an abort settles within 50 ms, and the session goes on', async () => {
    const long = await InferenceSession.create(slow(2000, 128), {worker});
    const input = new Tensor('float32', new Float32Array(64 * 128), [64, 128]);
    const delays: number[] = [];
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController();
      let aborted = Number.NEGATIVE_INFINITY;
      setTimeout(() => {
        aborted = performance.now();
        controller.abort();
      }, 30);
      const error = await rejection(long.run({x: input}, {signal: controller.signal}));
      expect(error.name).toBe('AbortError');
      delays.push(performance.now() - aborted);
    }
    // The median: a busy machine may take the core away during one of them.
    expect(delays.sort((a, b) => a - b)[2]).toBeLessThan(50);
    const small = new Tensor('float32', new Float32Array(128).fill(1), [1, 128]);
    expect((await long.run({x: small})).y.data[0]).toBeCloseTo(1, 3);
    await long.release();
  }, 60000);

  test('release twice, then use', async () => {
    const short = await InferenceSession.create(RELU, {worker});
    await Promise.all([short.release(), short.release()]);
    expect(await rejection(short.run({x: x()}))).toMatchObject({code: 'Released', name: 'WebInferError'});
    await expect(short.stats()).rejects.toMatchObject({code: 'Released'});
  });
});

describe('run checks its arguments', () => {
  let session: InferenceSession;
  beforeAll(async () => {
    session = await InferenceSession.create(RELU);
  });

  test.each([
    [[undefined], TypeError, "'feeds' must be an object"],
    [[[]], TypeError, "'feeds' must be an object"],
    [[{x: x()}, null], TypeError, 'cannot be null'],
    [[{x: x()}, x()], TypeError, "'fetches' cannot be a Tensor"],
    [[{x: x()}, []], TypeError, "'fetches' cannot be an empty array."],
    [[{x: x()}, [1]], TypeError, "'fetches' must be a string array or an object."],
    [[{x: x()}, ['z']], RangeError, "'fetches' contains invalid output name: z."],
    [[{x: x()}, 'y'], TypeError, "must be 'fetches' or 'options'"],
    [[{x: x()}, ['y'], 1], TypeError, "'options' must be an object."],
    [[{}], WebInferError, "input 'x' is missing in 'feeds'."],
    [[{x: x(), z: x()}], WebInferError, 'invalid input name: z'],
    [[{x: 5}], WebInferError, "input 'x' is not a value that can be fed"],
    [[{x: new Map()}], WebInferError, "input 'x' is a Map"],
    [
      [{x: Tensor.fromGpuBuffer({} as never, {dataType: 'float32', dims: [1, 4]})}],
      WebInferError,
      "input 'x' is in a gpu-buffer, which needs a GPU backend",
    ],
  ])('%#', async (args, kind, message) => {
    const run = session.run.bind(session) as (...args: unknown[]) => Promise<unknown>;
    const error = await rejection(run(...args));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(message);
  });

  test('the wrong type, rank, size', async () => {
    const feeds: [Tensor, object][] = [
      [new Tensor('int32', new Int32Array(4), [1, 4]), {code: 'TypeMismatch', expected: 'float32', actual: 'int32'}],
      [new Tensor('float32', new Float32Array(4), [4]), {code: 'ShapeMismatch', expected: '[?,4]', actual: '[4]'}],
      [new Tensor('float32', new Float32Array(5), [1, 5]), {code: 'ShapeMismatch', expected: '[?,4]', actual: '[1,5]'}],
    ];
    for (const [tensor, fields] of feeds) expect(await rejection(session.run({x: tensor}))).toMatchObject(fields);
    expect((await session.run({x: x()})).y.data).toEqual(RELU_OF_X);
  });

  test('elements that have been transferred away', async () => {
    const tensor = x();
    structuredClone(tensor.data, {transfer: [tensor.data.buffer as ArrayBuffer]});
    expect(await rejection(session.run({x: tensor}))).toMatchObject({
      code: 'InvalidArgument',
      expected: '16 bytes for float32[1,4]',
    });
  });

  test('runSync', async () => {
    expect(session.runSync({x: x()}).y.data).toEqual(RELU_OF_X);
    const remote = await InferenceSession.create(RELU, {worker: true});
    expect(() => remote.runSync({x: x()})).toThrow(WebInferError);
    await remote.release();
  });

  test('an object without outputs is options', async () => {
    expect(Object.keys(await session.run({x: x()}, {tag: 'one'}))).toEqual(['y']);
    expect(await rejection(session.run({x: x()}, {terminate: true}))).toMatchObject({code: 'Aborted'});
  });
});

describe('options', () => {
  test('executionProviders fall back to wasm with one warning', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    for (let i = 0; i < 2; i++) {
      const session = await InferenceSession.create(RELU, {executionProviders: ['webgpu', 'wasm']});
      await session.release();
    }
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining("'webgpu' cannot be had here; 'wasm' is used.")]);
    warn.mockRestore();
    expect(await rejection(InferenceSession.create(RELU, {executionProviders: ['webgpu']}))).toMatchObject({
      code: 'HostUnsupported',
    });
  });

  test.each([
    [{graphOptimizationLevel: 'most'}, "'graphOptimizationLevel'"],
    [{weightMemory: 'huge'}, "'weightMemory'"],
    [{worker: 'yes'}, "'worker'"],
    [{intraOpNumThreads: -1}, "'intraOpNumThreads'"],
    [{maxMemory: 0.5}, "'maxMemory'"],
    [{freeDimensionOverrides: {N: -1}}, 'freeDimensionOverrides'],
    [{preferredOutputLocation: {z: 'cpu'}}, 'unknown output: z'],
    [{preferredOutputLocation: 'moon'}, 'preferredOutputLocation'],
  ])('refuses %j', async (options, message) => {
    const error = await rejection(InferenceSession.create(RELU, options as never));
    expect(error.code).toBe('InvalidArgument');
    expect(error.message).toContain(message.replaceAll("'", '"').replace(/^"unknown/, 'unknown'));
  });

  test('1,000 shapes through one session take no more memory than 20', async () => {
    const session = await InferenceSession.create(ANY_ROWS);
    const memory = async () => (await session.stats()).memoryBytes;
    const run = async (rows: number, columns: number) => {
      const x = new Tensor('float32', new Float32Array(rows * columns).fill(1), [rows, columns]);
      const {y} = await session.run({x});
      expect(y.dims).toEqual([columns, 1]);
    };
    for (let i = 0; i < 20; i++) await run(64 - i, 64 - i);
    const before = await memory();
    for (let i = 0; i < 1000; i++) await run(1 + (i % 64), 1 + (Math.floor(i / 64) % 64));
    expect((await memory()) - before).toBeLessThanOrEqual(2 ** 20);
    await session.release();
  });

  test('freeDimensionOverrides fix a size', async () => {
    const session = await InferenceSession.create(RELU, {freeDimensionOverrides: {N: 1}});
    expect(session.inputMetadata[0]).toMatchObject({shape: [1, 4]});
    const two = new Tensor('float32', new Float32Array(8), [2, 4]);
    expect(await rejection(session.run({x: two}))).toMatchObject({
      code: 'ShapeMismatch',
      expected: '[1,4]',
      actual: '[2,4]',
    });
    await session.release();
  });

  test('maxMemory holds', async () => {
    const session = await InferenceSession.create(RELU, {maxMemory: 1 << 20});
    const large = new Tensor('float32', new Float32Array(1 << 20), [1 << 18, 4]);
    expect(await rejection(session.run({x: large}))).toMatchObject({code: 'OutOfMemory'});
    expect((await session.run({x: x()})).y.data).toEqual(RELU_OF_X);
    await session.release();
  });

  test('whatever maxMemory allows, there is an error or a result, never a crash', async () => {
    const bytes = slow(6, 64);
    const input = new Tensor('float32', new Float32Array(64 * 64), [64, 64]);
    const seen = new Set<string>();
    for (let limit = 1024; limit < 1 << 20; limit = Math.ceil(limit * 1.1)) {
      const attempt = async () => {
        const session = await InferenceSession.create(bytes, {maxMemory: limit});
        await session.run({x: input}).finally(() => session.release());
        return 'result';
      };
      seen.add(await attempt().catch((error) => error.code));
    }
    expect([...seen]).toEqual(['OutOfMemory', 'result']);
  });

  test.each([false, true])('a group shares one instance (worker: %s)', async (worker) => {
    const pair = [
      await InferenceSession.create(RELU, {group: 'pair', worker}),
      await InferenceSession.create(RELU, {group: 'pair', worker, preferredOutputLocation: 'cpu-pinned'}),
    ] as const;
    const kept = (await pair[1].run({x: x()})).y;
    expect((await pair[0].run({x: kept})).y.data).toEqual(RELU_OF_X);
    await pair[0].release();
    expect(await (await pair[1].run({x: x()})).y.getData()).toEqual(RELU_OF_X);
    await pair[1].release();
  });

  test('of a group with threads the first session has them, and the others run all the same', async () => {
    const options = {group: 'threads', intraOpNumThreads: 2, worker: false};
    const sessions = [await InferenceSession.create(RELU, options), await InferenceSession.create(RELU, options)];
    await sessions[0]?.release();
    sessions.push(await InferenceSession.create(RELU, options));
    for (const session of sessions.slice(1)) {
      expect((await session.run({x: x()})).y.data).toEqual(RELU_OF_X);
      await session.release();
    }
  });

  test('using releases', async () => {
    const session = await InferenceSession.create(RELU);
    await session[Symbol.asyncDispose]();
    expect(await rejection(session.run({x: x()}))).toMatchObject({code: 'Released'});
  });

  test('an input with a default may be left out', async () => {
    const bytes = model(
      [{op: 'Add', inputs: ['a', 'b'], outputs: ['y']}],
      ['a', 'b'].map((name) => ({name, type: 'float32', dims: [1]})),
      [{name: 'y', type: 'float32', dims: [1]}],
      [{name: 'b', type: 'float32', dims: [1], data: Float32Array.of(10)}],
    );
    const session = await InferenceSession.create(bytes);
    const one = new Tensor('float32', [1]);
    expect(session.inputNames).toEqual(['a']);
    expect((await session.run({a: one})).y.data).toEqual(Float32Array.of(11));
    expect((await session.run({a: one, b: one})).y.data).toEqual(Float32Array.of(2));
    expect((await session.run({a: one})).y.data).toEqual(Float32Array.of(11));
    await session.release();
  });
});
