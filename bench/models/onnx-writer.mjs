// Encodes a ModelProto (onnx.proto) from plain objects. Only what graph.mjs makes: dense tensors, and int, float, string and
// integer-list attributes. Fields and numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

const utf8 = new TextEncoder();

export const DTYPE = {float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7};
const ATTRIBUTE = {float: 1, int: 2, string: 3, ints: 7};

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest ? low | 128 : low);
  } while (rest);
  return Uint8Array.from(bytes);
}

function concat(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const integer = (field, value) => concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => concat([varint((field << 3) | 2), varint(value.length), value]);
const text = (field, value) => bytes(field, utf8.encode(value));
const float = (field, value) => concat([varint((field << 3) | 5), new Uint8Array(new Float32Array([value]).buffer)]);

function attribute(name, value) {
  if (typeof value === 'string') return concat([text(1, name), text(4, value), integer(20, ATTRIBUTE.string)]);
  if (Array.isArray(value))
    return concat([text(1, name), ...value.map((v) => integer(8, v)), integer(20, ATTRIBUTE.ints)]);
  if (typeof value === 'object') return concat([text(1, name), float(2, value.float), integer(20, ATTRIBUTE.float)]);
  return concat([text(1, name), integer(3, value), integer(20, ATTRIBUTE.int)]);
}

const node = ({name, op, inputs, outputs, attributes}) =>
  concat([
    ...inputs.map((v) => text(1, v)),
    ...outputs.map((v) => text(2, v)),
    text(3, name),
    text(4, op),
    ...Object.entries(attributes).map(([key, value]) => bytes(5, attribute(key, value))),
  ]);

const tensor = ({name, type, dims, data}) =>
  concat([
    ...dims.map((d) => integer(1, d)),
    integer(2, DTYPE[type]),
    text(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);

function valueInfo({name, type, dims}) {
  const shape = concat(dims.map((d) => bytes(1, typeof d === 'string' ? text(2, d) : integer(1, d))));
  const tensorType = concat([integer(1, DTYPE[type]), bytes(2, shape)]);
  return concat([text(1, name), bytes(2, bytes(1, tensorType))]);
}

/** The bytes of a model: graph {name, nodes, initializers, inputs, outputs} of one opset. */
export function encodeModel(graph, opset) {
  const body = concat([
    ...graph.nodes.map((n) => bytes(1, node(n))),
    text(2, graph.name),
    ...graph.initializers.map((t) => bytes(5, tensor(t))),
    ...graph.inputs.map((v) => bytes(11, valueInfo(v))),
    ...graph.outputs.map((v) => bytes(12, valueInfo(v))),
  ]);
  return concat([integer(1, 8), text(2, 'webinfer bench'), bytes(7, body), bytes(8, integer(2, opset))]);
}
