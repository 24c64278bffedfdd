// onnxruntime's operators of language and speech models: experts, linear and packed attention, position biases, caches.
import {bytes, constant, listed, microsoft, number, variants} from '../microsoft.mjs';

const sum = (list) => list.reduce((a, b) => a + b, 0);
const softmax = (row) => {
  const e = row.map((x) => Math.exp(x - Math.max(...row)));
  return e.map((x) => x / sum(e));
};
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

const [EXPERTS, TOKENS] = [4, 6];
const SWIGLU = {
  swiglu_fusion: 1,
  activation_alpha: {float: 1.702},
  activation_beta: {float: 1},
  swiglu_limit: {float: 1.5},
};
function moe(activation, k, normalize, more = {}, {biases = true, constants = true} = {}) {
  const [hidden, inter] = [16, 32];
  const wide = activation === 'swiglu' ? 2 * inter : inter;
  const weight = (dims) => ({dims, low: -0.5, high: 0.5, constant: constants});
  const bias = (size) => (biases ? {dims: [EXPERTS, size]} : null);
  return [
    [
      {dims: [2, 3, hidden]},
      {dims: [TOKENS, EXPERTS]},
      weight([EXPERTS, wide, hidden]),
      bias(wide),
      weight([EXPERTS, hidden, inter]),
      bias(hidden),
    ],
    {activation_type: activation, k, normalize_routing_weights: normalize, ...more},
  ];
}

function qmoe(bits, block, {zeros = false, activation = 'silu', router = false, k = 2, ...more} = {}) {
  const [hidden, inter] = [64, 128];
  const wide = activation === 'swiglu' ? 2 * inter : inter;
  const pack = 8 / bits;
  const high = {2: 0.2, 4: 0.06, 8: 0.004}[bits];
  const scales = (rows, size) => ({
    dims: block ? [EXPERTS, rows, size / block] : [EXPERTS, rows],
    low: high / 9,
    high,
    constant: true,
  });
  const zeroPoints = (rows, size) =>
    zeros ? constant(bytes(block ? [EXPERTS, rows, Math.ceil(size / block / pack)] : [EXPERTS, rows / pack])) : null;
  return [
    [
      {dims: [TOKENS, hidden]},
      {dims: [TOKENS, EXPERTS]},
      constant(bytes([EXPERTS, wide, hidden / pack])),
      scales(wide, hidden),
      {dims: [EXPERTS, wide]},
      constant(bytes([EXPERTS, hidden, inter / pack])),
      scales(hidden, inter),
      {dims: [EXPERTS, hidden]},
      null,
      null,
      null,
      zeroPoints(wide, hidden),
      zeroPoints(hidden, inter),
      null,
      router ? {dims: [TOKENS, EXPERTS], low: 0.1, high: 1} : null,
    ],
    {
      activation_type: activation,
      k,
      normalize_routing_weights: 1,
      expert_weight_bits: bits,
      ...(block ? {block_size: block} : {}),
      ...more,
    },
    {tolerance: {rtol: 1e-3, atol: 2e-3}},
  ];
}

/** A gated mixture with a third layer: of the best two experts, (f(W1 x) * W3 x) through W2. */
function gatedMixture([x, router, w1, , w2, , w3]) {
  const [hidden, inter] = [16, 32];
  const layer = (w, e, out, row) =>
    Array.from({length: out}, (_, i) => sum(row.map((v, j) => v * w.values[(e * out + i) * row.length + j])));
  const values = Array.from({length: TOKENS}, (_, t) => {
    const row = x.values.slice(t * hidden, (t + 1) * hidden);
    const shares = softmax(router.values.slice(t * EXPERTS, (t + 1) * EXPERTS));
    const best = [0, 1, 2, 3].sort((a, b) => shares[b] - shares[a]).slice(0, 2);
    const total = sum(best.map((e) => shares[e]));
    const parts = best.map((e) => {
      const linear = layer(w3, e, inter, row);
      const active = layer(w1, e, inter, row).map((g, i) => g * sigmoid(g) * linear[i]);
      return layer(w2, e, hidden, active).map((v) => (v * shares[e]) / total);
    });
    return parts[0].map((v, i) => v + parts[1][i]);
  });
  return [{dims: x.dims, values: values.flat()}];
}
const WEIGHT = (dims) => ({dims, low: -0.5, high: 0.5});

