// A language model as onnxruntime-genai writes it: 4-bit weights in blocks, grouped-query attention with a cache.
import {Graph} from './graph.mjs';

const BLOCK = 32;

/** Qwen2's architecture (`float`: with weights that are not quantised), by default in the sizes of the one with half a billion weights; `seq` and `past` are symbolic. */
export function qwen2(
  name,
  {accuracyLevel, float = false, dim = 896, heads = 14, kvHeads = 2, ffn = 4864, layers = 24, vocabulary = 151936},
) {
  const g = new Graph(name, 13);
  g.symbols = {seq: 1, past: 63};
  // int8 activations: the libraries round differently, and the layers amplify it
  if (accuracyLevel === 4) g.tolerance = 1e-1;
  const size = dim / heads;
  const quantized = (k, n) => {
    const blocks = k / BLOCK;
    const nibbles = new Uint32Array((n * k) / 8);
    for (let i = 0; i < nibbles.length; i++) nibbles[i] = g.random() * 2 ** 32;
    const scales = new Float32Array(n * blocks);
    for (let i = 0; i < scales.length; i++) scales[i] = ((0.75 + 0.5 * g.random()) * Math.sqrt(3 / k)) / 8;
    return {bytes: new Uint8Array(nibbles.buffer), scales, blocks};
  };
  const product = (x, k, n, {scales, blocks}, weights) =>
    g.contrib('MatMulNBits', [x, weights, g.tensor('float32', [n, blocks], scales)], {
      K: k,
      N: n,
      bits: 4,
      block_size: BLOCK,
      accuracy_level: accuracyLevel,
    });
  const linear = (x, k, n) => {
    if (float) return g.node('MatMul', [x, g.uniform([k, n], Math.sqrt(3 / k))]);
    const w = quantized(k, n);
    return product(x, k, n, w, g.tensor('uint8', [n, w.blocks, BLOCK / 2], w.bytes));
  };
  const normWeight = () => g.uniform([dim], 1);
  const epsilon = {float: 1e-6};

  const ids = g.input('input_ids', 'int64', [1, 'seq'], 'int', vocabulary);
  const mask = g.input('attention_mask', 'int64', [1, 'past + seq'], 'one');
  const lastKey = g.node('Sub', [g.node('ReduceSum', [mask, g.ints(1)], {keepdims: 1}), g.ints(1)]);
  const lastKeys = g.node('Cast', [lastKey], {to: 6});
  const total = g.node('Cast', [g.node('Gather', [g.node('Shape', [mask]), g.tensor('int64', [], [1])])], {to: 6});
  const [cos, sin] = [Math.cos, Math.sin].map((f) => {
    const table = new Float32Array(4096 * (size / 2));
    for (let i = 0; i < table.length; i++) {
      table[i] = f(Math.floor(i / (size / 2)) * 1e6 ** (-(i % (size / 2)) / (size / 2)));
    }
    return g.tensor('float32', [4096, size / 2], table);
  });

  // The embedding and the last product share their weights.
  const words = float ? g.uniform([vocabulary, dim], Math.sqrt(3 / dim)) : quantized(dim, vocabulary);
  const wordBytes = float ? undefined : g.tensor('uint8', [vocabulary, words.blocks, BLOCK / 2], words.bytes);
  const gatherQuantized = () => {
    const table = g.reshape(wordBytes, vocabulary, dim / 2);
    const inputs = [table, ids, g.tensor('float32', [vocabulary, words.blocks], words.scales)];
    const attributes = {bits: 4, block_size: BLOCK, gather_axis: 0, quantize_axis: 1};
    return g.contrib('GatherBlockQuantized', inputs, attributes);
  };
  let sum = float ? g.node('Gather', [words, ids]) : gatherQuantized();
  let x = g.node('SimplifiedLayerNormalization', [sum, normWeight()], {axis: -1, epsilon});
  const skipNorm = (value) => {
    const outputs = [`norm_${g.nodes.length}`, '', '', `sum_${g.nodes.length}`];
    g.contrib('SkipSimplifiedLayerNormalization', [sum, value, normWeight()], {epsilon}, outputs);
    [x, , , sum] = outputs;
  };
  for (let i = 0; i < layers; i++) {
    const qkv = g.add(linear(x, dim, dim + 2 * kvHeads * size), g.uniform([dim + 2 * kvHeads * size], 0.02));
    const cacheDims = (tokens) => [1, kvHeads, tokens, size];
    const past = ['key', 'value'].map((side) => g.input(`past_key_values.${i}.${side}`, 'float32', cacheDims('past')));
    const present = ['key', 'value'].map((side) => `present.${i}.${side}`);
    const inputs = [qkv, '', '', ...past, lastKeys, total, cos, sin];
    const attributes = {num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, rotary_interleaved: 0};
    const mixed = g.contrib('GroupQueryAttention', inputs, attributes, [`mixed_${i}`, ...present]);
    for (const output of present) g.outputs.push({name: output, type: 'float32', dims: cacheDims('past + seq')});
    skipNorm(linear(mixed, dim, dim));
    const gate = linear(x, dim, ffn);
    const up = linear(x, dim, ffn);
    skipNorm(linear(g.mul(g.silu(gate), up), ffn, dim));
  }
  const logits = float
    ? g.node('MatMul', [x, g.transpose(words, 1, 0)])
    : product(x, dim, vocabulary, words, wordBytes);
  g.output(logits, 'float32', [1, 'seq', vocabulary], 'logits');
  return g;
}
