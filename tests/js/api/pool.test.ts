// Pools: every run gets its own result, waits its turn, can be stopped, and fails alone.
import {createPool, type InferenceSession, Tensor, type WebInferError} from 'webinfer';
import {RELU, SUM_AND_DIFFERENCE, slow} from '../models.js';

const x = (value: number) => new Tensor('float32', Float32Array.of(-1, value, -3, 4), [1, 4]);

async function rejection(promise: Promise<unknown>): Promise<WebInferError> {
  return promise.then(
    () => new Error('it was fulfilled'),
    (reason) => reason,
  ) as Promise<WebInferError>;
}

describe('a pool', () => {
  test('gives each run its own result', async () => {
    const pool = await createPool(RELU, {size: 2});
    expect(pool.size).toBe(2);
    expect(pool.inputNames).toEqual(['x']);
    const results = await Promise.all(Array.from({length: 20}, (_, i) => pool.run({x: x(i)})));
    results.forEach(({y}, i) => {
      expect(y.data).toEqual(Float32Array.of(0, i, 0, 4));
    });
    await pool.release();
  });

  test('takes fetches', async () => {
    const pool = await createPool(SUM_AND_DIFFERENCE, {size: 1});
    const a = new Tensor('float32', [5], [1]);
    const b = new Tensor('float32', [3], [1]);
    expect(Object.keys(await pool.run({a, b}, ['difference']))).toEqual(['difference']);
    await pool.release();
  });

  test('starts more runs at a time than one', async () => {
    const model = slow(40, 256);
    const pool = await createPool(model, {size: 2});
    const feeds = {x: new Tensor('float32', new Float32Array(64 * 256).fill(1), [64, 256])};
    const abort = new AbortController();
    // The first run is stopped while it is under way; the second, in the other session, is not held up by it.
    const first = pool.run(feeds, {signal: abort.signal});
    const second = pool.run(feeds);
    abort.abort(new Error('enough'));
    expect((await rejection(first)).message).toMatch(/enough|aborted/);
    expect((await second).y.dims).toEqual([64, 256]);
    await pool.release();
  });

  test('stops a run that waits', async () => {
    const pool = await createPool(RELU, {size: 1});
    const abort = new AbortController();
    const running = pool.run({x: x(1)});
    const waiting = pool.run({x: x(2)}, {signal: abort.signal});
    const last = pool.run({x: x(3)});
    abort.abort();
    expect((await rejection(waiting)).name).toBe('AbortError');
    expect((await running).y.data[1]).toBe(1);
    expect((await last).y.data[1]).toBe(3);
    expect((await rejection(pool.run({x: x(1)}, {signal: AbortSignal.abort()}))).name).toBe('AbortError');
    await pool.release();
  });

  test('keeps errors to the run that made them', async () => {
    const pool = await createPool(RELU, {size: 2});
    const bad = new Tensor('float32', [1, 2, 3], [1, 3]);
    const runs = await Promise.allSettled([pool.run({x: x(1)}), pool.run({x: bad}), pool.run({x: x(2)})]);
    expect(runs.map(({status}) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((runs[1] as PromiseRejectedResult).reason.code).toBe('ShapeMismatch');
    expect(pool.size).toBe(2);
    await pool.release();
  });

  test('rejects what waits when it is released, and everything after', async () => {
    const pool = await createPool(RELU, {size: 1});
    const runs = [pool.run({x: x(1)}), pool.run({x: x(2)})];
    const released = pool.release();
    expect((await rejection(runs[1] as Promise<unknown>)).code).toBe('Released');
    expect(((await runs[0]) as InferenceSession.ReturnType).y.data[1]).toBe(1);
    await released;
    expect((await rejection(pool.run({x: x(1)}))).code).toBe('Released');
    expect(pool.size).toBe(0);
  });

  test('refuses what it cannot do', async () => {
    expect((await rejection(createPool(RELU, {size: 0}))).code).toBe('InvalidArgument');
    expect((await rejection(createPool(RELU, {size: 1, preferredOutputLocation: 'cpu-pinned'}))).code).toBe(
      'InvalidArgument',
    );
    expect((await rejection(createPool(new Uint8Array(10).fill(255), {size: 2}))).code).toBe('InvalidModel');
  });
});
