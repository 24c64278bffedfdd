// onnxruntime's searches, on tiny decoders of random weights; and attention over sparse blocks.
import {xorshift} from '../../models/inputs.mjs';
import {listed, microsoft, variants} from '../microsoft.mjs';

const [WORDS, WIDTH, HEADS] = [20, 8, 2];
const SIZE = WIDTH / HEADS;

/** Initializers of random numbers. */
function weights(seed) {
  const random = xorshift(seed);
  return (name, dims, scale) => ({
    name,
    type: 'float32',
    dims,
    data: Float32Array.from(
      {length: dims.reduce((a, b) => a * b)},
      () => (random() + random() + random() - 1.5) * 2 * scale,
    ),
  });
}
const integers = (name, values) => ({
  name,
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values.map(BigInt)),
});
const value = (type) => (name, dims) => ({name, type, dims});
const [ids, numbers] = [value('int32'), value('float32')];
const node = (op, inputs, outputs, attributes = {}, domain = '') => ({op, inputs, outputs, attributes, domain});
const attend = (inputs, outputs, more = {}) =>
  node('MultiHeadAttention', inputs, outputs, {num_heads: HEADS, ...more}, 'com.microsoft');

/** A GPT of two layers: token and position embeddings, attention with a cache, logits. */
function gpt(seed) {
  const make = weights(seed);
  const layers = [0, 1];
  return {
    name: 'decoder',
    initializers: [
      make('words', [WORDS, WIDTH], 1.5),
      make('places', [64, WIDTH], 0.8),
      make('out', [WIDTH, WORDS], 1.5),
      ...layers.flatMap((l) => [make(`w${l}`, [WIDTH, 3 * WIDTH], 0.8), make(`b${l}`, [3 * WIDTH], 0.2)]),
    ],
    nodes: [
      node('Gather', ['words', 'input_ids'], ['word']),
      node('Gather', ['places', 'position_ids'], ['place']),
      node('Add', ['word', 'place'], ['x0']),
      ...layers.flatMap((l) => [
        node(
          'Attention',
          [`x${l}`, `w${l}`, `b${l}`, 'attention_mask', `past_${l}`],
          [`a${l}`, `present_${l}`],
          {num_heads: HEADS, unidirectional: 1},
          'com.microsoft',
        ),
        node('Add', [`x${l}`, `a${l}`], [`x${l + 1}`]),
      ]),
      node('MatMul', ['x2', 'out'], ['logits']),
    ],
    inputs: [
      ids('input_ids', ['batch', 'length']),
      ids('position_ids', ['batch', 'length']),
      ids('attention_mask', ['batch', 'total']),
      ...layers.map((l) => numbers(`past_${l}`, [2, 'batch', HEADS, 'past', SIZE])),
    ],
    outputs: [
      numbers('logits', ['batch', 'length', WORDS]),
      ...layers.map((l) => numbers(`present_${l}`, [2, 'batch', HEADS, 'total', SIZE])),
    ],
  };
}

const CACHES = ['key_self', 'value_self', 'key_cross', 'value_cross'];
const cache = (prefix, names) =>
  names.map((name) => numbers(`${prefix}_${name}_0`, ['batch', HEADS, `${name}_length`, SIZE]));

/** One layer of self attention and one of cross attention. */
function decoderLayer(tokens, past, [key, values], mask) {
  return [
    node('Gather', ['targets', tokens], ['x']),
    ...['q', 'k', 'v'].map((side) => node('MatMul', ['x', `w${side}`], [side])),
    attend(['q', 'k', 'v', '', '', '', ...past], ['self', 'present_key_self_0', 'present_value_self_0'], {
      unidirectional: 1,
    }),
    node('Add', ['x', 'self'], ['h']),
    node('MatMul', ['h', 'wc'], ['c']),
    attend(['c', key, values, '', ...(mask ? [mask] : [])], ['cross']),
    node('Add', ['h', 'cross'], ['y']),
    node('MatMul', ['y', 'out'], ['logits']),
  ];
}

