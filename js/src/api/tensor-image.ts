// Images to tensors and back, in the browser's own words: ImageData, ImageBitmap, <img>, a URL.
//
// Values follow onnxruntime-common: (pixel + bias) / mean on the way in, (value - bias) * mean on the way out, mean 255 and
// bias 0 unless given, RGB and NCHW unless asked otherwise. Resizing really scales (theirs cuts).
import type {ImageFormat, ImageTensorLayout, Tensor} from './tensor.js';

export interface TensorFromImageOptions {
  /** Size of the tensor; the image is scaled to it. Both or neither. */
  resizedHeight?: number;
  resizedWidth?: number;
  /** Size of the image at a URL, where it has none of its own (SVG). */
  height?: number;
  width?: number;
  tensorFormat?: ImageFormat;
  tensorLayout?: ImageTensorLayout;
  dataType?: 'float32' | 'uint8';
  norm?: Normalization;
}

export interface TensorToImageOptions {
  /** Order of the tensor's channels. */
  format?: ImageFormat;
  tensorLayout?: ImageTensorLayout;
  norm?: Normalization;
}

type PerChannel = number | [number, number, number] | [number, number, number, number];
interface Normalization {
  bias?: PerChannel;
  mean?: PerChannel;
}

export type ImageSource = ImageData | ImageBitmap | HTMLImageElement | HTMLCanvasElement | OffscreenCanvas | string;

interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

/** Per format: which of R, G, B, A stands at each channel of the tensor. */
const CHANNELS: Record<ImageFormat, readonly number[]> = {
  RGB: [0, 1, 2],
  RGBA: [0, 1, 2, 3],
  BGR: [2, 1, 0],
  RBG: [0, 2, 1],
};

export async function tensorFromImage(
  image: ImageSource,
  options: TensorFromImageOptions = {},
): Promise<{type: 'float32' | 'uint8'; data: Float32Array | Uint8Array; dims: number[]}> {
  const pixels = await readPixels(image, options);
  const isElement = typeof HTMLImageElement !== 'undefined' && image instanceof HTMLImageElement;
  const channels = CHANNELS[options.tensorFormat ?? (isElement ? 'RGBA' : 'RGB')];
  if (!channels) throw new TypeError(`Unsupported tensor format: ${options.tensorFormat}.`);
  const mean = perChannel(options.norm?.mean, 255);
  const bias = perChannel(options.norm?.bias, 0);
  const type = options.dataType ?? 'float32';
  const count = pixels.width * pixels.height;
  const data = type === 'uint8' ? new Uint8Array(count * channels.length) : new Float32Array(count * channels.length);
  const planar = options.tensorLayout !== 'NHWC';
  channels.forEach((source, channel) => {
    const step = planar ? 1 : channels.length;
    let at = planar ? channel * count : channel;
    for (let i = 0; i < count; i++, at += step) {
      const pixel = pixels.data[i * 4 + source] as number;
      data[at] =
        type === 'uint8' && !options.norm ? pixel : (pixel + (bias[source] as number)) / (mean[source] as number);
    }
  });
  const {width, height} = pixels;
  const dims = planar ? [1, channels.length, height, width] : [1, height, width, channels.length];
  return {type, data, dims};
}

export function tensorToImageData(tensor: Tensor, options: TensorToImageOptions = {}): ImageData {
  const planar = options.tensorLayout !== 'NHWC';
  const [, a, b, c] = tensor.dims as [number, number, number, number];
  if (tensor.dims.length !== 4) throw new Error(`An image tensor has 4 dims, got ${tensor.dims.length}.`);
  const [channelCount, height, width] = planar ? [a, b, c] : [c, a, b];
  const format = options.format ?? (channelCount === 4 ? 'RGBA' : 'RGB');
  const channels = CHANNELS[format];
  if (channels?.length !== channelCount) throw new Error("Tensor format doesn't match input tensor dims");
  const mean = perChannel(options.norm?.mean, 255);
  const bias = perChannel(options.norm?.bias, 0);
  const image = new ImageData(width, height);
  const count = width * height;
  image.data.fill(255);
  channels.forEach((target, channel) => {
    const step = planar ? 1 : channelCount;
    let at = planar ? channel * count : channel;
    for (let i = 0; i < count; i++, at += step) {
      image.data[i * 4 + target] = ((tensor.data[at] as number) - (bias[target] as number)) * (mean[target] as number);
    }
  });
  return image;
}

export function tensorToDataUrl(tensor: Tensor, options?: TensorToImageOptions): string {
  if (typeof document === 'undefined') throw new Error('toDataURL is not supported');
  const image = tensorToImageData(tensor, options);
  const canvas = document.createElement('canvas');
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

function perChannel(value: PerChannel | undefined, fallback: number): number[] {
  if (value === undefined || typeof value === 'number') return new Array(4).fill(value ?? fallback);
  return [value[0], value[1], value[2], value[3] ?? fallback];
}

async function readPixels(image: ImageSource, options: TensorFromImageOptions): Promise<Pixels> {
  if (typeof image === 'string') return decode(image, options);
  if (typeof image !== 'object' || image === null || !('width' in image)) {
    throw new Error('Input data provided is not supported - aborted tensor creation');
  }
  if (isPixels(image)) {
    const size = targetSize(image, options);
    if (size.width === image.width && size.height === image.height) return image;
    return draw(await createImageBitmap(image as ImageData), size);
  }
  const natural = image as HTMLImageElement;
  const own = {width: natural.naturalWidth || image.width, height: natural.naturalHeight || image.height};
  return draw(image, targetSize(own, options));
}

function isPixels(image: object): image is Pixels {
  return 'data' in image;
}

async function decode(url: string, options: TensorFromImageOptions): Promise<Pixels> {
  if (typeof createImageBitmap === 'undefined') {
    throw new Error(
      "Tensor.fromImage reads a URL with the browser's decoder, which this host lacks. Decode the file and give its pixels as ImageData.",
    );
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The image at ${url} could not be loaded: HTTP ${response.status}.`);
  const bitmap = await createImageBitmap(await response.blob());
  const {width = bitmap.width, height = bitmap.height} = options;
  try {
    return draw(bitmap, targetSize({width, height}, options));
  } finally {
    bitmap.close();
  }
}

function targetSize(own: {width: number; height: number}, options: TensorFromImageOptions) {
  const {resizedWidth, resizedHeight} = options;
  if (resizedWidth === undefined || resizedHeight === undefined) return own;
  return {width: resizedWidth, height: resizedHeight};
}

function draw(image: CanvasImageSource, {width, height}: {width: number; height: number}): Pixels {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d', {willReadFrequently: true}) as CanvasRenderingContext2D | null;
  if (!context) throw new Error('Can not access image data');
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function createCanvas(width: number, height: number): HTMLCanvasElement | OffscreenCanvas {
  if (typeof OffscreenCanvas !== 'undefined') return new OffscreenCanvas(width, height);
  if (typeof document === 'undefined') throw new Error('Canvas is not supported');
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
