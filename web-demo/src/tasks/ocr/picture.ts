// Pictures as plain RGBA pixels, and what OCR does with them: resize, cut out a rotated rectangle, normalise to a tensor.
import type {RotatedRect} from './geometry.ts';

/** RGBA, 8 bits each, rows from the top: an ImageData fits. */
export interface Picture {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

/** Bilinear sample of channels 0-2 at (x, y) into out[at...]; outside the picture its border is repeated. */
function sample(picture: Picture, x: number, y: number, out: Uint8ClampedArray, at: number) {
  const {data, width, height} = picture;
  const cx = Math.min(Math.max(x, 0), width - 1);
  const cy = Math.min(Math.max(y, 0), height - 1);
  const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
  const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
  const [fx, fy] = [cx - x0, cy - y0];
  for (let c = 0; c < 3; c++) {
    const pixel = (px: number, py: number) => data[(py * width + px) * 4 + c] as number;
    const top = pixel(x0, y0) * (1 - fx) + pixel(x1, y0) * fx;
    const bottom = pixel(x0, y1) * (1 - fx) + pixel(x1, y1) * fx;
    out[at + c] = top * (1 - fy) + bottom * fy;
  }
  out[at + 3] = 255;
}

function build(
  width: number,
  height: number,
  source: Picture,
  map: (x: number, y: number) => [number, number],
): Picture {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sx, sy] = map(x, y);
      sample(source, sx, sy, data, (y * width + x) * 4);
    }
  }
  return {data, width, height};
}

/** Bilinear, with pixel centres aligned as OpenCV does. */
export function resize(picture: Picture, width: number, height: number): Picture {
  const [sx, sy] = [picture.width / width, picture.height / height];
  return build(width, height, picture, (x, y) => [(x + 0.5) * sx - 0.5, (y + 0.5) * sy - 0.5]);
}

/** The pixels inside a rotated rectangle, upright, at the given height. */
export function cutOut(picture: Picture, rect: RotatedRect, width: number, height: number): Picture {
  const [cos, sin] = [Math.cos(rect.angle), Math.sin(rect.angle)];
  return build(width, height, picture, (x, y) => {
    const u = ((x + 0.5) / width - 0.5) * rect.width;
    const v = ((y + 0.5) / height - 0.5) * rect.height;
    return [rect.center.x + u * cos - v * sin - 0.5, rect.center.y + u * sin + v * cos - 0.5];
  });
}

export function turnUpsideDown(picture: Picture): Picture {
  const {width, height} = picture;
  return build(width, height, picture, (x, y) => [width - 1 - x, height - 1 - y]);
}

/** A picture whose text runs downwards, laid on its side so that it runs to the right. */
export function quarterTurn(picture: Picture): Picture {
  return build(picture.height, picture.width, picture, (x, y) => [picture.width - 1 - y, x]);
}

/**
 * Planes of (value / 255 - mean) / deviation in the order blue, green, red, which PP-OCR was trained on, padded with zeros on
 * the right to `width`.
 */
export function toTensorData(
  picture: Picture,
  mean: number[],
  deviation: number[],
  width = picture.width,
): Float32Array {
  const plane = width * picture.height;
  const out = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const scale = 1 / (255 * (deviation[c] as number));
    const shift = (mean[c] as number) / (deviation[c] as number);
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) {
        out[c * plane + y * width + x] = (picture.data[(y * picture.width + x) * 4 + 2 - c] as number) * scale - shift;
      }
    }
  }
  return out;
}
