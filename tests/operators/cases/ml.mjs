// Classical machine learning (ai.onnx.ml).
import {encode} from '../types.mjs';

const domain = 'ai.onnx.ml';
const rows = {dims: [5, 3]};
const TRANSFORMS = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO'];
const floats = (...values) => ({floats: values});
const tensor = (type, values) => ({tensor: {type, dims: [values.length], data: encode(type, values)}});

// The trees' operators before opset 5 have no schema any more.
const older = (outputs) => ({
  signature: {inputs: ['T'], outputs, types: {T: ['float32', 'float64', 'int64', 'int32']}},
  domainOpset: 3,
});

const COEFFICIENTS = floats(0.5, -0.2, 0.1, 0.3, 0.4, -0.6, -0.1, 0.2, 0.7);

/** Sigmoid, softmax and the rest for many scores are the same function everywhere; a single score is the case to look at. */
const linear = TRANSFORMS.flatMap((post_transform) => [
  {
    op: 'LinearRegressor',
    variant: `three_${post_transform}`,
    inputs: [rows],
    attributes: {coefficients: COEFFICIENTS, intercepts: floats(0.1, 0, -0.3), targets: 3, post_transform},
  },
  {
    op: 'LinearRegressor',
    variant: `one_${post_transform}`,
    inputs: [rows],
    attributes: {coefficients: floats(0.5, -0.2, 0.1), intercepts: floats(0.25), post_transform},
  },
  {
    op: 'LinearClassifier',
    variant: `three_${post_transform}`,
    inputs: [rows],
    attributes: {
      coefficients: COEFFICIENTS,
      intercepts: floats(0.1, 0, -0.3),
      classlabels_ints: [4, 2, 9],
      post_transform,
    },
  },
  {
    op: 'LinearClassifier',
    variant: `one_score_${post_transform}`,
    inputs: [rows],
    attributes: {
      coefficients: floats(0.5, -0.2, 0.1),
      intercepts: floats(0.1),
      classlabels_ints: [4, 2],
      post_transform,
    },
  },
]);

const VECTORS = floats(0.5, 1, -0.3, -1, 0.2, 0.8, 1.5, -0.7, 0.1, 0.3, 0.9, -1.2);
const three = {
  classlabels_ints: [7, 1, 3],
  vectors_per_class: [2, 1, 1],
  support_vectors: VECTORS,
  coefficients: floats(0.6, -0.4, 0.3, -0.5, 0.2, 0.7, -0.8, 0.1),
  rho: floats(0.1, -0.2, 0.3),
};
const two = {
  vectors_per_class: [2, 2],
  support_vectors: VECTORS,
  coefficients: floats(0.6, 0.4, -0.3, -0.5),
  rho: floats(0.1),
};
const svm = ['LINEAR', 'POLY', 'RBF', 'SIGMOID'].flatMap((kernel_type) => {
  const kernel = {kernel_type, kernel_params: floats(0.4, 0.1, kernel_type === 'POLY' ? 3 : 2)};
  const regression = {...kernel, support_vectors: VECTORS, n_supports: 4, coefficients: floats(0.6, -0.4, 0.3, -0.5)};
  return [
    {op: 'SVMClassifier', variant: `${kernel_type}_pairs`, inputs: [rows], attributes: {...kernel, ...three}},
    {
      op: 'SVMClassifier',
      variant: `${kernel_type}_probabilities`,
      inputs: [rows],
      attributes: {...kernel, ...three, prob_a: floats(-1, -1.5, -0.8), prob_b: floats(0.1, 0, -0.1)},
    },
    {op: 'SVMRegressor', variant: kernel_type, inputs: [rows], attributes: {...regression, rho: floats(0.15)}},
    {
      op: 'SVMRegressor',
      variant: `${kernel_type}_one_class`,
      inputs: [rows],
      attributes: {...regression, rho: floats(0.02), one_class: 1},
    },
  ];
});
const svmTwo = TRANSFORMS.map((post_transform) => ({
  op: 'SVMClassifier',
  variant: `two_${post_transform}`,
  inputs: [rows],
  defaults: {T2: 'string'},
  attributes: {
    kernel_type: 'RBF',
    kernel_params: floats(0.4, 0, 3),
    classlabels_strings: {strings: ['no', 'yes']},
    ...two,
    post_transform,
  },
}));

