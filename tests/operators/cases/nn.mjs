// Convolutions, pooling, normalization, attention, losses, recurrence, images.
const ints = (...values) => ({dims: [values.length], values});
const scalar = (value) => ({dims: [], values: [value]});
const positive = (dims) => ({dims, low: 0.5, high: 2});

// Computed in float32 whatever the type: statistics (stash_type), places in images, attention.
import {numberOf} from '../types.mjs';

const single = {rtol: 1e-6, atol: 1e-6};
const gemmOracle = {tolerance: {rtol: 1e-4, atol: 1e-4}};

const contractions = [
  {
    op: 'MatMul',
    inputs: [
      [2, 3, 4],
      [4, 5],
    ],
  },
  {op: 'Gemm', inputs: [[4, 3], [5, 4], [5]], attributes: {transA: 1, transB: 1}},
  {
    op: 'Gemm',
    variant: 'scaled',
    inputs: [
      [3, 4],
      [4, 5],
      [3, 1],
    ],
    attributes: {alpha: {float: 0.5}, beta: {float: 2}},
  },
  {
    op: 'Einsum',
    inputs: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    attributes: {equation: 'bij,bjk->bik'},
  },
  {op: 'Einsum', variant: 'diagonal', inputs: [[3, 3], [3]], attributes: {equation: 'ii,i->'}},
  {
    op: 'Conv',
    inputs: [[1, 4, 6, 5], [6, 2, 3, 3], [6]],
    attributes: {group: 2, pads: [1, 1, 1, 1], strides: [2, 1]},
    ...gemmOracle,
  },
  {
    op: 'Conv',
    variant: '1d',
    inputs: [
      [1, 3, 9],
      [2, 3, 3],
    ],
    attributes: {dilations: [2]},
    ...gemmOracle,
  },
  {
    op: 'Conv',
    variant: '3d',
    inputs: [
      [1, 2, 4, 4, 4],
      [3, 2, 2, 2, 2],
    ],
    attributes: {auto_pad: 'SAME_UPPER'},
    ...gemmOracle,
  },
  {
    op: 'ConvTranspose',
    inputs: [[1, 4, 3, 4], [4, 3, 3, 3], [6]],
    attributes: {group: 2, strides: [2, 1], pads: [1, 0, 0, 1], output_padding: [1, 0]},
    ...gemmOracle,
  },
  {
    op: 'DeformConv',
    inputs: [[1, 2, 4, 4], [3, 2, 2, 2], {dims: [1, 8, 3, 3], low: -1, high: 1}, [3], positive([1, 4, 3, 3])],
    ...gemmOracle,
  },
  {op: 'Det', inputs: [[2, 3, 3]]},
  {op: 'Col2Im', inputs: [[1, 8, 6], ints(3, 4), ints(2, 2)], expected: col2im},
];

/** Blocks of 2 x 2 put back where a sliding window took them: 2 channels, an image of 3 x 4. */
function col2im([x]) {
  const step = x.values.length / 48;
  const values = new Array(24 * step).fill(0);
  for (let channel = 0; channel < 2; channel++)
    for (let block = 0; block < 4; block++)
      for (let place = 0; place < 6; place++)
        for (let part = 0; part < step; part++) {
          const [row, column] = [Math.floor(place / 3) + (block >> 1), (place % 3) + (block & 1)];
          const to = ((channel * 3 + row) * 4 + column) * step + part;
          const from = ((channel * 4 + block) * 6 + place) * step + part;
          values[to] =
            x.type === 'string'
              ? `${values[to] || ''}${x.values[from]}`
              : x.type === 'bool'
                ? values[to] | x.values[from]
                : values[to] + x.values[from];
        }
  return [{dims: [1, 2, 3, 4], values}];
}

