// Architectures outside the headline, shaped as their exporters write them, some of them shortened: what is said of the headline
// models must hold for networks nobody tuned for.

import {image} from './convolutional.mjs';
import {Graph} from './graph.mjs';
import {attention} from './transformers.mjs';

const linear = (g) => (x, cin, cout) => g.linear(x, cin, cout);

const mlp = (g, x, dim) => g.linear(g.geluErf(g.linear(x, dim, dim * 4)), dim * 4, dim);

/** ConvNeXt-T: 7x7 depthwise convolutions, norms over channels, scaled residuals. */
export function convnextTiny() {
  const g = new Graph('convnext-t', 21);
  const toLast = (x) => g.transpose(x, 0, 2, 3, 1);
  const toFirst = (x) => g.transpose(x, 0, 3, 1, 2);
  const norm = (x, dim) => toFirst(g.layerNorm(toLast(x), dim, 1e-6));
  let x = norm(g.conv(image(g, 'input', 224), 3, 96, 4, {stride: 4, pad: 0}), 96);
  let cin = 96;
  for (const [dim, blocks] of [
    [96, 3],
    [192, 3],
    [384, 9],
    [768, 3],
  ]) {
    if (dim !== cin) x = g.conv(norm(x, cin), cin, dim, 2, {stride: 2, pad: 0, gain: 3});
    for (let i = 0; i < blocks; i++) {
      const y = mlp(g, g.layerNorm(toLast(g.conv(x, dim, dim, 7, {group: dim, gain: 3})), dim, 1e-6), dim);
      x = g.add(x, toFirst(g.mul(y, g.uniform([dim], 0.1))));
    }
    cin = dim;
  }
  g.output(g.classifier(x, 768), 'float32', [1, 1000], 'output');
  return g;
}

/** Two stages of Swin-T: attention in windows of 7x7 with a position bias. */
export function swinStages() {
  const g = new Graph('swin-stages', 22);
  const side = 56;
  let dim = 96;
  let size = side;
  let x = g.transpose(g.conv(image(g, 'input', 224), 3, dim, 4, {stride: 4, pad: 0}), 0, 2, 3, 1);
  for (let stage = 0; stage < 2; stage++) {
    const heads = dim / 32;
    const n = size / 7;
    for (let block = 0; block < 2; block++) {
      const shifted = g.transpose(g.reshape(g.layerNorm(x, dim, 1e-5), n, 7, n, 7, dim), 0, 2, 1, 3, 4);
      const qkv = g.linear(g.reshape(shifted, n * n, 49, dim), dim, 3 * dim);
      const parts = g.split(g.transpose(g.reshape(qkv, n * n, 49, 3, heads, 32), 2, 0, 3, 1, 4), 0, 1, 1, 1);
      const [q, k, v] = parts.map((part) => g.node('Squeeze', [part, g.ints(0)]));
      let scores = g.node('MatMul', [g.mul(q, g.scalar(32 ** -0.5)), g.transpose(k, 0, 1, 3, 2)]);
      scores = g.add(scores, g.uniform([1, heads, 49, 49], 0.5));
      const mixed = g.node('MatMul', [g.node('Softmax', [scores], {axis: -1}), v]);
      const joined = g.linear(g.reshape(g.transpose(mixed, 0, 2, 1, 3), n * n, 49, dim), dim, dim);
      const back = g.transpose(g.reshape(joined, n, n, 7, 7, dim), 0, 2, 1, 3, 4);
      x = g.add(x, g.reshape(back, 1, size, size, dim));
      x = g.add(x, mlp(g, g.layerNorm(x, dim, 1e-5), dim));
    }
    const merged = g.transpose(g.reshape(x, 1, size / 2, 2, size / 2, 2, dim), 0, 1, 3, 4, 2, 5);
    x = g.linear(g.layerNorm(g.reshape(merged, 1, size / 2, size / 2, 4 * dim), 4 * dim, 1e-5), 4 * dim, 2 * dim);
    dim *= 2;
    size /= 2;
  }
  g.output(x, 'float32', [1, size, size, dim], 'features');
  return g;
}

