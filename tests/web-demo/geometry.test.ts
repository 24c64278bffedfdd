// Convex hulls and smallest rectangles against figures whose answer is known.
import {convexHull, corners, type Point, smallestRect} from '../../web-demo/src/tasks/ocr/geometry.ts';

const near = (a: number, b: number) => expect(a).toBeCloseTo(b, 6);

test('the hull of a filled grid is its four corners', () => {
  const grid: Point[] = [];
  for (let x = 0; x <= 4; x++) for (let y = 0; y <= 3; y++) grid.push({x, y});
  const hull = convexHull(grid);
  expect(new Set(hull.map(({x, y}) => `${x},${y}`))).toEqual(new Set(['0,0', '4,0', '4,3', '0,3']));
});

test.each([0, 10, -30, 44])('a rectangle turned by %d degrees is found again', (degrees) => {
  const angle = (degrees * Math.PI) / 180;
  const rect = {center: {x: 50, y: 40}, width: 30, height: 8, angle};
  const found = smallestRect(convexHull(corners(rect)));
  near(found.center.x, 50);
  near(found.center.y, 40);
  near(found.width, 30);
  near(found.height, 8);
  near(found.angle, angle);
});

test('a rectangle that stands upright keeps its width across', () => {
  const found = smallestRect(
    convexHull([
      {x: 0, y: 0},
      {x: 2, y: 0},
      {x: 2, y: 9},
      {x: 0, y: 9},
    ]),
  );
  near(found.width, 2);
  near(found.height, 9);
});
