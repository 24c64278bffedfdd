// Images: values against a formula, with pixels that differ in every channel.
import {Tensor} from '../../../js/src/api/tensor.js';

const width = 2;
const height = 3;
const pixels = Uint8ClampedArray.from({length: width * height * 4}, (_, i) => (i * 37 + 11) % 256);
const image = {data: pixels, width, height} as unknown as ImageData;
const at = (x: number, y: number, channel: number) => pixels[(y * width + x) * 4 + channel] as number;

beforeAll(() => {
  // Node has no ImageData: the least that toImageData needs.
  (globalThis as Record<string, unknown>).ImageData ??= class {
    data: Uint8ClampedArray;
    constructor(
      readonly width: number,
      readonly height: number,
    ) {
      this.data = new Uint8ClampedArray(width * height * 4);
    }
  };
});

const orders = {RGB: [0, 1, 2], RGBA: [0, 1, 2, 3], BGR: [2, 1, 0], RBG: [0, 2, 1]} as const;

describe.each(Object.entries(orders))('%s', (format, order) => {
  test.each(['NCHW', 'NHWC'] as const)('%s', async (tensorLayout) => {
    const norm = {mean: [10, 20, 30, 40], bias: [1, 2, 3, 4]} as {
      mean: [number, number, number, number];
      bias: [number, number, number, number];
    };
    const tensor = await Tensor.fromImage(image, {tensorFormat: format as 'RGB', tensorLayout, norm});
    const channels = order.length;
    expect(tensor.dims).toEqual(tensorLayout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels]);
    order.forEach((source, c) => {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const place = tensorLayout === 'NCHW' ? (c * height + y) * width + x : (y * width + x) * channels + c;
          const want = (at(x, y, source) + (norm.bias[source] as number)) / (norm.mean[source] as number);
          expect(tensor.data[place]).toBeCloseTo(want, 4);
        }
      }
    });
  });

  test.each(['NCHW', 'NHWC'] as const)('%s and back', async (tensorLayout) => {
    const norm = {mean: [250, 200, 150, 100] as [number, number, number, number]};
    const tensor = await Tensor.fromImage(image, {tensorFormat: format as 'RGB', tensorLayout, norm});
    const back = tensor.toImageData({format: format as 'RGB', tensorLayout, norm});
    for (let i = 0; i < pixels.length; i++) {
      expect(back.data[i]).toBe((order as readonly number[]).includes(i % 4) ? pixels[i] : 255);
    }
  });
});

test('default: RGB, NCHW, divided by 255', async () => {
  const tensor = await Tensor.fromImage(image);
  expect(tensor.type).toBe('float32');
  expect(tensor.data[width * height + 1]).toBeCloseTo(at(1, 0, 1) / 255, 6);
});

test('uint8 keeps the pixels', async () => {
  const tensor = await Tensor.fromImage(image, {dataType: 'uint8', tensorLayout: 'NHWC'});
  expect(Array.from(tensor.data as Uint8Array).slice(0, 4)).toEqual([
    at(0, 0, 0),
    at(0, 0, 1),
    at(0, 0, 2),
    at(1, 0, 0),
  ]);
});

test('a URL needs a browser', async () => {
  await expect(Tensor.fromImage('picture.png')).rejects.toThrow('Decode the file');
});

test('what is no image', async () => {
  await expect(Tensor.fromImage(7 as never)).rejects.toThrow('Input data provided is not supported');
});
