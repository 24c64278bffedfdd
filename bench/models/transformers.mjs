// Transformers: DeiT, BERT (also with dynamically quantised weights), and a decoding step of GPT-2 with a cache.

import {image} from './convolutional.mjs';
import {Graph} from './graph.mjs';

const LOWEST = -3.4028234663852886e38;

export function attention(g, x, {dim, heads, tokens, mask, linear}) {
  const split = (t, ...perm) => g.transpose(g.reshape(t, 1, tokens, heads, dim / heads), ...perm);
  const q = split(linear(x, dim, dim), 0, 2, 1, 3);
  const k = split(linear(x, dim, dim), 0, 2, 3, 1);
  const v = split(linear(x, dim, dim), 0, 2, 1, 3);
  let scores = g.node('Div', [g.node('MatMul', [q, k]), g.scalar(Math.sqrt(dim / heads))]);
  if (mask) scores = g.add(scores, mask);
  const mixed = g.node('MatMul', [g.node('Softmax', [scores], {axis: -1}), v]);
  return linear(g.reshape(g.transpose(mixed, 0, 2, 1, 3), 1, tokens, dim), dim, dim);
}

/** An additive mask from an attention mask of 0 and 1. */
function additiveMask(g, attentionMask) {
  const mask = g.node('Cast', [g.node('Unsqueeze', [attentionMask, g.ints(1, 2)])], {to: 1});
  return g.mul(g.node('Sub', [g.scalar(1), mask]), g.scalar(LOWEST));
}

export function vit(name, {dim, heads, layers, seed}) {
  const g = new Graph(name, seed);
  const tokens = 197;
  const linear = (x, cin, cout) => g.linear(x, cin, cout);
  let x = g.conv(image(g, 'pixel_values', 224), 3, dim, 16, {stride: 16, pad: 0, gain: 3});
  x = g.transpose(g.reshape(x, 1, dim, 196), 0, 2, 1);
  x = g.add(g.concat(1, g.uniform([1, 1, dim], 0.5), x), g.uniform([1, tokens, dim], 0.5));
  for (let i = 0; i < layers; i++) {
    x = g.add(x, attention(g, g.layerNorm(x, dim, 1e-5), {dim, heads, tokens, linear}));
    x = g.add(x, linear(g.geluErf(linear(g.layerNorm(x, dim, 1e-5), dim, dim * 4)), dim * 4, dim));
  }
  x = g.node('Gather', [g.layerNorm(x, dim, 1e-5), g.tensor('int64', [], [0])], {axis: 1});
  const w = g.uniform([1000, dim], Math.sqrt(3 / dim));
  g.output(g.node('Gemm', [x, w, g.uniform([1000], 0.02)], {transB: 1}), 'float32', [1, 1000], 'logits');
  return g;
}

export function bert(name, {dim, heads, layers, seed, int8 = false, vocabulary = 30522, tokens = 128}) {
  const g = new Graph(name, seed);
  if (int8) g.tolerance = 5e-2; // an activation's rounding may fall either way, and the layers amplify it
  const linear = int8 ? dynamicLinear(g) : (x, cin, cout) => g.linear(x, cin, cout);
  const ids = g.input('input_ids', 'int64', [1, tokens], 'int', vocabulary);
  const mask = additiveMask(g, g.input('attention_mask', 'int64', [1, tokens], 'one'));
  const types = g.input('token_type_ids', 'int64', [1, tokens], 'zero');
  const words = g.node('Gather', [g.uniform([vocabulary, dim], 0.5), ids]);
  let x = g.add(words, g.node('Gather', [g.uniform([2, dim], 0.5), types]));
  x = g.layerNorm(g.add(x, g.uniform([1, tokens, dim], 0.5)), dim, 1e-12);
  for (let i = 0; i < layers; i++) {
    x = g.layerNorm(g.add(x, attention(g, x, {dim, heads, tokens, mask, linear})), dim, 1e-12);
    x = g.layerNorm(g.add(x, linear(g.geluErf(linear(x, dim, dim * 4)), dim * 4, dim)), dim, 1e-12);
  }
  g.output(x, 'float32', [1, tokens, dim], 'last_hidden_state');
  return g;
}

