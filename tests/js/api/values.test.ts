// Models as scikit-learn's users export them: ZipMap gives a sequence of maps, labels are integers or strings. The models and what
// scikit-learn itself predicts are from tests/data/classical-ml/generate.py.
import {readFileSync} from 'node:fs';
import {env, InferenceSession, Tensor} from 'webinfer';

env.wasm.numThreads = 1;

interface Case {
  name: string;
  inputs: Record<string, {type: string; dims: number[]; data: (number | string)[]}>;
  keys: (number | string)[];
  labels: (number | string)[];
  probabilities: number[][];
}

const folder = new URL('../../data/classical-ml/', import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8'));

function tensor({type, dims, data}: Case['inputs'][string]): Tensor {
  const values = type === 'float32' ? Float32Array.from(data, Number) : data;
  return new Tensor(type as 'float32', values as Float32Array, dims);
}

describe.each([false, true])('with {worker: %s}', (worker) => {
  test.each(cases)('$name', async ({name, inputs, keys, labels, probabilities}) => {
    const session = await InferenceSession.create(readFileSync(new URL(`${name}.onnx`, folder)), {worker});
    const feeds = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, tensor(value)]));
    const results = await session.run(feeds);
    const [label, maps] = session.outputNames.map((output) => results[output]);
    const integers = typeof keys[0] === 'number';
    expect(Array.from(label.data)).toEqual(integers ? labels.map((value) => BigInt(value)) : labels);
    expect(session.outputMetadata[1]?.isTensor).toBe(false);
    expect(maps).toHaveLength(labels.length);
    maps.forEach((map: Map<bigint | string, number>, row: number) => {
      expect([...map.keys()]).toEqual(integers ? keys.map((key) => BigInt(key)) : keys);
      [...map.values()].forEach((value, i) => {
        expect(value).toBeCloseTo(probabilities[row]?.[i] as number, 4);
      });
      const best = [...map].reduce((a, b) => (b[1] > a[1] ? b : a));
      if (name !== 'svc') expect(best[0]).toEqual(label.data[row]);
    });
    await session.release();
  });
});
