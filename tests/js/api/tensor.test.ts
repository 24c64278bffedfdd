// Tensor behaves as onnxruntime-common's does: every case is put to both, and fields, error classes and messages compared.
import {Tensor as Common} from 'onnxruntime-common';
import {Tensor} from '../../../js/src/api/tensor.js';

type Arguments = [unknown, unknown?, unknown?];
type Class = new (
  ...args: never[]
) => {type: string; dims: readonly number[]; size: number; data: unknown; location: string};

function outcome(kind: unknown, args: Arguments): unknown {
  try {
    const tensor = new (kind as Class)(...(args as unknown as never[]));
    const {type, dims, size, data, location} = tensor;
    return {type, dims, size, data, location, keys: Object.keys(tensor)};
  } catch (error) {
    return {name: (error as Error).name, message: (error as Error).message};
  }
}

const f32 = Float32Array.of(1, 2, 3, 4);
const cases: Record<string, Arguments> = {
  'type, data, dims': ['float32', f32, [2, 2]],
  'type and data': ['float32', f32],
  'a scalar': ['float32', Float32Array.of(1), []],
  'no elements': ['float32', new Float32Array(0), [0, 3]],
  'numbers as float32': ['float32', [1, 2.5]],
  'numbers as int64': ['int64', [1, -2, 3], [3]],
  'bigints as uint64': ['uint64', [1n, 2n]],
  'booleans as bool': ['bool', [true, false], [2]],
  strings: ['string', ['a', 'b'], [2]],
  'clamped bytes': ['uint8', Uint8ClampedArray.of(1, 255)],
  'clamped bytes as int8': ['int8', Uint8ClampedArray.of(1)],
  'float16 from its bits': ['float16', Uint16Array.of(0x3c00, 0)],
  'packed uint4': ['uint4', Uint8Array.of(0x21, 3), [3]],
  'uint4 from numbers': ['uint4', [1, 2]],
  'inferred float64': [Float64Array.of(1, 2)],
  'inferred int64': [BigInt64Array.of(1n), [1, 1]],
  'inferred uint16': [Uint16Array.of(7)],
  'inferred bool': [[true, false]],
  'inferred string': [
    ['x', 'y'],
    [1, 2],
  ],
  'inferred from clamped bytes': [Uint8ClampedArray.of(9)],
  'too few elements': ['float32', f32, [3]],
  'too many elements': [f32, [2, 3]],
  'a size that is no integer': ['float32', f32, [1.5]],
  'a size that is no number': ['float32', f32, ['4']],
  'a negative size': ['float32', f32, [-4]],
  'dims that are no array': ['float32', f32, 4],
  'an unknown type': ['float31', f32],
  'another array': ['int32', f32],
  'a string tensor of no strings': ['string', f32],
  'an empty array': [[]],
  'an array of numbers': [[1, 2]],
  'an array of objects': [[{}]],
  'a DataView': [new DataView(new ArrayBuffer(4))],
  pinned: [{location: 'cpu-pinned', type: 'float32', data: f32, dims: [4]}],
  'pinned of the wrong array': [{location: 'cpu-pinned', type: 'float32', data: Int8Array.of(1), dims: [1]}],
  'pinned strings': [{location: 'cpu-pinned', type: 'string', data: ['a'], dims: [1]}],
  'a texture of the wrong type': [{location: 'texture', type: 'int32', texture: {}, dims: [1]}],
  'a GPU buffer of the wrong type': [{location: 'gpu-buffer', type: 'float64', gpuBuffer: {}, dims: [1]}],
  'an MLTensor of the wrong type': [{location: 'ml-tensor', type: 'float64', mlTensor: {}, dims: [1]}],
  'a location that does not exist': [{location: 'moon', type: 'float32', dims: [1]}],
};

describe('the constructor, beside onnxruntime-common', () => {
  test.each(Object.entries(cases))('%s', (_name, args) => {
    expect(outcome(Tensor, args)).toEqual(outcome(Common, args));
  });
});

