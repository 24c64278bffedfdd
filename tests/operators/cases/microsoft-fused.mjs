// onnxruntime's fused operators: products and convolutions with activations, blocked layouts, norms, biases.
import {sizeOf} from '../case.mjs';
import {listed, microsoft, variants} from '../microsoft.mjs';

const matrices = (transA, transB) => [{dims: transA ? [2, 4, 3] : [2, 3, 4]}, {dims: transB ? [2, 5, 4] : [2, 4, 5]}];
const batches = (transA, transB) => [{dims: transA ? [4, 2, 3] : [3, 2, 4]}, {dims: transB ? [5, 2, 4] : [4, 2, 5]}];
const double = (input) => ({...input, type: 'float64'});
const half = {alpha: {float: 0.5}};

const products = [0, 1].flatMap((transA) =>
  [0, 1].flatMap((transB) => {
    const name = `${transA ? 'a' : 'n'}${transB ? 'b' : 'n'}`;
    const swaps = {transA, transB};
    return [
      ...variants('FusedMatMul', {
        [name]: [matrices(transA, transB), {...swaps, ...half}],
        [`batches_${name}`]: [batches(transA, transB), {...swaps, transBatchA: 1, transBatchB: 1}],
        [`double_${name}`]: [matrices(transA, transB).map(double), {...swaps, ...half}, {outputs: ['float64']}],
      }),
      ...variants('TransposeMatMul', {[name]: [matrices(transA, transB), {...swaps, ...half}]}),
    ];
  }),
);

/** Rows of x times columns of w, f of each sum. */
const dense =
  (f, scale = 1) =>
  ([x, w]) => {
    const [rows, depth] = x.dims;
    const columns = w.dims[1];
    const values = Array.from({length: rows * columns}, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const terms = Array.from({length: depth}, (__, k) => x.values[row * depth + k] * w.values[k * columns + column]);
      return f(scale * terms.reduce((a, b) => a + b));
    });
    return [{dims: [rows, columns], values}];
  };
const fastGelu = (x) => 0.5 * x * (1 + Math.tanh(0.7978845608 * (x + 0.044715 * x ** 3)));
const SMALL = [{dims: [3, 4]}, {dims: [4, 5]}];
const gemm = (activation, more = {}) => [
  [{dims: [3, 4]}, {dims: [5, 4]}, {dims: [5]}],
  {activation, transB: 1, ...half, beta: {float: 2}, ...more},
];

const activations = [
  ...variants('FusedGemm', {
    relu: gemm('Relu'),
    leaky_relu: gemm('LeakyRelu', {activation_alpha: {float: 0.3}}),
    hard_sigmoid: gemm('HardSigmoid', {activation_alpha: {float: 0.3}, activation_beta: {float: 0.4}}),
    elu: gemm('Elu', {activation_alpha: {float: 0.7}}),
    tanh: gemm('Tanh'),
    softplus: gemm('Softplus'),
    thresholded_relu: gemm('ThresholdedRelu', {activation_alpha: {float: 0.7}}),
    no_bias: [[{dims: [4, 3]}, {dims: [4, 5]}], {activation: 'Relu', transA: 1}],
  }),
  ...variants('FusedMatMulActivation', {
    relu: [SMALL, {activation: 'Relu', alpha: {float: 2}}, {expected: dense((x) => Math.max(x, 0), 2)}],
    leaky_relu: [
      SMALL,
      {activation: 'LeakyRelu', activation_alpha: {float: 0.2}},
      {expected: dense((x) => (x > 0 ? x : 0.2 * x))},
    ],
  }),
  microsoft('GemmFastGelu', SMALL, {}, {expected: dense(fastGelu)}),
  ...variants('FusedConv', {
    relu: [[{dims: [1, 4, 6, 6]}, {dims: [8, 4, 3, 3]}, {dims: [8]}], {activation: 'Relu', pads: [1, 1, 1, 1]}],
    clip: [
      [{dims: [1, 4, 6, 6]}, {dims: [4, 1, 3, 3]}],
      {activation: 'Clip', activation_params: {floats: [-0.5, 1.5]}, group: 4},
    ],
    sum: [
      [{dims: [1, 4, 6, 6]}, {dims: [8, 4, 1, 1]}, {dims: [8]}, {dims: [1, 8, 6, 6]}],
      {activation: 'LeakyRelu', activation_params: {floats: [0.1]}},
    ],
  }),
  ...variants('ConvTransposeWithDynamicPads', {
    bias: [
      [{dims: [1, 2, 4, 4]}, {dims: [2, 3, 3, 3]}, listed('int64', [4], [1, 1, 1, 1]), {dims: [3]}],
      {strides: [2, 2], output_padding: [1, 1]},
    ],
    uneven: [[{dims: [1, 2, 4, 4]}, {dims: [2, 3, 3, 3]}, listed('int64', [4], [1, 0, 0, 1])], {strides: [2, 2]}],
  }),
];

