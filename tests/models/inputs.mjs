// Input data that is the same for every library, in Node and in browsers: integer xorshift from a fixed seed.

/** The arrays that hold elements of each type as they are. */
export const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** A generator of numbers in [0, 1). */
export function xorshift(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

/** Elements for an input {type, dims, fill, max}; fill is normal, uniform, int (below max), value (max itself), one or zero. */
export function makeInput({type, dims, fill = 'normal', max = 100}, seed = 99) {
  const random = xorshift(seed);
  const next = {
    one: () => 1,
    zero: () => 0,
    value: () => max,
    int: () => Math.floor(random() * max),
    uniform: random,
    normal: () => (random() + random() + random() - 1.5) * 2, // about a unit normal
  }[fill];
  if (!ARRAYS[type]) throw new Error(`no data can be made for inputs of type ${type}`);
  const data = new ARRAYS[type](dims.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) data[i] = type.endsWith('int64') ? BigInt(next()) : next();
  return data;
}

/** Dimensions with numbers for their symbols: ['n', 'n + m', 'n + 1', 3] with {n: 4, m: 2} gives [4, 6, 5, 3]. */
export function resolveDims(dims, symbols = {}) {
  return dims.map((d) => {
    if (typeof d === 'number') return d;
    return d.split('+').reduce((sum, term) => sum + (symbols[term.trim()] ?? Number(term)), 0);
  });
}

/** Feeds of a model of models.json, for a module with onnxruntime's Tensor. */
export function makeFeeds(Tensor, {inputs, symbols}, overrides = {}) {
  return Object.fromEntries(
    inputs.map((spec) => {
      const dims = resolveDims(spec.dims, {...symbols, ...overrides});
      return [spec.name, new Tensor(spec.type, makeInput({...spec, dims}), dims)];
    }),
  );
}
