// Decodes image files for the operator ImageDecoder: each in an instance of its codec that lives for that one picture, so that a
// damaged file can at worst end it.
import type {EngineInstance} from './instance.js';

export const IMAGE_CODECS = ['basic', 'jpeg', 'jpeg2000', 'png', 'tiff', 'webp'] as const;
export type ImageCodec = (typeof IMAGE_CODECS)[number];
export type ImageCodecModules = Record<ImageCodec, WebAssembly.Module>;

/** By codecs::FileFormat (src/codecs/recognize.h). */
const CODEC_OF: readonly (ImageCodec | undefined)[] = [
  undefined,
  'basic',
  'basic',
  'jpeg',
  'jpeg2000',
  'png',
  'basic',
  'tiff',
  'webp',
];

const UNDECODABLE = 0;
const DECODED = 1;
const NO_MEMORY = 2;
/** Code::kOutOfMemory of src/base/status.h. */
const OUT_OF_MEMORY = 7;

interface CodecExports {
  memory: WebAssembly.Memory;
  room(bytes: number): number;
  decode(bytes: number, channels: number): number;
  failure(): number;
}

/** Lets the sessions of `instance` decode images. */
export function installImageCodecs(instance: EngineInstance, modules: ImageCodecModules): void {
  const {engine} = instance;
  engine.decodeImage = (file, bytes, format, channels) => {
    const codec = CODEC_OF[format];
    if (!codec) return UNDECODABLE;
    const exports = instantiate(modules[codec]);
    const room = exports.room(bytes) >>> 0;
    if (!room) return NO_MEMORY;
    new Uint8Array(exports.memory.buffer).set(instance.bytes.subarray(file, file + bytes), room);
    let answer: number;
    try {
      answer = exports.decode(bytes, channels) >>> 2;
    } catch {
      return exports.failure() === OUT_OF_MEMORY ? NO_MEMORY : UNDECODABLE;
    }
    const [decoded, width, height, pixels] = new Uint32Array(exports.memory.buffer).subarray(answer, answer + 4);
    if (!decoded || !width || !height || !pixels) return exports.failure() === OUT_OF_MEMORY ? NO_MEMORY : UNDECODABLE;
    const target = engine._wi_place_image(height, width) >>> 0;
    if (!target) return NO_MEMORY;
    instance.bytes.set(new Uint8Array(exports.memory.buffer, pixels, width * height * channels), target);
    return DECODED;
  };
  engine._wi_use_image_codecs();
}

function instantiate(module: WebAssembly.Module): CodecExports {
  // A codec reads and prints nothing: what it imports (of WASI) is for paths that are not taken.
  const imports: WebAssembly.Imports = {};
  for (const {module: from, name} of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    (imports[from] as Record<string, WebAssembly.ImportValue>)[name] = () => 0;
  }
  const exports = new WebAssembly.Instance(module, imports).exports as unknown as CodecExports & {_initialize?(): void};
  exports._initialize?.();
  return exports;
}
