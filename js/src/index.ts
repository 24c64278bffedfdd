// Everything webinfer offers, on every host. The entries (browser.ts, node.ts) install their platform and export this.

export {type ConvertOptions, convert, type WeightsFile} from './api/convert.js';
export type {SessionPlan} from './api/create-session.js';
export {
  type CustomOperator,
  type OperatorAttribute,
  type OperatorContext,
  type OperatorResult,
  type OperatorValue,
  type RegisteredOperator,
  registerOperator,
} from './api/custom-operators.js';
export type * from './api/data-types.js';
export {type Env, env} from './api/env.js';
export {type ErrorDetails, WebInferError, type WebInferErrorCode} from './api/errors.js';
export {
  InferenceSession,
  type ModelInfo,
  type SessionProfile,
  type SessionStats,
} from './api/inference-session.js';
export {
  estimateMemory,
  type InspectedValue,
  type Inspection,
  type InspectOptions,
  inspect,
  type MemoryEstimate,
} from './api/inspect.js';
export {createPool, type PoolOptions, SessionPool} from './api/pool.js';
export type * from './api/session-options.js';
export type {
  CpuPinnedConstructorParameters,
  GpuBufferConstructorParameters,
  ImageFormat,
  ImageTensorLayout,
  MLTensorConstructorParameters,
  TensorConstructor,
  TensorFactory,
  TensorFromGpuBufferOptions,
  TensorFromImageBitmapOptions,
  TensorFromImageDataOptions,
  TensorFromImageElementOptions,
  TensorFromMLTensorOptions,
  TensorFromTextureOptions,
  TensorFromUrlOptions,
  TensorToDataUrlOptions,
  TensorToImageDataOptions,
  TextureConstructorParameters,
  TypedTensor,
} from './api/tensor.js';
export {Tensor} from './api/tensor.js';
export {TRACE, TRACE_EVENT_BEGIN, TRACE_EVENT_END, TRACE_FUNC_BEGIN, TRACE_FUNC_END} from './api/trace.js';
export {type Backend, installAsOnnxRuntime, registerBackend} from './compat/onnxruntime.js';
export type * from './compat/types.js';
export {type Capabilities, capabilities, type Variant} from './loader/capabilities.js';
export type {FileSource} from './loader/source.js';