/** A convolution of 1x1 of pixels [1, h, w, C] by weights [M, C], then f. */
const pointwise =
  (f) =>
  ([x, w, b]) => {
    const [channels, filters] = [x.dims[3], w.dims[0]];
    const pixels = sizeOf(x.dims) / channels;
    const values = Array.from({length: pixels * filters}, (_, i) => {
      const [pixel, m] = [Math.floor(i / filters), i % filters];
      const terms = Array.from(
        {length: channels},
        (__, c) => x.values[pixel * channels + c] * w.values[m * channels + c],
      );
      return f(terms.reduce((p, q) => p + q) + b.values[m]);
    });
    return [{dims: [...x.dims.slice(0, 3), filters], values}];
  };
const PIXELS = [{dims: [1, 3, 4, 5]}, {dims: [6, 1, 1, 5]}, {dims: [6]}];

// Blocks of 16 channels: plain weights [O, I, 1, 1] as they lie when onnxruntime saves them.
const [OUT, IN] = [32, 16];
const PLAIN = Array.from({length: OUT * IN}, (_, i) => Math.fround(Math.sin(i)));
const BLOCKED = Array.from({length: OUT * IN}, (_, i) => {
  const [block, inner, outer] = [Math.floor(i / 256), Math.floor(i / 16) % 16, i % 16];
  return PLAIN[(block * 16 + outer) * IN + inner];
});
const OUTER_BLOCKED = Array.from({length: OUT * 3}, (_, i) => {
  const [block, inner, outer] = [Math.floor(i / 48), Math.floor(i / 16) % 3, i % 16];
  return PLAIN[(block * 16 + outer) * 3 + inner];
});
/** Images [1, C, h, w] by PLAIN, an image of `channels` channels. */
const blockedConv =
  (channels, f) =>
  ([x]) => {
    const area = x.dims[2] * x.dims[3];
    const values = Array.from({length: OUT * area}, (_, i) => {
      const [m, pixel] = [Math.floor(i / area), i % area];
      const terms = Array.from({length: channels}, (__, c) => x.values[c * area + pixel] * PLAIN[m * channels + c]);
      return f(terms.reduce((p, q) => p + q));
    });
    return [{dims: [1, OUT, ...x.dims.slice(2)], values}];
  };
const nchwc = (op, inputs, attributes, more) => ({
  ...microsoft(op, inputs, attributes, more),
  domain: 'com.microsoft.nchwc',
});
const inBlocks = (dims, values) => ({...listed('float32', dims, values), constant: true});
const mean = (list) => list.reduce((a, b) => a + b) / list.length;
const perPlane =
  (f) =>
  ([x]) => {
    const area = x.dims[2] * x.dims[3];
    const planes = Array.from({length: x.dims[1]}, (_, c) => x.values.slice(c * area, (c + 1) * area));
    return [{dims: [1, x.dims[1], 1, 1], values: planes.map(f)}];
  };

