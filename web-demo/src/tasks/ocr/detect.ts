// Where text is: PP-OCR's detector gives a probability per pixel; the boxes come from it as in "Real-time Scene Text Detection
// with Differentiable Binarization" (Liao et al. 2020): threshold, connected regions, smallest rectangle, mean score, and the
// rectangle grown back to the text's size, since the network is trained on shrunken regions.
import {type Runtime, runFirst, type Session} from '../../app/runtime.ts';
import {convexHull, corners, type Point, type RotatedRect, smallestRect} from './geometry.ts';
import {type Picture, resize, toTensorData} from './picture.ts';

const LONGEST_SIDE = 960;
const STRIDE = 32; // the network halves the picture five times
const PIXEL_THRESHOLD = 0.3;
const BOX_THRESHOLD = 0.6;
const UNCLIP_RATIO = 1.5;
const SMALLEST_SIDE = 3; // map pixels
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

export interface TextBox {
  rect: RotatedRect;
  score: number;
}

/** Text boxes in reading order: rows from the top, each from the left. */
export async function detectText({Tensor}: Runtime, session: Session, picture: Picture): Promise<TextBox[]> {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const fitSide = (side: number) => Math.max(STRIDE, Math.round((side * scale) / STRIDE) * STRIDE);
  const [width, height] = [fitSide(picture.width), fitSide(picture.height)];
  const data = toTensorData(resize(picture, width, height), MEAN, DEVIATION);
  const map = await runFirst(session, new Tensor('float32', data, [1, 3, height, width]));
  const boxes = boxesOf(map.data, width, height);
  return inReadingOrder(boxes.map((box) => rescale(box, picture.width / width, picture.height / height)));
}

/** Boxes of a probability map, in its pixels. */
export function boxesOf(map: Float32Array, width: number, height: number): TextBox[] {
  const boxes: TextBox[] = [];
  for (const region of regions(map, width, height)) {
    const rect = smallestRect(convexHull(region));
    if (Math.min(rect.width, rect.height) < SMALLEST_SIDE) continue;
    const score = meanInside(map, width, height, rect);
    if (score < BOX_THRESHOLD) continue;
    const grown = (rect.width * rect.height * UNCLIP_RATIO) / (2 * (rect.width + rect.height));
    const whole = {...rect, width: rect.width + 2 * grown, height: rect.height + 2 * grown};
    if (Math.min(whole.width, whole.height) >= SMALLEST_SIDE + 2) boxes.push({rect: whole, score});
  }
  return boxes;
}

/** The pixels above the threshold as 8-connected regions; of each row of a region only the two ends, which is all a hull needs. */
function regions(map: Float32Array, width: number, height: number): Point[][] {
  const seen = new Uint8Array(map.length);
  const found: Point[][] = [];
  const stack: number[] = [];
  for (let start = 0; start < map.length; start++) {
    if (seen[start] || (map[start] as number) <= PIXEL_THRESHOLD) continue;
    const rows = new Map<number, [number, number]>();
    seen[start] = 1;
    stack.push(start);
    while (stack.length) {
      const at = stack.pop() as number;
      const [x, y] = [at % width, Math.floor(at / width)];
      const ends = rows.get(y);
      rows.set(y, ends ? [Math.min(ends[0], x), Math.max(ends[1], x)] : [x, x]);
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (seen[next] || (map[next] as number) <= PIXEL_THRESHOLD) continue;
          seen[next] = 1;
          stack.push(next);
        }
      }
    }
    found.push(
      [...rows].flatMap(([y, [left, right]]) => [
        {x: left, y},
        {x: right, y},
      ]),
    );
  }
  return found;
}

function meanInside(map: Float32Array, width: number, height: number, rect: RotatedRect): number {
  const [cos, sin] = [Math.cos(rect.angle), Math.sin(rect.angle)];
  const points = corners(rect);
  const bound = (values: number[], most: number) => [
    Math.max(0, Math.floor(Math.min(...values))),
    Math.min(most - 1, Math.ceil(Math.max(...values))),
  ];
  const [left, right] = bound(
    points.map((p) => p.x),
    width,
  ) as [number, number];
  const [top, bottom] = bound(
    points.map((p) => p.y),
    height,
  ) as [number, number];
  let sum = 0;
  let count = 0;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [dx, dy] = [x - rect.center.x, y - rect.center.y];
      if (Math.abs(dx * cos + dy * sin) > rect.width / 2 || Math.abs(dy * cos - dx * sin) > rect.height / 2) continue;
      sum += map[y * width + x] as number;
      count++;
    }
  }
  return count ? sum / count : 0;
}

function rescale({rect, score}: TextBox, sx: number, sy: number): TextBox {
  const points = corners(rect).map((p) => ({x: p.x * sx, y: p.y * sy}));
  return {rect: smallestRect(convexHull(points)), score};
}

function inReadingOrder(boxes: TextBox[]): TextBox[] {
  const sorted = [...boxes].sort((a, b) => a.rect.center.y - b.rect.center.y);
  const rows: TextBox[][] = [];
  for (const box of sorted) {
    const row = rows.at(-1);
    const previous = row?.at(-1);
    const sameRow =
      previous &&
      Math.abs(previous.rect.center.y - box.rect.center.y) < Math.min(previous.rect.height, box.rect.height) / 2;
    if (row && sameRow) row.push(box);
    else rows.push([box]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.rect.center.x - b.rect.center.x));
}