const pooling = [
  {
    op: 'AveragePool',
    inputs: [[1, 2, 5, 6]],
    attributes: {kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0], count_include_pad: 1},
  },
  {op: 'LpPool', inputs: [[1, 2, 5, 6]], attributes: {kernel_shape: [2, 3], p: 2}},
  {
    op: 'MaxPool',
    inputs: [[1, 2, 5, 6]],
    attributes: {kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1]},
    outputs: [true, true],
  },
  {
    op: 'MaxPool',
    variant: 'dilated',
    inputs: [[1, 2, 6, 6]],
    attributes: {kernel_shape: [2, 2], dilations: [2, 2], ceil_mode: 1},
  },
  {op: 'GlobalAveragePool', inputs: [[2, 3, 4, 5]]},
  {op: 'GlobalMaxPool', inputs: [[2, 3, 4, 5]]},
  {op: 'GlobalLpPool', inputs: [[2, 3, 4, 5]]},
  {op: 'GlobalLpPool', variant: 'p1', inputs: [[2, 3, 4]], attributes: {p: 1}},
  {
    op: 'MaxUnpool',
    inputs: [[1, 1, 2, 2], {dims: [1, 1, 2, 2], values: [5, 7, 13, 15]}],
    attributes: {kernel_shape: [2, 2], strides: [2, 2]},
  },
  {
    op: 'MaxRoiPool',
    inputs: [[1, 2, 6, 6], {dims: [2, 5], values: [0, 0, 0, 3, 3, 0, 1, 2, 5, 5]}],
    attributes: {pooled_shape: [2, 2]},
  },
  {
    op: 'MaxRoiPool',
    variant: 'scaled',
    inputs: [[2, 1, 8, 8], {dims: [3, 5], values: [1, 0, 0, 14, 6, 0, 4, 2, 9, 12, 1, 6, 6, 6, 6]}],
    attributes: {pooled_shape: [3, 2], spatial_scale: {float: 0.5}},
  },
  {
    op: 'RoiAlign',
    inputs: [[1, 2, 6, 6], {dims: [2, 4], values: [0, 0, 3, 3, 1, 2, 5, 5]}, ints(0, 0)],
    attributes: {output_height: 2, output_width: 2, sampling_ratio: 2},
    tolerance: single,
  },
];

const normalization = [
  {op: 'BatchNormalization', inputs: [[2, 3, 4], positive([3]), [3], [3], positive([3])], outputs: [true]},
  {op: 'InstanceNormalization', inputs: [[2, 3, 4, 2], [3], [3]]},
  {
    op: 'LayerNormalization',
    inputs: [[2, 3, 8], [8], [8]],
    outputs: ['T', 'U', 'U'],
    tolerance: single,
    attributes: ({U}) => ({stash_type: U === 'bfloat16' ? 16 : 1}),
  },
  {op: 'GroupNormalization', inputs: [[2, 4, 6], [4], [4]], attributes: {num_groups: 2}, tolerance: single},
  {op: 'LRN', inputs: [[1, 5, 3, 3]], attributes: {size: 3, alpha: {float: 0.1}}},
  {op: 'LpNormalization', inputs: [[3, 4]], attributes: {axis: 1, p: 2}},
  {op: 'MeanVarianceNormalization', inputs: [[2, 3, 4, 4]]},
  {op: 'RMSNormalization', inputs: [[2, 3, 8], [8]], expected: rmsNormalization, tolerance: single},
  {
    op: 'Dropout',
    inputs: [[3, 4], {dims: [], values: [0.5]}, {dims: [], values: [0]}],
    outputs: [true, true],
    expected: ([x]) => [x, {dims: x.dims, values: new Array(12).fill(1)}],
  },
];

function rmsNormalization([x, scale]) {
  const values = [];
  for (let row = 0; row < 6; row++) {
    const part = x.values.slice(row * 8, row * 8 + 8);
    const root = Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / 8 + 1e-5);
    values.push(...part.map((value, i) => (value / root) * scale.values[i]));
  }
  return [{dims: x.dims, values}];
}

const attention = [
  {
    op: 'Attention',
    inputs: ({U}) => [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
      [1, 2, 5, 4],
      U === 'bool'
        ? {dims: [3, 5], values: [1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1]}
        : {dims: [3, 5], low: 0, high: 1},
    ],
    tolerance: single,
    expected: attend,
  },
  {
    op: 'FlexAttention',
    domain: 'ai.onnx.preview',
    inputs: [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
      [1, 2, 5, 4],
    ],
    tolerance: single,
    expected: attend,
  },
  {op: 'RotaryEmbedding', inputs: [[1, 2, 3, 8], [6, 4], [6, 4], {dims: [1, 3], values: [0, 2, 5]}], expected: rotate},
  {
    op: 'LinearAttention',
    inputs: [
      [1, 3, 8],
      [1, 3, 8],
      [1, 3, 8],
      [1, 2, 4, 4],
      {dims: [1, 3, 8], low: -1, high: 0},
      {dims: [1, 3, 2], low: 0, high: 1},
    ],
    attributes: {q_num_heads: 2, kv_num_heads: 2, scale: {float: 0.5}, update_rule: 'linear'},
    expected: linearAttention,
  },
  {op: 'CausalConvWithState', inputs: [[2, 3, 5], [3, 1, 4], [3], [2, 3, 3]], expected: causalConv},
];

