// Values of every type and kind go through the engine unchanged, on this thread and through a worker.
import {env, InferenceSession, Tensor} from 'webinfer';
import {arrayConstructor, arrayLength, type DataType, TYPE_NAMES} from '../../../js/src/api/data-types.js';
import {model} from '../models.js';

env.wasm.numThreads = 1;

const OPSET = 25;
const types = TYPE_NAMES.filter((name): name is DataType => name !== 'undefined');

/** Elements whose bytes are all different and, as numbers, finite; of a bool 0 or 1. */
function sample(type: DataType, size: number): Tensor {
  if (type === 'string')
    return new Tensor('string', ['', 'plain', 'ünï 日本 \u{1F600}', 'with\0zero', 'a', 'b'].slice(0, size), [size]);
  const kind = arrayConstructor(type);
  if (!kind) throw new Error(type);
  const length = arrayLength(type, size);
  const bytes = Uint8Array.from({length: length * kind.BYTES_PER_ELEMENT}, (_, i) =>
    type === 'bool' ? i % 2 : (i * 13 + 1) % 61,
  );
  // Bits beyond the last packed element are not the tensor's.
  if (length * (8 / (size / length)) !== size && size / length > 1) bytes[length - 1] = 1;
  return new Tensor(type, new kind(bytes.buffer) as never, [size]);
}

describe.each([false, true])('with {worker: %s}', (worker) => {
  test.each(types)('%s', async (type) => {
    const dims = ['N'];
    const bytes = model(
      [{op: 'Identity', inputs: ['x'], outputs: ['y']}],
      [{name: 'x', type, dims}],
      [{name: 'y', type, dims}],
      [],
      OPSET,
    );
    const session = await InferenceSession.create(bytes, {worker});
    for (const size of [5, 1, 0]) {
      const x = sample(type, size);
      const {y} = await session.run({x});
      expect([y.type, y.dims]).toEqual([type, [size]]);
      expect(Array.from(y.data)).toEqual(Array.from(x.data as ArrayLike<unknown>));
    }
    await session.release();
  });

  test.each(['float32', 'string'] as const)('a sequence of %s', async (type) => {
    const sequence = `sequence(${type})`;
    const bytes = model(
      [
        {op: 'SequenceInsert', inputs: ['s', 'x'], outputs: ['longer']},
        {op: 'SequenceLength', inputs: ['longer'], outputs: ['length']},
      ],
      [
        {name: 's', type: sequence},
        {name: 'x', type, dims: ['N']},
      ],
      [
        {name: 'longer', type: sequence},
        {name: 'length', type: 'int64', dims: []},
      ],
    );
    const session = await InferenceSession.create(bytes, {worker});
    expect(session.inputMetadata[0]).toEqual({name: 's', isTensor: false});
    const s = [sample(type, 2), sample(type, 4)];
    const {longer, length} = await session.run({s, x: sample(type, 3)});
    expect(length.data).toEqual(BigInt64Array.of(3n));
    expect(longer.map((tensor: Tensor) => Array.from(tensor.data as ArrayLike<unknown>))).toEqual(
      [...s, sample(type, 3)].map(({data}) => Array.from(data as ArrayLike<unknown>)),
    );
    expect((await session.run({s: [], x: sample(type, 1)})).longer).toHaveLength(1);
    await session.release();
  });

  test('maps, and a sequence of maps', async () => {
    const bytes = model(
      ['a', 'b', 'c'].map((name) => ({op: 'Identity', inputs: [name], outputs: [`${name}_same`]})),
      [
        {name: 'a', type: 'map(int64,float32)'},
        {name: 'b', type: 'map(string,int64)'},
        {name: 'c', type: 'sequence(map(int64,string))'},
      ],
      [
        {name: 'a_same', type: 'map(int64,float32)'},
        {name: 'b_same', type: 'map(string,int64)'},
        {name: 'c_same', type: 'sequence(map(int64,string))'},
      ],
    );
    const session = await InferenceSession.create(bytes, {worker});
    expect(session.inputMetadata[0]).toEqual({name: 'a', isTensor: false});
    const a = new Map<number | bigint, number>([
      [7, 0.5],
      [-(2n ** 60n), 2],
    ]);
    const b = new Map<string, number | bigint>([
      ['', 1n],
      ['日本', 2],
    ]);
    const c = [new Map([[1n, 'one']]), new Map()];
    const {a_same, b_same, c_same} = await session.run({a, b, c});
    expect([...a_same]).toEqual([
      [7n, 0.5],
      [-(2n ** 60n), 2],
    ]);
    expect([...b_same]).toEqual([
      ['', 1n],
      ['日本', 2n],
    ]);
    expect(c_same).toEqual(c);
    await expect(session.run({a: new Map([['x', 1]]), b, c})).rejects.toMatchObject({code: 'TypeMismatch'});
    await expect(session.run({a: new Tensor('float32', [1]), b, c})).rejects.toMatchObject({
      code: 'TypeMismatch',
      expected: 'map',
    });
    await session.release();
  });

  test('an optional, empty or not', async () => {
    const bytes = model(
      [
        {op: 'OptionalHasElement', inputs: ['o'], outputs: ['has']},
        {op: 'Identity', inputs: ['o'], outputs: ['same']},
      ],
      [{name: 'o', type: 'optional(float32)'}],
      [
        {name: 'has', type: 'bool', dims: []},
        {name: 'same', type: 'optional(float32)'},
      ],
      [],
      18,
    );
    const session = await InferenceSession.create(bytes, {worker});
    const empty = await session.run({o: null});
    expect([empty.has.data[0], empty.same]).toEqual([0, null]);
    const full = await session.run({o: sample('float32', 3)});
    expect([full.has.data[0], full.same.data]).toEqual([1, sample('float32', 3).data]);
    await session.release();
  });
});