/** A linear layer as onnxruntime's quantize_dynamic writes it: per-tensor int8 weights, zero point 0. */
function dynamicLinear(g) {
  const quantized = new Map();
  return (x, cin, cout) => {
    if (!quantized.has(x)) {
      const outputs = ['q', 'scale', 'zero'].map((part) => `${x}_${part}`);
      g.node('DynamicQuantizeLinear', [x], {}, outputs);
      quantized.set(x, outputs);
    }
    const [q, scale, zero] = quantized.get(x);
    const product = g.node('MatMulInteger', [q, g.int8([cin, cout]), zero, g.tensor('int8', [], [0])]);
    const rescale = g.mul(scale, g.scalar(Math.sqrt(3 / cin) / 127));
    return g.add(g.mul(g.node('Cast', [product], {to: 1}), rescale), g.uniform([cout], 0.02));
  };
}

/** One decoding step of GPT-2 small: 1 new token after a cache whose length is symbolic, as exporters write it. */
export function gpt2Step() {
  const g = new Graph('gpt2', 12);
  g.symbols = {past: 127};
  const [dim, heads, layers, vocabulary, past] = [768, 12, 12, 50257, 'past'];
  const d = dim / heads;
  const total = 'past + 1';
  const ids = g.input('input_ids', 'int64', [1, 1], 'int', vocabulary);
  const attentionMask = g.input('attention_mask', 'int64', [1, total], 'one');
  const positions = g.input('position_ids', 'int64', [1, 1], 'int', 1024);
  const conv1d = (x, cin, cout) => {
    const w = g.uniform([cin, cout], Math.sqrt(3 / cin));
    return g.reshape(g.node('Gemm', [g.reshape(x, -1, cin), w, g.uniform([cout], 0.02)]), 1, 1, cout);
  };
  const words = g.uniform([vocabulary, dim], 0.1);
  let x = g.add(g.node('Gather', [words, ids]), g.node('Gather', [g.uniform([1024, dim], 0.1), positions]));
  const mask = additiveMask(g, attentionMask);
  const presents = [];
  for (let i = 0; i < layers; i++) {
    const qkv = conv1d(g.layerNorm(x, dim, 1e-5), dim, dim * 3);
    const parts = g.split(qkv, 2, dim, dim, dim);
    const [q, k, v] = parts.map((t) => g.transpose(g.reshape(t, 1, 1, heads, d), 0, 2, 1, 3));
    const key = g.concat(2, g.input(`past_key_values.${i}.key`, 'float32', [1, heads, past, d]), k);
    const value = g.concat(2, g.input(`past_key_values.${i}.value`, 'float32', [1, heads, past, d]), v);
    presents.push([`present.${i}.key`, key], [`present.${i}.value`, value]);
    const products = g.node('MatMul', [q, g.transpose(key, 0, 1, 3, 2)]);
    const scores = g.add(g.node('Div', [products, g.scalar(Math.sqrt(d))]), mask);
    const mixed = g.node('MatMul', [g.node('Softmax', [scores], {axis: -1}), value]);
    x = g.add(x, conv1d(g.reshape(g.transpose(mixed, 0, 2, 1, 3), 1, 1, dim), dim, dim));
    x = g.add(x, conv1d(g.geluTanh(conv1d(g.layerNorm(x, dim, 1e-5), dim, dim * 4)), dim * 4, dim));
  }
  x = g.reshape(g.layerNorm(x, dim, 1e-5), 1, dim);
  const logits = g.reshape(g.node('Gemm', [x, words], {transB: 1}), 1, 1, vocabulary);
  g.output(logits, 'float32', [1, 1, vocabulary], 'logits');
  for (const [output, value] of presents) g.output(value, 'float32', [1, heads, total, d], output);
  return g;
}
