// Sequences, optionals, control flow: values are passed on as they are, whatever their type.
import {numberOf} from '../types.mjs';

const int64 = (value) => ({dims: [], values: [value]});
const isSequence = (type) => type.includes('seq(');
/** A spec that makes a value of any type: tensor, sequence, optional. */
const anything = (type, more = {}) => (isSequence(type) ? {sequence: [[2, 3], [4]], ...more} : {dims: [2, 3], ...more});
const inner = (type) => type.replace(/^optional\((.*)\)$/, '$1');
const wrap = (type) => `optional(${inner(type)})`;
const two = {
  sequence: [
    [2, 3],
    [1, 3],
  ],
};

const sequences = [
  {op: 'SequenceConstruct', inputs: [[2, 3], [1]], expected: (inputs) => [inputs]},
  {op: 'SequenceEmpty', attributes: ({S}) => ({dtype: numberOf(S.slice(4, -1))}), expected: () => [[]]},
  {op: 'SequenceAt', inputs: [two, int64(-1)], expected: ([list]) => [list[1]]},
  {op: 'SequenceErase', inputs: [two, int64(0)], expected: ([list]) => [[list[1]]]},
  {op: 'SequenceErase', variant: 'last', inputs: [two], expected: ([list]) => [[list[0]]]},
  {op: 'SequenceInsert', inputs: [two, [4], int64(1)], expected: ([list, x]) => [[list[0], x, list[1]]]},
  {op: 'SequenceInsert', variant: 'end', inputs: [two, [4]], expected: ([list, x]) => [[...list, x]]},
  {op: 'SequenceLength', inputs: [two], expected: () => [{dims: [], values: [2]}]},
  {
    op: 'ConcatFromSequence',
    inputs: [two],
    attributes: {axis: 0},
    expected: ([[a, b]]) => [{dims: [3, 3], values: [...a.values, ...b.values]}],
  },
  {
    op: 'ConcatFromSequence',
    variant: 'new_axis',
    inputs: [{sequence: [[3], [3]]}],
    attributes: {axis: 0, new_axis: 1},
    expected: ([[a, b]]) => [{dims: [2, 3], values: [...a.values, ...b.values]}],
  },
  {
    op: 'SplitToSequence',
    inputs: [[3, 2], {dims: [2], values: [1, 2]}],
    expected: ([x]) => {
      const row = x.values.length / 3;
      return [
        [
          {dims: [1, 2], values: x.values.slice(0, row)},
          {dims: [2, 2], values: x.values.slice(row)},
        ],
      ];
    },
  },
  {
    op: 'SequenceMap',
    inputs: ({V}) => [two, anything(V)],
    attributes: ({S, V}) => ({
      body: {
        graph: {
          nodes: [
            {op: 'Identity', inputs: ['x'], outputs: ['y']},
            {op: 'Identity', inputs: ['more'], outputs: ['unused']},
          ],
          inputs: [
            {name: 'x', type: S.slice(4, -1)},
            {name: 'more', type: V},
          ],
          outputs: [{name: 'y', type: S.slice(4, -1)}],
        },
      },
    }),
    couple: (types) => types,
    expected: ([list]) => [list],
  },
];

const optionals = [
  {
    op: 'Optional',
    inputs: ({V}) => [anything(V)],
    couple: (types, varied) => (varied === 'O' ? {...types, V: inner(types.O)} : {...types, O: wrap(types.V)}),
    expected: ([x]) => [{optional: x}],
  },
  {
    op: 'OptionalGetElement',
    inputs: ({O}) => [anything(O)],
    couple: (types, varied) => (varied === 'V' ? {...types, O: wrap(types.V)} : {...types, V: inner(types.O)}),
    expected: ([x]) => [x.optional ?? x],
  },
  {op: 'OptionalHasElement', inputs: ({O}) => [anything(O)], expected: () => [{dims: [], values: [1]}]},
  {
    op: 'OptionalHasElement',
    variant: 'empty',
    defaults: {O: 'optional(float32)'},
    inputs: [{empty: true}],
    expected: () => [{dims: [], values: [0]}],
  },
  {op: 'OptionalHasElement', variant: 'none', inputs: [null], expected: () => [{dims: [], values: [0]}]},
];

const passOn = (type, name) => ({
  graph: {nodes: [{op: 'Identity', inputs: [name], outputs: ['y']}], inputs: [], outputs: [{name: 'y', type}]},
});

const control = [
  {
    op: 'If',
    inputs: ({V}) => [{dims: [], values: [1]}, anything(V, {type: V, captured: true})],
    attributes: ({V}) => ({then_branch: passOn(V, 'in1'), else_branch: passOn(V, 'in1')}),
    expected: ([, x]) => [x],
  },
  {
    op: 'Loop',
    inputs: ({V}) => [int64(2), {dims: [], values: [1]}, anything(V)],
    attributes: ({V}) => ({
      body: {
        graph: {
          nodes: [
            {op: 'Identity', inputs: ['condition'], outputs: ['go_on']},
            {op: 'Identity', inputs: ['state'], outputs: ['next']},
          ],
          inputs: [
            {name: 'i', type: 'int64', dims: []},
            {name: 'condition', type: 'bool', dims: []},
            {name: 'state', type: V},
          ],
          outputs: [
            {name: 'go_on', type: 'bool', dims: []},
            {name: 'next', type: V},
          ],
        },
      },
    }),
    expected: ([, , x]) => [x],
  },
  {
    op: 'Scan',
    inputs: [[3, 2]],
    attributes: ({V}) => ({
      num_scan_inputs: 1,
      body: {
        graph: {
          nodes: [{op: 'Identity', inputs: ['row'], outputs: ['out']}],
          inputs: [{name: 'row', type: V, dims: [2]}],
          outputs: [{name: 'out', type: V, dims: [2]}],
        },
      },
    }),
    expected: ([x]) => [x],
  },
];

export const cases = [...sequences, ...optionals, ...control].map((description) => ({exact: true, ...description}));
