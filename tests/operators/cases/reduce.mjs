// Reductions, and what runs along an axis.
const axes = (...values) => ({dims: [values.length], values});
const scalar = (value) => ({dims: [], values: [value]});

const reduce = (op, range = {}) => [
  {op, inputs: [{dims: [2, 3, 4], ...range}, axes(1)]},
  {op, variant: 'all_axes', inputs: [{dims: [2, 3, 4], ...range}, null], attributes: {keepdims: 0}},
  {op, variant: 'outer_and_inner', inputs: [{dims: [2, 3, 4], ...range}, axes(0, -1)], attributes: {keepdims: 0}},
  {op, variant: 'noop', inputs: [{dims: [2, 3], ...range}, null], attributes: {noop_with_empty_axes: 1}},
];
const positive = {low: 1, high: 5};

export const cases = [
  ...['ReduceL1', 'ReduceL2', 'ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceSum', 'ReduceSumSquare'].flatMap((op) =>
    reduce(op),
  ),
  ...reduce('ReduceProd', {low: 1, high: 2}),
  ...reduce('ReduceLogSum', positive),
  ...reduce('ReduceLogSumExp', {low: 0, high: 3}),
  {op: 'ArgMax', inputs: [[3, 4]], attributes: {axis: 1}},
  {
    op: 'ArgMax',
    variant: 'last_index',
    inputs: [{dims: [3, 4], integral: true}],
    attributes: {axis: 0, select_last_index: 1, keepdims: 0},
  },
  {op: 'ArgMin', inputs: [[3, 4]], attributes: {axis: 1}},
  {
    op: 'ArgMin',
    variant: 'last_index',
    inputs: [{dims: [3, 4], integral: true}],
    attributes: {axis: 0, select_last_index: 1, keepdims: 0},
  },
  {op: 'TopK', inputs: [[3, 6], axes(3)], attributes: {axis: 1}, outputs: [true, true]},
  {
    op: 'TopK',
    variant: 'smallest',
    inputs: [[6, 3], axes(2)],
    attributes: {axis: 0, largest: 0},
    outputs: [true, true],
  },
  {op: 'CumSum', inputs: [[3, 4], scalar(1)]},
  {op: 'CumSum', variant: 'exclusive_reverse', inputs: [[3, 4], scalar(0)], attributes: {exclusive: 1, reverse: 1}},
  {op: 'CumProd', inputs: [{dims: [2, 3], low: 1, high: 3}, scalar(1)], expected: cumProd},
  {op: 'Hardmax', inputs: [[3, 4]], attributes: {axis: 1}},
  {op: 'Softmax', inputs: [[2, 3, 4]], attributes: {axis: 1}},
  {op: 'LogSoftmax', inputs: [[2, 3, 4]], attributes: {axis: -1}},
];

function cumProd([x]) {
  const values = x.values.map((_, i) => {
    const row = x.values.slice(i - (i % 3), i + 1);
    return row.reduce((a, b) => a * Number(b), 1);
  });
  return [{dims: x.dims, values}];
}
