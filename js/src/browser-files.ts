// The package's files by literal `new URL(…, import.meta.url)`: the form that bundlers find and deploy.
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

export function createWorker(): Worker {
  return new Worker(new URL('./worker.mjs', import.meta.url), {type: 'module', name: 'webinfer'});
}

// The name tells the glue that it runs as a thread.
export function createThread(): Worker {
  return new Worker(new URL('./thread.mjs', import.meta.url), {type: 'module', name: 'em-pthread'});
}
