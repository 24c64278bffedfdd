// Models of one operator, to see how near a kernel comes to the machine's ceiling. `flops` are counted as 2 per multiply-add.
import {Graph} from './graph.mjs';

export function matmul(n, dynamic) {
  const g = new Graph(`matmul-${n}`, 20);
  const a = g.input('a', 'float32', [n, n]);
  const b = dynamic ? g.input('b', 'float32', [n, n]) : g.uniform([n, n], 1 / n);
  g.output(g.node('MatMul', [a, b]), 'float32', [n, n], 'output');
  return Object.assign(g, {flops: 2 * n ** 3});
}

export function conv(cin, cout, side, k, {stride = 1, group = 1} = {}) {
  const g = new Graph('conv', 21);
  const out = Math.ceil(side / stride);
  const x = g.input('input', 'float32', [1, cin, side, side]);
  g.output(g.conv(x, cin, cout, k, {stride, group}), 'float32', [1, cout, out, out], 'output');
  return Object.assign(g, {flops: 2 * cout * (cin / group) * k * k * out * out});
}
