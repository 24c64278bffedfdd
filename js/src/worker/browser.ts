// The worker that a session of a page runs in.
import {browserPlatform} from '../browser-platform.js';
import {installPlatform} from '../loader/platform.js';
import {createHost} from './host.js';
import type {ToWorker} from './protocol.js';

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

installPlatform(browserPlatform);
const host = createHost((message, transfer) => scope.postMessage(message, transfer));
scope.onmessage = ({data}: MessageEvent<ToWorker>) => host(data);
