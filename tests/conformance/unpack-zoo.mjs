#!/usr/bin/env node
// usage: unpack-zoo.mjs <folder of *.case.br> <target folder>
// Lays zoo cases out like ONNX's backend tests, for run_cases: a case file is a JSON header (its length first, 32 bits) and a
// blob with the model, its side files, feeds and expected outputs of each run.
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {brotliDecompressSync} from 'node:zlib';

const DTYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, content) => Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);

function tensorProto(name, tensor, blob) {
  const parts = [
    ...tensor.dims.map((dim) => number(1, dim)),
    number(2, DTYPES[tensor.type ?? 'string']),
    bytes(8, Buffer.from(name)),
  ];
  if (tensor.strings) parts.push(...tensor.strings.map((text) => bytes(6, Buffer.from(text))));
  else parts.push(bytes(9, blob(tensor)));
  return Buffer.concat(parts);
}

function unpack(file, folder) {
  const content = brotliDecompressSync(readFileSync(file));
  const headBytes = content.readUInt32LE(0);
  const head = JSON.parse(content.subarray(4, 4 + headBytes).toString('utf8'));
  const blob = ({at, bytes: count}) => content.subarray(4 + headBytes + at, 4 + headBytes + at + count);
  mkdirSync(folder, {recursive: true});
  writeFileSync(join(folder, 'model.onnx'), blob(head.model));
  for (const side of head.external) {
    mkdirSync(dirname(join(folder, side.path)), {recursive: true});
    writeFileSync(join(folder, side.path), blob(side));
  }
  let rtol = 0;
  let atol = 0;
  head.runs.forEach((run, i) => {
    const set = join(folder, `test_data_set_${i}`);
    mkdirSync(set, {recursive: true});
    Object.entries(run.feeds).forEach(([name, tensor], j) =>
      writeFileSync(join(set, `input_${j}.pb`), tensorProto(name, tensor, blob)),
    );
    Object.entries(run.expected).forEach(([name, tensor], j) => {
      writeFileSync(join(set, `output_${j}.pb`), tensorProto(name, tensor, blob));
      rtol = Math.max(rtol, tensor.rtol ?? 0);
      atol = Math.max(atol, tensor.atol ?? 0);
    });
  });
  writeFileSync(join(folder, 'tolerance.txt'), `${rtol} ${atol} scaled\n`);
}

const [source, target] = process.argv.slice(2);
for (const name of readdirSync(source).sort()) {
  if (name.endsWith('.case.br')) unpack(join(source, name), join(target, name.slice(0, -'.case.br'.length)));
}
