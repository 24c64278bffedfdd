// Which build of the engine this host can run, found by asking WebAssembly.validate about two tiny modules.
//
// Node 20 validates no relaxed SIMD (and computes it wrongly under its flag), so it takes the plain build by itself.
import {env} from '../api/env.js';
import {WebInferError} from '../api/errors.js';
import {platform} from './platform.js';

export type Variant = 'simd' | 'relaxed' | 'simd-threads' | 'relaxed-threads';

export interface Capabilities {
  /** 128-bit SIMD: required. */
  simd: boolean;
  relaxedSimd: boolean;
  threads: boolean;
  /** Threads a session gets unless told otherwise. */
  defaultThreads: number;
  /** The build that a session made now would use. */
  variant: Variant;
  /** Why something is not used, by name; absent where it is. */
  reasons: {simd?: string; relaxedSimd?: string; threads?: string};
}

// (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt))
const SIMD_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];
// The same with i32x4.relaxed_dot_i8x16_i7x16_add_s on three splats.
const RELAXED_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65,
  0, 253, 15, 253, 147, 2, 11,
];

let probed: {simd: boolean; relaxedSimd: boolean} | undefined;

function probe(): {simd: boolean; relaxedSimd: boolean} {
  const valid = (bytes: number[]) => typeof WebAssembly === 'object' && WebAssembly.validate(new Uint8Array(bytes));
  probed ??= {simd: valid(SIMD_PROBE), relaxedSimd: valid(RELAXED_PROBE)};
  return probed;
}

/** Threads for a session that asks for none in particular. */
function defaultThreads(): number {
  return Math.max(1, Math.min(4, Math.ceil(platform().cores() / 2)));
}

/** What this host offers, what a session would use, and why not more. */
export function capabilities(): Capabilities {
  const {simd, relaxedSimd} = probe();
  const obstacle = platform().threadObstacle();
  const threads = obstacle === undefined ? env.wasm.numThreads || defaultThreads() : 1;
  const relaxed = relaxedSimd && env.wasm.simd !== 'fixed';
  const reasons: Capabilities['reasons'] = {};
  if (!simd) reasons.simd = 'WebAssembly.validate rejects SIMD: webinfer cannot run here.';
  if (!relaxedSimd) reasons.relaxedSimd = 'WebAssembly.validate rejects relaxed SIMD.';
  else if (!relaxed) reasons.relaxedSimd = "env.wasm.simd is 'fixed'.";
  if (obstacle !== undefined) reasons.threads = obstacle;
  else if (threads <= 1) reasons.threads = 'One thread is asked for, or the machine has too few cores.';
  return {
    simd,
    relaxedSimd,
    threads: obstacle === undefined,
    defaultThreads: threads,
    variant: `${relaxed ? 'relaxed' : 'simd'}${threads > 1 ? '-threads' : ''}`,
    reasons,
  };
}

/** The build and the number of threads for a session. */
export function chooseVariant(wish: {threads?: number; deterministic?: boolean}): {variant: Variant; threads: number} {
  const found = capabilities();
  if (!found.simd) {
    throw new WebInferError('HostUnsupported', 'This host cannot run webinfer', {
      expected: 'WebAssembly with 128-bit SIMD',
      hint: 'Use Chrome 91, Firefox 89, Safari 16.4, Node 20, or anything newer.',
    });
  }
  const threads = found.threads ? Math.max(1, Math.min(wish.threads || found.defaultThreads, 64)) : 1;
  const relaxed = found.variant.startsWith('relaxed') && !wish.deterministic;
  return {variant: `${relaxed ? 'relaxed' : 'simd'}${threads > 1 ? '-threads' : ''}`, threads};
}
