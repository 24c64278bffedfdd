// onnxruntime's quantised operators: what its quantizer writes, and what it makes of that when it saves an optimised model.
import {bytes, constant, listed, microsoft, number, of, signedBytes, variants} from '../microsoft.mjs';

const scale = (value) => number('float32', value);
const scales = (count) => of('float32', [count], {low: 0.01, high: 0.1});
const zero = (type, value) => number(type, value);
const oneStep = {tolerance: {atol: 1}}; // a sum on the edge between two steps may round either way

const weights = (type, dims) => constant(type === 'int8' ? signedBytes(dims) : bytes(dims));
const products = ['uint8', 'int8'].flatMap((type) => {
  const column = (count) => of(type, [count], {low: type === 'int8' ? -5 : 120, high: type === 'int8' ? 5 : 135});
  return [
    ...variants('DynamicQuantizeMatMul', {
      [`${type}_columns`]: [[{dims: [3, 8]}, weights(type, [8, 5]), scales(5), column(5), {dims: [5]}]],
      [`${type}_tensor`]: [[{dims: [2, 3, 8]}, weights(type, [8, 5]), scale(0.05), zero(type, 3)]],
      [`${type}_symmetric`]: [[{dims: [2, 3, 8]}, weights(type, [8, 5]), scale(0.05)]],
      [`${type}_batches`]: [[{dims: [2, 3, 8]}, weights(type, [2, 8, 5]), scale(0.05), zero(type, 3)]],
    }),
    ...variants('MatMulIntegerToFloat', {
      [`${type}_columns`]: [
        [bytes([3, 8]), weights(type, [8, 5]), scale(0.02), scales(5), zero('uint8', 7), column(5), {dims: [5]}],
      ],
      [`${type}_plain`]: [[bytes([2, 3, 8]), weights(type, [8, 5]), scale(0.02), scale(0.05)]],
    }),
  ];
});

const integers = [
  microsoft(
    'MatMulInteger16',
    [of('int16', [2, 4], {low: -999, high: 999}), of('int16', [4, 3], {low: -999, high: 999})],
    {},
    {outputs: ['int32']},
  ),
  microsoft(
    'MulInteger',
    [bytes([3, 4]), zero('uint8', 3), bytes([3, 4]), zero('uint8', 9)],
    {},
    {
      outputs: ['int32'],
      expected: ([a, , b]) => [{dims: a.dims, values: a.values.map((x, i) => (x - 3) * (b.values[i] - 9))}],
    },
  ),
  microsoft(
    'ReduceSumInteger',
    [bytes([2, 3])],
    {axes: [1], keepdims: 0},
    {
      outputs: ['uint32'],
      expected: ([
        {
          values: [a, b, c, d, e, f],
        },
      ]) => [{dims: [2], values: [a + b + c, d + e + f]}],
    },
  ),
];

const convolution = (dims, last, group = 1) => [
  [
    bytes(dims),
    scale(0.02),
    zero('uint8', 120),
    weights('int8', [group === 1 ? 6 : group, group === 1 ? 4 : 1, 3, 3]),
    group === 1 ? constant(of('float32', [6], {low: 0.005, high: 0.01})) : scale(0.01),
    group === 1 ? listed('int8', [6], [0, 0, 0, 0, 0, 0]) : zero('int8', 0),
    scale(0.05),
    zero('uint8', 110),
    group === 1 ? of('int32', [6], {low: -500, high: 500}) : null,
  ],
  {channels_last: last, pads: [1, 1, 1, 1], strides: [2, 2], group},
  {outputs: ['uint8'], ...oneStep},
];

