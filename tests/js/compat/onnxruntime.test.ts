// Code written for onnxruntime-common finds every name, at run time and in the types, and compiles unchanged.
import * as common from 'onnxruntime-common';
import type {
  Backend,
  ConversionUtils,
  CpuPinnedConstructorParameters,
  Env,
  ExternalDataFileDescription,
  ExternalDataFileType,
  FileBlob,
  FileData,
  FileType,
  FileUrlOrPath,
  GpuBufferConstructorParameters,
  ImageFormat,
  ImageTensorLayout,
  InferenceSessionFactory,
  InferenceSessionHandler,
  MLTensorConstructorParameters,
  NonTensorType,
  OnnxModelOptions,
  OnnxValue,
  OnnxValueDataLocation,
  OptionResizedDimensions,
  OptionsDimensions,
  OptionsFormat,
  OptionsNormalizationParameters,
  OptionsTensorDataType,
  OptionsTensorFormat,
  OptionsTensorLayout,
  SessionHandler,
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
  TensorUtils,
  TextureConstructorParameters,
  TypedShapeUtils,
  TypedTensor,
  TypedTensorUtils,
} from 'webinfer';
import * as webinfer from 'webinfer';

type Names = [
  Backend,
  ConversionUtils,
  CpuPinnedConstructorParameters,
  Env.WasmFilePaths,
  ExternalDataFileDescription,
  ExternalDataFileType,
  FileBlob,
  FileData,
  FileType,
  FileUrlOrPath,
  GpuBufferConstructorParameters,
  ImageFormat,
  ImageTensorLayout,
  InferenceSessionFactory,
  InferenceSessionHandler,
  MLTensorConstructorParameters,
  NonTensorType,
  OnnxModelOptions,
  OnnxValue,
  OnnxValueDataLocation,
  OptionResizedDimensions,
  OptionsDimensions,
  OptionsFormat,
  OptionsNormalizationParameters,
  OptionsTensorDataType,
  OptionsTensorFormat,
  OptionsTensorLayout,
  SessionHandler.FeedsType,
  TensorConstructor,
  TensorFactory,
  TensorFromGpuBufferOptions<'float32'>,
  TensorFromImageBitmapOptions,
  TensorFromImageDataOptions,
  TensorFromImageElementOptions,
  TensorFromMLTensorOptions<'int8'>,
  TensorFromTextureOptions<'float32'>,
  TensorFromUrlOptions,
  TensorToDataUrlOptions,
  TensorToImageDataOptions,
  TensorUtils,
  TextureConstructorParameters,
  TypedShapeUtils<'bool'>,
  TypedTensor<'bool'>,
  TypedTensorUtils<'bool'>,
];

test('every type is there', () => {
  const count: Names['length'] = 44;
  expect(count).toBe(44);
});

test('every export is there', () => {
  expect(Object.keys(webinfer)).toEqual(expect.arrayContaining(Object.keys(common)));
  expect(Object.keys((webinfer as unknown as {default: object}).default)).toEqual(
    expect.arrayContaining(Object.keys(common)),
  );
});

test('code written for it compiles and runs', async () => {
  const ort = webinfer;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  expect(() => {
    ort.env.logLevel = 'loud' as 'error';
  }).toThrow('Unsupported logging level: loud');
  const options: webinfer.InferenceSession.SessionOptions = {
    executionProviders: ['wasm', {name: 'cpu'}],
    graphOptimizationLevel: 'all',
    preferredOutputLocation: {},
    extra: {session: {}},
  };
  const typed: webinfer.TypedTensor<'float32'> = new ort.Tensor('float32', new Float32Array(3), [3]);
  const data: Float32Array = typed.data;
  const tensor: webinfer.Tensor = typed.reshape([1, 3]);
  const feeds: webinfer.InferenceSession.FeedsType = {x: tensor};
  const type: webinfer.Tensor.Type = tensor.type;
  const run = async (session: webinfer.InferenceSession): Promise<webinfer.InferenceSession.OnnxValueMapType> => {
    const [first] = session.inputMetadata;
    if (first?.isTensor) expect(first.shape).toBeDefined();
    return session.run(feeds, {tag: 'x'});
  };
  expect([data.length, type, options.graphOptimizationLevel, typeof run]).toEqual([3, 'float32', 'all', 'function']);
});

test('registerBackend refuses what is no backend', () => {
  expect(() => webinfer.registerBackend('x', {} as Backend, 0)).toThrow('not a valid backend');
});

test('installAsOnnxRuntime offers what transformers.js looks for', () => {
  webinfer.installAsOnnxRuntime();
  const installed = (globalThis as Record<symbol, unknown>)[Symbol.for('onnxruntime')];
  expect(installed).toEqual({InferenceSession: webinfer.InferenceSession, Tensor: webinfer.Tensor, env: webinfer.env});
});
