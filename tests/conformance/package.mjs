// ONNX's backend tests on the package as built, in the Node.js that runs this: what passes on the native engine must pass in
// WebAssembly too, through the JavaScript API. Cases that do not pass natively are in docs/compatibility/onnx-backend-tests.txt.
//   node tests/conformance/package.mjs [REGEXP]      only cases whose name matches; failures are told in full
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {env, InferenceSession, Tensor} from 'webinfer';
import {cacheFolder} from '../models/folders.mjs';
import {Report, Skip} from '../report.mjs';
import {readSignature, readValue} from './proto.mjs';

env.wasm.numThreads = 1;
const pattern = new RegExp(process.argv[2] ?? '');
const folder = process.env.WEBINFER_ONNX_TESTDATA ?? join(cacheFolder, 'onnx-testdata');
const record = new URL('../../docs/compatibility/onnx-backend-tests.txt', import.meta.url);
const failsNatively = new Set(readFileSync(record, 'utf8').split('\n'));
// Made at random: a native build and a WebAssembly one need not draw the same numbers.
const RANDOM = /bernoulli/;
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** Cases with data of their own; the `light` ones come without. */
function* cases() {
  for (const kind of ['node', 'simple', 'pytorch-converted', 'pytorch-operator']) {
    if (!existsSync(join(folder, kind))) continue;
    for (const name of readdirSync(join(folder, kind)).sort()) {
      const path = join(folder, kind, name);
      if (existsSync(join(path, 'model.onnx')) && pattern.test(name)) yield {name, path};
    }
  }
}

const toFeed = (value) => {
  if (Array.isArray(value)) return value.map(toFeed);
  return value === null ? null : new Tensor(value.type, value.data, value.dims);
};

/** The elements as numbers, or undefined if they are to be compared as they are. */
function decoded(type, data) {
  if (type === 'float16') {
    return Array.from(data, (bits) => {
      const [exponent, mantissa] = [(bits >> 10) & 31, bits & 1023];
      const size =
        exponent === 31
          ? mantissa
            ? Number.NaN
            : Number.POSITIVE_INFINITY
          : exponent
            ? (1 + mantissa / 1024) * 2 ** (exponent - 15)
            : mantissa * 2 ** -24;
      return bits >> 15 ? -size : size;
    });
  }
  if (type === 'bfloat16') return Array.from(new Float32Array(Uint32Array.from(data, (bits) => bits << 16).buffer));
  return /^(float|complex|u?int)(8|16|32|64|128)$/.test(type) ? Array.from(data, Number) : undefined;
}

function bitsOf({type, data}) {
  return type === 'float16' && !(data instanceof Uint16Array)
    ? new Uint16Array(data.buffer, data.byteOffset, data.length)
    : data;
}

/** Throws where `got` is not what the case expects. */
function check(got, want, where) {
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length)
      throw new Error(`${where}: expected a sequence of ${want.length}`);
    want.forEach((value, i) => check(got[i], value, `${where}[${i}]`));
    return;
  }
  if (want === null || got === null) {
    if (want !== got) throw new Error(`${where}: expected ${want === null ? 'an empty optional' : 'a value'}`);
    return;
  }
  const shape = ({type, dims}) => `${type}[${dims}]`;
  if (shape(got) !== shape(want)) throw new Error(`${where}: expected ${shape(want)}, got ${shape(got)}`);
  const [a, b] = [bitsOf(got), want.data];
  const [x, y] = [decoded(want.type, a) ?? a, decoded(want.type, b) ?? b];
  for (let i = 0; i < y.length; i++) {
    if (Object.is(x[i], y[i]) || x[i] === y[i]) continue;
    if (!(Math.abs(x[i] - y[i]) <= ABSOLUTE + RELATIVE * Math.abs(y[i]))) {
      throw new Error(`${where}[${i}]: expected ${y[i]}, got ${x[i]}`);
    }
  }
}

async function runCase({path}) {
  const model = readFileSync(join(path, 'model.onnx'));
  const {inputs, outputs} = readSignature(model);
  const session = await InferenceSession.create(join(path, 'model.onnx'));
  try {
    for (const set of readdirSync(path).filter((name) => name.startsWith('test_data_set_'))) {
      const read = (name, kind) => readValue(readFileSync(join(path, set, name)), kind);
      const feeds = {};
      [...inputs].forEach(([name, kind], i) => {
        if (existsSync(join(path, set, `input_${i}.pb`))) feeds[name] = toFeed(read(`input_${i}.pb`, kind));
      });
      const results = await session.run(feeds);
      [...outputs].forEach(([name, kind], i) => check(results[name], read(`output_${i}.pb`, kind), name));
    }
  } finally {
    await session.release();
  }
}

const report = new Report();
await report.test("ONNX's backend tests that pass natively", async () => {
  const all = [...cases()];
  if (all.length === 0) throw new Skip('no test data: script/fetch-onnx-testdata');
  let passed = 0;
  const failures = [];
  const crashes = [];
  for (const one of all) {
    const error = await runCase(one).then(
      () => undefined,
      (reason) => reason,
    );
    if (!error) passed++;
    else if (error.code === 'Crashed') crashes.push(`${one.name}: ${error.message}`);
    else if ((!failsNatively.has(one.name) && !RANDOM.test(one.name)) || process.argv[2])
      failures.push(`${one.name}: ${error.message}`);
  }
  if (crashes.length || failures.length) throw new Error(['', ...crashes, ...failures].join('\n'));
  return `${passed} of ${all.length} pass`;
});
report.finish();
