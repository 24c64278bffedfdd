// Operators that an application brings along: written in JavaScript, called by sessions whose models use them.
import {DISPOSE} from './dispose.js';
import {WebInferError} from './errors.js';
import type {Tensor} from './tensor.js';

/** What is known of a value before it is there. */
export interface OperatorValue {
  type: Tensor.Type;
  /** Sizes; null where one is not known, or in place of all if not even their number is. */
  dims: readonly (number | null)[] | null;
}

/** An attribute as a plain value; integers beyond 2^53 lose digits. Graphs are left out. */
export type OperatorAttribute = number | string | readonly number[] | readonly string[] | Tensor;

export interface OperatorContext {
  readonly domain: string;
  readonly name: string;
  /** The node's name in the model. */
  readonly node: string;
  readonly attributes: Readonly<Record<string, OperatorAttribute>>;
  /** How many outputs the node has; one that nothing reads may be left out. */
  readonly outputCount: number;
}

/** One output, or all of them in order; null for one that is not given. */
export type OperatorResult = Tensor | readonly (Tensor | null)[];

export interface CustomOperator {
  /** The domain that the model imports, say 'com.example'; '' is ai.onnx. */
  domain: string;
  name: string;
  /**
   * Types and sizes of the outputs, from those of the inputs (null for an optional one that is left out). Called when a
   * session is made, when sizes may be unknown, and for each new set of input shapes. Where sizes depend on elements, give null for
   * them: the result of `run` then decides. Without this function outputs have the first input's type and any shape.
   */
  inferShapes?(
    inputs: readonly (OperatorValue | null)[],
    context: OperatorContext,
  ): OperatorValue | readonly (OperatorValue | null)[];
  /**
   * Computes the outputs. Inputs are views of the engine's memory (strings are copies): read them before `run` returns, and before
   * the first `await` if it is asynchronous. An asynchronous operator needs session.run(), and cannot stand in a body of If, Loop or
   * Scan.
   */
  run(inputs: readonly (Tensor | null)[], context: OperatorContext): OperatorResult | Promise<OperatorResult>;
}

/** A registration. Ending it changes nothing for sessions that have been created. */
export interface RegisteredOperator {
  unregister(): void;
  dispose(): void;
}

const operators = new Map<number, CustomOperator>();
let last = 0;

/**
 * Makes `operator` known to all sessions that are created on this thread from now on; it goes before an operator of webinfer of the
 * same name. While any is registered, sessions are not put into workers by themselves.
 */
export function registerOperator(operator: CustomOperator): RegisteredOperator & {[Symbol.dispose](): void} {
  const {domain, name, inferShapes, run} = operator ?? {};
  const wrong =
    typeof domain !== 'string'
      ? 'domain'
      : typeof name !== 'string' || name === ''
        ? 'name'
        : inferShapes !== undefined && typeof inferShapes !== 'function'
          ? 'inferShapes'
          : typeof run !== 'function'
            ? 'run'
            : undefined;
  if (wrong) {
    throw new WebInferError('InvalidArgument', `The operator's "${wrong}" is not valid`, {
      expected: '{domain: string, name: string, inferShapes?: function, run: function}',
    });
  }
  if ([...operators.values()].some((other) => other.domain === domain && other.name === name)) {
    throw new WebInferError('InvalidArgument', `The operator ${domain || 'ai.onnx'}.${name} is registered already`, {
      hint: 'Unregister the other one first.',
    });
  }
  const id = ++last;
  operators.set(id, operator);
  const unregister = () => {
    operators.delete(id);
  };
  return {unregister, dispose: unregister, [DISPOSE]: unregister} as ReturnType<typeof registerOperator>;
}

/** Those that new sessions get, by number. */
export function registeredOperators(): ReadonlyMap<number, CustomOperator> {
  return operators;
}
