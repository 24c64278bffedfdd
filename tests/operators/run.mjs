// Runs every operator on every type that the specification allows, through the package, against values computed elsewhere.
//   node tests/operators/run.mjs [REGEXP]                 instances whose name matches
//   node tests/operators/run.mjs --write FOLDER [REGEXP]  writes them in the layout of ONNX's backend tests, for run_cases
//   node tests/operators/run.mjs --update                 keeps docs/compatibility/operator-types.txt, the pairs that do not pass
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {env, InferenceSession, Tensor} from 'webinfer';
import {encodeModel, encodeValue} from '../../bench/models/onnx-writer.mjs';
import {allPairs, graphOf, instancesOf, loadDescriptions, pairName, storedTensor, storedValue} from './case.mjs';
import {difference, toleranceOf} from './compare.mjs';
import {expectedOf} from './oracle.mjs';
import {decode} from './types.mjs';

const {values: arg, positionals} = parseArgs({
  allowPositionals: true,
  options: {write: {type: 'string'}, update: {type: 'boolean', default: false}},
});
const RECORD = new URL('../../docs/compatibility/operator-types.txt', import.meta.url);
const OPSET = 28;
const DOMAINS = {'ai.onnx.ml': 5};

env.wasm.numThreads = 1;

const feedOf = (value) => {
  if (Array.isArray(value)) return value.map(feedOf);
  if (value.optional !== undefined) return value.optional === null ? null : feedOf(value.optional);
  const {type, dims, data} = storedTensor(value, '');
  return new Tensor(type, data, dims);
};

function readResult(result) {
  if (result === null) return null;
  if (Array.isArray(result)) return result.map(readResult);
  const {type, dims, data, size} = result;
  return {type, dims: [...dims], values: decode(type, data, size)};
}

function modelOf({description}, filled) {
  const {domain, domainOpset, opset = OPSET} = description;
  return encodeModel(
    graphOf(description, filled),
    opset,
    domain ? {[domain]: domainOpset ?? DOMAINS[domain] ?? 1} : {},
  );
}

const fed = ({inputs}) => inputs.filter((input) => input && !input.constant);

/** Throws where the package gives something else than expected. */
async function runInstance(instance) {
  const {description, types} = instance;
  const {filled, values, narrowed} = await expectedOf(instance);
  const session = await InferenceSession.create(modelOf(instance, filled));
  try {
    const results = await session.run(Object.fromEntries(fed(filled).map(({name, value}) => [name, feedOf(value)])));
    filled.outputs.forEach((output, i) => {
      if (!output) return;
      const got = readResult(results[output.name]);
      const wrong = description.check
        ? description.check(got, types, i)
        : difference(got, values[i], description, narrowed);
      if (wrong) throw new Error(`${output.name}: ${wrong}`);
    });
  } finally {
    await session.release();
  }
}

/** Random results are written without expected values. */
async function writeInstance(instance, folder) {
  const {description, name} = instance;
  const {filled, values, narrowed} = await expectedOf(instance);
  const data = join(folder, name, 'test_data_set_0');
  mkdirSync(data, {recursive: true});
  writeFileSync(join(folder, name, 'model.onnx'), modelOf(instance, filled));
  const write = (kind, list) =>
    list.forEach((item, i) =>
      writeFileSync(join(data, `${kind}_${i}.pb`), encodeValue(storedValue(item.value, item.name))),
    );
  write('input', fed(filled));
  const outputs = filled.outputs.map((output, i) => output && {...output, value: values[i]}).filter(Boolean);
  if (!description.check) write('output', outputs);
  const tolerances = outputs.map(({type}) => toleranceOf(type, description, narrowed));
  const most = (key) => Math.max(0, ...tolerances.map((tolerance) => tolerance[key]));
  writeFileSync(join(folder, name, 'tolerance.txt'), `${most('relative')} ${most('absolute')}\n`);
}

const pattern = new RegExp(positionals[0] ?? '');
const instances = (await loadDescriptions()).flatMap(instancesOf).filter(({name}) => pattern.test(name));
if (arg.write) rmSync(arg.write, {recursive: true, force: true});
const messages = new Map();
const seen = new Set();
const failed = new Set();
for (const instance of instances) {
  const pairs = instance.pairs.map((pair) => pairName(instance.description, pair));
  try {
    await (arg.write ? writeInstance(instance, arg.write) : runInstance(instance));
  } catch (error) {
    messages.set(instance.name, error.message.split('\n')[0]);
    for (const pair of pairs) failed.add(pair);
  }
  for (const pair of pairs) seen.add(pair);
}

const recorded = new Set(
  readFileSync(RECORD, 'utf8')
    .split('\n')
    .map((line) => line.split('\t')[0]),
);
const isRecorded = ({description, pairs}) =>
  pairs.length > 0 && pairs.every((pair) => recorded.has(pairName(description, pair)));
const lost = instances.filter((instance) => messages.has(instance.name) && !isRecorded(instance));
const told = positionals[0] || arg.update ? instances : lost;
for (const {name} of told) if (messages.has(name)) console.log(`${name}\t${messages.get(name)}`);

if (!positionals[0] && !arg.write) {
  const all = allPairs();
  const missing = all.filter((pair) => !seen.has(pair));
  const good = all.length - missing.length - failed.size;
  const percent = ((100 * good) / all.length).toFixed(1);
  console.log(
    `${good} of ${all.length} pairs of operator and type agree (${percent} %), ${missing.length} have no case`,
  );
  const lines = [...[...failed], ...missing.map((pair) => `${pair}\tno case`)];
  if (arg.update)
    writeFileSync(
      RECORD,
      lines
        .sort()
        .map((line) => `${line}\n`)
        .join(''),
    );
  for (const pair of recorded)
    if (seen.has(pair) && !failed.has(pair)) console.log(`passes now, record it with --update: ${pair}`);
}
const known = messages.size - lost.length;
console.log(`${instances.length - messages.size} passed, ${lost.length} failed, ${known} skipped`);
process.exit(lost.length ? 1 : 0);
