// The life of an instance: a trap ends it and nothing else; its memory is what the host and the user allow.
import {afterEach, jest} from '@jest/globals';
import type {WebInferError} from '../../../js/src/api/errors.js';
import {EngineInstance, type InstanceOptions} from '../../../js/src/engine/instance.js';
import {LocalEngine} from '../../../js/src/engine/local.js';
import {installPlatform, type Platform} from '../../../js/src/loader/platform.js';

installPlatform({} as Platform);
const options: InstanceOptions = {module: {} as WebAssembly.Module, variant: 'simd', threads: 1};
afterEach(() => {
  jest.restoreAllMocks();
});

function failure(use: () => unknown): WebInferError {
  try {
    use();
  } catch (error) {
    return error as WebInferError;
  }
  throw new Error('it did not fail');
}

const trap = () => {
  throw new WebAssembly.RuntimeError('unreachable');
};

test('a trap kills the instance: no later call reaches the engine', async () => {
  const instance = await EngineInstance.create(options);
  expect(failure(() => instance.call(trap))).toMatchObject({code: 'Crashed', actual: 'unreachable'});
  expect(instance.alive).toBe(false);
  const call = jest.fn();
  expect(failure(() => instance.call(call)).cause).toBeInstanceOf(WebAssembly.RuntimeError);
  expect(call).not.toHaveBeenCalled();
});

test('other instances live on, and the dead one can be let go of', async () => {
  const [dead, alive] = [await EngineInstance.create(options), await EngineInstance.create(options)];
  failure(() => dead.call(trap));
  const engine = new LocalEngine(dead);
  engine.releaseSession(7);
  engine.releaseValue(1);
  engine.dispose();
  expect((dead.engine as unknown as {calls: unknown[]}).calls).toEqual([]);
  expect(alive.call(() => 5)).toBe(5);
});

test('errors of the engine and of JavaScript do not kill it', async () => {
  const instance = await EngineInstance.create(options);
  const error = failure(() =>
    instance.call(() => {
      throw instance.lastError();
    }),
  );
  expect(error).toMatchObject({code: 'InvalidModel', op: 'Add'});
  expect('hint' in error).toBe(false);
  failure(() =>
    instance.call(() => {
      throw new RangeError('offset is out of bounds');
    }),
  );
  expect(instance.alive).toBe(true);
  failure(() =>
    instance.call(() => {
      throw new RangeError('Maximum call stack size exceeded');
    }),
  );
  expect(instance.alive).toBe(false);
});

describe('memory', () => {
  const made = () => {
    const asked: WebAssembly.MemoryDescriptor[] = [];
    const Real = WebAssembly.Memory;
    jest.spyOn(WebAssembly, 'Memory').mockImplementation((descriptor) => {
      asked.push(descriptor);
      if ((descriptor.maximum as number) > 20000) throw new RangeError('could not allocate memory');
      return new Real(descriptor);
    });
    return asked;
  };

  test('its maximum is halved until the host gives it', async () => {
    const asked = made();
    await EngineInstance.create(options);
    expect(asked.map(({maximum}) => maximum)).toEqual([65536, 32768, 16384]);
  });

  test('maxMemory bounds it, and the engine', async () => {
    const asked = made();
    const instance = await EngineInstance.create({...options, maxMemory: 10 * 65536});
    expect(asked.map(({maximum}) => maximum)).toEqual([74]);
    expect((instance.engine as unknown as {calls: unknown[]}).calls).toEqual([['limitMemory', 655360]]);
  });

  test('views follow its growth', async () => {
    const instance = await EngineInstance.create(options);
    const before = instance.bytes;
    (instance.engine as unknown as {memory: WebAssembly.Memory}).memory.grow(1);
    expect(before.length).toBe(0);
    expect(instance.bytes.length).toBe(65 * 65536);
    expect(instance.ints.length).toBe((65 * 65536) / 4);
  });

  test('a size beyond 2^31 is refused', async () => {
    const instance = await EngineInstance.create(options);
    expect(failure(() => instance.writeDims([2 ** 31]))).toMatchObject({code: 'Unsupported', actual: '2147483648'});
  });
});
