// Makes models and inputs of an operator's description, for every type that the specification allows. README.md says how
// a description is written.
import {readdirSync, readFileSync} from 'node:fs';
import {xorshift} from '../models/inputs.mjs';
import {encode, integerRange, isInteger, roundTo} from './types.mjs';

const SCHEMAS = JSON.parse(readFileSync(new URL('schemas.json', import.meta.url), 'utf8'));
const WORDS = ['', 'a', 'b', 'ab', 'hello world', 'Zürich', '日本', 'x'];
const PREFERRED = ['float32', 'int64', 'uint8', 'bool', 'string'];

export const sizeOf = (dims) => dims.reduce((a, b) => a * b, 1);
export const schemaOf = ({op, domain = ''}) => SCHEMAS.find((s) => s.op === op && s.domain === domain);

/** Every "operator variable=type" of the specification. */
export function allPairs() {
  return SCHEMAS.flatMap((schema) =>
    Object.entries(schema.types).flatMap(([name, list]) => list.map((type) => pairName(schema, `${name}=${type}`))),
  );
}

export const pairName = ({op, domain}, pair) => `${domain ? `${domain}.` : ''}${op} ${pair}`;

/** The descriptions of all files in cases/. */
export async function loadDescriptions() {
  const folder = new URL('cases/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  const modules = await Promise.all(files.sort().map((name) => import(new URL(name, folder))));
  return modules.flatMap((module) => module.cases);
}

/** {container, element} of 'seq(float32)', 'optional(seq(int8))', 'float32'. */
export function splitType(type) {
  const [, container, inner] = type.match(/^(seq|optional)\((.*)\)$/) ?? [];
  return container
    ? {container, inner, element: splitType(inner).element}
    : {container: '', inner: type, element: type};
}

/** The signature that a description gives itself (operators without a schema in the onnx package), or the schema's. */
export function signatureOf(description) {
  const {signature} = description;
  if (!signature) {
    const schema = schemaOf(description);
    if (!schema) throw new Error(`${description.op}: no schema in schemas.json, so the case needs a signature`);
    return schema;
  }
  const parameters = (list) => list.map((type, i) => [String(i), type, '']);
  return {types: {}, ...signature, inputs: parameters(signature.inputs), outputs: parameters(signature.outputs)};
}

function defaultTypes({types}, chosen = {}) {
  const first = (list) =>
    PREFERRED.find((type) => list.includes(type)) ?? list.find((t) => splitType(t).element === 'float32') ?? list[0];
  return {...Object.fromEntries(Object.entries(types).map(([name, list]) => [name, first(list)])), ...chosen};
}

/** Sequences of T are called S in schemas, without saying that the two belong together. */
function couple(types, varied) {
  const coupled = {...types};
  const element = splitType(types[varied]).element;
  for (const [name, type] of Object.entries(types)) {
    if (name === varied || !/^[STVO]$/.test(name) || !(types.S || types.O)) continue;
    const {container} = splitType(type);
    coupled[name] = container ? type.replace(splitType(type).element, element) : element;
  }
  return coupled;
}

/**
 * Every instance of a description: {name, types, pairs}. Each type variable takes every type it may have while the others keep their
 * defaults; `pairs` lists the "variable=type" that an instance is there for.
 */
export function instancesOf(description) {
  const signature = signatureOf(description);
  const defaults = defaultTypes(signature, description.defaults);
  const found = new Map();
  const add = (types, pair) => {
    const complete = description.couple ? description.couple(types, pair?.split('=')[0]) : types;
    const key = JSON.stringify(complete);
    if (!found.has(key)) found.set(key, {types: complete, pairs: []});
    if (pair) found.get(key).pairs.push(pair);
  };
  if (Object.keys(signature.types).length === 0 || description.variant) add(defaults);
  for (const [name, list] of description.variant ? [] : Object.entries(signature.types)) {
    for (const type of list) add(couple({...defaults, [name]: type}, name), `${name}=${type}`);
  }
  const base = ['test', description.domain?.replaceAll('.', '_'), description.op, description.variant]
    .filter(Boolean)
    .join('_');
  const suffix = (pairs) => (pairs.length ? `_${pairs[0]}`.replace(/[^A-Za-z0-9_]+/g, '_').replace(/_+$/, '') : '');
  return [...found.values()].map((instance) => ({
    ...instance,
    description,
    name: (base + suffix(instance.pairs)).toLowerCase(),
  }));
}

/** `count` numbers, words or pairs that `type` holds exactly, between spec.low and spec.high. */
function makeValues(type, count, spec, random) {
  if (type === 'string') return Array.from({length: count}, () => WORDS[Math.floor(random() * WORDS.length)]);
  if (type === 'bool') return Array.from({length: count}, () => (random() < 0.5 ? 0 : 1));
  const n = type.startsWith('complex') ? count * 2 : count;
  if (isInteger(type)) {
    const [lowest, highest] = integerRange(type);
    const low = Math.max(Math.ceil(spec.low ?? -9), lowest);
    const high = Math.min(Math.floor(spec.high ?? 9), highest);
    return Array.from({length: n}, () => low + Math.floor(random() * (high - low + 1)));
  }
  const [low, high] = [spec.low ?? -2, spec.high ?? 2];
  const pick = () => low + random() * (high - low);
  return roundTo(type, Array.from({length: n}, spec.integral ? () => Math.round(pick()) : pick));
}

function makeTensor(type, given, random) {
  const spec = Array.isArray(given) ? {dims: given} : given;
  const {dims} = spec;
  const count = sizeOf(dims);
  const listed = typeof spec.values === 'function' ? spec.values(type) : spec.values;
  const values = listed ? roundTo(type, listed) : makeValues(type, count, spec, random);
  const expected = count * (type.startsWith('complex') ? 2 : 1);
  if (values.length !== expected) throw new Error(`a case gives ${values.length} values for [${dims}]`);
  return {type, dims, values};
}

function makeValue(type, spec, random) {
  const {container, inner} = splitType(type);
  if (container === 'seq') return spec.sequence.map((element) => makeTensor(inner, element, random));
  if (container === 'optional') return {optional: spec.empty ? null : makeValue(inner, spec, random), type: inner};
  const [, key, element] = type.match(/^map\((\w+),(\w+)\)$/) ?? [];
  if (key) {
    const list = (of, values) => makeTensor(of, {dims: [values.length], values}, random);
    return {map: [list(key, call(spec.keys, key)), list(element, call(spec.values, element))]};
  }
  return makeTensor(type, spec, random);
}

const call = (value, types) => (typeof value === 'function' ? value(types) : value);

/**
 * What an instance feeds and asks for: {inputs, outputs, attributes}, inputs being {name, type, value, constant} or null if left out,
 * outputs {name, type} or null.
 */
export function fill({description, types}) {
  const signature = signatureOf(description);
  const typeOf = (text) => text.replace(/^(\w+)$/, (name) => types[name] ?? name);
  const parameter = (list, i) => list[Math.min(i, list.length - 1)];
  const specs = call(description.inputs ?? [], types);
  const inputs = specs.map((spec, i) => {
    if (spec === null) return null;
    const type = spec.type ?? typeOf(parameter(signature.inputs, i)[1]);
    return {
      name: `in${i}`,
      type,
      constant: spec.constant,
      captured: spec.captured,
      value: makeValue(type, spec, xorshift(7 + i * 31)),
    };
  });
  const required = signature.outputs.filter(([, , kind]) => kind !== '?');
  const wanted = call(description.outputs, types) ?? required.map(([, type]) => type);
  const outputs = wanted.map((type, i) =>
    type === null ? null : {name: `out${i}`, type: typeOf(type === true ? parameter(signature.outputs, i)[1] : type)},
  );
  return {inputs, outputs, attributes: call(description.attributes, types) ?? {}};
}

export const containerDims = ({value}) =>
  Array.isArray(value) || value.optional !== undefined || value.map ? undefined : value.dims;

/** The graph of one node over filled values. */
export function graphOf(description, {inputs, outputs, attributes}) {
  const given = inputs.filter(Boolean);
  const initializers = given.filter((input) => input.constant).map((input) => storedTensor(input.value, input.name));
  const names = (list) => list.map((item) => item?.name ?? '');
  return {
    name: description.op,
    nodes: [
      {
        op: description.op,
        domain: description.domain,
        inputs: names(inputs.filter((input) => !input?.captured)),
        outputs: names(outputs),
        attributes,
      },
    ],
    initializers,
    inputs: given
      .filter((input) => !input.constant)
      .map((input) => ({name: input.name, type: input.type, dims: containerDims(input)})),
    outputs: outputs.filter(Boolean).map(({name, type}) => ({name, type})),
  };
}

/** A tensor as onnx-writer encodes it. */
export const storedTensor = ({type, dims, values}, name) => ({name, type, dims, data: encode(type, values)});

/** Any value in that form. */
export function storedValue(value, name) {
  if (Array.isArray(value)) return value.map((element) => storedValue(element, ''));
  if (value.map) return {map: value.map.map((part) => storedTensor(part, ''))};
  if (value.optional !== undefined) return {optional: value.optional === null ? null : storedValue(value.optional, '')};
  return storedTensor(value, name);
}