const layouts = [
  microsoft(
    'NhwcFusedConv',
    PIXELS,
    {activation: 'Relu', kernel_shape: [1, 1]},
    {
      inputs: [PIXELS[0], {dims: [6, 5, 1, 1]}, PIXELS[2]],
      expected: pointwise((x) => Math.max(x, 0)),
    },
  ),
  microsoft('NhwcConv', PIXELS, {kernel_shape: [1, 1]}, {expected: pointwise((x) => x)}),
  microsoft(
    'NhwcConv',
    PIXELS.map((input) => ({...input, type: 'float16'})),
    {kernel_shape: [1, 1]},
    {variant: 'half', outputs: ['float16'], expected: pointwise((x) => x), tolerance: {rtol: 5e-3, atol: 5e-3}},
  ),
  nchwc(
    'Conv',
    [{dims: [1, IN, 3, 4]}, inBlocks([OUT, IN, 1, 1], BLOCKED)],
    {kernel_shape: [1, 1], activation: 'Relu'},
    {
      variant: 'both_blocked',
      expected: blockedConv(IN, (x) => Math.max(x, 0)),
    },
  ),
  nchwc(
    'Conv',
    [{dims: [1, 3, 3, 4]}, inBlocks([OUT, 3, 1, 1], OUTER_BLOCKED)],
    {kernel_shape: [1, 1]},
    {
      variant: 'output_blocked',
      expected: blockedConv(3, (x) => x),
    },
  ),
  nchwc(
    'ReorderInput',
    [{dims: [1, 5, 2, 2]}],
    {},
    {expected: ([x]) => [{dims: [1, 16, 2, 2], values: [...x.values, ...Array(44).fill(0)]}]},
  ),
  nchwc(
    'ReorderOutput',
    [{dims: [1, 16, 2, 2]}],
    {channels: 5},
    {expected: ([x]) => [{dims: [1, 5, 2, 2], values: x.values.slice(0, 20)}]},
  ),
  nchwc('GlobalMaxPool', [{dims: [1, 16, 3, 4]}], {}, {expected: perPlane((plane) => Math.max(...plane))}),
  nchwc('GlobalAveragePool', [{dims: [1, 16, 3, 4]}], {}, {expected: perPlane(mean)}),
  nchwc(
    'MaxPool',
    [{dims: [1, 16, 3, 4]}],
    {kernel_shape: [3, 4]},
    {expected: perPlane((plane) => Math.max(...plane))},
  ),
  nchwc('AveragePool', [{dims: [1, 16, 3, 4]}], {kernel_shape: [3, 4]}, {expected: perPlane(mean)}),
  nchwc(
    'Upsample',
    [{dims: [1, 16, 1, 1]}],
    {scales: [1, 1, 2, 3], mode: 'nearest'},
    {
      expected: ([x]) => [{dims: [1, 16, 2, 3], values: x.values.flatMap((v) => Array(6).fill(v))}],
    },
  ),
  ...variants('MaxpoolWithMask', {
    plane: [
      [{dims: [1, 3, 8, 9]}, {type: 'int32', dims: [1, 1, 8, 9], low: 0, high: 3}],
      {kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]},
    ],
    line: [[{dims: [1, 3, 9]}, {type: 'int32', dims: [1, 1, 9], low: 0, high: 3}], {kernel_shape: [3], strides: [2]}],
  }),
];

/** GroupNorm of x [n, h, w, C] (or [n, C, h, w]), then Silu if wanted. */
function groupNorm({dims, values}, gamma, beta, groups, last, silu) {
  const channels = last ? dims.at(-1) : dims[1];
  const area = sizeOf(dims) / dims[0] / channels;
  const place = (n, c, pixel) => n * channels * area + (last ? pixel * channels + c : c * area + pixel);
  const out = [...values];
  const width = channels / groups;
  for (let n = 0; n < dims[0]; n++)
    for (let g = 0; g < groups; g++) {
      const places = Array.from({length: width * area}, (_, i) => place(n, g * width + Math.floor(i / area), i % area));
      const average = mean(places.map((p) => values[p]));
      const deviation = Math.sqrt(mean(places.map((p) => (values[p] - average) ** 2)) + 1e-5);
      places.forEach((p, i) => {
        const c = g * width + Math.floor(i / area);
        const y = ((values[p] - average) / deviation) * gamma[c] + beta[c];
        out[p] = silu ? y / (1 + Math.exp(-y)) : y;
      });
    }
  return {dims, values: out};
}
const group = (last, activation) => [
  [{dims: last ? [2, 5, 6, 8] : [2, 8, 5, 6]}, {dims: [8]}, {dims: [8]}],
  {channels_last: last, groups: 4, activation},
  {expected: ([x, gamma, beta]) => [groupNorm(x, gamma.values, beta.values, 4, last, activation)]},
];
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softmaxRow = (row) => {
  const e = row.map((x) => Math.exp(x - Math.max(...row)));
  const total = e.reduce((a, b) => a + b);
  return e.map((x) => x / total);
};
const biased =
  (biasAt) =>
  ([x, bias]) => {
    const sums = x.values.map((v, i) => v + bias.values[biasAt(i)]);
    return [
      {dims: x.dims, values: Array.from({length: 24}, (_, row) => softmaxRow(sums.slice(row * 5, row * 5 + 5))).flat()},
    ];
  };
