// Encodes a ModelProto and test values (onnx.proto) from plain objects. Only what models made here need: dense tensors, inside the
// file or in another one; sequences, optionals and maps as inputs and outputs; attributes of every kind but sparse ones.
// An attribute is a number (an integer), a string, a list of integers, or {float}, {floats}, {strings}, {tensor}, {graph}, {type}.
// Fields and numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

const utf8 = new TextEncoder();

// The number of a type is its place in this list.
const DTYPE_NAMES =
  'undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 ' +
  'bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2';
export const DTYPE = Object.fromEntries(DTYPE_NAMES.split(' ').map((name, i) => [name, i]));
const ATTRIBUTE = {float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8, type: 13};

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
  const kind =
    typeof value === 'string'
      ? 'string'
      : Array.isArray(value)
        ? 'ints'
        : typeof value === 'object'
          ? Object.keys(value)[0]
          : 'int';
  const content = typeof value === 'object' && !Array.isArray(value) ? value[kind] : value;
  const encoded = {
    float: () => float(2, content),
    int: () => integer(3, content),
    string: () => text(4, content),
    tensor: () => bytes(5, tensor(content)),
    graph: () => bytes(6, encodeGraph(content)),
    floats: () => concat(content.map((v) => float(7, v))),
    ints: () => concat(content.map((v) => integer(8, v))),
    strings: () => concat(content.map((v) => text(9, v))),
    type: () => bytes(14, typeProto(content.type, content.dims)),
  }[kind]();
  return concat([text(1, name), encoded, integer(20, ATTRIBUTE[kind])]);
}

const node = ({name = '', op, domain, inputs, outputs, attributes = {}}) =>
  concat([
    ...inputs.map((v) => text(1, v)),
    ...outputs.map((v) => text(2, v)),
    text(3, name),
    text(4, op),
    ...Object.entries(attributes).map(([key, value]) => bytes(5, attribute(key, value))),
    ...(domain ? [text(7, domain)] : []),
  ]);

/** `data` is a typed array, or an array of strings; `external` is {location, offset, length} of the elements in another file. */
const tensor = ({name = '', type, dims, data, external}) =>
  concat([
    ...dims.map((d) => integer(1, d)),
    integer(2, DTYPE[type]),
    ...(type === 'string' ? data.map((value) => text(6, value)) : []),
    text(8, name),
    ...(external
      ? Object.entries(external).map(([key, value]) => bytes(13, concat([text(1, key), text(2, String(value))])))
      : type === 'string'
        ? []
        : [bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]),
    ...(external ? [integer(14, 1)] : []),
  ]);

/** TypeProto of 'float32', 'seq(float32)', 'optional(seq(float32))', 'map(int64,float32)'; dims only of the first. */
function typeProto(type, dims) {
  const [, container, element] = type.match(/^(seq|sequence|optional)\((.*)\)$/) ?? [];
  if (container) return bytes(container === 'optional' ? 9 : 4, bytes(1, typeProto(element)));
  const [, key, value] = type.match(/^map\((\w+),(.*)\)$/) ?? [];
  if (key) return bytes(5, concat([integer(1, DTYPE[key]), bytes(2, typeProto(value))]));
  const shape = dims?.map((d) => bytes(1, typeof d === 'string' ? text(2, d) : integer(1, d)));
  return bytes(1, concat([integer(1, DTYPE[type]), ...(shape ? [bytes(2, concat(shape))] : [])]));
}

const valueInfo = ({name, type, dims}) => concat([text(1, name), bytes(2, typeProto(type, dims))]);

function encodeGraph({name = 'graph', nodes, initializers = [], inputs, outputs}) {
  return concat([
    ...nodes.map((n) => bytes(1, node(n))),
    text(2, name),
    ...initializers.map((t) => bytes(5, tensor(t))),
    ...inputs.map((v) => bytes(11, valueInfo(v))),
    ...outputs.map((v) => bytes(12, valueInfo(v))),
  ]);
}

/** The bytes of a model: graph {name, nodes, initializers, inputs, outputs} of one opset, and of further {domain: version}. */
export function encodeModel(graph, opset, domains = {}) {
  const imports = Object.entries(domains).map(([domain, version]) =>
    bytes(8, concat([text(1, domain), integer(2, version)])),
  );
  return concat([
    integer(1, 8),
    text(2, 'webinfer bench'),
    bytes(7, encodeGraph(graph)),
    bytes(8, integer(2, opset)),
    ...imports,
  ]);
}

/** MapProto: keys, and a sequence of as many scalars. */
function mapProto([keys, values]) {
  const scalar = (_, i) => ({type: values.type, dims: [], data: values.data.slice(i, i + 1)});
  return concat([
    integer(2, DTYPE[keys.type]),
    ...Array.from(keys.data, (key) => (keys.type === 'string' ? text(4, key) : integer(3, key))),
    bytes(5, encodeValue(Array.from(values.data, scalar))),
  ]);
}

/**
 * The bytes of a test value: a TensorProto; of an array a SequenceProto; of {optional} an OptionalProto; of {map}, two tensors of keys
 * and values, a MapProto.
 */
export function encodeValue(value) {
  if (Array.isArray(value)) {
    const maps = value.some((element) => 'map' in element);
    return concat([integer(2, maps ? 4 : 1), ...value.map((element) => bytes(maps ? 6 : 3, encodeValue(element)))]);
  }
  if ('map' in value) return mapProto(value.map);
  if ('optional' in value) {
    const {optional} = value;
    if (optional === null) return concat([integer(2, 0)]);
    const sequence = Array.isArray(optional);
    return concat([integer(2, sequence ? 3 : 1), bytes(sequence ? 5 : 3, encodeValue(optional))]);
  }
  return tensor(value);
}
