// Writes the standard architectures as ONNX files, with deterministic pseudo-random weights: time needs no trained ones.
//   node bench/models/generate.mjs [NAME...]     into $WEBINFER_CACHE/generated-models; those already there are kept

import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {generatedFolder} from '../../tests/models/folders.mjs';
import {efficientnetB0, mobilenetV2, resnet50, squeezenet11, yolov8n} from './convolutional.mjs';
import {
  convnextTiny,
  recurrent,
  segformerStage,
  swinStages,
  unet,
  vaeDecoder,
  vocoder,
  whisperEncoder,
} from './further.mjs';
import {qwen2} from './language.mjs';
import {mobilenetV2Qdq} from './quantized.mjs';
import {conv, matmul} from './single-operators.mjs';
import {bert, gpt2Step, vit} from './transformers.mjs';

export const GENERATED = {
  mobilenetv2: mobilenetV2,
  resnet50,
  'squeezenet1.1': squeezenet11,
  'efficientnet-b0': efficientnetB0,
  yolov8n,
  'deit-tiny': () => vit('deit-tiny', {dim: 192, heads: 3, layers: 12, seed: 7}),
  'minilm-l6': () => bert('minilm-l6', {dim: 384, heads: 12, layers: 6, seed: 9}),
  'minilm-l6-int8': () => bert('minilm-l6-int8', {dim: 384, heads: 12, layers: 6, seed: 9, int8: true}),
  gpt2: gpt2Step,
  'mobilenetv2-qdq': mobilenetV2Qdq,
};

/** Made on demand only: too large, or of interest to kernel authors only. */
export const ON_DEMAND = {
  'qwen2-0.5b-q4': () => qwen2('qwen2-0.5b-q4', {accuracyLevel: 0}),
  'qwen2-0.5b-q4-int8': () => qwen2('qwen2-0.5b-q4-int8', {accuracyLevel: 4}),
  'qwen2-6-layers-q4': () => qwen2('qwen2-6-layers-q4', {accuracyLevel: 0, layers: 6, vocabulary: 32768}),
  'qwen2-6-layers-f32': () => qwen2('qwen2-6-layers-f32', {float: true, layers: 6, vocabulary: 32768}),
  'vit-b16': () => vit('vit-b16', {dim: 768, heads: 12, layers: 12, seed: 8}),
  'bert-base': () => bert('bert-base', {dim: 768, heads: 12, layers: 12, seed: 10}),
  'convnext-t': convnextTiny,
  'swin-stages': swinStages,
  'segformer-stage': segformerStage,
  'whisper-encoder': whisperEncoder,
  unet,
  'vae-decoder': vaeDecoder,
  vocoder,
  lstm: () => recurrent('LSTM'),
  gru: () => recurrent('GRU'),
  'op-matmul-1024': () => matmul(1024, false),
  'op-matmul-1024-dyn': () => matmul(1024, true),
  'op-conv3x3-64-56': () => conv(64, 64, 56, 3),
  'op-conv3x3-256-14': () => conv(256, 256, 14, 3),
  'op-conv1x1-96-576-14': () => conv(96, 576, 14, 1),
  'op-conv1x1-256-64-56': () => conv(256, 64, 56, 1),
  'op-conv7x7s2-3-64-224': () => conv(3, 64, 224, 7, {stride: 2}),
  'op-dwconv3x3-144-56': () => conv(144, 144, 56, 3, {group: 144}),
};

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = [
  'onnx-writer',
  'graph',
  'convolutional',
  'transformers',
  'language',
  'quantized',
  'further',
  'single-operators',
];
const fingerprint = createHash('sha256')
  .update(sources.map((name) => readFileSync(join(here, `${name}.mjs`), 'utf8')).join('\0'))
  .digest('hex');

/** Makes the named models unless they are there, and returns {name: {file, inputs, bytes, flops}}. */
export function generateModels(names = Object.keys(GENERATED)) {
  mkdirSync(generatedFolder, {recursive: true});
  const listPath = join(generatedFolder, 'models.json');
  let list = existsSync(listPath) ? JSON.parse(readFileSync(listPath, 'utf8')) : {};
  if (list.fingerprint !== fingerprint) list = {fingerprint, models: {}};
  for (const name of names) {
    const file = join(generatedFolder, `${name}.onnx`);
    if (list.models[name] && existsSync(file)) continue;
    const make = GENERATED[name] ?? ON_DEMAND[name];
    if (!make)
      throw new Error(`no model is called ${name}; there are ${Object.keys({...GENERATED, ...ON_DEMAND}).join(' ')}`);
    const graph = make();
    const bytes = graph.encode();
    writeFileSync(file, bytes);
    list.models[name] = {
      file: `${name}.onnx`,
      inputs: graph.feeds,
      symbols: graph.symbols,
      tolerance: graph.tolerance,
      bytes: bytes.length,
      flops: graph.flops,
    };
    writeFileSync(listPath, JSON.stringify(list, null, 1));
    console.log(`${name}: ${(bytes.length / 1e6).toFixed(1)} MB, ${graph.nodes.length} nodes`);
  }
  return Object.fromEntries(names.map((name) => [name, list.models[name]]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  generateModels(names.length ? names : undefined);
}