const SCORES = {dims: [2, 3, 4, 5]};

const norms = [
  ...variants('GroupNorm', {last: group(1, 0), last_silu: group(1, 1), first: group(0, 0)}),
  microsoft(
    'SkipGroupNorm',
    [{dims: [2, 5, 6, 8]}, {dims: [8]}, {dims: [8]}, {dims: [2, 8]}, {dims: [8]}],
    {groups: 2, activation: 1},
    {
      outputs: ['float32', 'float32'],
      expected: ([x, gamma, beta, skip, bias]) => {
        const sum = x.values.map((v, i) => v + skip.values[Math.floor(i / 240) * 8 + (i % 8)] + bias.values[i % 8]);
        return [
          groupNorm({dims: x.dims, values: sum}, gamma.values, beta.values, 2, 1, true),
          {dims: x.dims, values: sum},
        ];
      },
    },
  ),
  microsoft(
    'GatedRMSNorm',
    [{dims: [2, 3, 8]}, {dims: [4]}, {dims: [2, 3, 8]}],
    {},
    {
      expected: ([x, scale, gate]) => [
        {
          dims: x.dims,
          values: x.values.map((v, i) => {
            const row = x.values.slice(i - (i % 4), i - (i % 4) + 4);
            const normal = (v / Math.sqrt(mean(row.map((r) => r * r)) + 1e-5)) * scale.values[i % 4];
            return normal * gate.values[i] * sigmoid(gate.values[i]);
          }),
        },
      ],
    },
  ),
  microsoft(
    'LinearAttentionGate',
    [{dims: [2, 3, 4]}, {dims: [4]}, {dims: [4]}, {dims: [2, 3, 4]}],
    {},
    {
      outputs: ['float32', 'float32'],
      expected: ([a, bias, scale, b]) => [
        {
          dims: a.dims,
          values: a.values.map((x, i) => scale.values[i % 4] * Math.log1p(Math.exp(x + bias.values[i % 4]))),
        },
        {dims: b.dims, values: b.values.map(sigmoid)},
      ],
    },
  ),
  ...variants('BiasSoftmax', {
    inner: [
      [SCORES, {dims: [2, 5]}],
      {axis: 3, is_inner_broadcast: 1},
      {expected: biased((i) => Math.floor(i / 60) * 5 + (i % 5))},
    ],
    outer: [[SCORES, {dims: [4, 5]}], {axis: 3, is_inner_broadcast: 0}, {expected: biased((i) => i % 20)}],
  }),
  ...variants('BiasDropout', {
    residual: [
      [{dims: [3, 4]}, {dims: [4]}, {dims: [3, 4]}],
      {},
      {
        expected: ([x, bias, rest]) => [
          {dims: [3, 4], values: x.values.map((v, i) => v + bias.values[i % 4] + rest.values[i])},
        ],
      },
    ],
  }),
  microsoft(
    'GemmaRotaryEmbedding',
    [{dims: [1, 3, 4]}, ...Array.from({length: 4}, () => ({dims: [1, 2, 3, 4]}))],
    {},
    {
      outputs: ['float32', 'float32'],
      expected: ([angles, q, qTurned, k, kTurned]) =>
        [
          [q, qTurned],
          [k, kTurned],
        ].map(([x, turned]) => ({
          dims: x.dims,
          values: x.values.map(
            (v, i) => v * Math.cos(angles.values[i % 12]) + turned.values[i] * Math.sin(angles.values[i % 12]),
          ),
        })),
    },
  ),
];

const words = [
  microsoft('WordConvEmbedding', [
    listed('int32', [3, 6], [3, 4, 5, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0]),
    {dims: [5, 1, 3, 4]},
    {dims: [5]},
    {dims: [10, 4]},
  ]),
  microsoft('SparseToDenseMatMul', SMALL, {}, {expected: dense((x) => x)}),
];

export const cases = [...products, ...activations, ...layouts, ...norms, ...words];
