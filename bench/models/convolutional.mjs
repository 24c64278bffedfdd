// Convolutional networks, exactly shaped, as their exporters write them.
import {Graph} from './graph.mjs';

// [expansion, channels, repeats, stride, kernel]
export const MOBILENET_V2 = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];
const EFFICIENTNET_B0 = [
  [1, 16, 1, 1, 3],
  [6, 24, 2, 2, 3],
  [6, 40, 2, 2, 5],
  [6, 80, 3, 2, 3],
  [6, 112, 3, 1, 5],
  [6, 192, 4, 2, 5],
  [6, 320, 1, 1, 3],
];

export const image = (g, name, side, fill) => g.input(name, 'float32', [1, 3, side, side], fill);

export function mobilenetV2() {
  const g = new Graph('mobilenetv2', 2);
  let x = g.relu6(g.conv(image(g, 'input', 224), 3, 32, 3, {stride: 2}));
  let cin = 32;
  for (const [expansion, channels, repeats, firstStride] of MOBILENET_V2) {
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? firstStride : 1;
      const mid = cin * expansion;
      const skip = x;
      if (expansion !== 1) x = g.relu6(g.conv(x, cin, mid, 1));
      x = g.relu6(g.conv(x, mid, mid, 3, {stride, group: mid}));
      x = g.conv(x, mid, channels, 1, {gain: 3});
      if (stride === 1 && cin === channels) x = g.add(skip, x);
      cin = channels;
    }
  }
  x = g.relu6(g.conv(x, 320, 1280, 1));
  g.output(g.classifier(x, 1280), 'float32', [1, 1000], 'output');
  return g;
}

export function resnet50() {
  const g = new Graph('resnet50', 3);
  let x = g.relu(g.conv(image(g, 'input', 224), 3, 64, 7, {stride: 2}));
  x = g.node('MaxPool', [x], {kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]});
  let cin = 64;
  const stages = [
    [64, 3, 1],
    [128, 4, 2],
    [256, 6, 2],
    [512, 3, 2],
  ];
  for (const [mid, repeats, firstStride] of stages) {
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? firstStride : 1;
      const skip = i === 0 ? g.conv(x, cin, mid * 4, 1, {stride, gain: 1.5}) : x;
      let y = g.relu(g.conv(x, cin, mid, 1));
      y = g.relu(g.conv(y, mid, mid, 3, {stride}));
      y = g.conv(y, mid, mid * 4, 1, {gain: 1.5});
      x = g.relu(g.add(y, skip));
      cin = mid * 4;
    }
  }
  g.output(g.classifier(x, 2048), 'float32', [1, 1000], 'output');
  return g;
}

export function squeezenet11() {
  const g = new Graph('squeezenet1.1', 4);
  const pool = (x) => g.node('MaxPool', [x], {kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1});
  const fire = (x, cin, squeezed, expanded) => {
    const s = g.relu(g.conv(x, cin, squeezed, 1));
    return g.concat(1, g.relu(g.conv(s, squeezed, expanded, 1)), g.relu(g.conv(s, squeezed, expanded, 3)));
  };
  let x = pool(g.relu(g.conv(image(g, 'input', 224), 3, 64, 3, {stride: 2, pad: 0})));
  x = pool(fire(fire(x, 64, 16, 64), 128, 16, 64));
  x = pool(fire(fire(x, 128, 32, 128), 256, 32, 128));
  x = fire(fire(fire(fire(x, 256, 48, 192), 384, 48, 192), 384, 64, 256), 512, 64, 256);
  x = g.relu(g.conv(x, 512, 1000, 1));
  x = g.node('Flatten', [g.node('GlobalAveragePool', [x])], {axis: 1});
  g.output(x, 'float32', [1, 1000], 'output');
  return g;
}

export function efficientnetB0() {
  const g = new Graph('efficientnet-b0', 5);
  let x = g.silu(g.conv(image(g, 'input', 224), 3, 32, 3, {stride: 2}));
  let cin = 32;
  for (const [expansion, channels, repeats, firstStride, k] of EFFICIENTNET_B0) {
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? firstStride : 1;
      const mid = cin * expansion;
      const skip = x;
      if (expansion !== 1) x = g.silu(g.conv(x, cin, mid, 1));
      x = g.silu(g.conv(x, mid, mid, k, {stride, group: mid}));
      const squeezed = Math.max(1, Math.floor(cin / 4));
      const squeeze = g.silu(g.conv(g.node('GlobalAveragePool', [x]), mid, squeezed, 1));
      x = g.mul(x, g.node('Sigmoid', [g.conv(squeeze, squeezed, mid, 1)]));
      x = g.conv(x, mid, channels, 1);
      if (stride === 1 && cin === channels) x = g.add(x, skip);
      cin = channels;
    }
  }
  x = g.silu(g.conv(x, 320, 1280, 1));
  g.output(g.classifier(x, 1280), 'float32', [1, 1000], 'output');
  return g;
}

