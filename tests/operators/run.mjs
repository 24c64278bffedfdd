// Runs every operator on every type that the specification allows, through the package or natively, against values computed
// elsewhere.
//   node tests/operators/run.mjs [REGEXP]                 instances whose name matches; needs dist/
//   node tests/operators/run.mjs --native PRESET [REGEXP] on the native engine, with run_cases of a preset
//   ... --update                                          keeps docs/compatibility/operator-types.txt, the pairs that do not pass
//   node tests/operators/run.mjs --write FOLDER [REGEXP]  only writes them, in the layout of ONNX's backend tests
import {spawnSync} from 'node:child_process';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {encodeModel, encodeValue} from '../../bench/models/onnx-writer.mjs';
import {allPairs, graphOf, instancesOf, loadDescriptions, pairName, storedTensor, storedValue} from './case.mjs';
import {difference, toleranceOf} from './compare.mjs';
import {expectedOf} from './oracle.mjs';
import {readRecord, writeRecord} from './record.mjs';
import {decode} from './types.mjs';

const {values: arg, positionals} = parseArgs({
  allowPositionals: true,
  options: {write: {type: 'string'}, native: {type: 'string'}, update: {type: 'boolean', default: false}},
});
const OPSET = 28;
const DOMAINS = {'ai.onnx.ml': 5};
const backend = arg.native ? 'native' : 'wasm';
const folder = arg.write ?? (arg.native ? 'build/operator-cases' : undefined);
const webinfer = folder ? undefined : await import('webinfer');
if (webinfer) webinfer.env.wasm.numThreads = 1;

const feedOf = (value) => {
  if (Array.isArray(value)) return value.map(feedOf);
  if (value.optional !== undefined) return value.optional === null ? null : feedOf(value.optional);
  if (value.map) return new Map(value.map[0].values.map((key, i) => [key, value.map[1].values[i]]));
  const {type, dims, data} = storedTensor(value, '');
  return new webinfer.Tensor(type, data, dims);
};

function readResult(result) {
  if (result === null) return null;
  if (Array.isArray(result)) return result.map(readResult);
  if (result instanceof Map) return {map: [[...result.keys()], [...result.values()]]};
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
  const session = await webinfer.InferenceSession.create(modelOf(instance, filled));
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

/** Runs what has been written natively; the messages of those that fail, by name. */
function runNatively() {
  const program = `build/${arg.native}/tests/conformance/run_cases`;
  const {stdout, error} = spawnSync(program, [folder, '--jobs', '2', '--quiet'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  const lines = stdout.split('\n').map((line) => line.split('\t'));
  return new Map(lines.filter((parts) => parts.length === 4).map(([name, ...rest]) => [name, rest.join(' ')]));
}

const pattern = new RegExp(positionals[0] ?? '');
const instances = (await loadDescriptions()).flatMap(instancesOf).filter(({name}) => pattern.test(name));
if (folder) rmSync(folder, {recursive: true, force: true});
const messages = new Map();
for (const instance of instances) {
  try {
    await (folder ? writeInstance(instance, folder) : runInstance(instance));
  } catch (error) {
    messages.set(instance.name, error.message.split('\n')[0]);
  }
}
if (arg.native) for (const [name, message] of runNatively()) messages.set(name, message);

const pairsOf = ({description, pairs}) => pairs.map((pair) => pairName(description, pair));
const failed = new Set(instances.filter(({name}) => messages.has(name)).flatMap(pairsOf));
const seen = new Set(instances.flatMap(pairsOf));
const recorded = readRecord();
const isKnown = (instance) =>
  pairsOf(instance).length > 0 && pairsOf(instance).every((pair) => recorded.get(pair)?.has(backend));
const lost = instances.filter((instance) => messages.has(instance.name) && !isKnown(instance));
for (const {name} of positionals[0] || arg.update ? instances : lost) {
  if (messages.has(name)) console.log(`${name}\t${messages.get(name)}`);
}
if (!positionals[0] && !arg.write) {
  const all = allPairs();
  const missing = all.filter((pair) => !seen.has(pair));
  const good = all.length - missing.length - failed.size;
  const percent = ((100 * good) / all.length).toFixed(1);
  console.log(
    `${good} of ${all.length} pairs of operator and type agree (${percent} %), ${missing.length} have no case`,
  );
  for (const [pair, backends] of recorded) {
    if (backends.has(backend) && seen.has(pair) && !failed.has(pair))
      console.log(`passes now, record it with --update: ${pair}`);
  }
  if (arg.update) writeRecord(backend, failed, missing);
}
const known = messages.size - lost.length;
console.log(`${instances.length - messages.size} passed, ${lost.length} failed, ${known} skipped`);
process.exit(lost.length && !arg.update ? 1 : 0);