/** A stage of SegFormer-B0: keys and values from a smaller image, a depthwise convolution inside the MLP. */
export function segformerStage() {
  const g = new Graph('segformer-stage', 23);
  const [dim, size, ratio] = [32, 64, 8];
  let x = g.conv(image(g, 'input', 256), 3, dim, 7, {stride: 4, pad: 3});
  const tokens = size * size;
  const toTokens = (t, n, c) => g.transpose(g.reshape(t, 1, c, n), 0, 2, 1);
  const toImage = (t, side, c) => g.reshape(g.transpose(t, 0, 2, 1), 1, c, side, side);
  x = g.layerNorm(toTokens(x, tokens, dim), dim, 1e-5);
  for (let block = 0; block < 2; block++) {
    const normed = g.layerNorm(x, dim, 1e-5);
    const reduced = g.conv(toImage(normed, size, dim), dim, dim, ratio, {stride: ratio, pad: 0});
    const keys = g.layerNorm(toTokens(reduced, (size / ratio) ** 2, dim), dim, 1e-5);
    const scores = g.node('MatMul', [g.linear(normed, dim, dim), g.transpose(g.linear(keys, dim, dim), 0, 2, 1)]);
    const weights = g.node('Softmax', [g.node('Div', [scores, g.scalar(Math.sqrt(dim))])], {axis: -1});
    x = g.add(x, g.linear(g.node('MatMul', [weights, g.linear(keys, dim, dim)]), dim, dim));
    const wide = toImage(g.linear(g.layerNorm(x, dim, 1e-5), dim, dim * 4), size, dim * 4);
    const mixed = toTokens(g.conv(wide, dim * 4, dim * 4, 3, {group: dim * 4, gain: 3}), tokens, dim * 4);
    x = g.add(x, g.linear(g.geluErf(mixed), dim * 4, dim));
  }
  g.output(x, 'float32', [1, tokens, dim], 'tokens');
  return g;
}

function conv1d(g, x, cin, cout, k, {stride = 1, dilation = 1, gain = 3} = {}) {
  const pad = ((k - 1) * dilation) >> 1;
  const inputs = [x, g.uniform([cout, cin, k], Math.sqrt(gain / (cin * k))), g.uniform([cout], 0.05)];
  return g.node('Conv', inputs, {
    dilations: [dilation],
    group: 1,
    kernel_shape: [k],
    pads: [pad, pad],
    strides: [stride],
  });
}

/** Whisper tiny's encoder over 10 seconds, two of its four layers. */
export function whisperEncoder() {
  const g = new Graph('whisper-encoder', 24);
  const [dim, tokens] = [384, 500];
  const features = g.input('input_features', 'float32', [1, 80, 2 * tokens]);
  let x = g.geluErf(conv1d(g, features, 80, dim, 3));
  x = g.transpose(g.geluErf(conv1d(g, x, dim, dim, 3, {stride: 2})), 0, 2, 1);
  x = g.add(x, g.uniform([tokens, dim], 0.5));
  for (let i = 0; i < 2; i++) {
    x = g.add(x, attention(g, g.layerNorm(x, dim, 1e-5), {dim, heads: 6, tokens, linear: linear(g)}));
    x = g.add(x, mlp(g, g.layerNorm(x, dim, 1e-5), dim));
  }
  g.output(g.layerNorm(x, dim, 1e-5), 'float32', [1, tokens, dim], 'hidden');
  return g;
}

/** Group norm as torch exports it below opset 18. */
function groupNorm(g, x, channels, side) {
  const groups = 32;
  const ones = g.tensor('float32', [groups], new Float32Array(groups).fill(1));
  const flat = g.reshape(x, 1, groups, -1);
  const normed = g.node('InstanceNormalization', [flat, ones, g.tensor('float32', [groups], new Float32Array(groups))]);
  const scale = g.tensor('float32', [channels, 1, 1], new Float32Array(channels).fill(1));
  return g.add(g.mul(g.reshape(normed, 1, channels, side, side), scale), g.uniform([channels, 1, 1], 0.02));
}

function residualBlock(g, x, cin, cout, side) {
  const first = g.conv(g.silu(groupNorm(g, x, cin, side)), cin, cout, 3);
  const second = g.conv(g.silu(groupNorm(g, first, cout, side)), cout, cout, 3, {gain: 1});
  return g.add(cin === cout ? x : g.conv(x, cin, cout, 1), second);
}

const upsample = (g, x) =>
  g.node('Resize', [x, '', g.tensor('float32', [4], [1, 1, 2, 2])], {
    mode: 'nearest',
    nearest_mode: 'floor',
    coordinate_transformation_mode: 'asymmetric',
  });

