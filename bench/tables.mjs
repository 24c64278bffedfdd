// A benchmark's report as Markdown tables, and their place in docs/performance.md.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const DOC = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const END = '<!-- end of measured -->';

export const table = (head, rows) =>
  [head, head.map((_, i) => (i ? '---:' : '---')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const ms = (value) => value.toFixed(value < 10 ? 2 : 1);

function modelRow(row) {
  if (row.error) return [row.model, '', '', `failed: ${row.error.slice(0, 90)}`, '', '', ''];
  const [low, high] = row.ratioRange ?? [];
  return [
    row.model,
    ms(row.theirs.cpuMs),
    ms(row.ours.cpuMs),
    row.agrees ? `**${row.ratio.toFixed(2)}** (${low.toFixed(2)}-${high.toFixed(2)})` : 'outputs disagree',
    `${ms(row.theirs.coldMs)} / ${ms(row.ours.coldMs)}`,
    `${row.theirs.linearMB.toFixed(0)} / ${row.ours.linearMB.toFixed(0)} (${row.modelMB.toFixed(0)})`,
    row.difference.toExponential(1),
  ];
}

const WRITER_HEAD = [
  'CPU ms a token, the cache growing',
  'onnxruntime-web',
  'webinfer',
  'ratio',
  'at a fixed length',
  'linear memory grew by, MB',
];

function writerRow({model, tokens, theirs, ours}) {
  const error = theirs.error ?? ours.error;
  if (error) return [model, '', '', `failed: ${error.slice(0, 90)}`, '', ''];
  return [
    `${model}, ${tokens} tokens`,
    ms(theirs.cpuMs),
    ms(ours.cpuMs),
    `**${(theirs.cpuMs / ours.cpuMs).toFixed(2)}**`,
    ms(ours.fixedCpuMs),
    ours.linearGrowthMB.toFixed(1),
  ];
}

function startUpTable(startUps) {
  const [theirs, ours] = startUps;
  const row = (name, {importMs, createMs, startMs, firstRunMs, steadyMs}) => [
    name,
    ...[importMs, createMs, startMs, firstRunMs, steadyMs].map(ms),
    (theirs.startMs / startMs).toFixed(1),
    (firstRunMs / steadyMs).toFixed(2),
  ];
  return [
    `MobileNetV2 in Chromium with all files cached, one thread, ms: import and create ${(theirs.startMs / ours.startMs).toFixed(1)} times faster.`,
    '',
    table(
      ['', 'import', 'create', 'both', 'first run', 'steady run', 'onnxruntime-web / this', 'first / steady'],
      ['onnxruntime-web', 'webinfer', 'webinfer, stored plan'].map((name, i) => row(name, startUps[i])),
    ),
  ].join('\n');
}

export function performanceTables({host, rows, geomean, unlistedGeomean, sizes, writers, pageLoad, startUps}) {
  const parts = [
    `${host.cpu}, Node ${host.node}, ${host.threads} thread, medians of ${host.rounds} interleaved rounds, one process each. Times are CPU ms per run; a ratio is onnxruntime-web's time over webinfer's (median of the rounds' ratios, lowest-highest). Cold start is import, session and first run, wall ms. Memory is WebAssembly linear memory after the first run, MB.`,
    table(
      ['model', 'onnxruntime-web', 'webinfer', 'ratio', 'cold start', 'memory (model)', 'largest difference'],
      rows.map(modelRow),
    ),
  ];
  if (geomean) parts.push(`Geometric mean of the first twelve: **${geomean.toFixed(2)}**.`);
  if (unlistedGeomean)
    parts.push(
      `Geometric mean of the architectures nobody tuned for (bench/lists.mjs): **${unlistedGeomean.toFixed(2)}**.`,
    );
  if (writers.length) parts.push(table(WRITER_HEAD, writers.map(writerRow)));
  if (pageLoad) {
    const [theirs, ours] = pageLoad;
    parts.push(
      `Chromium, from navigation to the first result of a 0.8 MB model: onnxruntime-web ${theirs.toFixed(0)} ms, webinfer ${ours.toFixed(0)} ms (${(theirs / ours).toFixed(2)}x).`,
    );
  }
  if (startUps) parts.push(startUpTable(startUps));
  parts.push(
    table(
      ['WebAssembly file', 'brotli -q 11, KB'],
      sizes.map((s) => [s.file, (s.brotli / 1000).toFixed(0)]),
    ),
  );
  return parts.join('\n\n');
}

/** Replaces what `command` measured in docs/performance.md. */
export function updatePerformanceDoc(tables, command = 'script/bench') {
  if (!existsSync(DOC)) return;
  const begin = `<!-- measured: ${command} writes this -->`;
  const [before, rest] = readFileSync(DOC, 'utf8').split(begin);
  if (rest === undefined) throw new Error(`docs/performance.md has no line "${begin}"`);
  writeFileSync(DOC, `${before}${begin}\n\n${tables}\n\n${rest.slice(rest.indexOf(END))}`);
}
