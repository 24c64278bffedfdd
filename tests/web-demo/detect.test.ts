// Boxes of probability maps: a drawn region comes back grown by the unclip rule, noise does not come back at all.
import {boxesOf} from '../../web-demo/src/tasks/ocr/detect.ts';

const WIDTH = 60;
const HEIGHT = 40;

function mapWith(regions: {x: number; y: number; w: number; h: number; p: number}[]) {
  const map = new Float32Array(WIDTH * HEIGHT);
  for (const {x, y, w, h, p} of regions) {
    for (let row = y; row < y + h; row++) map.fill(p, row * WIDTH + x, row * WIDTH + x + w);
  }
  return map;
}

test('a region becomes a box that is larger by area * 1.5 / perimeter on each side', () => {
  const [box, ...others] = boxesOf(mapWith([{x: 10, y: 12, w: 31, h: 9, p: 0.9}]), WIDTH, HEIGHT);
  expect(others).toEqual([]);
  const grown = (30 * 8 * 1.5) / (2 * (30 + 8));
  expect(box?.rect.width).toBeCloseTo(30 + 2 * grown);
  expect(box?.rect.height).toBeCloseTo(8 + 2 * grown);
  expect(box?.rect.center).toEqual({x: 25, y: 16});
  expect(box?.score).toBeCloseTo(0.9);
});

test('faint regions and specks are dropped, separate ones stay apart', () => {
  const faint = {x: 2, y: 2, w: 20, h: 6, p: 0.4};
  const speck = {x: 50, y: 2, w: 2, h: 2, p: 0.99};
  const two = [
    {x: 2, y: 20, w: 20, h: 6, p: 0.95},
    {x: 30, y: 20, w: 20, h: 6, p: 0.95},
  ];
  expect(boxesOf(mapWith([faint, speck, ...two]), WIDTH, HEIGHT)).toHaveLength(2);
});
