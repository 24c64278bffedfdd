// `webinfer convert`: a model as ONNX again, streamed to the file that is asked for.
import {closeSync, openSync, renameSync, rmSync, statSync, writeSync} from 'node:fs';
import {basename, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {convert} from '../../node.js';
import {type Command, UsageError} from './command.js';

export const command: Command = {
  usage: `Usage: webinfer convert MODEL -o FILE [options]

Writes MODEL as ONNX of a recent operator set: old operators lifted, functions inlined.

  -o, --output FILE      where it goes
  --optimize             folded, simplified and fused as for a session, in ONNX's own operators
  --external-data NAME   weights go to NAME beside FILE; models of more than 2 GB need it`,
  async run(args) {
    const {values, positionals} = parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: {type: 'string', short: 'o'},
        optimize: {type: 'boolean', default: false},
        'external-data': {type: 'string'},
      },
    });
    const [model, ...rest] = positionals;
    const {output, optimize, 'external-data': external} = values;
    if (model === undefined || rest.length) throw new UsageError('expected one model');
    if (output === undefined) throw new UsageError('expected -o FILE');
    if (external !== undefined && (external === '' || basename(external) !== external)) {
      throw new UsageError('--external-data is the name of a file beside the output');
    }
    const file = new PartFile(output);
    const weights = external === undefined ? undefined : new PartFile(resolve(output, '..', external));
    try {
      await convert(model, {
        optimized: optimize,
        write: (piece) => file.write(piece),
        weights: weights && {path: external as string, write: (piece) => weights.write(piece)},
      });
    } catch (error) {
      file.drop();
      weights?.drop();
      throw error;
    }
    for (const written of [file, weights]) {
      if (written) console.log(`${written.path}: ${written.keep()} bytes`);
    }
  },
};

/** A file that gets its name when it is complete: a failure leaves no half of a model, and the model may be read from there. */
class PartFile {
  readonly path: string;
  readonly #part: string;
  readonly #file: number;

  constructor(path: string) {
    this.path = path;
    this.#part = `${path}.part`;
    this.#file = openSync(this.#part, 'w');
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(this.#file, bytes, at);
  }

  keep(): number {
    closeSync(this.#file);
    renameSync(this.#part, this.path);
    return statSync(this.path).size;
  }

  drop(): void {
    closeSync(this.#file);
    rmSync(this.#part);
  }
}
