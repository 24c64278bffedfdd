// Which build is chosen, for hosts of every kind.
import {afterEach, beforeEach, jest} from '@jest/globals';
import {env} from '../../../js/src/api/env.js';
import {installPlatform, type Platform} from '../../../js/src/loader/platform.js';

const PLAIN = 31; // bytes of the probe of plain SIMD; the other one is longer

interface Host {
  simd?: boolean;
  relaxed?: boolean;
  cores?: number;
  obstacle?: string;
}

async function on({simd = true, relaxed = true, cores = 8, obstacle}: Host) {
  jest
    .spyOn(WebAssembly, 'validate')
    .mockImplementation((bytes) => ((bytes as Uint8Array).length === PLAIN ? simd : relaxed));
  installPlatform({cores: () => cores, threadObstacle: () => obstacle} as unknown as Platform);
  jest.resetModules();
  const fresh = await import('../../../js/src/loader/capabilities.js');
  const {installPlatform: install} = await import('../../../js/src/loader/platform.js');
  install({cores: () => cores, threadObstacle: () => obstacle} as unknown as Platform);
  return fresh;
}

beforeEach(() => {
  delete env.wasm.numThreads;
  delete env.wasm.simd;
});
afterEach(() => {
  jest.restoreAllMocks();
});

test.each<[string, Host, string, number]>([
  ['everything', {}, 'relaxed-threads', 4],
  ['Node 20', {relaxed: false}, 'simd-threads', 4],
  ['two cores', {cores: 2}, 'relaxed', 1],
  ['a page that is not isolated', {obstacle: 'not isolated'}, 'relaxed', 1],
  ['Safari, not isolated', {relaxed: false, obstacle: 'not isolated'}, 'simd', 1],
])('%s', async (_name, host, variant, threads) => {
  const {capabilities, chooseVariant} = await on(host);
  const found = capabilities();
  expect(found.variant).toBe(variant);
  expect(found.reasons.threads === undefined).toBe(threads > 1);
  expect(found.reasons.relaxedSimd === undefined).toBe(host.relaxed !== false);
  expect(chooseVariant({})).toEqual({variant, threads});
});

test('wishes', async () => {
  const {chooseVariant} = await on({});
  expect(chooseVariant({threads: 2})).toEqual({variant: 'relaxed-threads', threads: 2});
  expect(chooseVariant({threads: 1})).toEqual({variant: 'relaxed', threads: 1});
  expect(chooseVariant({deterministic: true})).toEqual({variant: 'simd-threads', threads: 4});
});

test('a wish for threads where there can be none', async () => {
  const {chooseVariant} = await on({obstacle: 'not isolated'});
  expect(chooseVariant({threads: 8})).toEqual({variant: 'relaxed', threads: 1});
});

test('no SIMD at all', async () => {
  const {capabilities, chooseVariant} = await on({simd: false});
  expect(capabilities().reasons.simd).toContain('cannot run here');
  expect(() => chooseVariant({})).toThrow('Safari 16.4');
});