/** Operands of QLinearAdd and QLinearMul. */
const pair = (type, a, b) => {
  const make = type === 'int8' ? signedBytes : bytes;
  const at = type === 'int8' ? -3 : 120;
  return [
    [make(a), scale(0.02), zero(type, at), make(b), scale(0.03), zero(type, at + 2), scale(0.06), zero(type, at)],
    {},
    {outputs: [type], ...oneStep},
  ];
};
const binary = ['QLinearAdd', 'QLinearMul'].flatMap((op) =>
  ['uint8', 'int8'].flatMap((type) =>
    variants(op, {
      [`${type}_equal`]: pair(type, [3, 4], [3, 4]),
      [`${type}_row`]: pair(type, [2, 3, 4], [4]),
      [`${type}_both`]: pair(type, [3, 1], [1, 4]),
      [`${type}_number`]: pair(type, [1], [3, 4]),
      [`${type}_channels`]: pair(type, [2, 3, 4, 5], [3, 1, 1]),
    }),
  ),
);

const unary = (dims, attributes = {}, y = [0.01, 5]) => [
  [bytes(dims), scale(0.02), zero('uint8', 120), scale(y[0]), zero('uint8', y[1])],
  attributes,
  {outputs: ['uint8'], ...oneStep},
];
const linear = [
  ...variants('QLinearConv', {
    first: convolution([1, 4, 7, 7], 0),
    last: convolution([1, 7, 7, 4], 1),
    depthwise: convolution([1, 4, 7, 7], 0, 4),
  }),
  ...variants('QLinearSigmoid', {plain: unary([3, 4], {}, [0.004, 0])}),
  ...variants('QLinearLeakyRelu', {plain: unary([3, 4], {alpha: {float: 0.2}}, [0.02, 60])}),
  ...variants('QLinearAveragePool', {
    first: unary([1, 3, 6, 6], {kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2]}, [0.02, 120]),
    counted: unary([1, 3, 6, 6], {kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1}, [0.02, 120]),
    last: unary([1, 6, 6, 3], {kernel_shape: [2, 2], strides: [2, 2], channels_last: 1}, [0.02, 120]),
  }),
  ...variants('QLinearGlobalAveragePool', {
    first: unary([1, 3, 5, 6], {channels_last: 0}, [0.02, 120]),
    last: unary([1, 5, 6, 3], {channels_last: 1}, [0.02, 120]),
  }),
  ...variants('QLinearSoftmax', {
    last: unary([3, 8], {axis: -1, opset: 13}, [0.004, 0]),
    from_axis: unary([2, 3, 4], {axis: 1, opset: 12}, [0.004, 0]),
  }),
  ...variants('QLinearConcat', {
    plain: [
      [
        scale(0.03),
        zero('uint8', 110),
        bytes([2, 3]),
        scale(0.02),
        zero('uint8', 120),
        bytes([2, 4]),
        scale(0.04),
        zero('uint8', 100),
      ],
      {axis: 1},
      {outputs: ['uint8'], ...oneStep},
    ],
  }),
  ...variants('QLinearWhere', {
    plain: [
      [
        of('bool', [3, 4]),
        bytes([3, 4]),
        scale(0.02),
        zero('uint8', 120),
        bytes([3, 4]),
        scale(0.03),
        zero('uint8', 110),
        scale(0.03),
        zero('uint8', 115),
      ],
      {},
      {outputs: ['uint8'], ...oneStep},
    ],
  }),
  ...variants('QGemm', {
    quantised: [
      [
        bytes([3, 8]),
        scale(0.02),
        zero('uint8', 120),
        weights('int8', [5, 8]),
        scales(5),
        of('int8', [5], {low: 0, high: 0}),
        of('int32', [5], {low: -99, high: 99}),
        scale(0.2),
        zero('uint8', 100),
      ],
      {transB: 1, alpha: {float: 0.5}},
      {outputs: ['uint8'], ...oneStep},
    ],
    float: [
      [
        bytes([3, 8]),
        scale(0.02),
        zero('uint8', 120),
        weights('uint8', [8, 5]),
        scale(0.03),
        zero('uint8', 110),
        of('int32', [5], {low: -99, high: 99}),
      ],
      {},
    ],
    no_bias: [
      [
        bytes([8, 3]),
        scale(0.02),
        zero('uint8', 120),
        weights('int8', [8, 5]),
        scale(0.03),
        zero('int8', 2),
        null,
        scale(0.4),
        zero('uint8', 100),
      ],
      {transA: 1},
      {outputs: ['uint8'], ...oneStep},
    ],
  }),
  ...variants('NhwcMaxPool', {
    uint8: [[bytes([1, 6, 6, 3])], {kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]}, {outputs: ['uint8']}],
    int8: [
      [signedBytes([1, 6, 6, 3])],
      {kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, dilations: [1, 2]},
      {outputs: ['int8']},
    ],
  }),
];

