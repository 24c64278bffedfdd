// Puts the models of the page under web-demo/public/models, as links into the cache, so that the page finds them offline.
import {copyFileSync, mkdirSync, rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {fetchModels} from '../tests/models/fetch.mjs';
import {modelsFolder} from '../tests/models/folders.mjs';

const FILES = [
  'ch_PP-OCRv4_det_infer.onnx',
  'ch_PP-OCRv4_rec_infer.onnx',
  'ch_ppocr_mobile_v2.0_cls_infer.onnx',
  'ppocr_keys_v1.txt',
  'silero_vad_v5.onnx',
  'melspectrogram.onnx',
  'embedding_model.onnx',
  'hey_jarvis_v0.1.onnx',
  'alexa_v0.1.onnx',
];

const folder = fileURLToPath(new URL('public/models/', import.meta.url));
fetchModels();
mkdirSync(folder, {recursive: true});
for (const file of FILES) {
  rmSync(join(folder, file), {force: true});
  try {
    symlinkSync(join(modelsFolder, file), join(folder, file));
  } catch {
    copyFileSync(join(modelsFolder, file), join(folder, file)); // a file system without links
  }
}
