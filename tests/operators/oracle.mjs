// The values an instance must give: by the description's formula, else by onnxruntime-web. Types that onnxruntime has no kernel for
// are computed on a wider type from the same numbers, and rounded; complex numbers part by part; strings as numbers of themselves.
import * as ort from 'onnxruntime-web';
import {encodeModel} from '../../bench/models/onnx-writer.mjs';
import {fill, graphOf, splitType} from './case.mjs';
import {decode, encode, isComplex, roundTo, WIDER} from './types.mjs';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'fatal';

// The newest opset onnxruntime 1.30 knows, then older ones: some operators have no kernel for their newest version.
const OPSETS = [26, 21, 18, 16, 11];
const DOMAINS = {'com.microsoft': 1, 'ai.onnx.ml': 5};
const UNDERSTOOD = new Set('float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string'.split(' '));

/** Each way to widen: the types as they are, then the ones that cannot be fed or have no kernel replaced. */
function* widenings(types, description) {
  const kinds = [...new Set(Object.values(types).map((type) => splitType(type).element))];
  const unknown = kinds.filter((type) => !UNDERSTOOD.has(type));
  if (unknown.length === 0) yield {};
  const varied = unknown.length ? unknown : kinds.filter((type) => WIDER[type]);
  for (const rank of [0, 1, 2]) {
    const known = Object.fromEntries(
      varied.filter((type) => WIDER[type][rank]).map((type) => [type, WIDER[type][rank]]),
    );
    if (Object.keys(known).length) yield known;
    if (!unknown.length && varied.length > 1) for (const [from, to] of Object.entries(known)) yield {[from]: to};
  }
  if (description.oracleTypes) yield description.oracleTypes(types);
}

function tensorFor(type, dims, values) {
  return new ort.Tensor(type, encode(type, values), dims);
}

/** Values of a tensor as `widened` type; `part` picks real or imaginary ones, words become their places in `words`. */
function widen({type, values, dims}, to, part, words) {
  if (isComplex(type)) return {type: to, dims, values: values.filter((_, i) => i % 2 === part)};
  if (type === 'string' && to !== 'string') return {type: to, dims, values: values.map((word) => words.indexOf(word))};
  return {type: to, dims, values};
}

async function runOnce(instance, filled, map, opset, part) {
  const {description} = instance;
  const words = [
    ...new Set(filled.inputs.flatMap((input) => (input?.type === 'string' ? input.value.values : []))),
  ].sort();
  const to = (type) => map[type] ?? type;
  const inputs = filled.inputs.map(
    (input) => input && {...input, type: to(input.type), value: widen(input.value, to(input.type), part, words)},
  );
  const outputs = filled.outputs.map((output) => output && {...output, type: to(output.type)});
  const attributes =
    typeof description.attributes === 'function'
      ? description.attributes(Object.fromEntries(Object.entries(instance.types).map(([k, v]) => [k, to(v)])))
      : filled.attributes;
  const {domain} = description;
  const bytes = encodeModel(
    graphOf(description, {inputs, outputs, attributes}),
    opset,
    domain ? {[domain]: description.domainOpset ?? DOMAINS[domain] ?? 1} : {},
  );
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'disabled',
  });
  try {
    const feeds = Object.fromEntries(
      inputs
        .filter((i) => i && !i.constant)
        .map(({name, value}) => [name, tensorFor(value.type, value.dims, value.values)]),
    );
    const results = await session.run(feeds);
    return filled.outputs.map((output) => {
      if (!output) return null;
      const {type, dims, data, size} = results[output.name];
      let values = decode(type, data, size);
      if (output.type === 'string' && type !== 'string') values = values.map((i) => words[Number(i)] ?? '');
      return {type: output.type, dims: [...dims], values};
    });
  } finally {
    await session.release();
  }
}

function joinParts(real, imaginary) {
  return real.map((output, i) => {
    if (!output || !isComplex(output.type)) return output;
    return {...output, values: output.values.flatMap((value, j) => [value, imaginary[i].values[j]])};
  });
}

async function byOnnxRuntime(instance, filled) {
  const {description} = instance;
  const complex = filled.inputs.some((input) => input && isComplex(input.type));
  let first;
  for (const map of widenings(instance.types, description)) {
    for (const opset of description.oracleOpset ? [description.oracleOpset] : OPSETS) {
      try {
        let values = await runOnce(instance, filled, map, opset, 0);
        if (complex) values = joinParts(values, await runOnce(instance, filled, map, opset, 1));
        const wide = Object.entries(map).map(([from, to]) => `${from} as ${to}`);
        return {
          values,
          how: ['onnxruntime', `opset ${opset}`, ...wide].join(', '),
          narrowed: Object.entries(map).some(([from, to]) => /64|128/.test(from) && to === 'float32'),
        };
      } catch (error) {
        first ??= error;
      }
    }
  }
  throw new Error(`no oracle: ${first?.message ?? 'nothing to run'}`);
}

/** A formula's {dims, values}, list, optional or {map: [keys, values]} as values of the output's type. */
function typed(result, type) {
  const {container, inner} = splitType(type);
  if (container === 'seq') return result.map((element) => typed(element, inner));
  if (container === 'optional')
    return {optional: result.optional === null ? null : typed(result.optional, inner), type: inner};
  const [, ...parts] = type.match(/^map\((\w+),(\w+)\)$/) ?? [];
  if (parts.length) return {map: result.map.map((values, i) => ({type: parts[i], dims: [values.length], values}))};
  return {type, dims: result.dims, values: result.values};
}

function rounded(value) {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(rounded);
  if (value.optional !== undefined)
    return {...value, optional: value.optional === null ? null : rounded(value.optional)};
  if (value.map) return {map: value.map.map(rounded)};
  return {...value, values: roundTo(value.type, value.values)};
}

/** {filled, values, how, narrowed}: what to feed, what must come out, and who says so. */
export async function expectedOf(instance) {
  const filled = fill(instance);
  const {description, types} = instance;
  if (description.check) return {filled, values: [], how: 'distribution', narrowed: false};
  if (description.expected) {
    const given = filled.inputs.map((input) => input && (Array.isArray(input.value) ? input.value : {...input.value}));
    const results = description.expected(given, types, filled.attributes);
    const values = filled.outputs.map((output, i) => (output ? typed(results[i], output.type) : null));
    return {filled, values: values.map(rounded), how: 'formula', narrowed: false};
  }
  const {values, how, narrowed} = await byOnnxRuntime(instance, filled);
  return {filled, values: values.map(rounded), how, narrowed};
}