/** An encoder and a decoder as T5's (tokens and a mask) or Whisper's (features); `starts`: the encoder runs the decoder's first step. */
function encoderDecoder(seed, {whisper = false, starts = true, states = false}) {
  const make = weights(seed);
  const shared = () => [
    ...['wq', 'wk', 'wv', 'wc'].map((name) => make(name, [WIDTH, WIDTH], 0.8)),
    make('targets', [WORDS, WIDTH], 1.5),
    make('out', [WIDTH, WORDS], 1.5),
  ];
  const decoderWeights = shared();
  const mask = whisper ? '' : 'encoder_attention_mask';
  const cross = ['present_key_cross_0', 'present_value_cross_0'];
  const encoder = {
    name: 'encoder',
    initializers: [
      ...(starts ? decoderWeights : []),
      ...(whisper ? [] : [make('sources', [WORDS, WIDTH], 1)]),
      ...['ek', 'ev'].map((name) => make(name, [WIDTH, WIDTH], 0.8)),
      integers('split', [0, 0, HEADS, SIZE]),
    ],
    nodes: [
      whisper
        ? node('Transpose', ['encoder_input_ids'], ['encoder_hidden_states'], {perm: [0, 2, 1]})
        : node('Gather', ['sources', 'encoder_input_ids'], ['encoder_hidden_states']),
      ...['k', 'v'].flatMap((side, i) => [
        node('MatMul', ['encoder_hidden_states', `e${side}`], [`flat_${side}`]),
        node('Reshape', [`flat_${side}`, 'split'], [`apart_${side}`]),
        node('Transpose', [`apart_${side}`], [cross[i]], {perm: [0, 2, 1, 3]}),
      ]),
      ...(starts ? decoderLayer('decoder_input_ids', ['', ''], cross, mask) : []),
    ],
    inputs: [
      whisper
        ? numbers('encoder_input_ids', ['batch', WIDTH, 'frames'])
        : ids('encoder_input_ids', ['batch', 'source']),
      ...(whisper ? [] : [ids('encoder_attention_mask', ['batch', 'source'])]),
      ...(starts ? [ids('decoder_input_ids', ['batch', 'start'])] : []),
    ],
    outputs: starts
      ? [
          numbers('logits', ['batch', 'start', WORDS]),
          numbers('encoder_hidden_states', ['batch', 'source', WIDTH]),
          ...cache('present', CACHES),
        ]
      : cache('present', CACHES.slice(2)),
  };
  const decoder = {
    name: 'decoder',
    initializers: decoderWeights,
    nodes: decoderLayer(
      'input_ids',
      ['past_key_self_0', 'past_value_self_0'],
      ['past_key_cross_0', 'past_value_cross_0'],
      mask,
    ),
    inputs: [
      ids('input_ids', ['batch', 1]),
      ...(whisper ? [] : [ids('encoder_attention_mask', ['batch', 'source'])]),
      ...(states ? [numbers('encoder_hidden_states', ['batch', 'source', WIDTH])] : []),
      ...cache('past', CACHES),
    ],
    outputs: [numbers('logits', ['batch', 1, WORDS]), ...cache('present', CACHES.slice(0, 2))],
  };
  return {encoder: {graph: encoder}, decoder: {graph: decoder}};
}

