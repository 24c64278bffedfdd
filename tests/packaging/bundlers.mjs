// Fresh projects of Vite (dev and build), webpack 5 and esbuild, with no configuration of their own for webinfer but what the
// README says, in a real Chromium.
import {execFileSync} from 'node:child_process';
import {copyFileSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {serve} from '../browser/server.mjs';
import {Report} from '../report.mjs';
import {checkPage, closeBrowser, htmlWith, MAIN_JS} from './lib/page.mjs';
import {freshProject, MODEL, temporaryFolder, writeFiles} from './lib/project.mjs';

const report = new Report();
const PACKAGES = ['vite@8.3.8', 'webpack@5.112.2', 'webpack-cli@7.3.1', 'esbuild@0.28.2'];
const MODULE_PAGE = htmlWith('<script type="module" src="./main.js"></script>');
let project;
await report.test('installs', () => {
  project = freshProject('bundlers', PACKAGES, {
    'index.html': htmlWith('<script type="module" src="/main.js"></script>'),
    'main.js': MAIN_JS,
    'public/model.onnx': MODEL,
  });
});

const bin = (name) => join(project, 'node_modules/.bin', name);

/** Serves `folder`, plain and then isolated, and checks the page in both. */
async function checkFolder(folder) {
  const variants = [];
  for (const isolated of [false, true]) {
    const {origin, close} = await serve({'/': folder}, {isolated});
    try {
      variants.push(await checkPage(`${origin}/`, {threads: isolated}));
    } finally {
      close();
    }
  }
  return variants.join(', ');
}

if (project) {
  await report.test('vite dev', async () => {
    const {createServer} = await import(pathToFileURL(createRequire(join(project, 'x.js')).resolve('vite')).href);
    const server = await createServer({root: project, logLevel: 'error', server: {port: 0, host: '127.0.0.1'}});
    await server.listen();
    try {
      return await checkPage(server.resolvedUrls.local[0]);
    } finally {
      await server.close();
    }
  });

  await report.test('vite build', async () => {
    execFileSync(bin('vite'), ['build', '--logLevel', 'error'], {cwd: project, stdio: 'inherit'});
    return checkFolder(join(project, 'dist'));
  });

  await report.test('webpack', async () => {
    const out = temporaryFolder('webpack');
    execFileSync(bin('webpack'), ['--mode', 'production', '--entry', './main.js', '--output-path', out], {
      cwd: project,
    });
    writeFiles(out, {'index.html': htmlWith('<script src="./main.js"></script>'), 'model.onnx': MODEL});
    return checkFolder(out);
  });

  await report.test('esbuild', async () => {
    const out = temporaryFolder('esbuild');
    execFileSync(bin('esbuild'), ['main.js', '--bundle', '--format=esm', `--outfile=${out}/main.js`], {cwd: project});
    const built = join(project, 'node_modules/webinfer/dist');
    const besides = readdirSync(built).filter((name) => /\.wasm$|^(worker|thread)\.mjs$/.test(name));
    for (const name of besides) copyFileSync(join(built, name), join(out, name));
    writeFiles(out, {'index.html': MODULE_PAGE, 'model.onnx': MODEL});
    return checkFolder(out);
  });
}
await closeBrowser();
report.finish();
