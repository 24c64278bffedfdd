// onnxruntime-common's tracing hooks: marks in the browser's performance panel while env.trace is on.
import {env} from './env.js';

function on(): boolean {
  return env.trace === undefined ? Boolean(env.wasm.trace) : env.trace;
}

export function TRACE(deviceType: string, label: string): void {
  if (on()) console.timeStamp(`${deviceType}::ORT::${label}`);
}

function traceFunction(what: string, extra?: string): void {
  if (!on()) return;
  const caller = new Error().stack?.split('\n')[3]?.trim().split(' ')[1] ?? 'anonymous';
  TRACE('CPU', `FUNC_${what}::${caller}${extra ? `::${extra}` : ''}`);
}

export function TRACE_FUNC_BEGIN(extra?: string): void {
  traceFunction('BEGIN', extra);
}

export function TRACE_FUNC_END(extra?: string): void {
  traceFunction('END', extra);
}

export function TRACE_EVENT_BEGIN(extra?: string): void {
  if (on()) console.time(`ORT::${extra}`);
}

export function TRACE_EVENT_END(extra?: string): void {
  if (on()) console.timeEnd(`ORT::${extra}`);
}
