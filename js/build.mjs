// Makes dist/ of the TypeScript and of the WebAssembly builds that are under build/: what `npm pack` packs. A variant that has
// not been built, or from other sources, is left out, and said so; with --all it is an error.
//
// dist/
//   webinfer.mjs  worker.mjs  thread.mjs           browsers: the entry, the workers of sessions and of threads
//   webinfer.node.cjs  webinfer.node.mjs           Node: the entry, and its face for `import`
//   worker.node.mjs  thread.node.mjs               Node: workers of sessions and of threads
//   cli/webinfer.mjs                               `npx webinfer`, and its commands beside it
//   webinfer-{simd,relaxed}[-threads].wasm         the glue of these is in the scripts, one for both kinds of SIMD
//   subset/                                        what `npx webinfer build` needs to know of each of them
//   webinfer-codec-*.wasm                          decoders of image files, for all builds; made with wasm-simd
//   types/                                         declarations
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const ALL = ['wasm-simd', 'wasm-relaxed', 'wasm-simd-threads', 'wasm-relaxed-threads'];
const presets = ALL.filter((preset) =>
  existsSync(`${root}build/${preset}/wasm/${preset.replace('wasm-', 'webinfer-')}.mjs`),
);
const dist = `${root}dist/`;
const {version} = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

const LEFT_OUT = 'export function createEngine() { throw new Error("this build is left out"); }';
const wasmFile = (preset) => `${root}build/${preset}/wasm/${preset.replace('wasm-', 'webinfer-')}.wasm`;

function leaveOut(missing, reason) {
  const message = `left out, ${reason}: ${missing.join(', ')}`;
  if (process.argv.includes('--all')) throw new Error(message);
  console.warn(message);
}

/** Replaces `from` in `text`, which must hold it exactly once. */
function replaceOnce(text, from, to, where) {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`${where}: expected ${JSON.stringify(from)} once, found it ${parts.length - 1} times`);
  return parts.join(to);
}

/** The glue of one build, freed of its own name: the loader always hands it the compiled module and makes its workers. */
function readGlue(preset) {
  const name = preset.replace('wasm-', 'webinfer-');
  const file = `${root}build/${preset}/wasm/${name}.mjs`;
  let text = readFileSync(file, 'utf8');
  text = text.replaceAll(`new URL("${name}.wasm",import.meta.url).href`, `""`).replaceAll(`"${name}.wasm"`, '""');
  text = replaceOnce(text, 'export default Module;', 'export {Module as createEngine};', file);
  if (preset.endsWith('-threads')) {
    // A thread is started by thread.mjs: importing the glue must do nothing.
    text = text.slice(0, text.indexOf('var isPthread ='));
    text = replaceOnce(
      text,
      `new Worker(new URL("${name}.mjs",import.meta.url),workerOptions)`,
      `Module["createWorker"]()`,
      file,
    );
  }
  return text;
}

/** The builds that agree with the newest one; an older one with other bindings would fail in ways hard to understand. */
function current(built) {
  const age = (preset) => statSync(wasmFile(preset)).mtimeMs;
  const [newest, ...others] = built.toSorted((a, b) => age(b) - age(a));
  if (newest === undefined) return [];
  const stale = others.filter((preset) => readGlue(preset) !== readGlue(newest));
  if (stale.length) leaveOut(stale, `built from other sources than ${newest}`);
  return built.filter((preset) => !stale.includes(preset));
}

