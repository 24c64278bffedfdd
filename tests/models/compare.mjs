// How far two libraries' outputs are apart, relative to the size of the output.

export const TOLERANCE = 1e-4; // of the output's largest magnitude
const FLOOR = 1e-3; // magnitudes below this count as this

/**
 * The largest difference over all outputs, as {relative, output, reason}. Outputs are {name: {type, dims, data}}; `reason`
 * says what differs when they cannot be compared.
 */
export function largestDifference(expected, actual) {
  let worst = {relative: 0, output: ''};
  for (const [output, want] of Object.entries(expected)) {
    const got = actual[output];
    const reason = mismatch(want, got);
    if (reason) return {relative: Number.POSITIVE_INFINITY, output, reason};
    let magnitude = FLOOR;
    let difference = 0;
    for (let i = 0; i < want.data.length; i++) {
      const w = Number(want.data[i]);
      const g = Number(got.data[i]);
      if (Number.isNaN(w) && Number.isNaN(g)) continue;
      const d = Object.is(w, g) ? 0 : Math.abs(w - g);
      if (Number.isNaN(d)) return {relative: Number.POSITIVE_INFINITY, output, reason: `element ${i}: ${w} and ${g}`};
      difference = Math.max(difference, d);
      if (Number.isFinite(w)) magnitude = Math.max(magnitude, Math.abs(w));
    }
    if (difference / magnitude >= worst.relative) worst = {relative: difference / magnitude, output};
  }
  return worst;
}

function mismatch(want, got) {
  if (!got) return 'the output is missing';
  if (got.type !== want.type) return `expected ${want.type}, found ${got.type}`;
  if (`${got.dims}` !== `${want.dims}`) return `expected dims [${want.dims}], found [${got.dims}]`;
  if (got.data.length !== want.data.length) return `expected ${want.data.length} elements, found ${got.data.length}`;
  return undefined;
}

/**
 * Compares outputs with a record of them (expected/NAME.json: type, dims, first values, sum, extremes), made by another
 * library; throws when they are further apart than `tolerance` of the largest magnitude.
 */
export function compareWithRecord(record, outputs, tolerance = TOLERANCE) {
  for (const [output, {type, dims, first, sum, min, max}] of Object.entries(record.outputs)) {
    const got = outputs[output];
    const data = Array.from(got.data, Number);
    const reason = mismatch({type, dims, data}, got);
    if (reason) throw new Error(`${output}: ${reason}`);
    const magnitude = Math.max(FLOOR, Math.abs(min), Math.abs(max));
    const total = data.reduce((a, b) => a + b, 0);
    const lowest = data.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const highest = data.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const pairs = [
      ...first.map((want, i) => [want, data[i]]),
      [min, lowest],
      [max, highest],
      [sum / data.length, total / data.length],
    ];
    const worst = pairs.reduce((most, [want, found]) => Math.max(most, Math.abs(want - found)), 0);
    if (!(worst <= tolerance * magnitude)) throw new Error(`${output}: ${worst} away from what ${record.by} gave`);
  }
}
