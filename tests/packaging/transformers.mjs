// transformers.js, unpatched, on webinfer: feature extraction with a tiny BERT made here, its files read from disk. The oracle is
// onnxruntime-web on the same tokens.
import {spawnSync} from 'node:child_process';
import {InferenceSession, Tensor} from 'onnxruntime-web';
import {bert} from '../../bench/models/transformers.mjs';
import {assert, assertEqual, Report} from '../report.mjs';
import {freshProject} from './lib/project.mjs';

const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'quick', 'brown', 'fox', 'jumps', 'over', 'dog'];
const SENTENCE = 'The quick brown fox jumps over';
const IDS = [2, 5, 6, 7, 8, 9, 10, 3];
const DIM = 32;

const special = (content) => ({
  id: WORDS.indexOf(content),
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});
const TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: WORDS.slice(0, 5).map(special),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: {type: 'BertPreTokenizer'},
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      {SpecialToken: {id: '[CLS]', type_id: 0}},
      {Sequence: {id: 'A', type_id: 0}},
      {SpecialToken: {id: '[SEP]', type_id: 0}},
    ],
    pair: [],
    special_tokens: {
      '[CLS]': {id: '[CLS]', ids: [2], tokens: ['[CLS]']},
      '[SEP]': {id: '[SEP]', ids: [3], tokens: ['[SEP]']},
    },
  },
  decoder: {type: 'WordPiece', prefix: '##', cleanup: true},
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(WORDS.map((word, i) => [word, i])),
  },
};
const CONFIG = {
  architectures: ['BertModel'],
  model_type: 'bert',
  hidden_size: DIM,
  num_attention_heads: 2,
  num_hidden_layers: 2,
  vocab_size: WORDS.length,
};

const PROGRAM = `
import {installAsOnnxRuntime} from 'webinfer';
installAsOnnxRuntime();
const {pipeline, env} = await import('@huggingface/transformers');
Object.assign(env, {allowRemoteModels: false, allowLocalModels: true, localModelPath: './models/', useWasmCache: false, useFSCache: false});
globalThis.fetch = (url) => { throw new Error('nothing may be fetched, yet ' + url + ' was'); };
const extract = await pipeline('feature-extraction', 'tiny-bert', {device: 'auto', dtype: 'fp32'});
const output = await extract(${JSON.stringify(SENTENCE)}, {pooling: 'mean'});
console.log(JSON.stringify({dims: output.dims, data: Array.from(output.data), loaded: Object.keys(globalThis[Symbol.for('onnxruntime')])}));
`;

async function meanByOnnxRuntime(model) {
  const session = await InferenceSession.create(model);
  const ints = (values) => new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  const {last_hidden_state: state} = await session.run({
    input_ids: ints(IDS),
    attention_mask: ints(IDS.map(() => 1)),
    token_type_ids: ints(IDS.map(() => 0)),
  });
  return Array.from(
    {length: DIM},
    (_, i) => IDS.reduce((sum, _id, token) => sum + state.data[token * DIM + i], 0) / IDS.length,
  );
}

const report = new Report();
const model = bert('tiny-bert', {
  dim: DIM,
  heads: 2,
  layers: 2,
  seed: 7,
  vocabulary: WORDS.length,
  tokens: IDS.length,
}).encode();
let project;
await report.test('installs', () => {
  project = freshProject('transformers', ['@huggingface/transformers@4.3.1'], {
    'main.mjs': PROGRAM,
    'models/tiny-bert/config.json': JSON.stringify(CONFIG),
    'models/tiny-bert/tokenizer.json': JSON.stringify(TOKENIZER),
    'models/tiny-bert/tokenizer_config.json': JSON.stringify({tokenizer_class: 'BertTokenizer', model_max_length: 64}),
    'models/tiny-bert/onnx/model.onnx': model,
  });
});
if (project) {
  await report.test('feature extraction gives what onnxruntime-web gives', async () => {
    const {stdout, stderr, status} = spawnSync(process.execPath, ['main.mjs'], {
      cwd: project,
      encoding: 'utf8',
      timeout: 120000,
    });
    assert(status === 0, `ended with ${status}: ${stderr}`);
    const {dims, data} = JSON.parse(stdout.trim().split('\n').at(-1));
    assertEqual(dims, [1, DIM], 'dims');
    const expected = await meanByOnnxRuntime(model);
    const largest = Math.max(...expected.map(Math.abs));
    const difference = Math.max(...expected.map((value, i) => Math.abs(value - data[i]))) / largest;
    assert(difference < 1e-4, `differs by ${difference} of the largest value`);
    return `largest difference ${difference.toExponential(1)}`;
  });
}
report.finish();
