// Models from any source to ONNX files again: as they are, or with what the passes make of them.

import type {FileSource} from '../loader/source.js';
import {type ModelOptions, readModel} from './create-session.js';
import {WebInferError} from './errors.js';
import type {OnnxModelOptions} from './session-options.js';

/** A file of its own for the weights; models of more than 2 GB need one. */
export interface WeightsFile {
  /** Its name, as the model refers to it. */
  path: string;
  /** Smaller weights stay in the model; default 1024. */
  minimumBytes?: number;
  /** Takes the file piece by piece. */
  write(piece: Uint8Array<ArrayBuffer>): void;
}

export interface ConvertOptions extends OnnxModelOptions {
  /** Folded, simplified and fused as for a session, in ONNX's own operators; needs all operators of the model. */
  optimized?: boolean;
  weights?: WeightsFile;
  /** Takes the model piece by piece, in place of the returned array. */
  write?(piece: Uint8Array<ArrayBuffer>): void;
  signal?: AbortSignal;
}

const LEAST_EXTERNAL_BYTES = 1024;

/**
 * Writes `model` as ONNX of a recent operator set: old operators lifted, functions inlined, the rest as it was. Gives the file;
 * an empty array if `write` takes it.
 */
export function convert(model: FileSource, options: ConvertOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  return convertIn(model, options, {worker: false});
}

/** The same, in a place of `place`'s kind. */
export async function convertIn(
  model: FileSource,
  options: ConvertOptions,
  place: {worker: boolean},
): Promise<Uint8Array<ArrayBuffer>> {
  const {optimized = false, weights, write, externalData, signal} = options;
  if (weights && (typeof weights.path !== 'string' || weights.path === '' || typeof weights.write !== 'function')) {
    throw new WebInferError('InvalidArgument', 'The option "weights" is not valid', {
      expected: '{path: string, write: function}',
    });
  }
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const written = {
    optimized,
    location: weights?.path ?? '',
    leastBytes: weights?.minimumBytes ?? LEAST_EXTERNAL_BYTES,
  };
  await readModel(model, {externalData, signal} satisfies ModelOptions, place, async (client, number) => {
    await client.writeModel(number, written, (piece, isWeights) => {
      if (isWeights) weights?.write(piece);
      else if (write) write(piece);
      else pieces.push(piece);
    });
  });
  return joined(pieces);
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

/** Up to here the bytes of a model are kept for toOnnx(); larger ones only as long as the application keeps them itself. */
const KEPT_BYTES = 16 * 1024 * 1024;

/** What a session was made of, if it can be read once more. */
export class ModelOrigin {
  readonly #source: FileSource | WeakRef<object> | undefined;

  constructor(source: FileSource) {
    if (typeof Response !== 'undefined' && source instanceof Response) this.#source = source.url || undefined;
    else if (typeof ReadableStream !== 'undefined' && source instanceof ReadableStream) this.#source = undefined;
    else this.#source = bytesOf(source) > KEPT_BYTES ? new WeakRef(source as object) : source;
  }

  /** Throws in words if it is gone. */
  get source(): FileSource {
    const source = this.#source instanceof WeakRef ? (this.#source.deref() as FileSource | undefined) : this.#source;
    if (source === undefined || (typeof source !== 'string' && bytesOf(source) === 0)) {
      throw new WebInferError('InvalidArgument', 'The model of this session cannot be read again', {
        expected: 'a session of an address, a Blob, or bytes that still exist',
        actual: this.#source === undefined ? 'a stream' : 'bytes that the application has let go of',
        hint: 'Use convert() on the model, or keep a reference to its bytes.',
      });
    }
    return source;
  }
}

/** Bytes that `source` holds in this thread's memory; -1 for what holds none. */
function bytesOf(source: FileSource): number {
  const isBuffer =
    ArrayBuffer.isView(source) ||
    source instanceof ArrayBuffer ||
    (typeof SharedArrayBuffer !== 'undefined' && source instanceof SharedArrayBuffer);
  return isBuffer ? source.byteLength : -1;
}
