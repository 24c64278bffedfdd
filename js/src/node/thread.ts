// A thread of the engine under Node: gives the glue the globals that it knows from a browser's worker, then runs it.
import {parentPort} from 'node:worker_threads';

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
  const waiting: unknown[] = [];
  let take = (data: unknown): void => {
    waiting.push(data);
  };
  port.on('message', (data) => take(data));
  await import('../engine/glue-threads.mjs');
  take = (data) => (scope.onmessage as (event: {data: unknown}) => void)({data});
  for (const data of waiting.splice(0)) take(data);
}
