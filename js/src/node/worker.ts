// The worker that a session runs in under Node.
import {parentPort} from 'node:worker_threads';
import {installPlatform} from '../loader/platform.js';
import {createHost} from '../worker/host.js';
import {nodePlatform} from './platform.js';

if (parentPort) {
  const port = parentPort;
  installPlatform(nodePlatform);
  const host = createHost((message, transfer) => port.postMessage(message, transfer as never));
  port.on('message', host);
}
