// Builds one ONNX graph with deterministic pseudo-random weights. Every method adds nodes and returns the name of the output.
import {xorshift} from '../../tests/models/inputs.mjs';
import {encodeModel} from './onnx-writer.mjs';

const ARRAYS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: BigInt64Array,
};
const OPSET = 17;

export const size = (dims) => dims.reduce((a, b) => a * b, 1);

export class Graph {
  nodes = [];
  initializers = [];
  inputs = [];
  outputs = [];
  feeds = []; // how the benchmark fills the inputs
  #counter = 0;

  constructor(name, seed) {
    this.name = name;
    this.random = xorshift(seed);
  }

  /** An input; `fill` and `max` say what the benchmark feeds (tests/models/inputs.mjs). */
  input(name, type, dims, fill = 'normal', max = undefined) {
    this.inputs.push({name, type, dims});
    this.feeds.push({name, type, dims, fill, max});
    return name;
  }

  output(value, type, dims, name) {
    this.node('Identity', [value], {}, [name]);
    this.outputs.push({name, type, dims});
  }

  tensor(type, dims, data) {
    const name = `w${this.#counter++}`;
    const typed =
      data instanceof ARRAYS[type] ? data : ARRAYS[type].from(type === 'int64' ? Array.from(data, BigInt) : data);
    this.initializers.push({name, type, dims, data: typed});
    return name;
  }

  ints = (...values) => this.tensor('int64', [values.length], values);
  scalar = (value) => this.tensor('float32', [], [value]);

  /** Weights that are uniform in [-bound, bound]. */
  uniform(dims, bound) {
    const data = new Float32Array(size(dims));
    for (let i = 0; i < data.length; i++) data[i] = (this.random() * 2 - 1) * bound;
    return this.tensor('float32', dims, data);
  }

  /** int8 weights over the whole range. */
  int8(dims) {
    const data = new Int8Array(size(dims));
    for (let i = 0; i < data.length; i++) data[i] = Math.round((this.random() * 2 - 1) * 127);
    return this.tensor('int8', dims, data);
  }

  /** Adds a node; `outputs` are their names. */
  node(op, inputs, attributes = {}, outputs = undefined, domain = undefined) {
    const name = `${op}_${this.#counter++}`;
    const names = outputs ?? [`${name}_0`];
    this.nodes.push({name, op, inputs, outputs: names, attributes, domain});
    return names[0];
  }

  /** A node of onnxruntime's own domain. */
  contrib = (op, inputs, attributes, outputs) => this.node(op, inputs, attributes, outputs, 'com.microsoft');

  split(x, axis, ...sizes) {
    const outputs = sizes.map((_, i) => `Split_${this.#counter}_${i}`);
    this.node('Split', [x, this.ints(...sizes)], {axis}, outputs);
    return [...outputs]; // the caller may add to its list
  }

  /** Convolution with its batch norm folded: He-scaled weights and a small bias. */
  conv(x, cin, cout, k, {stride = 1, pad = (k - 1) >> 1, group = 1, gain = 6} = {}) {
    const w = this.uniform([cout, cin / group, k, k], Math.sqrt(gain / ((cin / group) * k * k)));
    const inputs = [x, w, this.uniform([cout], 0.05)];
    return this.node('Conv', inputs, convAttributes(k, {stride, pad, group}));
  }

  linear(x, cin, cout) {
    const product = this.node('MatMul', [x, this.uniform([cin, cout], Math.sqrt(3 / cin))]);
    return this.add(product, this.uniform([cout], 0.02));
  }

  /** Global average pool and a fully connected layer of 1000 classes. */
  classifier(x, features) {
    const flat = this.node('Flatten', [this.node('GlobalAveragePool', [x])], {axis: 1});
    const w = this.uniform([1000, features], Math.sqrt(3 / features));
    return this.node('Gemm', [flat, w, this.uniform([1000], 0.02)], {transB: 1});
  }

  relu = (x) => this.node('Relu', [x]);
  relu6 = (x) => this.node('Clip', [x, this.scalar(0), this.scalar(6)]);
  add = (a, b) => this.node('Add', [a, b]);
  mul = (a, b) => this.node('Mul', [a, b]);
  silu = (x) => this.mul(x, this.node('Sigmoid', [x]));
  reshape = (x, ...dims) => this.node('Reshape', [x, this.ints(...dims)]);
  transpose = (x, ...perm) => this.node('Transpose', [x], {perm});
  concat = (axis, ...xs) => this.node('Concat', xs, {axis});

  layerNorm(x, dim, epsilon) {
    const scale = this.tensor('float32', [dim], new Float32Array(dim).fill(1));
    return this.node('LayerNormalization', [x, scale, this.uniform([dim], 0.02)], {
      axis: -1,
      epsilon: {float: epsilon},
    });
  }

  /** GELU as torch exports it below opset 20. */
  geluErf(x) {
    const erf = this.node('Erf', [this.node('Div', [x, this.scalar(Math.SQRT2)])]);
    return this.mul(this.mul(x, this.add(erf, this.scalar(1))), this.scalar(0.5));
  }

  /** GELU's tanh form, "gelu_new" of GPT-2. */
  geluTanh(x) {
    const cubed = this.node('Pow', [x, this.scalar(3)]);
    const inner = this.mul(this.add(x, this.mul(cubed, this.scalar(0.044715))), this.scalar(Math.sqrt(2 / Math.PI)));
    return this.mul(this.mul(x, this.scalar(0.5)), this.add(this.node('Tanh', [inner]), this.scalar(1)));
  }

  encode() {
    const domains = new Set(this.nodes.map(({domain}) => domain).filter(Boolean));
    return encodeModel(this, OPSET, Object.fromEntries([...domains].map((domain) => [domain, 1])));
  }
}

export const convAttributes = (k, {stride, pad, group}) => ({
  dilations: [1, 1],
  group,
  kernel_shape: [k, k],
  pads: [pad, pad, pad, pad],
  strides: [stride, stride],
});
