// Every model of parity tests and benchmarks: the real ones of models.json and the generated ones.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {GENERATED, generateModels} from '../../bench/models/generate.mjs';
import {generatedFolder, modelsFolder} from './folders.mjs';

/** {name: {path, inputs, symbols?, tolerance?, bytes?}} of the named models, by default all. Generated ones are made if missing. */
export function catalog(names) {
  const real = JSON.parse(readFileSync(new URL('models.json', import.meta.url), 'utf8')).models;
  const wanted = names ?? [...Object.keys(real), ...Object.keys(GENERATED)];
  const generated = generateModels(wanted.filter((name) => !real[name]));
  return Object.fromEntries(
    wanted.map((name) => {
      const model = real[name] ?? generated[name];
      return [name, {...model, path: join(real[name] ? modelsFolder : generatedFolder, model.file)}];
    }),
  );
}