const experts = [
  ...variants('MoE', {
    relu: moe('relu', 1, 0),
    gelu: moe('gelu', 2, 1),
    silu: moe('silu', 2, 0, {}, {biases: false}),
    identity: moe('identity', 3, 1, {}, {constants: false}),
    swiglu: moe('swiglu', 2, 1, SWIGLU),
    third_layer: [
      [
        {dims: [TOKENS, 16]},
        {dims: [TOKENS, EXPERTS]},
        WEIGHT([EXPERTS, 32, 16]),
        null,
        WEIGHT([EXPERTS, 16, 32]),
        null,
        WEIGHT([EXPERTS, 32, 16]),
      ],
      {activation_type: 'silu', k: 2, normalize_routing_weights: 1},
      {expected: gatedMixture},
    ],
  }),
  ...variants('QMoE', {
    bits4: qmoe(4, 0),
    bits4_blocks: qmoe(4, 32, {zeros: true}),
    bits4_zeros: qmoe(4, 0, {zeros: true}),
    bits8: qmoe(8, 0, {zeros: true}),
    bits8_blocks: qmoe(8, 16),
    bits2: qmoe(2, 0, {zeros: true}),
    swiglu: qmoe(4, 32, {activation: 'swiglu', ...SWIGLU}),
    router: qmoe(4, 32, {router: true}),
    one: qmoe(4, 0, {k: 1, activation: 'relu', normalize_routing_weights: 0}),
  }),
];

const [BATCH, STEPS] = [2, 5];
function linearAttention(rule, heads, keyHeads, past) {
  const gated = rule.includes('gated');
  const delta = rule.includes('delta');
  return [
    [
      {dims: [BATCH, STEPS, heads * 8]},
      {dims: [BATCH, STEPS, keyHeads * 8], low: -0.5, high: 0.5},
      {dims: [BATCH, STEPS, keyHeads * 6]},
      past ? {dims: [BATCH, keyHeads, 8, 6]} : null,
      gated ? {dims: [BATCH, STEPS, keyHeads], low: -1, high: 0} : null,
      delta ? {dims: [BATCH, STEPS, keyHeads], low: 0, high: 1} : null,
    ],
    {q_num_heads: heads, kv_num_heads: keyHeads, update_rule: rule},
    {outputs: ['float32', 'float32']},
  ];
}
const causal = (inputs, attributes) => [inputs, attributes, {outputs: ['float32', 'float32']}];

const recurrent = [
  ...variants('LinearAttention', {
    linear: linearAttention('linear', 4, 2, false),
    gated: linearAttention('gated', 2, 4, true),
    delta: linearAttention('delta', 3, 3, false),
    gated_delta: linearAttention('gated_delta', 4, 2, true),
  }),
  ...variants('CausalConvWithState', {
    plain: causal([{dims: [2, 6, 5]}, {dims: [6, 1, 4]}, {dims: [6]}], {}),
    past: causal([{dims: [2, 6, 5]}, {dims: [6, 1, 4]}, {dims: [6]}, {dims: [2, 6, 3]}], {activation: 'silu'}),
  }),
];

// Three sequences of 2, 4 and 1 tokens.
const COUNTS = [2, 4, 1];
const LENGTH = 4;
const flat = COUNTS.flatMap((count, b) =>
  Array.from({length: LENGTH}, (_, t) => ({place: b * LENGTH + t, real: t < count})),
);
const PLACES = [...flat.filter(({real}) => real), ...flat.filter(({real}) => !real)].map(({place}) => place);
const REAL = PLACES.slice(0, sum(COUNTS));
const OFFSETS = listed('int32', [3, LENGTH], PLACES);
const TOTALS = listed('int32', [4], [0, 2, 6, 7]);