/** softmax(q k' / sqrt(4) + mask) v for each of 2 heads, 3 queries, 5 keys. */
function attend([q, k, v, mask]) {
  const values = [];
  for (let head = 0; head < 2; head++)
    for (let i = 0; i < 3; i++) {
      const scores = Array.from({length: 5}, (_, j) => {
        let dot = 0;
        for (let d = 0; d < 4; d++) dot += q.values[(head * 3 + i) * 4 + d] * k.values[(head * 5 + j) * 4 + d];
        const bias = !mask
          ? 0
          : mask.type === 'bool'
            ? mask.values[i * 5 + j]
              ? 0
              : -Infinity
            : Number(mask.values[i * 5 + j]);
        return dot / 2 + bias;
      });
      const most = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - most));
      const sum = weights.reduce((a, b) => a + b);
      for (let d = 0; d < 4; d++)
        values.push(weights.reduce((total, weight, j) => total + (weight / sum) * v.values[(head * 5 + j) * 4 + d], 0));
    }
  return [{dims: q.dims, values}];
}

/** Halves rotated by the angles at the given positions: 2 heads, 3 steps, 8 numbers. */
function rotate([x, cosine, sine, positions]) {
  const values = [];
  for (let head = 0; head < 2; head++)
    for (let step = 0; step < 3; step++) {
      const row = x.values.slice((head * 3 + step) * 8, (head * 3 + step) * 8 + 8);
      const at = Number(positions.values[step]) * 4;
      const [cos, sin] = [cosine.values.slice(at, at + 4), sine.values.slice(at, at + 4)];
      values.push(
        ...cos.map((c, i) => row[i] * c - row[i + 4] * sin[i]),
        ...cos.map((c, i) => row[i + 4] * c + row[i] * sin[i]),
      );
    }
  return [{dims: x.dims, values}];
}

/** state += k v', output = scale * q state, for 2 heads of 4, 3 steps. */
function linearAttention([q, k, v, past]) {
  const [output, state] = [new Array(24).fill(0), [...past.values]];
  for (let step = 0; step < 3; step++)
    for (let head = 0; head < 2; head++) {
      const at = step * 8 + head * 4;
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < 4; j++) state[(head * 4 + i) * 4 + j] += k.values[at + i] * v.values[at + j];
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < 4; j++) output[at + j] += 0.5 * q.values[at + i] * state[(head * 4 + i) * 4 + j];
    }
  return [
    {dims: [1, 3, 8], values: output},
    {dims: past.dims, values: state},
  ];
}

/** A depthwise convolution over time whose left padding is the past. */
function causalConv([x, weight, bias, past]) {
  const [output, state] = [[], []];
  for (let row = 0; row < 6; row++) {
    const channel = row % 3;
    const line = [...past.values.slice(row * 3, row * 3 + 3), ...x.values.slice(row * 5, row * 5 + 5)];
    for (let t = 0; t < 5; t++)
      output.push(
        [0, 1, 2, 3].reduce((sum, i) => sum + line[t + i] * weight.values[channel * 4 + i], bias.values[channel]),
      );
    state.push(...line.slice(5));
  }
  return [
    {dims: x.dims, values: output},
    {dims: past.dims, values: state},
  ];
}

const labels = {dims: [3], values: [0, 2, 1]};
const losses = [
  {op: 'NegativeLogLikelihoodLoss', inputs: [[3, 4], labels, positive([4])], defaults: {Tind: 'int64'}},
  {
    op: 'SoftmaxCrossEntropyLoss',
    inputs: [[3, 4], labels, positive([4])],
    outputs: [true, true],
    defaults: {Tind: 'int64'},
  },
  {
    op: 'SoftmaxCrossEntropyLoss',
    variant: 'none',
    inputs: [[3, 4, 2], {dims: [3, 2], values: [0, 2, 1, 3, 0, 1]}],
    attributes: {reduction: 'none', ignore_index: 3},
  },
];

const cell = (op, gates, states) => ({
  op,
  inputs: [
    [3, 2, 4],
    {dims: [1, gates * 5, 4], low: -1, high: 1},
    {dims: [1, gates * 5, 5], low: -1, high: 1},
    [1, gates * 10],
    ints(3, 2),
    ...new Array(states).fill([1, 2, 5]),
  ],
  attributes: {hidden_size: 5},
  outputs: new Array(states + 1).fill('T'),
  tolerance: {rtol: 1e-3},
});
const recurrent = [cell('RNN', 1, 1), cell('GRU', 3, 1), {...cell('LSTM', 4, 2)}];

// A Netpbm file of two pixels.
const PIXELS = [1, 2, 3, 250, 251, 252];
const PPM = [...new TextEncoder().encode('P6 2 1 255\n'), ...PIXELS];

