// Messages between a WorkerEngine and the host of its engine in the worker: calls by number, and their answers.
import type {ErrorData} from '../api/errors.js';
import type {EngineClient} from '../engine/client.js';
import type {InstanceOptions} from '../engine/instance.js';

/** Methods that a call may name. */
export type CallName = Exclude<keyof EngineClient, 'remote' | 'dispose'>;

export interface InitMessage {
  kind: 'init';
  call: number;
  options: InstanceOptions;
  /** What the worker's env.logLevel should be. */
  logLevel: string | undefined;
}

export interface CallMessage {
  kind: 'call';
  call: number;
  name: CallName;
  args: unknown[];
  /** The run may be aborted: cut it into slices. */
  abortable?: boolean;
}

export interface AbortMessage {
  kind: 'abort';
  call: number;
}

export type ToWorker = InitMessage | CallMessage | AbortMessage;

export interface FromWorker {
  call: number;
  result?: unknown;
  error?: ErrorData;
}
