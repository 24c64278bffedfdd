// The worker's side: makes the engine it is told to, and answers calls to it one by one.
import {env} from '../api/env.js';
import {errorToData, WebInferError} from '../api/errors.js';
import {EngineInstance} from '../engine/instance.js';
import {LocalEngine} from '../engine/local.js';
import type {ValueData} from '../engine/values.js';
import type {CallMessage, FromWorker, InitMessage, ToWorker} from './protocol.js';

export type Post = (message: FromWorker, transfer: Transferable[]) => void;

/** Gives the function that takes each message of the page; `post` sends the answers. */
export function createHost(post: Post): (message: ToWorker) => void {
  let engine: LocalEngine | undefined;
  const running = new Map<number, AbortController>();

  async function init({options, logLevel}: InitMessage): Promise<void> {
    env.logLevel = logLevel as typeof env.logLevel;
    engine = new LocalEngine(await EngineInstance.create(options));
  }

  async function invoke({call, name, args, abortable}: CallMessage): Promise<unknown> {
    if (!engine) throw new WebInferError('Internal', 'The worker has no engine');
    if (!abortable) return (engine[name] as (...args: unknown[]) => unknown)(...args);
    const controller = new AbortController();
    running.set(call, controller);
    try {
      return await engine.run(args[0] as Parameters<LocalEngine['run']>[0], controller.signal);
    } finally {
      running.delete(call);
    }
  }

  return (message) => {
    if (message.kind === 'abort') {
      running.get(message.call)?.abort();
      return;
    }
    const {call} = message;
    (message.kind === 'init' ? init(message) : invoke(message)).then(
      (result) => post({call, result}, buffersOf(result)),
      (error) => post({call, error: errorToData(error)}, []),
    );
  };
}

/** The buffers of results: fresh copies, so they are handed over rather than copied once more. */
function buffersOf(result: unknown): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  const visit = (value: ValueData | null) => {
    if (!value || typeof value !== 'object') return;
    if ('bytes' in value && ArrayBuffer.isView(value.bytes)) buffers.push(value.bytes.buffer as ArrayBuffer);
    if (value.kind === 'tensor' && ArrayBuffer.isView(value.data)) buffers.push(value.data.buffer as ArrayBuffer);
    else if (value.kind === 'sequence') value.elements.forEach(visit);
    else if (value.kind === 'optional') visit(value.value);
    else if (value.kind === 'map') [value.keys, value.values].forEach(visit);
  };
  for (const value of Array.isArray(result) ? result : [result]) visit(value as ValueData);
  return buffers;
}
