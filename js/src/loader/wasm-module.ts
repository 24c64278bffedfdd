// Fetches and compiles the engine, once per build and page; says what is wrong when the file is not what it should be.
import {env, log, warnOnce} from '../api/env.js';
import {WebInferError} from '../api/errors.js';
import {IMAGE_CODECS, type ImageCodec, type ImageCodecModules} from '../engine/image-codecs.js';
import type {Variant} from './capabilities.js';
import {platform} from './platform.js';
import {checkResponse, htmlError} from './source.js';

const modules = new Map<string, Promise<WebAssembly.Module>>();

declare const __WEBINFER_BUILDS__: Record<string, string>;

/** Changes with the engine's code: plans are only good for the build that made them. */
export function engineBuild(variant: Variant): string {
  const builds = typeof __WEBINFER_BUILDS__ === 'undefined' ? {} : __WEBINFER_BUILDS__;
  return builds[variant] ?? 'unknown';
}

/** The compiled engine of `variant`. */
export function loadWasm(variant: Variant): Promise<WebAssembly.Module> {
  const binary = env.wasm.wasmBinary;
  const url = wasmUrl(variant);
  return binary
    ? once(`binary of ${binary.byteLength} bytes`, (key) => compile(binary, key))
    : once(url, fetchAndCompile);
}

/** The compiled codecs of image files, for sessions that decode them. */
export async function loadImageCodecs(): Promise<ImageCodecModules> {
  const load = async (codec: ImageCodec) => [codec, await once(imageCodecUrl(codec), fetchAndCompile)] as const;
  return Object.fromEntries(await Promise.all(IMAGE_CODECS.map(load))) as ImageCodecModules;
}

function once(key: string, load: (key: string) => Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  let module = modules.get(key);
  if (!module) {
    module = withTimeout(load(key), key);
    // A failed load is tried again by the next session.
    module.catch(() => modules.delete(key));
    modules.set(key, module);
  }
  return module;
}

function imageCodecUrl(codec: ImageCodec): string {
  const given = givenPath();
  if (given === undefined) return platform().imageCodecUrl(codec);
  return `${given.slice(0, given.lastIndexOf('/') + 1)}webinfer-codec-${codec}.wasm`;
}

function wasmUrl(variant: Variant): string {
  const given = givenPath();
  if (given === undefined) return platform().wasmUrl(variant);
  return given.endsWith('/') ? `${given}webinfer-${variant}.wasm` : given;
}

/** What env.wasm.wasmPaths says: a folder with a slash behind it, or the engine's file; undefined if nothing of use. */
function givenPath(): string | undefined {
  const paths = env.wasm.wasmPaths;
  const given = typeof paths === 'object' ? paths.wasm : paths;
  if (given === undefined || given === null || given === '') return undefined;
  const text = String(given);
  if (/onnxruntime|ort-wasm/.test(text)) {
    warnOnce(`env.wasm.wasmPaths names files of onnxruntime (${text}); webinfer's own are used.`);
    return undefined;
  }
  return typeof paths === 'object' || text.endsWith('/') ? text : `${text}/`;
}

async function withTimeout<T>(work: Promise<T>, what: string): Promise<T> {
  const limit = env.wasm.initTimeout;
  if (!limit) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new WebInferError('LoadFailed', `The engine was not ready in time (${what})`, {
          expected: `at most ${limit} ms`,
          hint: 'Raise env.wasm.initTimeout, or check the network.',
        }),
      );
    }, limit);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function fetchAndCompile(url: string): Promise<WebAssembly.Module> {
  log('verbose', `loading ${url}`);
  const {readFile} = platform();
  if (readFile && !/^https?:/.test(url)) return compile(await readFile(url), url);
  let response: Response;
  try {
    response = await fetch(url, {credentials: 'same-origin'});
  } catch (cause) {
    throw new WebInferError('LoadFailed', `The engine's file ${url} could not be fetched`, {
      cause,
      hint: 'Check that the file is deployed beside the script and that a Content-Security-Policy allows it in connect-src; env.wasm.wasmPaths names another place.',
    });
  }
  checkResponse(response, url);
  const type = response.headers.get('content-type') ?? '';
  const isWasm = /^application\/wasm\s*(;|$)/i.test(type);
  if (typeof WebAssembly.compileStreaming === 'function' && isWasm) {
    try {
      return await WebAssembly.compileStreaming(response);
    } catch (cause) {
      throw compileError(cause, url);
    }
  }
  if (!isWasm) {
    warnOnce(`${url} is served as "${type || 'no type'}" instead of "application/wasm", which makes loading slower.`);
  }
  return compile(await response.arrayBuffer(), url);
}

async function compile(binary: ArrayBufferLike | Uint8Array, name: string): Promise<WebAssembly.Module> {
  const bytes = binary instanceof Uint8Array ? binary : new Uint8Array(binary);
  if (bytes[0] === 0x3c) throw htmlError(name);
  if (bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    throw new WebInferError('LoadFailed', `${name} is not a WebAssembly file`, {
      expected: 'the bytes 00 61 73 6d first',
      actual: Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ') || 'nothing',
    });
  }
  try {
    return await WebAssembly.compile(bytes as BufferSource);
  } catch (cause) {
    throw compileError(cause, name);
  }
}

function compileError(cause: unknown, name: string): WebInferError {
  const text = String((cause as Error)?.message ?? cause);
  const blocked = /Content.Security.Policy|unsafe-eval|blocked by CSP/i.test(text);
  return new WebInferError('LoadFailed', `The engine ${name} could not be compiled`, {
    cause,
    actual: text,
    hint: blocked ? "Add 'wasm-unsafe-eval' to script-src of the page's Content-Security-Policy." : undefined,
  });
}
