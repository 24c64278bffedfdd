// One measurement is one process: a V8 may leave a hot function in baseline code for the whole life of a process.
import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';

const SCRIPT = fileURLToPath(new URL('measure.mjs', import.meta.url));

/** What measure.mjs prints for these options ({library, model, 'warm-ms', ...}), or {error}. */
export function measureInProcess(options) {
  const args = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, `${value}`],
  );
  const child = spawnSync(process.execPath, [SCRIPT, ...args], {encoding: 'utf8'});
  if (child.status !== 0) return {error: errorOf(child)};
  return JSON.parse(child.stdout.trim().split('\n').at(-1));
}

/** The line of a failed process that says why. */
function errorOf({stderr, signal}) {
  const lines = stderr.trim().split('\n');
  return lines.find((line) => /\w*Error\b.*:/.test(line)) ?? lines.at(-1) ?? String(signal);
}