// Tree 0 asks twice, tree 1 once.
const NODES = {
  nodes_treeids: [0, 0, 0, 0, 0, 1, 1, 1],
  nodes_nodeids: [0, 1, 2, 3, 4, 0, 1, 2],
  nodes_featureids: [0, 0, 1, 0, 0, 2, 0, 0],
  nodes_truenodeids: [1, 0, 3, 0, 0, 1, 0, 0],
  nodes_falsenodeids: [2, 0, 4, 0, 0, 2, 0, 0],
  nodes_values: floats(0.5, 0, -0.25, 0, 0, 1, 0, 0),
};
const nodes = (mode) => ({
  ...NODES,
  nodes_modes: {strings: [mode, 'LEAF', mode, 'LEAF', 'LEAF', mode, 'LEAF', 'LEAF']},
});
const votes = (prefix, ids, weights = [0.7, -0.4, 1.1, 0.3, -0.9]) => ({
  [`${prefix}_treeids`]: [0, 0, 0, 1, 1],
  [`${prefix}_nodeids`]: [1, 3, 4, 1, 2],
  [`${prefix}_ids`]: ids,
  [`${prefix}_weights`]: {floats: weights},
});
// On, beside and far from the splits, and missing.
const onSplits = {
  dims: [9, 3],
  values: [
    0.5,
    -0.25,
    1,
    0.25,
    -0.25,
    0.75,
    0.75,
    -0.25,
    1,
    0.75,
    0,
    1.5,
    0.75,
    -1,
    2,
    2,
    -0.5,
    -1,
    -2,
    3,
    1,
    NaN,
    0,
    2,
    0.75,
    NaN,
    NaN,
  ],
};

const trees = [
  ...['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ'].flatMap((mode) =>
    [0, 1].map((missing) => ({
      op: 'TreeEnsembleRegressor',
      variant: `${mode}_missing_${missing}`,
      ...older(['float32']),
      inputs: [onSplits],
      attributes: {
        ...nodes(`BRANCH_${mode}`),
        ...votes('target', [0, 0, 0, 0, 0]),
        n_targets: 1,
        nodes_missing_value_tracks_true: [missing, 0, missing, 0, 0, missing, 0, 0],
      },
    })),
  ),
  ...['SUM', 'AVERAGE', 'MIN', 'MAX'].flatMap((aggregate_function) =>
    [1, 2].map((n_targets) => ({
      op: 'TreeEnsembleRegressor',
      variant: `${aggregate_function}_of_${n_targets}`,
      ...older(['float32']),
      inputs: [{dims: [70, 3]}],
      attributes: {
        ...nodes('BRANCH_LEQ'),
        ...votes('target', n_targets === 1 ? [0, 0, 0, 0, 0] : [0, 1, 0, 1, 0]),
        n_targets,
        aggregate_function,
        base_values: {floats: [0.1, -0.2].slice(0, n_targets)},
      },
    })),
  ),
  ...TRANSFORMS.flatMap((post_transform) => [
    {
      op: 'TreeEnsembleClassifier',
      variant: `three_${post_transform}`,
      ...older(['int64', 'float32']),
      inputs: [{dims: [7, 3]}],
      attributes: {
        ...nodes('BRANCH_LEQ'),
        ...votes('class', [0, 1, 2, 1, 0]),
        classlabels_int64s: [10, 20, 30],
        post_transform,
      },
    },
    {
      op: 'TreeEnsembleClassifier',
      variant: `one_of_two_${post_transform}`,
      ...older(['int64', 'float32']),
      inputs: [{dims: [7, 3]}],
      attributes: {
        ...nodes('BRANCH_LEQ'),
        ...votes('class', [0, 0, 0, 0, 0]),
        classlabels_int64s: [4, 6],
        post_transform,
      },
    },
    {
      op: 'TreeEnsembleClassifier',
      variant: `both_of_two_${post_transform}`,
      ...older(['int64', 'float32']),
      inputs: [{dims: [7, 3]}],
      attributes: {
        ...nodes('BRANCH_LEQ'),
        ...votes('class', [0, 1, 0, 1, 1]),
        classlabels_int64s: [0, 1],
        post_transform,
      },
    },
  ]),
  {
    op: 'TreeEnsembleClassifier',
    variant: 'probabilities',
    ...older(['string', 'float32']),
    inputs: [{dims: [7, 3]}],
    attributes: {
      ...nodes('BRANCH_LEQ'),
      ...votes('class', [0, 0, 0, 0, 0], [0.1, 0.3, 0.2, 0.4, 0.6]),
      classlabels_strings: {strings: ['no', 'yes']},
    },
  },
  {
    op: 'TreeEnsembleClassifier',
    variant: 'base_values',
    ...older(['string', 'float32']),
    inputs: [{dims: [1, 3]}],
    attributes: {
      ...nodes('BRANCH_GT'),
      ...votes('class', [0, 1, 2, 1, 0]),
      classlabels_strings: {strings: ['a', 'b', 'c']},
      base_values: floats(0.1, 0.9, 0.3),
    },
  },
];