/** Attention of each sequence for itself: rows of q, k and v are tokens, two heads. */
function packed(q, k, v, width, bias = () => 0) {
  const size = width / 2;
  const starts = TOTALS.values;
  return q.flatMap((row, i) => {
    const sequence = starts.findIndex((start, n) => i >= start && i < starts[n + 1]);
    const others = Array.from({length: COUNTS[sequence]}, (_, t) => starts[sequence] + t);
    return [0, 1].flatMap((head) => {
      const part = (x) => x.slice(head * size, (head + 1) * size);
      const scores = others.map(
        (j, t) =>
          sum(part(row).map((x, d) => x * part(k[j])[d])) / Math.sqrt(size) + bias(head, i - starts[sequence], t),
      );
      const shares = softmax(scores);
      return Array.from({length: size}, (_, d) => sum(others.map((j, t) => shares[t] * part(v[j])[d])));
    });
  });
}
const rows = ({values}, width) =>
  Array.from({length: values.length / width}, (_, i) => values.slice(i * width, (i + 1) * width));
const SIDE = {dims: [7, 8]};

const padding = [
  microsoft(
    'RemovePadding',
    [{dims: [3, LENGTH, 5]}, listed('int32', [3], COUNTS)],
    {},
    {
      outputs: ['float32', 'int32', 'int32', 'int32'],
      expected: ([x]) => [
        {dims: [7, 5], values: REAL.flatMap((place) => x.values.slice(5 * place, 5 * place + 5))},
        {dims: [3, LENGTH], values: PLACES},
        {dims: [4], values: TOTALS.values},
        {dims: [1], values: [4]},
      ],
    },
  ),
  microsoft(
    'RestorePadding',
    [{dims: [7, 5]}, OFFSETS],
    {},
    {
      expected: ([x]) => {
        const values = Array(60).fill(0);
        REAL.forEach((place, i) => values.splice(5 * place, 5, ...x.values.slice(5 * i, 5 * i + 5)));
        return [{dims: [3, LENGTH, 5], values}];
      },
    },
  ),
  ...variants('PackedMultiHeadAttention', {
    apart: [
      [SIDE, SIDE, SIDE, {dims: [24]}, OFFSETS, TOTALS],
      {num_heads: 2},
      {
        expected: ([q, k, v, bias]) => {
          const sides = [q, k, v].map((x, n) =>
            rows(x, 8).map((row) => row.map((value, i) => value + bias.values[8 * n + i])),
          );
          return [{dims: [7, 8], values: packed(...sides, 8)}];
        },
      },
    ],
    together: [
      [{dims: [7, 2, 3, 4]}, null, null, null, OFFSETS, TOTALS, {dims: [1, 2, 4, 4]}],
      {num_heads: 2},
      {
        expected: (inputs) => {
          const side = (n) =>
            rows(inputs[0], 24).map((row) => [...row.slice(4 * n, 4 * n + 4), ...row.slice(12 + 4 * n, 16 + 4 * n)]);
          const bias = (head, i, j) => inputs[6].values[(head * 4 + i) * 4 + j];
          return [{dims: [7, 8], values: packed(side(0), side(1), side(2), 8, bias)}];
        },
      },
    ],
  }),
  microsoft(
    'PackedAttention',
    [{dims: [7, 6]}, {dims: [6, 24]}, {dims: [24]}, OFFSETS, TOTALS],
    {num_heads: 2},
    {
      expected: ([x, w, b]) => {
        const all = rows(x, 6).map((row) =>
          Array.from({length: 24}, (_, i) => sum(row.map((value, j) => value * w.values[24 * j + i])) + b.values[i]),
        );
        const side = (n) => all.map((row) => row.slice(8 * n, 8 * n + 8));
        return [{dims: [7, 8], values: packed(side(0), side(1), side(2), 8)}];
      },
    },
  ),
];

/** T5's bucket for a distance. */
function bucket(distance, bothWays) {
  const buckets = bothWays ? 16 : 32;
  const first = bothWays && distance > 0 ? buckets : 0;
  const steps = bothWays ? Math.abs(distance) : Math.max(-distance, 0);
  const exact = buckets / 2;
  if (steps < exact) return first + steps;
  const far = exact + Math.floor((Math.log(steps / exact) / Math.log(128 / exact)) * (buckets - exact));
  return first + Math.min(far, buckets - 1);
}
const positions = (bothWays) => [
  [{dims: [32, 4]}, number('int64', 21), number('int64', 21)],
  {is_bidirectional: bothWays, max_distance: 128},
  {
    expected: ([table]) => [
      {
        dims: [1, 4, 21, 21],
        values: Array.from({length: 4 * 441}, (_, i) => {
          const [head, q, k] = [Math.floor(i / 441), Math.floor(i / 21) % 21, i % 21];
          return table.values[head * 32 + bucket(k - q, bothWays)];
        }),
      },
    ],
  },
];

