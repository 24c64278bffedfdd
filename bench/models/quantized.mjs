// MobileNetV2 with QuantizeLinear/DequantizeLinear pairs: uint8 activations, per-channel int8 weights, int32 bias.
import {image, MOBILENET_V2} from './convolutional.mjs';
import {convAttributes, Graph} from './graph.mjs';

const RELU6 = [6 / 255, 0]; // relu6 is expressed by the range [0, 6], as quantisers do
const LINEAR = [8 / 255, 128];

export function mobilenetV2Qdq() {
  const g = new Graph('mobilenetv2-qdq', 13);
  g.tolerance = 5e-2; // a few steps of the output's scale: roundings may fall either way
  const qdq = (x, [scale, zero]) => {
    const s = g.scalar(scale);
    const z = g.tensor('uint8', [], [zero]);
    return g.node('DequantizeLinear', [g.node('QuantizeLinear', [x, s, z]), s, z]);
  };
  const conv6 = (...args) => qdq(quantizedConv(g, ...args), RELU6);
  let x = qdq(image(g, 'input', 224), LINEAR);
  x = conv6(x, LINEAR[0], 3, 32, 3, {stride: 2});
  let [scale] = RELU6;
  let cin = 32;
  for (const [expansion, channels, repeats, firstStride] of MOBILENET_V2) {
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? firstStride : 1;
      const mid = cin * expansion;
      let y = x;
      if (expansion !== 1) {
        y = conv6(y, scale, cin, mid, 1);
        [scale] = RELU6;
      }
      y = conv6(y, scale, mid, mid, 3, {stride, group: mid});
      y = qdq(quantizedConv(g, y, RELU6[0], mid, channels, 1, {gain: 3}), LINEAR);
      x = stride === 1 && cin === channels ? qdq(g.add(x, y), LINEAR) : y;
      [scale] = LINEAR;
      cin = channels;
    }
  }
  x = conv6(x, scale, 320, 1280, 1);
  x = g.node('Flatten', [qdq(g.node('GlobalAveragePool', [x]), RELU6)], {axis: 1});
  const weightScale = Math.sqrt(3 / 1280) / 127;
  const zero = g.tensor('int8', [], [0]);
  const weight = g.node('DequantizeLinear', [g.int8([1280, 1000]), g.scalar(weightScale), zero]);
  const zeros = g.tensor('int32', [1000], new Int32Array(1000));
  const bias = g.node('DequantizeLinear', [zeros, g.scalar(weightScale * RELU6[0]), g.tensor('int32', [], [0])]);
  x = qdq(g.node('Gemm', [x, weight, bias]), [16 / 255, 128]);
  g.output(x, 'float32', [1, 1000], 'output');
  return g;
}

function quantizedConv(g, x, inputScale, cin, cout, k, {stride = 1, group = 1, gain = 6} = {}) {
  const fan = (cin / group) * k * k;
  const bound = Math.sqrt(gain / fan);
  const quantized = g.int8([cout, cin / group, k, k]);
  const scales = Float32Array.from({length: cout}, () => (bound / 127) * (0.9 + 0.2 * g.random()));
  const biases = Int32Array.from(scales, (s) => Math.round(((g.random() * 2 - 1) * 0.05) / (inputScale * s)));
  const zeros = g.tensor('int8', [cout], new Int8Array(cout));
  const weight = g.node('DequantizeLinear', [quantized, g.tensor('float32', [cout], scales), zeros], {axis: 0});
  const biasScales = g.tensor(
    'float32',
    [cout],
    scales.map((s) => s * inputScale),
  );
  const biasZeros = g.tensor('int32', [cout], new Int32Array(cout));
  const bias = g.node('DequantizeLinear', [g.tensor('int32', [cout], biases), biasScales, biasZeros], {axis: 0});
  return g.node('Conv', [x, weight, bias], convAttributes(k, {stride, pad: (k - 1) >> 1, group}));
}
