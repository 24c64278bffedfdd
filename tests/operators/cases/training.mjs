// One step of each optimiser; formulas as in the specification.
const domain = 'ai.onnx.preview.training';
const rate = {dims: [], values: [0.1]};
const steps = {dims: [], values: [0]};
const positive = {dims: [4], low: 0.5, high: 1};
const zip = (f, ...values) => ({
  dims: values[0].dims,
  values: values[0].values.map((_, i) => f(...values.map((value) => value.values[i]))),
});

function adagrad([, , x, gradient, sum]) {
  const next = zip((h, g) => h + g * g, sum, gradient);
  return [zip((value, g, h) => value - (0.1 * g) / (Math.sqrt(h) + 1e-6), x, gradient, next), next];
}

function adam([, , x, gradient, mean, square]) {
  const first = zip((m, g) => 0.9 * m + 0.1 * g, mean, gradient);
  const second = zip((v, g) => 0.999 * v + 0.001 * g * g, square, gradient);
  return [zip((value, m, v) => value - (0.1 * m) / (Math.sqrt(v) + 1e-8), x, first, second), first, second];
}

function momentum([, , x, gradient, velocity]) {
  const next = zip((v, g) => 0.9 * v + g, velocity, gradient);
  return [zip((value, v) => value - 0.1 * v, x, next), next];
}

const weights = ['T3', 'T3', 'T3'];
export const cases = [
  {
    op: 'Adagrad',
    domain,
    inputs: [rate, steps, [4], [4], positive],
    attributes: {epsilon: {float: 1e-6}},
    outputs: weights.slice(1),
    expected: adagrad,
  },
  {
    op: 'Adam',
    domain,
    inputs: [rate, steps, [4], [4], [4], positive],
    attributes: {epsilon: {float: 1e-8}, alpha: {float: 0.9}, beta: {float: 0.999}},
    outputs: weights,
    expected: adam,
  },
  {
    op: 'Momentum',
    domain,
    inputs: [rate, steps, [4], [4], [4]],
    attributes: {mode: 'standard', alpha: {float: 0.9}, beta: {float: 1}, norm_coefficient: {float: 0}},
    outputs: weights.slice(1),
    expected: momentum,
  },
].map((description) => ({...description, tolerance: {rtol: 1e-5}}));
