// Operators that move elements: exact on every type.
import {sizeOf} from '../case.mjs';
import {elementsOf, elementwise, pick} from '../formulas.mjs';
import {encode, numberOf, roundTo} from '../types.mjs';

const ints = (...values) => ({dims: [values.length], values});
const scalar = (value) => ({dims: [], values: [value]});
const range = (n) => Array.from({length: n}, (_, i) => i);

/** The same elements under other dims. */
const reshaped =
  (dims) =>
  ([x]) => [{dims, values: x.values}];
const moved =
  (dims, places) =>
  ([x]) => [pick(x, dims, places)];

const views = [
  {op: 'Flatten', inputs: [[2, 3, 2]], attributes: {axis: 2}, expected: reshaped([6, 2])},
  {op: 'Reshape', inputs: [[2, 3, 2], ints(0, -1)], expected: reshaped([2, 6])},
  {op: 'Squeeze', inputs: [[2, 1, 3, 1], ints(1, -1)], expected: reshaped([2, 3])},
  {op: 'Unsqueeze', inputs: [[2, 3], ints(0, 3)], expected: reshaped([1, 2, 3, 1])},
  {op: 'Shape', inputs: [[2, 3, 4]], expected: () => [{dims: [3], values: [2, 3, 4]}]},
  {op: 'Size', inputs: [[2, 3, 4]], expected: () => [{dims: [], values: [24]}]},
  {op: 'Identity', inputs: identityInput, expected: ([x]) => [x]},
];

/** An input for a tensor, a sequence or an optional of either. */
function identityInput({V}) {
  return V.includes('seq(') ? [{sequence: [[2, 3], [4]]}] : [{dims: [2, 3]}];
}

const TRANSPOSED = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]; // [2,3,2] by [2,1,0]

const moves = [
  {op: 'Transpose', inputs: [[2, 3, 2]], attributes: {perm: [2, 1, 0]}, expected: moved([2, 3, 2], TRANSPOSED)},
  {
    op: 'Pad',
    inputs: [[2, 3], ints(1, 1), {dims: [], low: 1, high: 1}, ints(1)],
    expected: ([x, , fill]) => {
      const rows = pick(x, [2, 3], range(6)).values;
      const width = rows.length / 2;
      return [
        {
          dims: [2, 5],
          values: [0, 1].flatMap((row) => [
            ...fill.values,
            ...rows.slice(row * width, (row + 1) * width),
            ...fill.values,
          ]),
        },
      ];
    },
  },
  {op: 'Pad', variant: 'reflect', inputs: [[2, 4], ints(1, 2, 1, 1)], attributes: {mode: 'reflect'}},
  {op: 'Pad', variant: 'wrap', inputs: [[2, 4], ints(1, 2, 1, 1)], attributes: {mode: 'wrap'}},
  {
    op: 'Slice',
    inputs: [[3, 5], ints(2, 4), ints(-4, 0), ints(0, 1), ints(-1, -2)],
    expected: moved([3, 2], [14, 12, 9, 7, 4, 2]),
  },
  {
    op: 'Concat',
    inputs: [
      [2, 3],
      [2, 2],
    ],
    attributes: {axis: 1},
  },
  {op: 'Split', inputs: [[2, 5], ints(2, 3)], attributes: {axis: 1}, outputs: [true, true]},
  {op: 'Tile', inputs: [[2, 3], ints(2, 2)]},
  {op: 'Expand', inputs: [[3, 1], ints(2, 3, 4)]},
  {
    op: 'Gather',
    inputs: [[3, 4], {dims: [2, 2], values: [0, -1, 2, 1]}],
    attributes: {axis: 1},
    defaults: {Tind: 'int64'},
  },
  {op: 'GatherElements', inputs: [[3, 4], {dims: [2, 4], values: [0, 2, -1, 1, 1, 0, 2, -3]}], attributes: {axis: 0}},
  {op: 'GatherND', inputs: [[2, 3, 4], {dims: [2, 2], values: [0, 1, -1, 2]}]},
  {
    op: 'ScatterElements',
    inputs: [[3, 4], {dims: [2, 4], values: [0, 2, -1, 1, 1, 0, 2, 0]}, [2, 4]],
    attributes: {axis: 0},
  },
  {
    op: 'ScatterElements',
    variant: 'add',
    inputs: [[3, 4], {dims: [2, 4], values: [0, 2, -1, 1, 1, 0, 2, 0]}, [2, 4]],
    attributes: {axis: 0, reduction: 'add'},
  },
  {op: 'ScatterND', inputs: [[4, 3], {dims: [2, 1], values: [2, -4]}, [2, 3]]},
  {op: 'TensorScatter', inputs: [[2, 4, 3], [2, 2, 3], ints(1, 2)], attributes: {axis: 1}, expected: tensorScatter},
  {op: 'DepthToSpace', inputs: [[1, 8, 2, 3]], attributes: {blocksize: 2}},
  {op: 'SpaceToDepth', inputs: [[1, 2, 4, 6]], attributes: {blocksize: 2}},
  {op: 'CenterCropPad', inputs: [[3, 6], ints(5, 4)]},
  {op: 'Compress', inputs: [[3, 4], {dims: [3], values: [1, 0, 1]}], attributes: {axis: 0}},
  {op: 'ReverseSequence', inputs: [[4, 3], ints(4, 2, 1)], attributes: {time_axis: 0, batch_axis: 1}},
  {op: 'Trilu', inputs: [[2, 3, 4], scalar(1)], attributes: {upper: 1}},
  {op: 'Trilu', variant: 'lower', inputs: [[2, 3, 4], scalar(-1)], attributes: {upper: 0}},
  {
    op: 'Where',
    inputs: [[2, 1, 4], [3, 1], [4]],
    expected: ([condition, x, y], types, attributes) => {
      const list = (value) => ({...value, values: pick(value, value.dims, range(sizeOf(value.dims))).values});
      if (!x.type.startsWith('complex'))
        return elementwise((c, a, b) => (c ? a : b))([condition, list(x), list(y)], types, attributes);
      const pairs = (value) => ({
        ...value,
        values: range(sizeOf(value.dims)).map((i) => [value.values[2 * i], value.values[2 * i + 1]]),
      });
      const [result] = elementwise((c, a, b) => (c ? a : b))([condition, pairs(x), pairs(y)], types, attributes);
      return [{dims: result.dims, values: result.values.flat()}];
    },
  },
];

