// What the built package tells of models before they run.
import {estimateMemory, inspect} from 'webinfer';
import {model, RELU, slow} from '../models.js';

test('a model in words and numbers', async () => {
  const {inputs, outputs, operators, weights, missing, problem, memory, opsets} = await inspect(slow(3, 64));
  expect(inputs).toEqual([{name: 'x', kind: 'tensor', type: 'float32', shape: ['N', 64], optional: false}]);
  expect(outputs.map(({name}) => name)).toEqual(['y']);
  expect(operators).toEqual([{domain: 'ai.onnx', name: 'MatMul', count: 3}]);
  expect(weights).toEqual({float32: 64 * 64 * 4});
  expect([missing, problem]).toEqual([[], undefined]);
  expect(opsets).toEqual({'': 17});
  // Each product packs the weight for itself.
  expect(memory?.weights).toBe(3 * 64 * 64 * 4);
});

test('a model that cannot run', async () => {
  const strange = model(
    [
      {op: 'Relo', name: 'a', inputs: ['x'], outputs: ['v']},
      {op: 'Relo', name: 'b', inputs: ['v'], outputs: ['w']},
      {op: 'Frobnicate', name: 'c', inputs: ['w'], outputs: ['y']},
    ],
    [{name: 'x', type: 'float32', dims: ['N']}],
    [{name: 'y', type: 'float32', dims: ['N']}],
  );
  const {missing, memory, operators} = await inspect(strange);
  expect(missing).toEqual([
    {domain: 'ai.onnx', name: 'Relo', opset: 17, nodes: ['a', 'b'], types: ['float32'], suggestion: 'ai.onnx.Relu'},
    {domain: 'ai.onnx', name: 'Frobnicate', opset: 17, nodes: ['c'], types: [''], suggestion: ''},
  ]);
  expect(memory).toBeUndefined();
  expect(operators[0]).toEqual({domain: 'ai.onnx', name: 'Relo', count: 2});
});

test('the memory follows the shapes', async () => {
  const large = await estimateMemory(RELU, {shapes: {x: [1 << 20, 4]}});
  expect(large?.total).toBeGreaterThan(16 << 20);
  expect(large?.total).toBe((await estimateMemory(RELU, {freeDimensionOverrides: {N: 1 << 20}}))?.total);
  expect(await estimateMemory(RELU)).toMatchObject({total: 4 << 20, assumedSize: 1});
});

test('what is no model is an error', async () => {
  await expect(inspect(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({code: 'InvalidModel'});
  await expect(inspect(new TextEncoder().encode('<!doctype html>'))).rejects.toMatchObject({code: 'LoadFailed'});
});