const methods: Record<string, (kind: typeof Common) => unknown> = {
  reshape: (kind) => new kind('float32', f32, [4]).reshape([2, 2]).dims,
  'reshape to another size': (kind) => new kind('float32', f32, [4]).reshape([3]),
  'data after dispose': (kind) => {
    const tensor = new kind('float32', f32);
    tensor.dispose();
    return tensor.data;
  },
  'location after dispose': (kind) => {
    const tensor = new kind('float32', f32);
    tensor.dispose();
    return tensor.location;
  },
  'texture of a CPU tensor': (kind) => new kind('float32', f32).texture,
  'gpuBuffer of a CPU tensor': (kind) => new kind('float32', f32).gpuBuffer,
  'mlTensor of a CPU tensor': (kind) => new kind('float32', f32).mlTensor,
  'data of a GPU tensor': (kind) => kind.fromGpuBuffer({} as never, {dataType: 'float32', dims: [1]}).data,
  'dims of a texture': (kind) => kind.fromTexture({} as never, {width: 2, height: 3} as never).dims,
  'type of an MLTensor without one': (kind) => kind.fromMLTensor({} as never, {dims: [1]} as never).type,
  'dims of a pinned buffer': (kind) => kind.fromPinnedBuffer('float32', f32).dims,
  'reshape of what owns a GPU buffer': (kind) =>
    kind.fromGpuBuffer({} as never, {dataType: 'float32', dims: [1], dispose() {}}).reshape([1]),
};

describe('methods, beside onnxruntime-common', () => {
  const attempt = (kind: unknown, use: (kind: typeof Common) => unknown) => {
    try {
      return use(kind as typeof Common);
    } catch (error) {
      return (error as Error).message;
    }
  };
  test.each(Object.entries(methods))('%s', (_name, use) => {
    expect(attempt(Tensor, use)).toEqual(attempt(Common, use));
  });

  test.each([Tensor, Common as unknown as typeof Tensor])(
    'getData downloads once and frees when told to',
    async (kind) => {
      const calls: string[] = [];
      const tensor = kind.fromGpuBuffer({} as never, {
        dataType: 'float32',
        dims: [4],
        download: async () => {
          calls.push('download');
          return f32;
        },
        dispose: () => void calls.push('dispose'),
      });
      const first = tensor.getData(true);
      await expect(tensor.getData()).rejects.toThrow('The current tensor is being downloaded.');
      expect(await first).toBe(f32);
      expect(await tensor.getData()).toBe(f32);
      expect(tensor.location).toBe('cpu');
      expect(calls).toEqual(['download', 'dispose']);
    },
  );
});

describe('what onnxruntime-common lacks', () => {
  test.each([
    ['bfloat16', Uint16Array.of(0x3f80)],
    ['float8e4m3fn', Uint8Array.of(1)],
    ['float8e4m3fnuz', Uint8Array.of(1)],
    ['float8e5m2', Uint8Array.of(1)],
    ['float8e5m2fnuz', Uint8Array.of(1)],
    ['float8e8m0', Uint8Array.of(1)],
  ])('%s holds its bits', (type, data) => {
    expect(new Tensor(type as 'bfloat16', data as Uint16Array, [1]).data).toBe(data);
  });

  test.each([
    ['float4e2m1', 2],
    ['uint2', 4],
    ['int2', 4],
  ])('%s packs %d elements in a byte', (type, each) => {
    const data = Uint8Array.of(0x12, 0x34);
    expect(new Tensor(type as 'uint2', data, [each + 1]).size).toBe(each + 1);
    expect(() => new Tensor(type as 'uint2', data, [each])).toThrow('does not match data length(2)');
  });

  test('complex numbers are interleaved pairs', () => {
    expect(new Tensor('complex64', Float32Array.of(1, 2, 3, 4)).dims).toEqual([2]);
    expect(new Tensor('complex128', Float64Array.of(1, 2), [1]).size).toBe(1);
  });

  test('int64 takes any array of exact integers, and no other', () => {
    expect(new Tensor('int64', Int32Array.of(-1, 2) as never).data).toEqual(BigInt64Array.of(-1n, 2n));
    expect(() => new Tensor('int64', [1.5])).toThrow(RangeError);
    expect(() => new Tensor('int64', [2 ** 53])).toThrow(RangeError);
  });

  test('toNumbers gives exact integers or throws', () => {
    expect(new Tensor('int64', BigInt64Array.of(-(2n ** 53n) + 1n, 7n)).toNumbers()).toEqual([-(2 ** 53) + 1, 7]);
    expect(() => new Tensor('int64', BigInt64Array.of(2n ** 53n)).toNumbers()).toThrow(RangeError);
  });

  test('using disposes', () => {
    const tensor = new Tensor('float32', f32);
    tensor[Symbol.dispose]?.();
    expect(tensor.location).toBe('none');
  });
});
