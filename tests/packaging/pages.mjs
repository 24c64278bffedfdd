// A page without a bundler: nothing but an import map, in a real Chromium; also cross-origin isolated with threads, and under a
// Content-Security-Policy that allows nothing but the page's own scripts and WebAssembly.
import {serve} from '../browser/server.mjs';
import {Report} from '../report.mjs';
import {checkPage, closeBrowser, htmlWith, MAIN_JS} from './lib/page.mjs';
import {freshProject, MODEL} from './lib/project.mjs';

const report = new Report();
const IMPORT_MAP =
  '<script type="importmap">{"imports": {"webinfer": "/node_modules/webinfer/dist/webinfer.mjs"}}</script>';
const SCRIPT = '<script type="module" src="/main.js"></script>';
let project;
await report.test('installs', () => {
  project = freshProject('pages', [], {
    'main.js': MAIN_JS,
    'model.onnx': MODEL,
    'index.html': htmlWith(SCRIPT, IMPORT_MAP),
    // An import map is an inline script, which the policy forbids: the page imports by path instead.
    'csp/index.html': htmlWith('<script type="module" src="/csp/main.js"></script>'),
    'csp/main.js': MAIN_JS.replace("'webinfer'", "'/node_modules/webinfer/dist/webinfer.mjs'"),
    'csp/model.onnx': MODEL,
    'threads/index.html': htmlWith('<script type="module" src="/threads/main.js"></script>', IMPORT_MAP),
    'threads/main.js': MAIN_JS.replace('async function run', 'env.wasm.numThreads = 2;\nasync function run').replace(
      '{Inf',
      '{env, Inf',
    ),
    'threads/model.onnx': MODEL,
  });
});

const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:";

async function check(path, options) {
  const {origin, close} = await serve({'/': project}, options);
  try {
    return await checkPage(`${origin}/${path}`, {threads: options.isolated});
  } finally {
    close();
  }
}

if (project) {
  await report.test('import map', () => check('', {isolated: false}));
  await report.test('import map, isolated', () => check('', {isolated: true}));
  await report.test('two threads', () => check('threads/', {isolated: true}));
  await report.test('strict policy', () => check('csp/', {isolated: false, csp: CSP}));
  await report.test('strict policy, isolated', () => check('csp/', {isolated: true, csp: CSP}));
}
await closeBrowser();
report.finish();
