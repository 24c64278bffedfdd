// What lets code written for onnxruntime run on webinfer unchanged.
import {env} from '../api/env.js';
import {InferenceSession} from '../api/inference-session.js';
import {Tensor} from '../api/tensor.js';

/** onnxruntime-common's backend, as far as registering one goes. */
export interface Backend {
  init(backendName: string): Promise<void>;
  createInferenceSessionHandler(uriOrBuffer: string | Uint8Array, options?: unknown): Promise<unknown>;
}

/** Checks its argument as onnxruntime-common does; webinfer has one engine and uses no other. */
export function registerBackend(_name: string, backend: Backend, _priority: number): void {
  if (typeof backend?.init !== 'function' || typeof backend.createInferenceSessionHandler !== 'function') {
    throw new TypeError('not a valid backend');
  }
}

/**
 * Makes libraries that look for an onnxruntime on the page (transformers.js does) use webinfer. Call it before they are
 * imported; with transformers.js set `device: 'auto'` and `env.useWasmCache = false`.
 */
export function installAsOnnxRuntime(): void {
  (globalThis as Record<symbol, unknown>)[Symbol.for('onnxruntime')] = {InferenceSession, Tensor, env};
}