const PROMPTS = [3, 5, 7, 2, 1, 1, 4, 6, 0, 0, 9, 11]; // padded in front with 0
const prompts = listed('int32', [3, 4], PROMPTS);
const counted = listed(
  'int32',
  [3, 4],
  PROMPTS.map((word) => (word ? 1 : 0)),
);
const one = (number) => listed('int32', [1], [number]);
const real = (number) => listed('float32', [1], [number]);
const vocabulary = listed(
  'int32',
  [WORDS],
  Array.from({length: WORDS}, (_, i) => (i === 5 ? 0 : 1)),
);
const firstWords = listed(
  'int32',
  [3, WORDS],
  Array.from({length: 3 * WORDS}, (_, i) => (i % 3 ? 1 : 0)),
);
const tokens = {eos_token_id: 13, pad_token_id: 0};
const beams = (count, returned, penalty = 1, repetition = 1) => [
  one(count),
  one(returned),
  real(penalty),
  real(repetition),
];
const both = {outputs: ['int32', 'float32']};
// Words from 12 on are timestamps.
const timed = {
  eos_token_id: 7,
  pad_token_id: 7,
  decoder_start_token_id: 1,
  transcribe_token_id: 8,
  translate_token_id: 9,
  start_of_lm_token_id: 10,
  no_timestamps_token_id: 11,
  beginning_timestamp_token_id: 12,
};
const started = {...tokens, decoder_start_token_id: 1};
const sources = listed('int32', [2, 5], [3, 5, 7, 2, 9, 0, 0, 1, 4, 6]);
const features = {dims: [2, WIDTH, 6]};
const startWords = listed('int32', [2, 3], [1, 2, 3, 1, 4, 3]);
const t5 = (seed, form, count, returned) => [
  [sources, one(12), one(3), ...beams(count, returned)],
  {...started, model_type: 1, ...encoderDecoder(seed, form)},
  both,
];
const whisper = (states) => [
  [features, one(12), one(0), ...beams(3, 2), null, null, null, startWords],
  {...started, model_type: 2, ...encoderDecoder(5, {whisper: true, states})},
  both,
];
const decoder = (seed) => ({decoder: {graph: gpt(seed)}});

const searches = [
  ...variants('GreedySearch', {
    plain: [[prompts, one(16)], {...tokens, ...decoder(1)}, {outputs: ['int32']}],
    penalties: [
      [prompts, one(16), one(10), real(1.3), vocabulary, firstWords, counted],
      {...tokens, no_repeat_ngram_size: 2, ...decoder(2)},
      {outputs: ['int32']},
    ],
  }),
  ...variants('BeamSearch', {
    one: [[prompts, one(16), one(5), ...beams(1, 1)], {...tokens, ...decoder(1)}, both],
    three: [[prompts, one(16), one(5), ...beams(3, 1)], {...tokens, ...decoder(2)}, both],
    all: [[prompts, one(16), one(1), ...beams(4, 4)], {...tokens, ...decoder(3)}, both],
    penalties: [
      [prompts, one(14), one(1), ...beams(4, 2, 0.6, 1.2), vocabulary, firstWords, counted],
      {...tokens, no_repeat_ngram_size: 3, early_stopping: 1, ...decoder(4)},
      both,
    ],
    scores: [
      [listed('int32', [1, 4], PROMPTS.slice(0, 4)), one(8), one(1), ...beams(2, 1)],
      {...tokens, ...decoder(1)},
      {outputs: ['int32', 'float32', 'float32']},
    ],
    t5: t5(1, {}, 3, 2),
    t5_states: t5(2, {states: true}, 1, 1),
    t5_caches_only: t5(3, {starts: false}, 3, 2),
    whisper: whisper(false),
  }),
  ...variants('WhisperBeamSearch', {
    states: whisper(true),
    timestamps: [
      [features, one(14), one(0), ...beams(3, 2), null, null, null, startWords, one(1)],
      {...timed, model_type: 2, ...encoderDecoder(6, {whisper: true})},
      both,
    ],
  }),
];

const ROWS = 4000;
const SHARES = [0, 0.05, 0.1, 0.15, 0.2, 0.5];
const logits = {
  name: 'row',
  type: 'float32',
  dims: [6],
  data: Float32Array.from(SHARES, (share) => Math.log(share + 1e-9)),
};
/** A decoder that always says the same. */
const constantly = {
  name: 'decoder',
  initializers: [logits, integers('shape', [ROWS, 1, 6])],
  nodes: [node('Expand', ['row', 'shape'], ['logits']), node('Identity', ['past_0'], ['present_0'])],
  inputs: [
    ...['input_ids', 'position_ids', 'attention_mask'].map((name) => ids(name, ['batch', 'length'])),
    numbers('past_0', [2, 'batch', 1, 'past', 1]),
  ],
  outputs: [numbers('logits', ['batch', 'length', 6]), numbers('present_0', [2, 'batch', 1, 'total', 1])],
};

