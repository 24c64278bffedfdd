// The names of onnxruntime-common's types that this package has no other use for, so that code which imports them compiles.
import type {InferenceSession} from '../api/inference-session.js';
import type {OnnxValue} from '../api/session-options.js';
import type {
  ImageFormat,
  ImageTensorLayout,
  Tensor,
  TensorFromImageDataOptions,
  TensorToDataUrlOptions,
  TensorToImageDataOptions,
  TypedTensor,
} from '../api/tensor.js';

export declare namespace SessionHandler {
  type FeedsType = {[name: string]: OnnxValue};
  type FetchesType = {[name: string]: OnnxValue | null};
  type ReturnType = {[name: string]: OnnxValue};
}

export interface InferenceSessionHandler {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputMetadata: readonly InferenceSession.ValueMetadata[];
  dispose(): Promise<void>;
  startProfiling(): void;
  endProfiling(): void;
  run(
    feeds: SessionHandler.FeedsType,
    fetches: SessionHandler.FetchesType,
    options: InferenceSession.RunOptions,
  ): Promise<SessionHandler.ReturnType>;
}

export type InferenceSessionFactory = Pick<typeof InferenceSession, 'create'>;

export interface OptionsFormat {
  format?: ImageFormat;
}
export interface OptionsTensorFormat {
  tensorFormat?: ImageFormat;
}
export interface OptionsTensorDataType {
  dataType?: 'float32' | 'uint8';
}
export interface OptionsTensorLayout {
  tensorLayout?: ImageTensorLayout;
}
export interface OptionsDimensions {
  height?: number;
  width?: number;
}
export type OptionResizedDimensions = Pick<TensorFromImageDataOptions, 'resizedHeight' | 'resizedWidth'>;
export type OptionsNormalizationParameters = Pick<TensorFromImageDataOptions, 'norm'>;

export interface ConversionUtils {
  toDataURL(options?: TensorToDataUrlOptions): string;
  toImageData(options?: TensorToImageDataOptions): ImageData;
}
export interface TensorUtils extends ConversionUtils {
  readonly size: number;
}
export interface TypedShapeUtils<T extends Tensor.Type> {
  reshape(dims: readonly number[]): TypedTensor<T>;
}
export interface TypedTensorUtils<T extends Tensor.Type> extends TensorUtils, TypedShapeUtils<T> {}
