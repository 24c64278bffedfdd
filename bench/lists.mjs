// Which models the benchmarks measure.

/** The models whose geometric mean is the headline. */
export const HEADLINE = [
  'mobilenetv2',
  'mobilenetv2-qdq',
  'resnet50',
  'squeezenet1.1',
  'efficientnet-b0',
  'yolov8n',
  'minilm-l6',
  'minilm-l6-int8',
  'bert-base',
  'vit-b16',
  'deit-tiny',
  'gpt2',
];

/** Real models, small ones. */
export const FURTHER = ['silero-vad-v5', 'ppocr-v4-det', 'ppocr-v4-rec', 'oww-embedding'];

/** Architectures nobody tuned for. */
export const UNLISTED = [
  'convnext-t',
  'swin-stages',
  'segformer-stage',
  'whisper-encoder',
  'unet',
  'vae-decoder',
  'vocoder',
  'lstm',
  'gru',
];