/** A small diffusion U-Net: two resolutions, a skip, attention in the middle. */
export function unet() {
  const g = new Graph('unet', 25);
  const a = residualBlock(g, g.conv(g.input('sample', 'float32', [1, 4, 32, 32]), 4, 64, 3), 64, 64, 32);
  let x = residualBlock(g, g.conv(a, 64, 64, 3, {stride: 2}), 64, 128, 16);
  const tokens = g.transpose(g.reshape(groupNorm(g, x, 128, 16), 1, 128, 256), 0, 2, 1);
  const mixed = attention(g, tokens, {dim: 128, heads: 8, tokens: 256, linear: linear(g)});
  x = residualBlock(g, g.add(x, g.reshape(g.transpose(mixed, 0, 2, 1), 1, 128, 16, 16)), 128, 128, 16);
  x = residualBlock(g, g.concat(1, upsample(g, x), a), 192, 64, 32);
  g.output(g.conv(g.silu(groupNorm(g, x, 64, 32)), 64, 4, 3), 'float32', [1, 4, 32, 32], 'noise');
  return g;
}

/** The end of a latent diffusion model's decoder. */
export function vaeDecoder() {
  const g = new Graph('vae-decoder', 26);
  let x = residualBlock(g, g.conv(g.input('latent', 'float32', [1, 4, 32, 32]), 4, 128, 3), 128, 128, 32);
  x = residualBlock(g, g.conv(upsample(g, x), 128, 128, 3), 128, 64, 64);
  x = residualBlock(g, g.conv(upsample(g, x), 64, 64, 3), 64, 32, 128);
  g.output(g.conv(g.silu(groupNorm(g, x, 32, 128)), 32, 3, 3), 'float32', [1, 3, 128, 128], 'image');
  return g;
}

/** HiFi-GAN's generator, half as wide: transposed convolutions and dilated residual blocks over signals. */
export function vocoder() {
  const g = new Graph('vocoder', 27);
  const leaky = (x) => g.node('LeakyRelu', [x], {alpha: {float: 0.1}});
  let channels = 128;
  let x = conv1d(g, g.input('mel', 'float32', [1, 80, 64]), 80, channels, 7);
  for (const stride of [8, 8, 2, 2]) {
    const w = g.uniform([channels, channels / 2, 2 * stride], Math.sqrt(3 / channels));
    x = g.node('ConvTranspose', [leaky(x), w, g.uniform([channels / 2], 0.05)], {
      dilations: [1],
      group: 1,
      kernel_shape: [2 * stride],
      pads: [stride / 2, stride / 2],
      strides: [stride],
    });
    channels /= 2;
    const branches = [3, 7, 11].map((k) => {
      let y = x;
      for (const dilation of [1, 3, 5]) {
        const inner = conv1d(g, leaky(y), channels, channels, k, {dilation, gain: 1});
        y = g.add(y, conv1d(g, leaky(inner), channels, channels, k, {gain: 1}));
      }
      return y;
    });
    x = g.node('Div', [g.add(g.add(branches[0], branches[1]), branches[2]), g.scalar(3)]);
  }
  g.output(g.node('Tanh', [conv1d(g, leaky(x), channels, 1, 7)]), 'float32', [1, 1, 64 * 256], 'wave');
  return g;
}

/** Two bidirectional recurrent layers over 100 steps, `op` LSTM or GRU. */
export function recurrent(op) {
  const g = new Graph(op.toLowerCase(), 28);
  const [steps, hidden, gates] = [100, 256, op === 'LSTM' ? 4 : 3];
  let x = g.input('x', 'float32', [steps, 1, 80]);
  for (const inputs of [80, 2 * hidden]) {
    const bound = hidden ** -0.5;
    const w = g.uniform([2, gates * hidden, inputs], bound);
    const r = g.uniform([2, gates * hidden, hidden], bound);
    const attributes = {
      hidden_size: hidden,
      direction: 'bidirectional',
      ...(op === 'GRU' ? {linear_before_reset: 1} : {}),
    };
    const y = g.node(op, [x, w, r, g.uniform([2, 2 * gates * hidden], bound)], attributes);
    x = g.reshape(g.transpose(y, 0, 2, 1, 3), steps, 1, 2 * hidden);
  }
  g.output(g.linear(x, 2 * hidden, 40), 'float32', [steps, 1, 40], 'y');
  return g;
}
