// The one class that everything webinfer reports is thrown as, with fields a program can act on. See docs/errors.md.
import type {MissingOperator} from '../engine/glue.js';

/**
 * What kind of failure it is. The engine's own codes come first (src/base/status.h), those of the host after them.
 */
export type WebInferErrorCode =
  | 'InvalidModel'
  | 'Unsupported'
  | 'InvalidArgument'
  | 'ShapeMismatch'
  | 'TypeMismatch'
  | 'OutOfRange'
  | 'OutOfMemory'
  | 'Aborted'
  | 'Internal'
  /** A file could not be had: network, 404, wrong content. */
  | 'LoadFailed'
  /** The host lacks what is needed: SIMD, threads, a worker, a GPU. */
  | 'HostUnsupported'
  /** A custom operator threw; what it threw is the cause. */
  | 'OperatorFailed'
  /** The session or tensor has been released. */
  | 'Released'
  /** The WebAssembly instance trapped and is gone; other sessions are unharmed. */
  | 'Crashed';

/** The details of a failure; all but `code` and `message` may be absent. */
export interface ErrorDetails {
  /** The operator, with domain and version where they matter. */
  op?: string;
  /** The node of the graph. */
  node?: string;
  expected?: string;
  actual?: string;
  /** What to do about it. */
  hint?: string;
  /** All operators of the model that this build does not have. */
  missing?: readonly MissingOperator[];
  cause?: unknown;
}

/** Thrown, or the reason of a rejected promise, for everything that goes wrong in webinfer. */
export class WebInferError extends Error {
  override readonly name = 'WebInferError';
  readonly code: WebInferErrorCode;
  declare readonly op?: string;
  declare readonly node?: string;
  declare readonly expected?: string;
  declare readonly actual?: string;
  declare readonly hint?: string;
  declare readonly missing?: readonly MissingOperator[];

  constructor(code: WebInferErrorCode, message: string, details: ErrorDetails = {}) {
    super(sentence(message, details), details.cause === undefined ? undefined : {cause: details.cause});
    this.code = code;
    for (const key of ['op', 'node', 'expected', 'actual', 'hint', 'missing'] as const) {
      const value = details[key];
      if (value !== undefined && value !== '') Object.assign(this, {[key]: value});
    }
  }
}

/** The operators that are missing, in one sentence. */
export function missingText(missing: readonly MissingOperator[]): string {
  const list = missing.map(({domain, name, opset, nodes, types}) => {
    const names = nodes.map((node) => `"${node}"`).join(', ');
    const inputs = types.length ? `; inputs ${types.map((type) => type || '?').join(', ')}` : '';
    return `${domain}.${name} (opset ${opset}, ${nodes.length === 1 ? 'node' : `${nodes.length} nodes:`} ${names}${inputs})`;
  });
  return `${missing.length === 1 ? '1 operator is' : `${missing.length} operators are`} missing: ${list.join(', ')}`;
}

function sentence(message: string, {op, node, expected, actual, hint, missing}: ErrorDetails): string {
  let text = message;
  const where = [op && `operator ${op}`, node && `node "${node}"`].filter(Boolean).join(', ');
  if (where && !missing) text += ` (${where})`;
  if (expected || actual) {
    text += `: ${[expected && `expected ${expected}`, actual && `got ${actual}`].filter(Boolean).join(', ')}`;
  }
  if (hint) text += `${/[.!?]$/.test(text) ? '' : '.'} ${hint}`;
  return text;
}

/** A WebInferError as plain data, for postMessage: structured clone drops the fields of errors. */
export interface ErrorData extends ErrorDetails {
  code: WebInferErrorCode;
  message: string;
  /** True if `message` already holds the details. */
  complete: boolean;
}

/** Plain data of any thrown value. */
export function errorToData(error: unknown): ErrorData {
  if (error instanceof WebInferError) {
    const {code, message, op, node, expected, actual, hint, missing} = error;
    return {code, message, op, node, expected, actual, hint, missing, complete: true};
  }
  return {code: 'Internal', message: String((error as Error)?.message ?? error), complete: true};
}

/** The error that `errorToData` was given. */
export function errorFromData(data: ErrorData): WebInferError {
  const error = new WebInferError(data.code, data.message, data);
  if (data.complete) error.message = data.message;
  return error;
}

/** The reason a run or a create rejects with when `signal` says stop. */
export function abortError(signal: AbortSignal): unknown {
  return signal.reason ?? new WebInferError('Aborted', 'The operation was aborted');
}