const ensemble = (types, mode, more) => ({
  nodes_featureids: [0, 1, 2],
  nodes_truenodeids: [0, 1, 3],
  nodes_trueleafs: [1, 1, 1],
  nodes_falsenodeids: [1, 2, 4],
  nodes_falseleafs: [0, 1, 1],
  tree_roots: [0, 2],
  n_targets: 2,
  leaf_targetids: [0, 1, 0, 1, 0],
  nodes_modes: tensor('uint8', [mode, mode, mode]),
  nodes_splits: tensor(types.T, [0.5, -0.25, 1]),
  leaf_weights: tensor(types.T, [0.7, -0.4, 1.1, 0.3, -0.9]),
  ...more,
});

export const cases = [
  {
    op: 'ArrayFeatureExtractor',
    inputs: [[2, 5], {dims: [1, 3], values: [0, 3, 3]}],
  },
  {
    op: 'ArrayFeatureExtractor',
    variant: 'one_row',
    inputs: [[5], {dims: [2], values: [4, 0]}],
  },
  {op: 'Binarizer', inputs: [[3, 4]], attributes: {threshold: {float: 0.5}}},
  ...['DENSE', 'SPARSE'].map((map_form) => ({
    op: 'CastMap',
    ...(map_form === 'DENSE' ? {} : {variant: map_form}),
    inputs: [{keys: [4, 1, 0], values: (type) => (type === 'string' ? ['2', '-1', '3'] : [2, -1, 3])}],
    attributes: ({T2}) => ({cast_to: `TO_${T2 === 'float32' ? 'FLOAT' : T2.toUpperCase()}`, map_form, max_map: 6}),
    expected: (_, {T1, T2}) => {
      const value = (x) => (T2 !== 'string' ? x : T1.endsWith('string)') ? String(x) : x.toFixed(6));
      const row = map_form === 'DENSE' ? [3, -1, 2] : [3, -1, null, null, 2, null];
      const nothing = T2 === 'string' ? '0.f' : 0;
      return [{dims: [1, row.length], values: row.map((x) => (x === null ? nothing : value(x)))}];
    },
  })),
  {
    op: 'DictVectorizer',
    defaults: {T1: 'map(string,float32)'},
    inputs: [
      {
        keys: (type) => (type === 'string' ? ['b', 'unknown', ''] : [7, 9, -2]),
        values: (type) => (type === 'string' ? ['x', 'y', 'z'] : [3, 5, -4]),
      },
    ],
    couple: (types, varied) => {
      const T1 = varied === 'T2' ? types.T1.replace(/,\w+/, `,${types.T2}`) : types.T1;
      const [, T2] = T1.match(/,(\w+)/);
      return {T1: T1 === 'map(string,string)' ? 'map(int64,string)' : T1, T2};
    },
    attributes: ({T1}) =>
      T1.startsWith('map(string')
        ? {string_vocabulary: {strings: ['a', '', 'b', 'c']}}
        : {int64_vocabulary: [1, -2, 7, 8]},
    expected: (_, {T2}) => [{dims: [1, 4], values: T2 === 'string' ? ['', 'z', 'x', ''] : [0, -4, 3, 0]}],
  },
  {
    op: 'ZipMap',
    inputs: [{dims: [2, 3], values: [0.5, 0.25, 0.25, 0, 1, -2]}],
    attributes: ({T}) =>
      T.includes('string') ? {classlabels_strings: {strings: ['b', 'a', '']}} : {classlabels_int64s: [7, -1, 3]},
    expected: (_, {T}) => {
      const keys = T.includes('string') ? ['b', 'a', ''] : [7, -1, 3];
      return [[{map: [keys, [0.5, 0.25, 0.25]]}, {map: [keys, [0, 1, -2]]}]];
    },
  },
  {
    op: 'CategoryMapper',
    inputs: [
      {
        dims: [5],
        values: (type) => (type === 'string' ? ['b', 'nothing', 'a', '', 'b'] : [2, 0, 5, 9, -1]),
      },
    ],
    couple: ({T1, T2}, varied) => {
      const other = {string: 'int64', int64: 'string'};
      return varied === 'T2' ? {T1: other[T2], T2} : {T1, T2: other[T1]};
    },
    attributes: {
      cats_strings: {strings: ['a', 'b', '']},
      cats_int64s: [5, 2, -1],
      default_string: 'none',
      default_int64: 77,
    },
  },
  {
    op: 'FeatureVectorizer',
    inputs: [
      [2, 3],
      [2, 1],
      [2, 4],
    ],
    attributes: {inputdimensions: [3, 1, 4]},
  },
  {
    op: 'Imputer',
    inputs: [{dims: [2, 3], values: [1, 0, 3, 0, 2, 4]}],
    attributes: ({T}) =>
      /^int/.test(T)
        ? {imputed_value_int64s: [7, 8, 9], replaced_value_int64: 0}
        : {imputed_value_floats: floats(0.5, 8, 9), replaced_value_float: {float: 0}},
  },
  {
    op: 'Imputer',
    variant: 'NaN',
    inputs: [{dims: [2, 3], values: [1, NaN, 3, NaN, 2, -0.5]}],
    attributes: {imputed_value_floats: floats(0.5), replaced_value_float: {float: NaN}},
  },
  ...[{}, {variant: 'names', defaults: {T1: 'string', T2: 'string'}}].map((which) => ({
    op: 'LabelEncoder',
    ...which,
    inputs: [{dims: [2, 2], values: (type) => (type === 'string' ? ['b', 'x', '', 'a'] : [2, 9, 0, 1])}],
    attributes: ({T1, T2}) => ({
      keys_tensor: tensor(T1, T1 === 'string' ? ['a', 'b', ''] : [1, 2, 0]),
      values_tensor: tensor(T2, T2 === 'string' ? ['x', 'y', 'z'] : [10, 20, 30]),
      default_tensor: tensor(T2, T2 === 'string' ? ['none'] : [-7]),
    }),
    // onnxruntime knows few pairs of types.
    expected: (_, {T2}) => [{dims: [2, 2], values: T2 === 'string' ? ['y', 'none', 'z', 'x'] : [20, -7, 30, 10]}],
  })),
  {
    op: 'LinearClassifier',
    inputs: [{dims: [5, 3], integral: true}],
    attributes: ({T2}) => ({
      coefficients: COEFFICIENTS,
      intercepts: floats(0.11, 0.23, -0.31),
      ...(T2 === 'string' ? {classlabels_strings: {strings: ['x', 'y', 'z']}} : {classlabels_ints: [3, 5, 9]}),
    }),
  },
  {
    op: 'LinearRegressor',
    inputs: [{dims: [5, 3], integral: true}],
    attributes: {coefficients: floats(0.5, -0.2, 0.1)},
  },
  ...linear,
  ...['MAX', 'L1', 'L2'].map((norm) => ({
    op: 'Normalizer',
    ...(norm === 'L2' ? {} : {variant: norm}),
    inputs: [{dims: [3, 4], low: -3, high: 9, integral: true}],
    attributes: {norm},
  })),
  {
    op: 'Normalizer',
    variant: 'zeros',
    inputs: [{dims: [2, 2], values: [0, 0, 3, -4]}],
    attributes: {norm: 'L2'},
  },
  {
    op: 'OneHotEncoder',
    inputs: [{dims: [2, 2], values: (type) => (type === 'string' ? ['b', 'x', '', 'a'] : [2, 9, 0, 1])}],
    attributes: ({T}) => (T === 'string' ? {cats_strings: {strings: ['a', '', 'b']}} : {cats_int64s: [1, 0, 2]}),
  },
  ...svm,
  ...svmTwo,
  {
    op: 'SVMClassifier',
    inputs: [{dims: [5, 3], integral: true}],
    attributes: ({T2}) => ({
      kernel_type: 'LINEAR',
      kernel_params: floats(0, 0, 0),
      coefficients: COEFFICIENTS,
      rho: floats(0.1, 0.2, 0.3),
      ...(T2 === 'string' ? {classlabels_strings: {strings: ['x', 'y', 'z']}} : {classlabels_ints: [3, 5, 9]}),
    }),
  },
  {
    op: 'SVMRegressor',
    inputs: [{dims: [5, 3], integral: true}],
    attributes: {
      kernel_type: 'LINEAR',
      kernel_params: floats(0, 0, 0),
      coefficients: floats(0.5, -0.2, 0.3),
      rho: floats(0.1),
      n_supports: 0,
    },
  },
  {op: 'Scaler', inputs: [rows], attributes: {offset: floats(1, -1, 0.5), scale: floats(0.5, 2, 3)}},
  {op: 'Scaler', variant: 'one', inputs: [[2, 3, 3]], attributes: {offset: floats(1), scale: floats(0.5)}},
  ...trees,
  {op: 'TreeEnsemble', inputs: [{dims: [9, 3]}], attributes: (types) => ensemble(types, 0, {aggregate_function: 1})},
  ...[1, 2, 3, 4, 5].map((mode) => ({
    op: 'TreeEnsemble',
    variant: `mode_${mode}`,
    inputs: [onSplits],
    attributes: (types) => ensemble(types, mode, {aggregate_function: 1}),
  })),
  ...[0, 2, 3].map((aggregate_function) => ({
    op: 'TreeEnsemble',
    variant: `aggregate_${aggregate_function}`,
    inputs: [{dims: [70, 3]}],
    attributes: (types) => ensemble(types, 0, {aggregate_function}),
  })),
].map((description) => ({domain, ...description}));
