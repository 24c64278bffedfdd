// The package's files by literal `new URL(…, import.meta.url)`: the form that bundlers find and deploy.
import type {ImageCodec} from './engine/image-codecs.js';
import type {Variant} from './loader/capabilities.js';

export function wasmUrl(variant: Variant): string {
  switch (variant) {
    case 'simd':
      return new URL('./webinfer-simd.wasm', import.meta.url).href;
    case 'relaxed':
      return new URL('./webinfer-relaxed.wasm', import.meta.url).href;
    case 'simd-threads':
      return new URL('./webinfer-simd-threads.wasm', import.meta.url).href;
    case 'relaxed-threads':
      return new URL('./webinfer-relaxed-threads.wasm', import.meta.url).href;
  }
}

export function imageCodecUrl(codec: ImageCodec): string {
  switch (codec) {
    case 'basic':
      return new URL('./webinfer-codec-basic.wasm', import.meta.url).href;
    case 'jpeg':
      return new URL('./webinfer-codec-jpeg.wasm', import.meta.url).href;
    case 'jpeg2000':
      return new URL('./webinfer-codec-jpeg2000.wasm', import.meta.url).href;
    case 'png':
      return new URL('./webinfer-codec-png.wasm', import.meta.url).href;
    case 'tiff':
      return new URL('./webinfer-codec-tiff.wasm', import.meta.url).href;
    case 'webp':
      return new URL('./webinfer-codec-webp.wasm', import.meta.url).href;
  }
}

export function createWorker(): Worker {
  return new Worker(new URL('./worker.mjs', import.meta.url), {type: 'module', name: 'webinfer'});
}

// The name tells the glue that it runs as a thread.
export function createThread(): Worker {
  return new Worker(new URL('./thread.mjs', import.meta.url), {type: 'module', name: 'em-pthread'});
}
