// Models of the page: fetched once with progress, one session each for as long as the page lives.
import {loadRuntime, pageLibrary, type Runtime, type Session} from './runtime.ts';

export type OnProgress = (label: string, fraction?: number) => void;

const sessions = new Map<string, Promise<Session>>();

/** The bytes at `url`, reporting how far the download is. */
export async function download(url: string, label: string, onProgress: OnProgress): Promise<Uint8Array> {
  const response = await fetch(url).catch(() => {
    throw new Error(`${url} cannot be fetched. Is the server still running?`);
  });
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status} ${response.statusText}.`);
  const total = Number(response.headers.get('content-length')) || undefined;
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    length += piece.value.length;
    onProgress(`Downloading ${label}`, total && length / total);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The library and sessions of the named files, as {key: session}. */
export async function openModels<K extends string>(
  files: Record<K, string>,
  onProgress: OnProgress,
): Promise<{runtime: Runtime; models: Record<K, Session>}> {
  onProgress(`Loading ${pageLibrary}`);
  const runtime = await loadRuntime(pageLibrary);
  const models = {} as Record<K, Session>;
  for (const [key, file] of Object.entries(files) as [K, string][]) {
    let opening = sessions.get(file);
    if (!opening) {
      opening = download(`models/${file}`, file, onProgress).then((bytes) => {
        onProgress(`Preparing ${file}`);
        return runtime.InferenceSession.create(bytes);
      });
      opening.catch(() => sessions.delete(file));
      sessions.set(file, opening);
    }
    models[key] = await opening;
  }
  return {runtime, models};
}

/** Lets the page paint during long loops. */
export const breathe = () => new Promise<void>((resolve) => setTimeout(resolve));
