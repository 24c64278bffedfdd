// Fresh projects that use webinfer as it is packed: a temporary folder, the tarball installed by npm, a tiny model.
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {encodeModel} from '../../../bench/models/onnx-writer.mjs';
import {Skip} from '../../report.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folders = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, {recursive: true, force: true});
});

let tarball;

/** `npm pack`, once a process. */
export function pack() {
  if (!existsSync(`${root}dist/webinfer.mjs`)) throw new Skip('dist/ is missing: run script/build');
  if (!tarball) {
    const folder = temporaryFolder('pack');
    const name = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {cwd: root, encoding: 'utf8'});
    tarball = join(folder, name.trim());
  }
  return tarball;
}

export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `webinfer-${name}-`));
  folders.push(folder);
  return folder;
}

/** A folder with the package and `packages` installed, and `files` written. */
export function freshProject(name, packages = [], files = {}) {
  const folder = temporaryFolder(name);
  writeFiles(folder, {'package.json': '{"private": true, "type": "module"}', ...files});
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  execFileSync('npm', ['install', ...options, pack(), ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return folder;
}

export function writeFiles(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), {recursive: true});
    writeFileSync(file, content);
  }
}

/** y = relu(x · [[1, -1], [2, 0], [0, 1]] + [0, 1]), with x of shape [N, 3]. */
export const MODEL = encodeModel(
  {
    name: 'tiny',
    nodes: [
      {name: 'product', op: 'MatMul', inputs: ['x', 'w'], outputs: ['p'], attributes: {}},
      {name: 'sum', op: 'Add', inputs: ['p', 'b'], outputs: ['s'], attributes: {}},
      {name: 'relu', op: 'Relu', inputs: ['s'], outputs: ['y'], attributes: {}},
    ],
    initializers: [
      {name: 'w', type: 'float32', dims: [3, 2], data: Float32Array.of(1, -1, 2, 0, 0, 1)},
      {name: 'b', type: 'float32', dims: [2], data: Float32Array.of(0, 1)},
    ],
    inputs: [{name: 'x', type: 'float32', dims: ['N', 3]}],
    outputs: [{name: 'y', type: 'float32', dims: ['N', 2]}],
  },
  17,
);
export const INPUT = [1, 2, 3, -4, 0.5, 0];
export const EXPECTED = [5, 3, 0, 5];
