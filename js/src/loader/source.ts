// Whatever a user may give as a model or a data file, as a ByteSource; and errors in words when it is not what it should be.
import {WebInferError} from '../api/errors.js';
import {type ByteSource, platform} from './platform.js';

/** A file: its address, its bytes, or anything that yields them. */
export type FileSource =
  | string
  | URL
  | ArrayBufferLike
  | ArrayBufferView
  | Blob
  | Response
  | ReadableStream<Uint8Array>;

/** Bytes handed over at once: large enough to cost little, small enough to let other events in between. */
const PIECE = 1 << 20;

/** A ByteSource of `file`, which may be one already. `what` names it in messages. */
export async function openSource(
  file: FileSource | ByteSource,
  what: string,
  signal?: AbortSignal,
): Promise<ByteSource> {
  if (typeof file === 'object' && 'chunks' in file) return file;
  if (typeof file === 'string') return platform().open(file, signal);
  if (file instanceof URL) return platform().open(file.href, signal);
  if (ArrayBuffer.isView(file)) return fromBytes(new Uint8Array(file.buffer, file.byteOffset, file.byteLength), what);
  if (file instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && file instanceof SharedArrayBuffer)) {
    return fromBytes(new Uint8Array(file), what);
  }
  if (typeof Blob !== 'undefined' && file instanceof Blob) {
    return {name: (file as File).name ?? what, size: file.size, chunks: () => streamPieces(file.stream())};
  }
  if (typeof Response !== 'undefined' && file instanceof Response) return fromResponse(file, what);
  if (typeof ReadableStream !== 'undefined' && file instanceof ReadableStream) {
    return {name: what, chunks: () => streamPieces(file as ReadableStream<Uint8Array>)};
  }
  throw new TypeError(
    `${what} must be a path or URL, an ArrayBuffer, a typed array, a Blob, a Response or a ReadableStream.`,
  );
}

/** `source`, read once and then kept, so that it can be read again. */
export function keepSource(source: ByteSource): ByteSource {
  if (source.bytes) return source;
  const pieces: Uint8Array[] = [];
  let read = false;
  return {
    ...source,
    whole: undefined,
    async *chunks(signal) {
      if (!read) for await (const piece of source.chunks(signal)) pieces.push(piece.slice());
      read = true;
      yield* pieces;
    },
    cancel: () => {
      if (!read) source.cancel?.();
    },
  };
}

export function fromBytes(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    bytes,
    async *chunks() {
      for (let at = 0; at < bytes.byteLength; at += PIECE) yield bytes.subarray(at, at + PIECE);
    },
  };
}

/** Fetches `url`; failures say what to look at. */
export async function fetchSource(url: string, signal?: AbortSignal): Promise<ByteSource> {
  let response: Response;
  try {
    response = await fetch(url, {signal});
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new WebInferError('LoadFailed', `${url} could not be fetched`, {
      cause,
      hint: 'Check the address and the network; another origin must allow this page (CORS), and a Content-Security-Policy must list it in connect-src.',
    });
  }
  return fromResponse(response, url);
}

async function fromResponse(response: Response, what: string): Promise<ByteSource> {
  const name = response.url || what;
  checkResponse(response, name);
  if (response.bodyUsed || !response.body) {
    throw new WebInferError('InvalidArgument', `The response of ${name} has no body left to read`, {
      hint: 'A Response can be read once: give a fresh one, or a clone().',
    });
  }
  // content-length counts the bytes on the wire, which are fewer when the body is compressed.
  const plain = !response.headers.get('content-encoding');
  const size = plain ? Number(response.headers.get('content-length')) || undefined : undefined;
  const body = response.body;
  return {
    name,
    size,
    identity: identityOf(response),
    chunks: () => streamPieces(body),
    whole: async () => new Uint8Array(await response.arrayBuffer()),
    cancel: () => void body.cancel().catch(() => {}),
  };
}

/** What tells one version of the file at an address from another: the server's validators. */
function identityOf({url, headers}: Response): string | undefined {
  const validator = headers.get('etag') ?? headers.get('last-modified');
  return url && validator ? `${url} ${validator} ${headers.get('content-length') ?? ''}` : undefined;
}

/** Throws if `response` is an error page rather than a file. */
export function checkResponse(response: Response, name: string): void {
  if (!response.ok) {
    throw new WebInferError('LoadFailed', `${name} could not be fetched`, {
      actual: `HTTP ${response.status} ${response.statusText}`.trim(),
      hint:
        response.status === 404
          ? 'There is no such file on the server: check the path, and that the build copies the file.'
          : undefined,
    });
  }
  if (/^text\/html/i.test(response.headers.get('content-type') ?? '')) throw htmlError(name);
}

export function htmlError(name: string): WebInferError {
  return new WebInferError('LoadFailed', `${name} is a web page, not a file`, {
    actual: 'HTML',
    hint: 'The server answers unknown paths with its index page: check the path, and that the build copies the file.',
  });
}

/** Says what `head`, the first bytes of a model file, is if it is known not to be a model. */
export function checkModelStart(head: Uint8Array, name: string): void {
  const text = new TextDecoder('latin1').decode(head.slice(0, 64)).trimStart().toLowerCase();
  if (text.startsWith('<!doctype html') || text.startsWith('<html')) throw htmlError(name);
  if (text.startsWith('version https://git-lfs')) {
    throw new WebInferError('LoadFailed', `${name} is a Git LFS pointer, not the model`, {
      hint: 'Run `git lfs pull`, or download the file itself.',
    });
  }
}

async function* streamPieces(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  const reader = stream.getReader();
  let finished = false;
  try {
    for (;;) {
      const {done, value} = await reader.read();
      if (done) break;
      for (let at = 0; at < value.byteLength; at += PIECE) yield value.subarray(at, at + PIECE);
    }
    finished = true;
  } finally {
    if (!finished) await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}
