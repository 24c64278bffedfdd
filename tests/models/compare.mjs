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