/** Of the words drawn, those of the least probability that top_p takes out never come, the others by their share. */
function drawn({values}) {
  const counts = Array(6).fill(0);
  for (let row = 0; row < ROWS; row++) counts[values[2 * row + 1]]++;
  const kept = [0, 0, 0, 0.15, 0.2, 0.5].map((share) => share / 0.85);
  const off = counts.map((count, i) => Math.abs(count / ROWS - kept[i])).findIndex((difference) => difference > 0.035);
  return off < 0 ? '' : `word ${off} came ${counts[off]} times of ${ROWS}, expected a share of ${kept[off]}`;
}

const sampling = [
  microsoft(
    'Sampling',
    [listed('int32', [ROWS, 1], Array(ROWS).fill(1)), one(2), one(0), real(1), null, null, null, null, one(7)],
    {eos_token_id: 0, pad_token_id: 0, vocab_size: 6, top_p: {float: 0.8}, decoder: {graph: constantly}},
    {outputs: ['int32'], check: drawn},
  ),
];

const [BLOCK, ROOM, HEAD] = [16, 64, 8];
const LAYOUTS = [
  [[0], [0, 1], [1, 2], [0, 3]],
  [[0], [1], [0, 1, 2], [2, 3]],
];
const places = (layout) => [0, 1, 2, 3, 4].map((row) => layout.slice(0, row).flat().length);
const filled = (list, length) => [...list, ...Array(length - list.length).fill(-1)];
const blockRows = listed('int32', [2, 5], LAYOUTS.flatMap(places));
const blockColumns = listed(
  'int32',
  [2, 8],
  LAYOUTS.flatMap((layout) => filled(layout.flat(), 8)),
);

/** One new token for each of two sequences: four query heads over two of keys, layouts in turn. */
function sparse(lengths) {
  return ([query, key, values, pastKey, pastValue]) => {
    const caches = [
      [pastKey, key],
      [pastValue, values],
    ].map(([past, fresh]) => {
      const cached = [...past.values];
      lengths.forEach((length, b) => {
        for (let head = 0; head < 2; head++)
          for (let d = 0; d < HEAD; d++)
            cached[((b * 2 + head) * ROOM + length - 1) * HEAD + d] = fresh.values[(b * 2 + head) * HEAD + d];
      });
      return cached;
    });
    const out = lengths.flatMap((length, b) =>
      [0, 1, 2, 3].flatMap((head) => {
        const seen = LAYOUTS[head % 2][Math.floor((length - 1) / BLOCK)];
        const keys = Array.from({length}, (_, t) => t).filter((t) => seen.includes(Math.floor(t / BLOCK)));
        const at = (cached, t, d) => cached[((b * 2 + (head >> 1)) * ROOM + t) * HEAD + d];
        const dims = Array.from({length: HEAD}, (_, d) => d);
        const scores = keys.map(
          (t) =>
            dims.reduce((s, d) => s + at(caches[0], t, d) * query.values[(b * 4 + head) * HEAD + d], 0) /
            Math.sqrt(HEAD),
        );
        const e = scores.map((s) => Math.exp(s - Math.max(...scores)));
        const total = e.reduce((a, c) => a + c);
        return dims.map((d) => keys.reduce((s, t, i) => s + (e[i] / total) * at(caches[1], t, d), 0));
      }),
    );
    const cacheDims = [2, 2, ROOM, HEAD];
    return [
      {dims: [2, 1, 4 * HEAD], values: out},
      {dims: cacheDims, values: caches[0]},
      {dims: cacheDims, values: caches[1]},
    ];
  };
}
const LENGTHS = [64, 37];
const sparseAttention = microsoft(
  'SparseAttention',
  [
    {dims: [2, 1, 4 * HEAD]},
    {dims: [2, 1, 2 * HEAD]},
    {dims: [2, 1, 2 * HEAD]},
    {dims: [2, 2, ROOM, HEAD]},
    {dims: [2, 2, ROOM, HEAD]},
    blockRows,
    blockColumns,
    one(64),
    listed('int32', [2], LENGTHS),
  ],
  {num_heads: 4, kv_num_heads: 2, sparse_block_size: BLOCK},
  {outputs: ['float32', 'float32', 'float32'], expected: sparse(LENGTHS)},
);

export const cases = [...searches, ...sampling, sparseAttention];
