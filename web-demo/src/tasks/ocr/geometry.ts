// Plane geometry of text detection: convex hulls and rotated rectangles.

export interface Point {
  x: number;
  y: number;
}

/** A rectangle at any angle: `angle` is the direction of its width, in radians. */
export interface RotatedRect {
  center: Point;
  width: number;
  height: number;
  angle: number;
}

const cross = (o: Point, a: Point, b: Point) => (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);

/** The convex hull, counter-clockwise (Andrew's monotone chain). */
export function convexHull(points: Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  if (sorted.length < 3) return sorted;
  const half = (input: Point[]) => {
    const chain: Point[] = [];
    for (const p of input) {
      while (chain.length >= 2 && cross(chain.at(-2) as Point, chain.at(-1) as Point, p) <= 0) chain.pop();
      chain.push(p);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/** The rectangle of smallest area around a convex hull: one of its sides lies on a side of the hull. */
export function smallestRect(hull: Point[]): RotatedRect {
  let best: RotatedRect | undefined;
  for (let i = 0; i < hull.length; i++) {
    const a = hull[i] as Point;
    const b = hull[(i + 1) % hull.length] as Point;
    const angle = Math.atan2(b.y - a.y, b.x - a.x);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    let [minU, maxU, minV, maxV] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const p of hull) {
      const u = p.x * cos + p.y * sin;
      const v = p.y * cos - p.x * sin;
      minU = Math.min(minU, u);
      maxU = Math.max(maxU, u);
      minV = Math.min(minV, v);
      maxV = Math.max(maxV, v);
    }
    const [width, height] = [maxU - minU, maxV - minV];
    if (!best || width * height < best.width * best.height) {
      const [u, v] = [(minU + maxU) / 2, (minV + maxV) / 2];
      best = {center: {x: u * cos - v * sin, y: u * sin + v * cos}, width, height, angle};
    }
  }
  return upright(best ?? {center: hull[0] ?? {x: 0, y: 0}, width: 0, height: 0, angle: 0});
}

/** The same rectangle with its width's direction within 45 degrees of the horizontal. */
function upright(rect: RotatedRect): RotatedRect {
  let {width, height, angle} = rect;
  while (angle > Math.PI / 4) {
    angle -= Math.PI / 2;
    [width, height] = [height, width];
  }
  while (angle <= -Math.PI / 4) {
    angle += Math.PI / 2;
    [width, height] = [height, width];
  }
  return {center: rect.center, width, height, angle};
}

/** Top left, top right, bottom right, bottom left. */
export function corners({center, width, height, angle}: RotatedRect): Point[] {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const at = (u: number, v: number) => ({x: center.x + u * cos - v * sin, y: center.y + u * sin + v * cos});
  const [u, v] = [width / 2, height / 2];
  return [at(-u, -v), at(u, -v), at(u, v), at(-u, v)];
}
