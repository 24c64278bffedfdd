// Taking operators out of a binary: what is made of it is valid, and what it was made of stays as it is.
import {readdirSync, readFileSync} from 'node:fs';
import {reduceBinary} from '../../../js/src/subset/reduce.js';

const variants = readdirSync('dist/subset').map((name) => name.replace('.json', ''));
// Node 20 has no relaxed SIMD.
const valid = variants.filter((name) => WebAssembly.validate(readFileSync(`dist/${name}.wasm`)));

test.each(valid)('%s without any operator', (name) => {
  const data = JSON.parse(readFileSync(`dist/subset/${name}.json`, 'utf8'));
  const binary = readFileSync(`dist/${name}.wasm`);
  const before = Uint8Array.from(binary);
  const {binary: reduced, functions, removedFunctions} = reduceBinary(binary, {...data, keep: []});
  expect(WebAssembly.validate(reduced)).toBe(true);
  expect(Buffer.compare(binary, before)).toBe(0);
  expect(removedFunctions).toBeGreaterThan(functions / 3);
  expect(reduced.length).toBeLessThan(binary.length * 0.6);
  const exported = (bytes: Uint8Array<ArrayBuffer>) =>
    WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map((entry) => entry.name);
  expect(exported(reduced)).toEqual(exported(before));
});

test('a list of operators in the wrong place is an error', () => {
  const [name] = valid as [string];
  const data = JSON.parse(readFileSync(`dist/subset/${name}.json`, 'utf8'));
  const binary = readFileSync(`dist/${name}.wasm`);
  const other = data.objects.findLast(([address]: [number]) => address !== data.makers)[0];
  expect(() => reduceBinary(binary, {...data, keep: [], makers: other})).toThrow('not where the engine says');
  expect(() => reduceBinary(binary, {...data, keep: [], makers: 1})).toThrow('not among the objects');
});