const image = [
  {
    op: 'ImageDecoder',
    inputs: [{dims: [PPM.length], values: PPM}],
    expected: () => [{dims: [1, 2, 3], values: PIXELS}],
    exact: true,
  },
  {
    op: 'Resize',
    inputs: [[1, 1, 3, 4], null, {dims: [4], values: [1, 1, 2, 1.5]}],
    attributes: {mode: 'nearest'},
    tolerance: single,
  },
  {op: 'Resize', variant: 'linear', inputs: [[1, 2, 3, 4], null, null, ints(1, 2, 5, 7)], attributes: {mode: 'linear'}},
  {
    op: 'Resize',
    variant: 'cubic',
    inputs: [[1, 2, 4, 4], null, null, ints(1, 2, 6, 7)],
    attributes: {mode: 'cubic', coordinate_transformation_mode: 'align_corners'},
  },
  {
    op: 'GridSample',
    inputs: [[1, 1, 3, 4], {dims: [1, 2, 3, 2], low: -1, high: 1}],
    attributes: {mode: 'nearest', align_corners: 1},
    exact: true,
    oracleOpset: 20,
  },
  {
    op: 'GridSample',
    variant: 'linear',
    inputs: [[1, 2, 3, 4], {dims: [1, 4, 3, 2], low: -1.5, high: 1.5}],
    attributes: {mode: 'linear', padding_mode: 'reflection'},
  },
  {
    op: 'GridSample',
    variant: 'cubic',
    inputs: [[1, 2, 5, 4], {dims: [1, 4, 3, 2], low: -1, high: 1}],
    attributes: {mode: 'cubic', padding_mode: 'border'},
  },
  {op: 'AffineGrid', inputs: [[1, 2, 3], ints(1, 1, 3, 4)]},
  {
    op: 'NonMaxSuppression',
    inputs: [
      {dims: [1, 4, 4], values: [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 5, 1, 6, 0, 5.1, 1, 6.2]},
      {dims: [1, 2, 4], values: [0.9, 0.8, 0.7, 0.95, 0.2, 0.6, 0.5, 0.1]},
      ints(2),
      {dims: [1], values: [0.5]},
      {dims: [1], values: [0.3]},
    ],
  },
  {
    op: 'ImageDecoder', // a portable pixmap of two pixels
    inputs: [{dims: [17], values: [...new TextEncoder().encode('P6 2 1 255\n'), 1, 2, 3, 40, 50, 60]}],
    expected: () => [{dims: [1, 2, 3], values: [1, 2, 3, 40, 50, 60]}],
    exact: true,
  },
];

const signal = [
  {op: 'DFT', inputs: [[1, 8, 1], scalar(8), scalar(1)], defaults: {T2: 'int64'}, oracleOpset: 20},
  {op: 'DFT', variant: 'inverse', inputs: [[1, 6, 2], null, scalar(1)], attributes: {inverse: 1}, oracleOpset: 20},
  {op: 'STFT', inputs: [[1, 16, 1], scalar(4), {dims: [8], low: 0.2, high: 1}, scalar(8)]},
  ...['HannWindow', 'HammingWindow', 'BlackmanWindow'].map((op) => ({
    op,
    inputs: [scalar(9)],
    attributes: ({T2}) => ({output_datatype: numberOf(T2)}),
    defaults: {T2: 'float32'},
    expected: window(op),
  })),
  {
    op: 'MelWeightMatrix',
    inputs: [scalar(4), scalar(16), scalar(8000), {dims: [], values: [0]}, {dims: [], values: [3072]}],
    attributes: ({T3}) => ({output_datatype: numberOf(T3)}),
    defaults: {T3: 'float32'},
    oracleTypes: () => ({}),
    expected: melWeights,
  },
];

function window(op) {
  const terms = {HannWindow: [0.5, 0.5, 0], HammingWindow: [25 / 46, 21 / 46, 0], BlackmanWindow: [0.42, 0.5, 0.08]}[
    op
  ];
  const at = (i) => terms[0] - terms[1] * Math.cos((2 * Math.PI * i) / 9) + terms[2] * Math.cos((4 * Math.PI * i) / 9);
  return () => [{dims: [9], values: Array.from({length: 9}, (_, i) => at(i))}];
}

/** Triangles between 4 + 2 points that are even on the mel scale, over 9 bins. */
function melWeights() {
  const mel = (hertz) => 2595 * Math.log10(1 + hertz / 700);
  const points = Array.from({length: 6}, (_, i) => {
    const at = (i * (mel(3072) - mel(0))) / 6;
    return Math.floor((17 * 700 * (10 ** (at / 2595) - 1)) / 8000);
  });
  const values = [];
  for (let bin = 0; bin < 9; bin++)
    for (let band = 0; band < 4; band++) {
      const [low, middle, high] = points.slice(band, band + 3);
      const rising =
        middle === low ? (bin === middle ? 1 : 0) : bin >= low && bin <= middle ? (bin - low) / (middle - low) : 0;
      const falling = bin > middle && bin < high ? (high - bin) / (high - middle) : 0;
      values.push(rising || falling);
    }
  return [{dims: [9, 4], values}];
}

export const cases = [
  ...contractions,
  ...pooling,
  ...normalization,
  ...attention,
  ...losses,
  ...recurrent,
  ...image,
  ...signal,
];
