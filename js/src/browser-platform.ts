// Browsers: pages, workers, service workers, extensions, worklets. Nothing here touches a global before it is called.

import {createThread, createWorker, imageCodecUrl, wasmUrl} from './browser-files.js';
import {originStore} from './browser-plan-store.js';
import type {Platform, WorkerLike} from './loader/platform.js';
import {fetchSource} from './loader/source.js';

export const browserPlatform: Platform = {
  kind: 'browser',
  wasmUrl,
  imageCodecUrl,
  open: (url, signal) => fetchSource(absolute(url), signal),
  sibling(base, name) {
    return /^(https?|file|blob|data):/.test(base) && !/^(blob|data):/.test(base) ? new URL(name, base).href : undefined;
  },
  planStore: () => originStore(),
  createWorker: () => createWorker() as unknown as WorkerLike,
  createThread(failed) {
    const worker = createThread();
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      failed(event.message || 'thread.mjs could not be loaded');
    });
    // The glue's handler throws, which would be an uncaught error of the page.
    Object.defineProperty(worker, 'onerror', {set() {}});
    return worker as unknown as WorkerLike;
  },
  cores: () => globalThis.navigator?.hardwareConcurrency || 1,
  threadObstacle() {
    if (typeof SharedArrayBuffer === 'undefined' || !globalThis.crossOriginIsolated) {
      return 'The page is not cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.';
    }
    return typeof Worker === 'undefined' ? 'There are no workers here.' : undefined;
  },
  breathe,
};

function absolute(url: string): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  return base === undefined ? url : new URL(url, base).href;
}

/** A turn of the event loop; setTimeout would cost 4 ms each. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