/** One token of each of four rows, pairs of which are beams that read each other's cache. */
function sharedCache(past, beams) {
  const [rowCount, room, size] = [4, 8, 4];
  const side = {dims: [rowCount, 1, 2 * size]};
  const cached = {dims: [rowCount, 2, room, size]};
  const indirection = Array.from({length: rowCount * room}, (_, i) => ((i * 7) % 3) % beams);
  const at = (row, head, place, d) => ((row * 2 + head) * room + place) * size + d;
  const expected = ([query, key, values, , , pastKey, pastValue]) => {
    const [keys, contents] = [
      [pastKey, key],
      [pastValue, values],
    ].map(([old, fresh]) => {
      const list = [...old.values];
      fresh.values.forEach((value, i) => {
        const [row, head, d] = [Math.floor(i / 8), Math.floor(i / 4) % 2, i % 4];
        list[at(row, head, past, d)] = value;
      });
      return list;
    });
    const y = query.values.map((_, i) => {
      const [row, head, d] = [Math.floor(i / 8), Math.floor(i / 4) % 2, i % 4];
      const source = (place) => (place === past ? row : row - (row % beams) + indirection[row * room + place]);
      const places = Array.from({length: past + 1}, (__, place) => place);
      const scores = places.map(
        (place) =>
          sum([0, 1, 2, 3].map((k) => query.values[row * 8 + head * 4 + k] * keys[at(source(place), head, place, k)])) /
          2,
      );
      const shares = softmax(scores);
      return sum(places.map((place) => shares[place] * contents[at(source(place), head, place, d)]));
    });
    return [
      {dims: side.dims, values: y},
      {dims: cached.dims, values: keys},
      {dims: cached.dims, values: contents},
    ];
  };
  return [
    [
      side,
      side,
      side,
      null,
      null,
      cached,
      cached,
      listed('int32', [1], [past]),
      listed('int32', [1], [beams]),
      listed('int32', [rowCount / beams, beams, room], indirection),
    ],
    {num_heads: 2, past_present_share_buffer: 1},
    {outputs: ['float32', 'float32', 'float32'], expected},
  ];
}
const cross = [{dims: [2, 1, 8]}, {dims: [2, 2, 5, 4]}, {dims: [2, 2, 5, 4]}];

const attention = [
  ...variants('RelativePositionBias', {one_way: positions(0), both_ways: positions(1)}),
  microsoft(
    'GatedRelativePositionBias',
    [{dims: [1, 3, 8]}, {dims: [8]}, {dims: [1, 2, 3, 3]}, {dims: [4, 2]}, {dims: [2]}, {dims: [1, 2, 1, 1]}],
    {num_heads: 2},
    {
      expected: ([query, queryBias, relative, weight, bias, eco]) => [
        {
          dims: [1, 2, 3, 3],
          values: relative.values.map((value, i) => {
            const [head, q] = [Math.floor(i / 9), Math.floor(i / 3) % 3];
            const gate = (n) =>
              sigmoid(
                bias.values[n] +
                  sum(
                    [0, 1, 2, 3].map(
                      (d) =>
                        (query.values[q * 8 + head * 4 + d] + queryBias.values[head * 4 + d]) *
                        weight.values[2 * d + n],
                    ),
                  ),
              );
            return value * (gate(0) * (gate(1) * eco.values[head] - 1) + 2);
          }),
        },
      ],
    },
  ),
  ...variants('DecoderMaskedMultiHeadAttention', {
    cross: [cross, {num_heads: 2}],
    cross_bias: [[...cross, ...Array(7).fill(null), {dims: [24]}], {num_heads: 2}],
    shared_cache: sharedCache(5, 2),
  }),
];

export const cases = [...experts, ...recurrent, ...padding, ...attention];
