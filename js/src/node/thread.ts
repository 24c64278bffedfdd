// A thread of the engine under Node: gives the glue the globals that it knows from a browser's worker, then runs it.
import {parentPort} from 'node:worker_threads';
import type {GlueOptions} from '../engine/glue.js';
import {createEngine} from '../engine/glue-threads.mjs';

if (parentPort) {
  const port = parentPort;
  const scope = globalThis as Record<string, unknown>;
  // importScripts tells the glue that this is a worker, the name that it is a thread.
  Object.assign(scope, {
    self: scope,
    location: {href: import.meta.url},
    name: 'em-pthread',
    importScripts: () => {},
    postMessage: (data: unknown) => port.postMessage(data),
  });
  createEngine({} as GlueOptions);
  port.on('message', (data) => (scope.onmessage as (event: {data: unknown}) => void)({data}));
}
