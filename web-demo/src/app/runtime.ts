// The library that runs the models: webinfer, or onnxruntime-web when the page's address says ?library=onnxruntime-web.
// Both have the same API; a Runtime is what the tasks use of it.
import type {InferenceSession as Session, Tensor} from 'onnxruntime-common';

export interface Runtime {
  InferenceSession: {create(model: Uint8Array, options?: Session.SessionOptions): Promise<Session>};
  Tensor: typeof Tensor;
  env: {wasm: {numThreads?: number; wasmPaths?: unknown}};
}
export type {Session, Tensor};

export type LibraryName = 'webinfer' | 'onnxruntime-web';

export const pageLibrary: LibraryName =
  new URLSearchParams(globalThis.location?.search ?? '').get('library') === 'onnxruntime-web'
    ? 'onnxruntime-web'
    : 'webinfer';

/** Runs a model with one input and one output that matters: the first of each. */
export async function runFirst(
  session: Session,
  input: Tensor,
): Promise<{data: Float32Array; dims: readonly number[]}> {
  const outputs = await session.run({[session.inputNames[0] as string]: input});
  const output = outputs[session.outputNames[0] as string];
  if (!output) throw new Error(`The model gave no output ${session.outputNames[0]}.`);
  return {data: output.data as Float32Array, dims: output.dims};
}

const loading = new Map<LibraryName, Promise<Runtime>>();

export function loadRuntime(name: LibraryName): Promise<Runtime> {
  let promise = loading.get(name);
  if (!promise) {
    promise = name === 'webinfer' ? loadWebinfer() : loadOnnxRuntime();
    promise.catch(() => loading.delete(name));
    loading.set(name, promise);
  }
  return promise;
}

// Each library has tensor and session classes of its own; a Runtime is what is the same in both.
const loadWebinfer = async () => (await import('webinfer')) as unknown as Runtime;

async function loadOnnxRuntime(): Promise<Runtime> {
  const [library, wasm, glue] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url'),
    import('onnxruntime-web/ort-wasm-simd-threaded.mjs?url'),
  ]);
  library.env.wasm.wasmPaths = {wasm: wasm.default, mjs: glue.default};
  return library as unknown as Runtime;
}
