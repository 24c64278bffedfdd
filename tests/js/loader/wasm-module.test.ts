// The engine's file: fetched once, and every way in which it can be wrong said in words.

import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterAll, beforeAll, jest} from '@jest/globals';
import {env} from '../../../js/src/api/env.js';
import {installPlatform, type Platform} from '../../../js/src/loader/platform.js';
import {loadWasm} from '../../../js/src/loader/wasm-module.js';

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
let server: Server;
let origin: string;
let requests = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests++;
    const folder = request.url?.split('/')[1];
    if (folder === 'good') response.writeHead(200, {'content-type': 'application/wasm'}).end(EMPTY_MODULE);
    else if (folder === 'typeless')
      response.writeHead(200, {'content-type': 'application/octet-stream'}).end(EMPTY_MODULE);
    else if (folder === 'page') response.writeHead(200, {'content-type': 'text/html'}).end('<!doctype html>');
    else if (folder === 'sly-page')
      response.writeHead(200, {'content-type': 'application/wasm-ish'}).end('<!doctype html>');
    else if (folder === 'broken')
      response.writeHead(200, {'content-type': 'application/wasm'}).end(EMPTY_MODULE.slice(0, 6));
    else if (folder === 'text') response.writeHead(200, {'content-type': 'text/plain'}).end('hello');
    else if (folder !== 'slow') response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, done));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  installPlatform({wasmUrl: () => `${origin}/own/x.wasm`} as unknown as Platform);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  env.wasm.wasmPaths = undefined;
  env.wasm.wasmBinary = undefined;
  env.wasm.initTimeout = undefined;
  jest.restoreAllMocks();
});

const load = (folder: string) => {
  env.wasm.wasmPaths = `${origin}/${folder}/`;
  return loadWasm('simd');
};

test('is fetched once', async () => {
  const before = requests;
  const [one, two] = await Promise.all([load('good'), load('good')]);
  expect(one).toBe(two);
  expect(requests).toBe(before + 1);
});

test('another type works, with a warning', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  expect(await load('typeless')).toBeInstanceOf(WebAssembly.Module);
  expect(warn.mock.calls.flat().join()).toContain('instead of "application/wasm"');
});

test.each([
  ['nothing', {code: 'LoadFailed', actual: 'HTTP 404 Not Found'}],
  ['page', {code: 'LoadFailed', actual: 'HTML', hint: expect.stringContaining('index page')}],
  ['sly-page', {code: 'LoadFailed', actual: 'HTML'}],
  ['text', {code: 'LoadFailed', actual: '68 65 6c 6c'}],
  ['broken', {code: 'LoadFailed', message: expect.stringContaining('could not be compiled')}],
])('%s', async (folder, fields) => {
  jest.spyOn(console, 'warn').mockImplementation(() => {});
  await expect(load(folder)).rejects.toMatchObject(fields);
});

test('a failed load is tried again', async () => {
  await expect(load('nothing')).rejects.toMatchObject({code: 'LoadFailed'});
  const before = requests;
  await expect(load('nothing')).rejects.toMatchObject({code: 'LoadFailed'});
  expect(requests).toBe(before + 1);
});

test('initTimeout', async () => {
  env.wasm.initTimeout = 50;
  await expect(load('slow')).rejects.toMatchObject({code: 'LoadFailed', expected: 'at most 50 ms'});
});

test('wasmBinary is used as it is', async () => {
  env.wasm.wasmBinary = EMPTY_MODULE;
  const before = requests;
  expect(await loadWasm('simd')).toBeInstanceOf(WebAssembly.Module);
  expect(requests).toBe(before);
});

test("onnxruntime's files are left alone", async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  env.wasm.wasmPaths = {wasm: 'https://cdn.example/onnxruntime-web/ort-wasm-simd-threaded.wasm'};
  await expect(loadWasm('relaxed')).rejects.toMatchObject({message: expect.stringContaining(`${origin}/own/x.wasm`)});
  expect(warn.mock.calls.flat().join()).toContain("webinfer's own are used");
});