const lstm = (directions, perColumn, type) => {
  const [inputs, hidden] = [6, 8];
  const size = perColumn ? [directions, 4 * hidden] : [directions];
  const some = () => of('float32', size, {low: 0.001, high: 0.004});
  const centre = () => of(type, size, type === 'int8' ? {low: 0, high: 0} : {low: 128, high: 128});
  const w = (rows) =>
    constant(type === 'int8' ? signedBytes([directions, rows, 4 * hidden]) : bytes([directions, rows, 4 * hidden]));
  return [
    [
      of('float32', [5, 2, inputs]),
      w(inputs),
      w(hidden),
      constant(of('float32', [directions, 8 * hidden], {low: -0.2, high: 0.2})),
      null,
      of('float32', [directions, 2, hidden], {low: -0.5, high: 0.5}),
      of('float32', [directions, 2, hidden], {low: -0.5, high: 0.5}),
      null,
      ...[some(), centre(), some(), centre()].map(constant),
    ],
    {hidden_size: hidden, direction: directions === 2 ? 'bidirectional' : 'forward'},
    {outputs: ['float32', 'float32', 'float32']},
  ];
};

const heads = (more, mask, past = false) => [
  [
    bytes([2, 4, 16]),
    constant(signedBytes([16, 48])),
    of('float32', [48], {low: -0.2, high: 0.2}),
    scale(0.02),
    scale(0.006),
    mask,
    zero('uint8', 128),
    zero('int8', 0),
    past ? {dims: [2, 2, 2, 3, 8]} : null,
  ],
  {num_heads: 2, ...more},
  {outputs: past ? ['float32', 'float32'] : ['float32'], tolerance: {rtol: 1e-3, atol: 1e-4}},
];

const table = (type, rows) =>
  constant(of(type, [rows, 8], type === 'int8' ? {low: -128, high: 127} : {low: 0, high: 255}));
const embed = (type, segments, mask) => {
  const row = () => constant(of(type, [8], type === 'int8' ? {low: -128, high: 127} : {low: 0, high: 255}));
  const centre = () => constant(zero(type, type === 'int8' ? 3 : 120));
  const size = () => constant(scale(0.02));
  const if_ = (make) => (segments ? make() : null);
  return [
    [
      of('int32', [2, 4], {low: 0, high: 9}),
      if_(() => of('int32', [2, 4], {low: 0, high: 1})),
      table(type, 10),
      table(type, 6),
      if_(() => table(type, 2)),
      row(),
      row(),
      mask ? listed('int32', [2, 4], [1, 1, 1, 0, 1, 1, 0, 0]) : null,
      size(),
      size(),
      if_(size),
      size(),
      size(),
      centre(),
      centre(),
      if_(centre),
      centre(),
      centre(),
    ],
    {epsilon: {float: 1e-5}},
    {outputs: ['float32', 'int32']},
  ];
};

const networks = [
  ...variants('DynamicQuantizeLSTM', {
    forward: lstm(1, false, 'uint8'),
    columns: lstm(1, true, 'int8'),
    both: lstm(2, true, 'uint8'),
  }),
  ...variants('QAttention', {
    plain: heads({}, null),
    causal: heads({unidirectional: 1}, null),
    lengths: heads({}, listed('int32', [2], [3, 4])),
    mask: heads({}, listed('int32', [2, 4], [1, 1, 1, 0, 1, 1, 1, 1])),
    past: heads({unidirectional: 1}, null, true),
  }),
  ...variants('QEmbedLayerNormalization', {
    segments: embed('uint8', true, true),
    plain: embed('int8', false, false),
  }),
];

export const cases = [...products, ...integers, ...binary, ...linear, ...networks];
