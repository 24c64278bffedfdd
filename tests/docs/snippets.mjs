// The documents tell the truth: JavaScript snippets run on the built package, quoted code is in the file it is quoted from, links
// lead somewhere, and docs/errors.md lists the engine's codes.
import {spawnSync} from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {fetchModels} from '../models/fetch.mjs';
import {modelsFolder} from '../models/folders.mjs';
import {assert, assertEqual, Report} from '../report.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const documents = [
  ...markdownIn(''),
  ...markdownIn('docs'),
  ...markdownIn('docs/decisions'),
  ...markdownIn('docs/compatibility'),
];
const report = new Report();

function markdownIn(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

/** [{language, code, source}] of a document's fenced blocks; `source` is the file named in a comment before the block. */
function blocksOf(text) {
  const pattern = /(?:<!-- from: (?<source>\S+) -->\n)?```(?<language>\w*)\n(?<code>.*?)```/gs;
  return [...text.matchAll(pattern)].map(({groups}) => groups);
}

/** Runs a snippet as a user would, in a folder where the package is installed and model.onnx lies. */
function runSnippet(code) {
  const folder = mkdtempSync(join(tmpdir(), 'webinfer-snippet-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'webinfer'));
    copyFileSync(join(modelsFolder, 'alexa_v0.1.onnx'), join(folder, 'model.onnx'));
    writeFileSync(join(folder, 'snippet.mjs'), code);
    const {status, stdout, stderr} = spawnSync(process.execPath, ['snippet.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60000,
    });
    assertEqual(status, 0, `the exit code (${stderr.slice(0, 2000)})`);
    assert(stdout.trim() !== '', 'expected the snippet to print something');
    return stdout.trim().split('\n').at(-1).slice(0, 80);
  } finally {
    rmSync(folder, {recursive: true});
  }
}

fetchModels();
for (const document of documents) {
  const text = read(document);
  for (const [i, {language, code, source}] of blocksOf(text).entries()) {
    if (language === 'js') await report.test(`${document}: snippet ${i + 1} runs`, () => runSnippet(code));
    if (source) {
      await report.test(`${document}: quotes ${source}`, () =>
        assert(read(source).includes(code.trim()), `${source} has changed`),
      );
    }
  }
  await report.test(`${document}: links lead somewhere`, () => {
    const prose = text.replaceAll(/```.*?```/gs, '');
    const links = [...prose.matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, link]) => link);
    const broken = links.filter((link) => !existsSync(join(root, dirname(document), link)));
    assertEqual(broken, [], 'broken links');
  });
}
await report.test('docs/errors.md lists the codes of src/base/status.h', () => {
  const body = read('src/base/status.h').split('enum class Code')[1].split('};')[0];
  const codes = [...body.matchAll(/\bk(\w+) = [1-9]/g)].map(([, code]) => code);
  const listed = [
    ...read('docs/errors.md')
      .split('## Codes of the host')[0]
      .matchAll(/^\| `(\w+)` \| [a-z]/gm),
  ].map(([, code]) => code);
  assertEqual(
    listed.filter((code) => /^[A-Z]/.test(code)),
    codes,
    'the codes',
  );
});
report.finish();
