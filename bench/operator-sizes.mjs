// One natural size for each operator: the shapes it has in the models people run. What is not said here (attributes, types) is as in
// tests/operators/cases/; an operator's key may be followed by ":variant".
const IMAGE = [1, 128, 56, 56];
const TOKENS = [1, 197, 768];
const HEADS = [1, 12, 128, 64];
const CHANNELS = {dims: [1, 128, 1, 1]};

const scalar = (value) => ({dims: [], values: [value]});
const ints = (...values) => ({dims: [values.length], values});
const weights = (...dims) => ({dims, low: -0.1, high: 0.1, constant: true});
const range = (n) => Array.from({length: n}, (_, i) => i);
const indices = (dims, below) => ({dims, low: 0, high: below - 1});
const positive = (...dims) => ({dims, low: 0.5, high: 2});

const every = (ops, size) => Object.fromEntries(ops.split(' ').map((op) => [op, size]));

export const sizes = {
  // One formula for each element.
  ...every('Abs Ceil Erf Floor Neg Round Sign Sin Cos Exp Tanh Tan Sinh Cosh Asinh Atan IsNaN IsInf Not', {
    inputs: [IMAGE],
  }),
  ...every(
    'Celu Elu Gelu Gelu:tanh HardSigmoid HardSwish LeakyRelu Mish Relu Selu Shrink Sigmoid Softplus Softsign Swish',
    {inputs: [IMAGE]},
  ),
  ...every('ThresholdedRelu BitwiseNot', {inputs: [IMAGE]}),
  ...every('Acos Asin Atanh', {inputs: [{dims: IMAGE, low: -0.99, high: 0.99}]}),
  ...every('Log Sqrt Reciprocal', {inputs: [positive(...IMAGE)]}),
  Acosh: {inputs: [{dims: IMAGE, low: 1, high: 9}]},
  ...every('Add Sub Mul Greater GreaterOrEqual Less LessOrEqual Equal And Or Xor PRelu', {inputs: [IMAGE, CHANNELS]}),
  ...every('Div Mod', {inputs: [IMAGE, {...CHANNELS, low: 1, high: 5}]}),
  ...every('BitwiseAnd BitwiseOr BitwiseXor', {inputs: [IMAGE, CHANNELS], defaults: {T: 'int32'}}),
  BitwiseNot: {inputs: [IMAGE], defaults: {T: 'int32'}},
  BitShift: {
    inputs: [
      {dims: IMAGE, low: 0, high: 200},
      {...CHANNELS, low: 0, high: 5},
    ],
    defaults: {T: 'uint32'},
  },
  Pow: {inputs: [positive(...IMAGE), {...CHANNELS, low: 0.5, high: 3}]},
  ...every('Max Min Sum Mean', {inputs: [IMAGE, IMAGE, CHANNELS]}),
  Clip: {inputs: [IMAGE, scalar(-1), scalar(1)]},
  Where: {inputs: [[1, 1, 256, 256], [1, 8, 256, 256], scalar(0)]},
  Cast: {inputs: [{dims: IMAGE}]},
  'Cast:to_int64': {inputs: [{dims: IMAGE, integral: true}], attributes: {to: 7}, defaults: {T2: 'int64'}},
  CastLike: {inputs: [{dims: IMAGE}, scalar(1)], defaults: {T2: 'int32'}},
  BitCast: {inputs: [IMAGE], defaults: {T2: 'int32'}},

  // Contractions.
  MatMul: {inputs: [TOKENS, weights(768, 768)]},
  Gemm: {inputs: [[64, 1024], weights(1000, 1024), weights(1000)], attributes: {transB: 1}},
  Einsum: {inputs: [HEADS, HEADS], attributes: {equation: 'bhid,bhjd->bhij'}},
  Conv: {inputs: [[1, 64, 56, 56], weights(64, 64, 3, 3), weights(64)], attributes: {pads: [1, 1, 1, 1]}},
  'Conv:1d': {inputs: [[1, 80, 1000], weights(256, 80, 3), weights(256)], attributes: {pads: [1, 1]}},
  'Conv:3d': {inputs: [[1, 16, 8, 32, 32], weights(16, 16, 3, 3, 3)], attributes: {pads: [1, 1, 1, 1, 1, 1]}},
  ConvTranspose: {
    inputs: [[1, 64, 28, 28], weights(64, 32, 4, 4), weights(32)],
    attributes: {strides: [2, 2], pads: [1, 1, 1, 1]},
  },
  DeformConv: {
    inputs: [[1, 32, 28, 28], weights(32, 32, 3, 3), {dims: [1, 18, 28, 28], low: -1, high: 1}],
    attributes: {pads: [1, 1, 1, 1]},
  },
  Det: {inputs: [[32, 16, 16]]},
  Col2Im: {inputs: [[1, 144, 3136], ints(56, 56), ints(3, 3)], attributes: {pads: [1, 1, 1, 1]}},

  // Windows.
  ...every('AveragePool LpPool', {inputs: [[1, 64, 56, 56]], attributes: {kernel_shape: [3, 3], strides: [2, 2]}}),
  MaxPool: {
    inputs: [[1, 64, 112, 112]],
    attributes: {kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]},
    outputs: [true],
  },
  'MaxPool:dilated': {inputs: [[1, 64, 56, 56]], outputs: [true]},
  ...every('GlobalAveragePool GlobalMaxPool GlobalLpPool', {inputs: [[1, 512, 14, 14]]}),
  MaxUnpool: {inputs: [[1, 16, 28, 28], {dims: [1, 16, 28, 28], values: range(16 * 28 * 28).map((i) => i * 4)}]},
  MaxRoiPool: {
    inputs: [
      [1, 64, 32, 32],
      {dims: [32, 5], values: range(32).flatMap((i) => [0, i % 8, i % 5, 12 + (i % 16), 16 + (i % 9)])},
    ],
    attributes: {pooled_shape: [7, 7]},
  },
  RoiAlign: {
    inputs: [
      [1, 64, 50, 50],
      {dims: [100, 4], values: range(100).flatMap((i) => [i % 16, i % 10, 20 + (i % 25), 24 + (i % 20)])},
      indices([100], 1),
    ],
    attributes: {output_height: 7, output_width: 7, sampling_ratio: 2},
  },

  // Normalisation.
  BatchNormalization: {inputs: [[1, 64, 56, 56], positive(64), [64], [64], positive(64)]},
  InstanceNormalization: {inputs: [[1, 64, 56, 56], [64], [64]]},
  LayerNormalization: {inputs: [TOKENS, weights(768), weights(768)], outputs: ['T']},
  GroupNormalization: {inputs: [[1, 64, 56, 56], [64], [64]], attributes: {num_groups: 32}},
  RMSNormalization: {inputs: [[1, 128, 2048], weights(2048)]},
  LRN: {inputs: [[1, 64, 56, 56]], attributes: {size: 5}},
  LpNormalization: {inputs: [[128, 1024]]},
  MeanVarianceNormalization: {inputs: [[1, 64, 56, 56]]},
  Dropout: {inputs: [IMAGE], outputs: ['T']},

  // Attention, recurrence, losses.
  Attention: {inputs: [HEADS, HEADS, HEADS]},
  RotaryEmbedding: {inputs: [HEADS, [128, 32], [128, 32], {dims: [1, 128], values: range(128)}]},
  RNN: recurrent(1, 1),
  GRU: recurrent(3, 1),
  LSTM: recurrent(4, 2),
  NegativeLogLikelihoodLoss: {inputs: [[256, 1000], indices([256], 1000)]},
  SoftmaxCrossEntropyLoss: {inputs: [[256, 1000], indices([256], 1000)], outputs: ['T']},
  ...every('Softmax', {inputs: [[1, 12, 197, 197]], attributes: {axis: -1}}),
  LogSoftmax: {inputs: [[32, 10000]]},
  Hardmax: {inputs: [[128, 1000]]},

  // Images and signals.
  'Resize:linear': {inputs: [[1, 3, 224, 224], null, null, ints(1, 3, 448, 448)]},
  'Resize:cubic': {inputs: [[1, 3, 112, 112], null, null, ints(1, 3, 224, 224)]},
  Resize: {inputs: [[1, 64, 28, 28], null, {dims: [4], values: [1, 1, 2, 2]}]},
  'GridSample:linear': {inputs: [[1, 3, 128, 128], {dims: [1, 128, 128, 2], low: -1, high: 1}]},
  'GridSample:cubic': {inputs: [[1, 3, 64, 64], {dims: [1, 64, 64, 2], low: -1, high: 1}]},
  AffineGrid: {inputs: [[1, 2, 3], ints(1, 3, 224, 224)]},
  NonMaxSuppression: {
    inputs: [
      boxes(1000),
      {dims: [1, 10, 1000], low: 0, high: 1},
      ints(100),
      {dims: [1], values: [0.5]},
      {dims: [1], values: [0.3]},
    ],
  },
  DFT: {inputs: [[1, 4096, 1], null, scalar(1)]},
  STFT: {inputs: [[1, 16000, 1], scalar(160), {dims: [400], low: 0.2, high: 1}, scalar(400)]},
  ...every('HannWindow HammingWindow BlackmanWindow', {inputs: [scalar(4096)]}),
  MelWeightMatrix: {inputs: [scalar(80), scalar(512), scalar(16000), scalar(0), scalar(8000)]},

  // Along axes.
  ...every('ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare', {
    inputs: [IMAGE, ints(2, 3)],
  }),
  ReduceLogSum: {inputs: [positive(...IMAGE), ints(2, 3)]},
  ...every('ReduceMean:outer_and_inner ReduceSum:outer_and_inner', {inputs: [[64, 128, 64], ints(1)]}),
  ...every('ArgMax ArgMin', {inputs: [[1, 21, 128, 128]], attributes: {axis: 1}}),
  TopK: {inputs: [[16, 8400], ints(300)]},
  CumSum: {inputs: [[64, 4096], scalar(1)]},
  CumProd: {inputs: [{dims: [64, 4096], low: 0.9, high: 1.1}, scalar(1)]},

  // Moving elements.
  Flatten: {inputs: [[1, 512, 7, 7]], attributes: {axis: 1}},
  Reshape: {inputs: [TOKENS, ints(197, 12, 64)]},
  Squeeze: {inputs: [[1, 1, 197, 768], ints(0, 1)]},
  Unsqueeze: {inputs: [[197, 768], ints(0)]},
  Identity: {inputs: [TOKENS]},
  Transpose: {inputs: [[1, 197, 12, 64]], attributes: {perm: [0, 2, 1, 3]}},
  Pad: {inputs: [[1, 64, 56, 56], ints(0, 0, 1, 1, 0, 0, 1, 1), scalar(0), null]},
  'Pad:reflect': {inputs: [[1, 64, 56, 56], ints(0, 0, 1, 1, 0, 0, 1, 1)]},
  Slice: {inputs: [[1, 64, 112, 112], ints(0, 0), ints(112, 112), ints(2, 3), ints(2, 2)]},
  Concat: {inputs: [IMAGE, IMAGE], attributes: {axis: 1}},
  Split: {inputs: [[1, 197, 2304], ints(768, 768, 768)], attributes: {axis: 2}, outputs: [true, true, true]},
  Tile: {inputs: [[1, 64, 28, 28], ints(1, 1, 2, 2)]},
  Expand: {inputs: [CHANNELS, ints(...IMAGE)]},
  Gather: {inputs: [weights(30522, 64), indices([1, 512], 30522)], attributes: {axis: 0}},
  GatherElements: {inputs: [[1000, 256], indices([300, 256], 1000)]},
  GatherND: {inputs: [[64, 1000, 16], {dims: [300, 2], low: 0, high: 63}]},
  ScatterElements: {inputs: [[1000, 256], indices([300, 256], 1000), [300, 256]]},
  'ScatterElements:add': {inputs: [[1000, 256], indices([300, 256], 1000), [300, 256]]},
  ScatterND: {inputs: [[1024, 256], {dims: [512, 1], values: range(512)}, [512, 256]]},
  TensorScatter: {inputs: [[4, 512, 64], [4, 1, 64], ints(1, 2, 3, 4)]},
  ...every('DepthToSpace SpaceToDepth', {inputs: [[1, 64, 56, 56]]}),
  CenterCropPad: {inputs: [[256, 256, 3], ints(224, 224, 3)]},
  Compress: {inputs: [[1000, 256], {dims: [1000]}]},
  ReverseSequence: {inputs: [[50, 8, 256], indices([8], 50)], attributes: {time_axis: 0, batch_axis: 1}},
  ...every('Trilu', {inputs: [[1024, 1024], scalar(0)]}),
  ConstantOfShape: {inputs: [ints(...IMAGE)]},
  EyeLike: {inputs: [[512, 512]]},
  OneHot: {
    inputs: [indices([512], 1000), scalar(1000), {dims: [2], values: [0, 1]}],
    defaults: {T1: 'int64', T2: 'int64'},
  },
  Range: {inputs: [scalar(0), scalar(100000), scalar(1)]},
  NonZero: {inputs: [{dims: [256, 256], low: 0, high: 1, integral: true}]},
  Unique: {inputs: [{dims: [20000], low: 0, high: 500, integral: true}]},

  // Text.
  StringConcat: {inputs: [[1000], [1000]]},
  StringNormalizer: {inputs: [[1000]]},
  StringSplit: {inputs: [[1000]]},
  RegexFullMatch: {inputs: [[1000]]},
  TfIdfVectorizer: {inputs: [{dims: [1000], low: 0, high: 4}], defaults: {T: 'int64'}},

  // Quantised.
  QuantizeLinear: {inputs: [{dims: IMAGE, low: -20, high: 20}, scalar(0.2), scalar(100)]},
  DequantizeLinear: {inputs: [{dims: IMAGE, low: 0, high: 200}, scalar(0.2), scalar(100)], attributes: {}},
  DynamicQuantizeLinear: {inputs: [TOKENS]},
  MatMulInteger: {inputs: [bytes(128, 768), {...bytes(768, 768), constant: true}, scalar(100), scalar(90)]},
  ConvInteger: {
    inputs: [bytes(1, 64, 28, 28), {...bytes(64, 64, 3, 3), constant: true}, scalar(100), scalar(90)],
    attributes: {pads: [1, 1, 1, 1]},
  },
  QLinearMatMul: {
    inputs: [
      bytes(128, 768),
      scalar(0.02),
      scalar(100),
      {...bytes(768, 768), constant: true},
      scalar(0.03),
      scalar(90),
      scalar(0.5),
      scalar(100),
    ],
  },
  QLinearConv: {
    inputs: [
      bytes(1, 64, 28, 28),
      scalar(0.02),
      scalar(100),
      {...bytes(64, 64, 3, 3), constant: true},
      scalar(0.03),
      scalar(90),
      scalar(0.5),
      scalar(100),
    ],
    attributes: {pads: [1, 1, 1, 1]},
  },

  // Random numbers.
  ...every('RandomNormal RandomUniform', {attributes: {shape: IMAGE}}),
  ...every('RandomNormalLike RandomUniformLike', {inputs: [IMAGE], attributes: {}}),
  Bernoulli: {inputs: [{dims: IMAGE, low: 0, high: 1}], attributes: {}},
  Multinomial: {inputs: [[8, 1000]], attributes: {sample_size: 100}},
};

function bytes(...dims) {
  return {dims, low: 0, high: 200};
}

function boxes(n) {
  return {
    dims: [1, n, 4],
    values: range(n).flatMap((i) => [(i * 7) % 100, (i * 13) % 100, ((i * 7) % 100) + 12, ((i * 13) % 100) + 15]),
  };
}

function recurrent(gates, states) {
  const hidden = 128;
  const inputs = [
    [50, 1, 128],
    weights(1, gates * hidden, 128),
    weights(1, gates * hidden, hidden),
    weights(1, gates * hidden * 2),
    null,
  ];
  return {inputs: [...inputs, ...new Array(states).fill([1, 1, hidden])], attributes: {hidden_size: hidden}};
}
