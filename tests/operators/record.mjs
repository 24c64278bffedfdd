// docs/compatibility/operator-types.txt: the pairs of operator and type that do not pass, one a line: the pair, a tab, and where it
// fails ("native", "wasm", or "no case").
import {readFileSync, writeFileSync} from 'node:fs';

const RECORD = new URL('../../docs/compatibility/operator-types.txt', import.meta.url);

/** {pair: set of where it fails}. */
export function readRecord() {
  const lines = readFileSync(RECORD, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => line.split('\t')).map(([pair, where = '']) => [pair, new Set(where.split(', '))]));
}

/** Replaces what is recorded of one backend, and the pairs without a case. */
export function writeRecord(backend, failed, missing) {
  const record = new Map();
  const note = (pair, where) => record.set(pair, (record.get(pair) ?? new Set()).add(where));
  for (const [pair, where] of readRecord())
    for (const place of where) if (place !== backend && place !== 'no case') note(pair, place);
  for (const pair of failed) note(pair, backend);
  for (const pair of missing) note(pair, 'no case');
  const lines = [...record].map(([pair, where]) => `${pair}\t${[...where].sort().join(', ')}\n`);
  writeFileSync(RECORD, lines.sort().join(''));
}