/** What subset builds need to know of a binary (js/src/subset): where the linker put each object, the list of operators among them. */
function writeSubsetData(preset) {
  const map = readFileSync(wasmFile(preset).replace(/\.wasm$/, '.map'), 'utf8');
  const objects = [];
  const kept = [];
  let makers;
  for (const line of map.split('\n')) {
    // "address  offset  size  file:(.section)", all but the last in hexadecimal; other lines name the symbols within.
    const [, address, size, place] = /^ +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +(\S.*)$/.exec(line) ?? [];
    if (place === undefined || !/:\(\.(rodata|data|bss|tdata|tbss)/.test(place) || size === '0') continue;
    objects.push([Number.parseInt(address, 16), Number.parseInt(size, 16)]);
    if (place.includes('op_makers')) makers = objects.at(-1)[0];
    if (/:\(\.t(data|bss)/.test(place)) kept.push(objects.at(-1)[0]);
  }
  if (makers === undefined) throw new Error(`${preset}: the list of operators is not in the linker's map`);
  objects.sort(([a], [b]) => a - b);
  mkdirSync(`${dist}subset`, {recursive: true});
  writeFileSync(`${dist}subset/${preset.replace('wasm-', 'webinfer-')}.json`, JSON.stringify({makers, objects, kept}));
}

/** Copies the .wasm files of the builds to ship, and gives the glue that goes with them. */
function ship(built) {
  const shipped = current(built);
  for (const preset of shipped) {
    copyFileSync(wasmFile(preset), `${dist}${preset.replace('wasm-', 'webinfer-')}.wasm`);
    writeSubsetData(preset);
  }
  return shipped[0] ? readGlue(shipped[0]) : LEFT_OUT;
}

function shipImageCodecs() {
  const codecs = ['basic', 'jpeg', 'jpeg2000', 'png', 'tiff', 'webp'].map((kind) => `webinfer-codec-${kind}.wasm`);
  const fileOf = (name) => `${root}build/wasm-simd/wasm/${name}`;
  const missing = codecs.filter((name) => !existsSync(fileOf(name)));
  if (missing.length) leaveOut(missing, 'not built');
  for (const name of codecs) if (!missing.includes(name)) copyFileSync(fileOf(name), `${dist}${name}`);
}

/** Puts the glue where js/src/engine imports it: into each bundle, so that a page loads one script. */
function gluePlugin(glue) {
  return {
    name: 'glue',
    setup({onResolve, onLoad}) {
      onResolve({filter: /\/glue(-threads)?\.mjs$/}, ({path}) => ({path: path.split('/').at(-1), namespace: 'glue'}));
      onLoad({filter: /.*/, namespace: 'glue'}, ({path}) => ({contents: glue[path], loader: 'js'}));
    },
  };
}

function bundle(entry, outfile, options = {}) {
  const {minify = true, ...rest} = options;
  return build({
    entryPoints: [`${root}js/src/${entry}`],
    outfile: `${dist}${outfile}`,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify,
    keepNames: minify,
    legalComments: 'none',
    define: defines,
    plugins: [gluePlugin(glue)],
    logLevel: 'warning',
    ...rest,
  });
}

/** Lets the command line use the package as it is shipped, instead of a second copy of it. */
const packagePlugin = {
  name: 'package',
  setup({onResolve}) {
    onResolve({filter: /\/node\.js$/}, () => ({path: '../webinfer.node.mjs', external: true}));
  },
};

/** The command line: its commands are loaded when they are asked for. */
function bundleCommands() {
  return build({
    entryPoints: {webinfer: `${root}js/src/node/cli.ts`},
    outdir: `${dist}cli`,
    outExtension: {'.js': '.mjs'},
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    packages: 'external',
    legalComments: 'none',
    plugins: [packagePlugin],
    logLevel: 'warning',
  });
}

/** The names that the package exports, so that `import {…}` of the CommonJS build is static. */
function writeNodeModule(names) {
  const lines = [
    `// The CommonJS build under the name that import asks for: one copy of the state, however it is loaded.`,
    `import webinfer from './webinfer.node.cjs';`,
    `export const {${names.join(', ')}} = webinfer;`,
    `export default webinfer;`,
    '',
  ];
  writeFileSync(`${dist}webinfer.node.mjs`, lines.join('\n'));
}

if (presets.length < ALL.length)
  leaveOut(
    ALL.filter((preset) => !presets.includes(preset)),
    'not built',
  );
rmSync(dist, {recursive: true, force: true});
mkdirSync(dist);
const glue = {
  'glue.mjs': ship(presets.filter((preset) => !preset.endsWith('-threads'))),
  'glue-threads.mjs': ship(presets.filter((preset) => preset.endsWith('-threads'))),
};

// What plans of each variant are good for: the code of the engine.
const builds = Object.fromEntries(
  presets
    .map((preset) => preset.replace('wasm-', ''))
    .filter((variant) => existsSync(`${dist}webinfer-${variant}.wasm`))
    .map((variant) => [
      variant,
      createHash('sha256')
        .update(readFileSync(`${dist}webinfer-${variant}.wasm`))
        .digest('hex')
        .slice(0, 16),
    ]),
);
const defines = {__WEBINFER_VERSION__: JSON.stringify(version), __WEBINFER_BUILDS__: JSON.stringify(builds)};
shipImageCodecs();

// Not minified: Node prints the source line of an error that nobody caught.
const node = {platform: 'node', packages: 'external', minify: false};
const metaUrl = {
  banner: {js: `const importMetaUrl = require('node:url').pathToFileURL(__filename).href;`},
  define: {...defines, 'import.meta.url': 'importMetaUrl'},
};
const [entry] = await Promise.all([
  bundle('browser.ts', 'webinfer.mjs', {metafile: true}),
  bundle('worker/browser.ts', 'worker.mjs'),
  bundle('worker/thread.ts', 'thread.mjs'),
  bundle('node.ts', 'webinfer.node.cjs', {...node, ...metaUrl, format: 'cjs'}),
  bundle('node/worker.ts', 'worker.node.mjs', node),
  bundle('node/thread.ts', 'thread.node.mjs', node),
  bundleCommands(),
]);
const {exports} = Object.values(entry.metafile.outputs).find(({entryPoint}) => entryPoint);
writeNodeModule(exports.filter((name) => name !== 'default'));
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}js/tsconfig.json`], {
  stdio: 'inherit',
});
