// Reads the protobuf messages of ONNX's test data: tensors, sequences, optionals, and of a model the kinds of its inputs and
// outputs. Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
import {DTYPE} from '../../bench/models/onnx-writer.mjs';

const TYPE_NAMES = Object.keys(DTYPE);
const text = new TextDecoder();

/** Calls `visit(field, value)` for each field of a message: a bigint, a DataView of 4 or 8 bytes, or the bytes of a submessage. */
function eachField(bytes, visit) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const [field, wire] = [key >>> 3, key & 7];
    if (wire === 0) {
      visit(field, varint());
    } else {
      const length = wire === 2 ? Number(varint()) : wire === 1 ? 8 : 4;
      visit(
        field,
        wire === 2 ? bytes.subarray(at, at + length) : new DataView(view.buffer, view.byteOffset + at, length),
      );
      at += length;
    }
  }
}

/** The scalars of a repeated field, packed or not. */
function append(list, value, kind) {
  if (typeof value === 'bigint') list.push(value);
  else if (value instanceof DataView)
    list.push(kind === 'float' ? value.getFloat32(0, true) : value.getFloat64(0, true));
  else if (kind === 'varint') eachVarint(value, (v) => list.push(v));
  else list.push(...new (kind === 'float' ? Float32Array : Float64Array)(new Uint8Array(value).buffer));
}

function eachVarint(bytes, visit) {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    visit(BigInt.asIntN(64, value));
    value = shift = 0n;
  }
}

const ARRAYS = {
  float32: Float32Array,
  complex64: Float32Array,
  float64: Float64Array,
  complex128: Float64Array,
  int8: Int8Array,
  uint16: Uint16Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
};

/** {type, dims, data} of a TensorProto; types without an array of their own are bytes. */
export function readTensor(bytes) {
  const tensor = {type: '', dims: [], data: undefined};
  const values = [];
  const strings = [];
  let raw;
  eachField(bytes, (field, value) => {
    if (field === 1) append(tensor.dims, value, 'varint');
    else if (field === 2) tensor.type = TYPE_NAMES[Number(value)];
    else if (field === 4) append(values, value, 'float');
    else if (field === 5 || field === 7 || field === 11) append(values, value, 'varint');
    else if (field === 6) strings.push(text.decode(value));
    else if (field === 9) raw = new Uint8Array(value);
    else if (field === 10) append(values, value, 'double');
  });
  tensor.dims = tensor.dims.map(Number);
  if (tensor.type === 'string') return {...tensor, data: strings};
  const kind = ARRAYS[tensor.type] ?? Uint8Array;
  const is64 = kind === BigInt64Array || kind === BigUint64Array;
  return {...tensor, data: raw ? new kind(raw.buffer) : kind.from(values, is64 ? (v) => v : Number)};
}

/** The values of a SequenceProto. */
function readSequence(bytes) {
  const values = [];
  eachField(bytes, (field, value) => {
    if (field === 3) values.push(readTensor(value));
    else if (field === 5) values.push(readSequence(value));
    else if (field === 7) values.push(readOptional(value));
  });
  return values;
}

/** The value of an OptionalProto, or null. */
function readOptional(bytes) {
  let result = null;
  eachField(bytes, (field, value) => {
    if (field === 3) result = readTensor(value);
    else if (field === 5) result = readSequence(value);
    else if (field === 7) result = readOptional(value);
  });
  return result;
}

/** A value of the given kind: a tensor, an array for a sequence, null for an empty optional. */
export function readValue(bytes, kind) {
  return kind === 'sequence' ? readSequence(bytes) : kind === 'optional' ? readOptional(bytes) : readTensor(bytes);
}

/** Kind of each input and output of a ModelProto by name, in order, without the initializers. */
export function readSignature(model) {
  const signature = {inputs: new Map(), outputs: new Map()};
  const weights = [];
  const named = (bytes) => {
    let name;
    let kind = 'tensor';
    eachField(bytes, (field, value) => {
      if (field === 1) name = text.decode(value);
      else if (field === 2) eachField(value, (choice) => (kind = {4: 'sequence', 9: 'optional'}[choice] ?? kind));
    });
    return [name, kind];
  };
  eachField(model, (field, graph) => {
    if (field !== 7) return;
    eachField(graph, (part, value) => {
      if (part === 11) signature.inputs.set(...named(value));
      else if (part === 12) signature.outputs.set(...named(value));
      else if (part === 5) eachField(value, (inner, name) => inner === 8 && weights.push(text.decode(name)));
    });
  });
  for (const name of weights) signature.inputs.delete(name);
  return signature;
}
