// onnxruntime's operators that move, gather, hash and count, its experimental operators of 2017, and plain arithmetic.
import {sizeOf} from '../case.mjs';
import {elementwise} from '../formulas.mjs';
import {listed, microsoft, number, of, variants} from '../microsoft.mjs';

const ints = (...values) => listed('int64', [values.length], values);
const old = (op, attributes, expected, dims = [2, 3, 4, 5]) =>
  microsoft(op, [{dims}], attributes, {domain: '', expected: ([x]) => expected(x)});
const mapped = (f) => (x) => [{dims: x.dims, values: x.values.map(f)}];

/** Elements of x [.., h, w] from (top, left) on, `height` by `width`. */
function cropped({dims, values}, top, left, height, width) {
  const [h, w] = dims.slice(-2);
  const planes = sizeOf(dims) / (h * w);
  const places = Array.from({length: planes * height * width}, (_, i) => {
    const [plane, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    return (plane * h + top + y) * w + left + x;
  });
  return [{dims: [...dims.slice(0, -2), height, width], values: places.map((place) => values[place])}];
}

const experimental = [
  old(
    'Affine',
    {alpha: {float: 2}, beta: {float: 0.5}},
    mapped((x) => 2 * x + 0.5),
  ),
  old(
    'ScaledTanh',
    {alpha: {float: 2}, beta: {float: 0.5}},
    mapped((x) => 2 * Math.tanh(0.5 * x)),
  ),
  old(
    'ParametricSoftplus',
    {alpha: {float: 2}, beta: {float: 0.5}},
    mapped((x) => 2 * Math.log1p(Math.exp(0.5 * x))),
  ),
  old(
    'Scale',
    {scale: {float: 3}},
    mapped((x) => 3 * x),
  ),
  old('ImageScaler', {scale: {float: 2}, bias: {floats: [1, 2, 3]}}, ({dims, values}) => [
    {dims, values: values.map((x, i) => 2 * x + 1 + (Math.floor(i / 20) % 3))},
  ]),
  old('Crop', {border: [1, 2, 1, 0]}, (x) => cropped(x, 2, 1, 2, 3)),
  {...old('Crop', {border: [1, 0, 0, 0], scale: [2, 3]}, (x) => cropped(x, 0, 1, 2, 3)), variant: 'scale'},
  microsoft(
    'DynamicSlice',
    [{dims: [4, 5]}, ints(1, 2), ints(3, 5), ints(0, 1)],
    {},
    {domain: '', expected: ([x]) => cropped(x, 1, 2, 2, 3)},
  ),
  microsoft(
    'GivenTensorFill',
    [],
    {values: {floats: [1, 2, 3, 4]}, shape: [2, 2]},
    {domain: '', expected: () => [{dims: [2, 2], values: [1, 2, 3, 4]}]},
  ),
];

const IMAGE = {dims: [2, 3, 7, 9], low: -1, high: 1};
const REGIONS = listed('float32', [4, 4], [0.1, 0.2, 0.8, 0.9, 0, 0, 1, 1, -0.2, 0.3, 1.2, 0.7, 0.5, 0.5, 0.2, 0.1]);
const crop = (mode) => [
  [IMAGE, REGIONS, listed('int32', [4], [0, 1, 1, 0]), listed('int32', [2], [4, 5])],
  {mode, extrapolation_value: {float: 1.5}},
];
const gridSample = (mode, padding, align) => [
  [{dims: [2, 3, 5, 6]}, {dims: [2, 4, 4, 2], low: -1.3, high: 1.3}],
  {mode, padding_mode: padding, align_corners: align},
  {tolerance: {rtol: 1e-3, atol: 1e-4}},
];

const moves = [
  ...variants('Range', {
    step: [[number('int64', 1), number('int64', 9), number('int64', 2)], {}, {outputs: ['int64']}],
    no_step: [[number('float32', 1), number('float32', 5)]],
  }),
  microsoft('ExpandDims', [{dims: [3, 4]}, number('int32', -1)]),
  microsoft('GatherND', [{dims: [3, 4, 5]}, listed('int32', [2, 2], [0, 1, 2, 3])]),
  ...variants('Trilu', {upper: [[{dims: [3, 4, 5]}]], lower: [[{dims: [3, 4, 5]}, number('int64', -1)], {upper: 0}]}),
  ...variants('Pad', {
    constant: [[{dims: [3, 4]}, ints(1, 0, 2, 1), listed('float32', [1], [3.5])]],
    reflect: [[{dims: [3, 4]}, ints(1, 0, 2, 1)], {mode: 'reflect'}],
    matrix: [[{dims: [3, 4]}, listed('int64', [1, 4], [1, 0, 2, 1])], {mode: 'edge'}],
  }),
  microsoft('SampleOp', [{dims: [3, 4]}]),
  ...[0, 1, -1].map((dim) => ({
    ...microsoft('UnfoldTensor', [{dims: [6, 7, 8]}], {dim, size: 3, step: 2}),
    variant: `axis_${dim < 0 ? 'last' : dim}`,
  })),
  microsoft('Unique', [listed('float32', [6], [2, 1, 1, 3, 4, 3])], {}, {outputs: ['float32', 'int64', 'int64']}),
  microsoft(
    'TorchEmbedding',
    [{dims: [6, 3]}, listed('int64', [2, 2], [0, 5, 2, 2])],
    {},
    {
      expected: ([table]) => [
        {dims: [2, 2, 3], values: [0, 5, 2, 2].flatMap((row) => table.values.slice(3 * row, 3 * row + 3))},
      ],
    },
  ),
  ...variants('CropAndResize', {
    bilinear: crop('bilinear'),
    nearest: crop('nearest'),
    one: [
      [IMAGE, listed('float32', [1, 4], [0.1, 0.2, 0.8, 0.9]), listed('int32', [1], [1]), listed('int32', [2], [1, 1])],
    ],
  }),
  ...variants('GridSample', {
    bilinear: gridSample('bilinear', 'zeros', 0),
    nearest: gridSample('nearest', 'border', 1),
    bicubic: gridSample('bicubic', 'reflection', 0),
  }),
];

const WORDS = listed('string', [4], ['abc', 'hello world', '', 'Zürich']);
const hashes = [
  ...[
    ['words', WORDS],
    ['int32', listed('int32', [3], [1, -5, 77])],
    ['float', listed('float32', [3], [1, -5, 77])],
    ['int64', listed('int64', [3], [1, -5, 77])],
  ].flatMap(([name, input]) => [
    {...microsoft('MurmurHash3', [input], {}, {outputs: ['uint32']}), variant: name},
    {...microsoft('MurmurHash3', [input], {positive: 0, seed: 42}, {outputs: ['int32']}), variant: `${name}_seeded`},
  ]),
];

const SOURCE = ints(1, 5, 3, 4, 7, 9, 8, 7);
const twoLists = {outputs: ['int64', 'int64']};
const tokens = [
  ...[1, 2, 3].map((size) => ({
    ...microsoft('NGramRepeatBlock', [listed('int64', [2, 5], [1, 2, 3, 1, 2, 4, 4, 4, 4, 4]), {dims: [2, 8]}], {
      ngram_size: size,
    }),
    variant: `size_${size}`,
  })),
  ...variants('BifurcationDetector', {
    alone: [[SOURCE, ints(2, 5, 3), ints(0)], {}, twoLists],
    predicted: [[SOURCE, ints(1, 5), ints(2), ints(3, 4, 7, 1, 1, 1, 2)], {}, twoLists],
    other: [[SOURCE, ints(1, 5), ints(2), ints(9, 4, 7, 1, 1, 1, 2)], {min_ngram_size: 1, max_ngram_size: 2}, twoLists],
  }),
  microsoft('DynamicTimeWarping', [{dims: [5, 7], low: 0, high: 3}], {}, {outputs: ['int32']}),
];

/** The product of square matrices. */
function matrixProduct(a, b, n) {
  return Array.from({length: n * n}, (_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return Array.from({length: n}, (__, k) => a[row * n + k] * b[k * n + column]).reduce((x, y) => x + y);
  });
}
const complexProduct =
  (sign) =>
  ([{dims, values: a}, {values: b}]) => [
    {
      dims,
      values: a.flatMap((_, i) =>
        i % 2 ? [] : [a[i] * b[i] - sign * a[i + 1] * b[i + 1], a[i + 1] * b[i] + sign * a[i] * b[i + 1]],
      ),
    },
  ];
/** The one-sided transform of rows. */
function transformed({dims, values}) {
  const n = dims.at(-1);
  const half = n / 2 + 1;
  const rows = sizeOf(dims) / n;
  const out = Array.from({length: rows * half}, (_, i) => {
    const [row, k] = [Math.floor(i / half), i % half];
    const angle = (j) => (-2 * Math.PI * j * k) / n;
    const sum = (f) => Array.from({length: n}, (__, j) => values[row * n + j] * f(angle(j))).reduce((a, b) => a + b);
    return [sum(Math.cos), sum(Math.sin)];
  });
  return {dims: [...dims.slice(0, -1), half, 2], values: out.flat()};
}
const SIGNAL = Array.from({length: 16}, (_, i) => Math.sin(i * i) * 2);
const SPECTRUM = transformed({dims: [2, 8], values: SIGNAL.map(Math.fround)});
const FFT = {signal_ndim: 1, onesided: 1, normalized: 0};
const finite = (name, values, answer, attributes = {}) => ({
  ...microsoft('IsAllFinite', [{dims: [2]}, listed('float32', [2], values)], attributes, {
    outputs: ['bool'],
    expected: () => [{dims: [], values: [answer]}],
  }),
  variant: name,
});

const arithmetic = [
  microsoft('Inverse', [of('float64', [2, 4, 4])], {}, {outputs: ['float64'], tolerance: {atol: 1e-9}}),
  microsoft(
    'Inverse',
    [listed('float32', [3, 3], [2, 1, 0, 1, 3, 1, 0, 1, 4])],
    {},
    {
      variant: 'identity',
      expected: ([x]) => {
        // Of a matrix with determinant 18, by its cofactors.
        const inverse = [11, -4, 1, -4, 8, -2, 1, -2, 5].map((v) => v / 18);
        const identity = matrixProduct(x.values, inverse, 3).map(Math.round);
        if (identity.join() !== '1,0,0,0,1,0,0,0,1') throw new Error('the expected inverse is none');
        return [{dims: [3, 3], values: inverse}];
      },
    },
  ),
  microsoft('ComplexMul', [{dims: [3, 4, 2]}, {dims: [3, 4, 2]}], {}, {expected: complexProduct(1)}),
  microsoft('ComplexMulConj', [{dims: [3, 4, 2]}, {dims: [3, 4, 2]}], {}, {expected: complexProduct(-1)}),
  microsoft('Rfft', [{dims: [3, 16]}], FFT, {expected: ([x]) => [transformed(x)]}),
  microsoft('Irfft', [listed('float32', SPECTRUM.dims, SPECTRUM.values)], FFT, {
    expected: () => [{dims: [2, 8], values: SIGNAL}],
  }),
  finite('finite', [1, 2], 1),
  finite('nan', [1, Number.NaN], 0),
  finite('infinite', [1, Number.POSITIVE_INFINITY], 0),
  finite('nan_only', [1, Number.POSITIVE_INFINITY], 1, {isnan_only: 1}),
  microsoft(
    'GatedAdd',
    [{dims: [3, 4]}, {dims: [3, 4]}, {dims: [3, 1]}],
    {},
    {expected: elementwise((x, y, gate) => x + y * gate)},
  ),
];

export const cases = [...experimental, ...moves, ...hashes, ...tokens, ...arithmetic];
