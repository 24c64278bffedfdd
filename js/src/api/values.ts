// Between what users hold (tensors, arrays, null, Map) and the plain data that goes to the engine.
import type {EngineClient} from '../engine/client.js';
import type {ValueDescription} from '../engine/glue.js';
import type {LocalEngine} from '../engine/local.js';
import type {MapData, PinnedData, TensorData, ValueData} from '../engine/values.js';
import {type DataType, type NumericArray, TYPE_NAMES} from './data-types.js';
import {WebInferError} from './errors.js';
import type {OnnxValue} from './session-options.js';
import {type EngineValue, engineValueOf, pinnedTensor, Tensor} from './tensor.js';

/** A value that an engine keeps, as the tensor that stands on it knows it. */
interface KeptValue extends EngineValue {
  readonly owner: EngineClient;
  readonly pinned: PinnedData;
}

const kept = new FinalizationRegistry<() => void>((release) => release());

/** The data of `value`, which `where` names in messages, for an input of the model. */
export function toValue(value: unknown, where: string, client: EngineClient, declared: ValueDescription): ValueData {
  if (value instanceof Tensor) return tensorToData(value, where, client);
  if (value === null) return {kind: 'optional', value: null};
  if (Array.isArray(value)) {
    return {
      kind: 'sequence',
      elements: value.map((element, i) => toValue(element, `${where}[${i}]`, client, declared)),
    };
  }
  if (value instanceof Map) return mapToData(value, where, client, declared);
  if (isTensorLike(value)) return tensorToData(new Tensor(value.type, value.data, value.dims), where, client);
  throw new WebInferError('InvalidArgument', `${where} is not a value that can be fed`, {
    expected: 'a Tensor, an array of values for a sequence, a Map, or null for an empty optional',
    actual: typeof value === 'object' ? (value?.constructor?.name ?? 'an object') : typeof value,
    hint: 'Wrap plain data: new Tensor(type, data, dims).',
  });
}

/** True for tensors of another copy of this package, or of onnxruntime. */
function isTensorLike(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'type' in value && 'dims' in value && 'data' in value;
}

function tensorToData(tensor: Tensor, where: string, client: EngineClient): ValueData {
  const {type, dims, location} = tensor;
  if (location === 'none') throw new WebInferError('Released', `${where} is a tensor that has been disposed of`);
  if (location !== 'cpu' && location !== 'cpu-pinned') {
    throw new WebInferError('HostUnsupported', `${where} is in a ${location}, which needs a GPU backend`, {
      hint: 'Feed its elements: await tensor.getData().',
    });
  }
  const value = engineValueOf(tensor) as KeptValue | undefined;
  if (!value) return {kind: 'tensor', type, dims, data: tensor.data as never};
  if (value.owner === client && dims.join() === value.pinned.dims.join()) return value.pinned;
  const view = value.view();
  if (!view) {
    throw new WebInferError('InvalidArgument', `${where} is kept in a worker and cannot be fed as it is`, {
      expected: `the session that made it, or one of its group, and the shape [${value.pinned.dims}]`,
      hint: 'Feed its elements: new Tensor(type, await tensor.getData(), dims).',
    });
  }
  // A copy: feeding may grow the memory that the view is of.
  return {kind: 'tensor', type, dims, data: view.slice() as never};
}

function mapToData(
  map: Map<unknown, unknown>,
  where: string,
  client: EngineClient,
  {key, dtype}: ValueDescription,
): MapData {
  if (!key) throw new WebInferError('TypeMismatch', `${where} is a Map, but the model takes none there`);
  const list = (items: Iterable<unknown>, type: DataType, what: string) => {
    try {
      return tensorToData(new Tensor(type, [...items] as number[], [map.size]), where, client) as TensorData;
    } catch (error) {
      throw new WebInferError('TypeMismatch', `The ${what} of ${where} do not have the type that the model takes`, {
        expected: type,
        actual: String((error as Error).message),
      });
    }
  };
  return {
    kind: 'map',
    keys: list(map.keys(), TYPE_NAMES[key] as DataType, 'keys'),
    values: list(map.values(), TYPE_NAMES[dtype] as DataType, 'values'),
  };
}

/** What the user gets for `data`. */
export function fromValue(data: ValueData, client: EngineClient): OnnxValue {
  switch (data.kind) {
    case 'tensor':
      return new Tensor(data.type, data.data as never, data.dims);
    case 'pinned':
      return keptTensor(data, client);
    case 'sequence':
      return data.elements.map((element) => fromValue(element, client));
    case 'map':
      // Keys of type int64 are bigint, as the elements of int64 tensors are: a label looks its probability up.
      return new Map(Array.from(data.keys.data as ArrayLike<bigint | string>, (key, i) => [key, data.values.data[i]]));
    case 'optional':
      return data.value === null ? null : fromValue(data.value, client);
  }
}

/** The number of the value that `client` keeps for `tensor`, if it does. */
export function keptBy(client: EngineClient, tensor: OnnxValue | null): number | undefined {
  const value = tensor instanceof Tensor ? (engineValueOf(tensor) as KeptValue | undefined) : undefined;
  return value?.owner === client ? value.pinned.id : undefined;
}

function keptTensor(pinned: PinnedData, owner: EngineClient): Tensor {
  const release = () => owner.releaseValue(pinned.id);
  const value: KeptValue = {
    owner,
    pinned,
    view: () => (owner.remote ? undefined : (owner as LocalEngine).view(pinned.id)),
    download: async () => ((await owner.download(pinned.id)) as TensorData).data as NumericArray,
    release() {
      kept.unregister(value);
      release();
    },
  };
  const tensor = pinnedTensor(pinned.type, pinned.dims, value);
  kept.register(tensor, release, value);
  return tensor;
}

/** Copies an output into the tensor the caller gave for it. */
export function fillTensor(target: Tensor, value: OnnxValue, name: string): Tensor {
  const from = value as Tensor;
  if (!(value instanceof Tensor) || from.type !== target.type || from.dims.join() !== target.dims.join()) {
    const shape = (tensor: Tensor) => `${tensor.type}[${tensor.dims}]`;
    throw new WebInferError('ShapeMismatch', `The tensor given for output '${name}' does not fit`, {
      expected: value instanceof Tensor ? shape(from) : 'no tensor',
      actual: shape(target),
    });
  }
  if (target.type === 'string') (target.data as string[]).splice(0, target.size, ...(from.data as string[]));
  else (target.data as Uint8Array).set(from.data as Uint8Array);
  return target;
}
