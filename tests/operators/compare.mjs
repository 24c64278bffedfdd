// Whether a value is what was expected.
import {is64, isComplex, isFloat} from './types.mjs';

// Relative and absolute. Narrow floats may round the other way at each step; results of exact operators are held to exact.
const TOLERANCE = {
  float64: [1e-9, 1e-11],
  float32: [1e-4, 1e-5],
  float16: [2e-3, 1e-3],
  bfloat16: [1.6e-2, 1e-2],
  complex64: [1e-4, 1e-5],
  complex128: [1e-9, 1e-11],
};

/** {relative, absolute} for an output of `type`; `narrowed` if a double's expected value was computed in single precision. */
export function toleranceOf(type, description, narrowed) {
  const [relative, absolute] =
    description.exact && !narrowed
      ? [0, 0]
      : narrowed && /64|128/.test(type)
        ? TOLERANCE.float32
        : (TOLERANCE[type] ?? [0, 0]);
  const {rtol = 0, atol = 0} = description.tolerance ?? {};
  return {relative: Math.max(relative, rtol), absolute: Math.max(absolute, atol)};
}

function same(a, b, {relative, absolute}, numeric) {
  if (a === b || Object.is(a, b)) return true;
  if (!numeric) return absolute > 0 && typeof a !== 'string' && Math.abs(Number(a) - Number(b)) <= absolute;
  return Math.abs(a - b) <= absolute + relative * Math.abs(b);
}

/** Empty, or what differs. `got` and `want` are {type, dims, values}, lists of them, {optional} or {map}. */
export function difference(got, want, description, narrowed) {
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length)
      return `expected a sequence of ${want.length}, got ${Array.isArray(got) ? got.length : 'something else'}`;
    return want.map((value, i) => difference(got[i], value, description, narrowed)).find(Boolean) ?? '';
  }
  if (want.optional !== undefined) {
    if ((want.optional === null) !== (got === null))
      return `expected ${want.optional === null ? 'nothing' : 'a value'}`;
    return want.optional === null ? '' : difference(got, want.optional, description, narrowed);
  }
  if (want.map) {
    const listed = (values, {type, dims}) => ({type, dims, values: values.map((v) => (is64(type) ? BigInt(v) : v))});
    if (!got?.map || got.map[0].length !== want.map[0].values.length)
      return `expected a map of ${want.map[0].values.length}`;
    const parts = want.map.map((part, i) => [listed(got.map[i], part), listed(part.values, part)]);
    return parts.map(([a, b]) => difference(a, b, description, narrowed)).find(Boolean) ?? '';
  }
  if (got === null || Array.isArray(got)) return `expected a tensor, got ${got === null ? 'nothing' : 'a sequence'}`;
  if (got.type !== want.type) return `type ${got.type}, expected ${want.type}`;
  if (got.dims.join() !== want.dims.join()) return `shape [${got.dims}], expected [${want.dims}]`;
  const numeric = isFloat(want.type) || isComplex(want.type);
  const tolerance = toleranceOf(want.type, description, narrowed);
  const wrong = want.values.findIndex((value, i) => !same(got.values[i], value, tolerance, numeric));
  return wrong < 0 ? '' : `[${wrong}] is ${got.values[wrong]}, expected ${want.values[wrong]}`;
}