/** YOLOv8n at 640x640 with the exported box decoding (DFL), without NMS. */
export function yolov8n() {
  const g = new Graph('yolov8n', 6);
  const cbs = (x, cin, cout, k = 1, stride = 1) => g.silu(g.conv(x, cin, cout, k, {stride}));
  const bottleneck = (x, c, shortcut) => {
    const y = cbs(cbs(x, c, c, 3), c, c, 3);
    return shortcut ? g.add(x, y) : y;
  };
  const c2f = (x, cin, cout, repeats, shortcut) => {
    const c = cout / 2;
    const parts = g.split(cbs(x, cin, cout), 1, c, c);
    for (let i = 0; i < repeats; i++) parts.push(bottleneck(parts.at(-1), c, shortcut));
    return cbs(g.concat(1, ...parts), c * (2 + repeats), cout);
  };
  const up = (x) =>
    g.node('Resize', [x, '', g.tensor('float32', [4], [1, 1, 2, 2])], {
      mode: 'nearest',
      nearest_mode: 'floor',
      coordinate_transformation_mode: 'asymmetric',
    });
  const sppf = (x, c) => {
    const pool = (v) => g.node('MaxPool', [v], {kernel_shape: [5, 5], strides: [1, 1], pads: [2, 2, 2, 2]});
    const a = cbs(x, c, c / 2);
    const b = pool(a);
    const d = pool(b);
    return cbs(g.concat(1, a, b, d, pool(d)), c * 2, c);
  };
  let x = cbs(image(g, 'images', 640, 'uniform'), 3, 16, 3, 2);
  x = c2f(cbs(x, 16, 32, 3, 2), 32, 32, 1, true);
  const p3 = c2f(cbs(x, 32, 64, 3, 2), 64, 64, 2, true);
  const p4 = c2f(cbs(p3, 64, 128, 3, 2), 128, 128, 2, true);
  const p5 = sppf(c2f(cbs(p4, 128, 256, 3, 2), 256, 256, 1, true), 256);
  const n4 = c2f(g.concat(1, up(p5), p4), 384, 128, 1, false);
  const n3 = c2f(g.concat(1, up(n4), p3), 192, 64, 1, false);
  const m4 = c2f(g.concat(1, cbs(n3, 64, 64, 3, 2), n4), 192, 128, 1, false);
  const m5 = c2f(g.concat(1, cbs(m4, 128, 128, 3, 2), p5), 384, 256, 1, false);
  const heads = [
    [n3, 64, 80],
    [m4, 128, 40],
    [m5, 256, 20],
  ].map(([features, c, side]) => {
    const box = g.conv(cbs(cbs(features, c, 64, 3), 64, 64, 3), 64, 64, 1);
    const scores = g.conv(cbs(cbs(features, c, 80, 3), 80, 80, 3), 80, 80, 1);
    return g.reshape(g.concat(1, box, scores), 1, 144, side * side);
  });
  g.output(decodeBoxes(g, g.concat(2, ...heads)), 'float32', [1, 84, 8400], 'output0');
  return g;
}

function decodeBoxes(g, heads) {
  const [boxes, scores] = g.split(heads, 1, 64, 80);
  let distances = g.node('Softmax', [g.transpose(g.reshape(boxes, 1, 4, 16, 8400), 0, 2, 1, 3)], {axis: 1});
  const bins = g.tensor(
    'float32',
    [1, 16, 1, 1],
    Float32Array.from({length: 16}, (_, i) => i),
  );
  distances = g.reshape(g.node('Conv', [distances, bins], {kernel_shape: [1, 1]}), 1, 4, 8400);
  const xs = [];
  const ys = [];
  const strides = [];
  const levels = [
    [80, 8],
    [40, 16],
    [20, 32],
  ];
  for (const [side, stride] of levels) {
    for (let i = 0; i < side * side; i++) {
      xs.push((i % side) + 0.5);
      ys.push(Math.floor(i / side) + 0.5);
      strides.push(stride);
    }
  }
  const anchors = g.tensor('float32', [1, 2, 8400], [...xs, ...ys]);
  const [leftTop, rightBottom] = g.split(distances, 1, 2, 2);
  const low = g.node('Sub', [anchors, leftTop]);
  const high = g.add(anchors, rightBottom);
  const center = g.node('Div', [g.add(low, high), g.scalar(2)]);
  const sizes = g.node('Sub', [high, low]);
  const decoded = g.mul(g.concat(1, center, sizes), g.tensor('float32', [1, 8400], strides));
  return g.concat(1, decoded, g.node('Sigmoid', [scores]));
}