function tensorScatter([cache, update, places]) {
  const width = cache.values.length / 8; // elements of a row of [2, 4, 3], a pair of numbers each if complex
  const values = [...cache.values];
  places.values.forEach((place, batch) => {
    const rows = update.values.slice(batch * 2 * width, (batch + 1) * 2 * width);
    values.splice((batch * 4 + Number(place)) * width, rows.length, ...rows);
  });
  return [{dims: cache.dims, values}];
}

const tensorOf = (type, dims, values) => ({tensor: {type, dims, data: encode(type, values)}});

const made = [
  {
    op: 'Constant',
    attributes: ({T}) => ({value: tensorOf(T, [2, 2], T.startsWith('complex') ? range(8) : [0, 1, 1, 0])}),
    expected: (_inputs, {T}) => [
      {
        dims: [2, 2],
        values: T.startsWith('complex') ? range(8) : T === 'string' ? ['0', '1', '1', '0'] : roundTo(T, [0, 1, 1, 0]),
      },
    ],
  },
  {
    op: 'ConstantOfShape',
    inputs: [ints(2, 3)],
    attributes: ({T2}) => ({value: tensorOf(T2, [1], [1])}),
    expected: () => [{dims: [2, 3], values: new Array(6).fill(1)}],
  },
  {
    op: 'EyeLike',
    inputs: [[3, 4]],
    attributes: ({T2}) => ({k: 1, dtype: numberOf(T2)}),
    defaults: {T2: 'float32'},
    expected: () => [{dims: [3, 4], values: [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]}],
  },
  {
    op: 'OneHot',
    inputs: [
      {dims: [2, 3], low: 0, high: 3, integral: true},
      {dims: [], values: [4]},
      {
        dims: [2],
        values: (type) => (type === 'string' ? ['no', 'yes'] : type.startsWith('complex') ? [0, 1, 2, 3] : [0, 1]),
      },
    ],
    expected: oneHot,
  },
  {op: 'Range', inputs: [scalar(1), scalar(9), scalar(2)], expected: () => [{dims: [4], values: [1, 3, 5, 7]}]},
  {op: 'NonZero', inputs: [{dims: [3, 4], low: 0, high: 2, integral: true}], expected: nonZero},
  {
    op: 'Unique',
    inputs: [{dims: [8], low: 0, high: 3, integral: true}],
    outputs: [true, true, true, true],
    expected: unique,
  },
  {
    op: 'Unique',
    variant: 'axis',
    inputs: [{dims: [3, 2], values: [1, 2, 0, 5, 1, 2]}],
    attributes: {axis: 0},
    outputs: [true, true, true, true],
  },
];

function nonZero([x]) {
  const places = elementsOf(x).flatMap((value, i) => ([value].flat().some((part) => part && part !== '') ? [i] : []));
  return [{dims: [2, places.length], values: [...places.map((i) => Math.floor(i / 4)), ...places.map((i) => i % 4)]}];
}

function oneHot([indices, depth, values]) {
  const [off, on] =
    pick(values, [2], [0, 1]).values.length === 4 ? [values.values.slice(0, 2), values.values.slice(2)] : values.values;
  const n = Number(depth.values[0]);
  return [
    {
      dims: [...indices.dims, n],
      values: indices.values.flatMap((index) => range(n).map((i) => (i === Number(index) ? on : off))).flat(),
    },
  ];
}

/** Distinct elements in order; complex numbers by their real part, then the imaginary one. */
function unique([x]) {
  const elements = elementsOf(x);
  const keys = elements.map(String);
  const compare = (a, b) => (Array.isArray(a) ? a[0] - b[0] || a[1] - b[1] : a < b ? -1 : a > b ? 1 : 0);
  const distinct = elements.filter((_, i) => keys.indexOf(keys[i]) === i).sort(compare);
  const places = distinct.map(String);
  return [
    {dims: [distinct.length], values: distinct.flat()},
    {dims: [distinct.length], values: places.map((key) => keys.indexOf(key))},
    {dims: [keys.length], values: keys.map((key) => places.indexOf(key))},
    {dims: [distinct.length], values: places.map((key) => keys.filter((other) => other === key).length)},
  ];
}

export const cases = [...views, ...moves, ...made].map((description) => ({exact: true, ...description}));
