// The custom operators of one engine instance: puts them into its registry, and answers its calls (wasm/custom_operators.cc).
//
// Nothing is thrown into the engine. What an operator throws is kept until the failing call returns to JavaScript, where it
// becomes the cause of an error. An operator that returns a promise makes the run fail for the moment: LocalEngine waits for the
// promise and lets the run go on at the same node, which then finds its result here.
import {
  type CustomOperator,
  type OperatorAttribute,
  type OperatorContext,
  type OperatorResult,
  type OperatorValue,
  registeredOperators,
} from '../api/custom-operators.js';
import {
  arrayConstructor,
  arrayLength,
  type DataType,
  type NumericArray,
  TYPE_NAMES,
  TYPE_NUMBERS,
} from '../api/data-types.js';
import {WebInferError} from '../api/errors.js';
import {Tensor} from '../api/tensor.js';
import type {EngineModule, OperandFields, OperatorFailure, OperatorNode} from './glue.js';
import type {EngineInstance} from './instance.js';
import {readStringsAt} from './values.js';

const KIND_TENSOR = 0;

interface Waiting {
  node: number;
  promise: Promise<OperatorResult>;
}

export class CustomOperators {
  readonly #instance: EngineInstance;
  readonly #engine: EngineModule;
  readonly #installed = new Map<number, CustomOperator>();
  readonly #contexts = new Map<number, OperatorContext>();
  #failure: {reason: unknown} | undefined;
  #waiting: Waiting | undefined;
  #settled: {node: number; result?: OperatorResult; reason?: unknown} | undefined;

  constructor(instance: EngineInstance) {
    this.#instance = instance;
    this.#engine = instance.engine;
  }

  /** Brings the engine's registry up to date, for a session that is about to be created. */
  install(): void {
    const registered = registeredOperators();
    if (registered.size > 0 && this.#installed.size === 0) {
      this.#engine.setOperatorCallbacks({
        infer: (id, node, inputs) => this.#infer(id, node, inputs),
        run: (id, node, inputs, outputs) => this.#run(id, node, inputs, outputs),
      });
    }
    for (const [id, operator] of registered) {
      if (this.#installed.has(id)) continue;
      this.#installed.set(id, operator);
      this.#engine.addOperator(operator.domain, operator.name, id);
    }
    for (const id of this.#installed.keys()) {
      if (!registered.has(id)) this.#engine.hideOperator(id);
    }
    // A node's address may be that of one of a session that is gone.
    this.#contexts.clear();
  }

  /** What an operator threw during the call that has just failed. */
  takeFailure(): {reason: unknown} | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** The operator that the run which has just failed waits for. */
  takeWaiting(): {node: number; settled: Promise<void>} | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return undefined;
    const {node, promise} = waiting;
    const settled = promise.then(
      (result) => {
        this.#settled = {node, result};
      },
      (reason) => {
        this.#settled = {node, reason};
      },
    );
    return {node, settled};
  }

  #fail(reason: unknown): OperatorFailure {
    this.#failure = {reason};
    const message = reason instanceof Error ? reason.message : String(reason);
    return {message: `A custom operator failed: ${message}`};
  }

  #infer(id: number, node: OperatorNode, inputs: (OperandFields | null)[]) {
    try {
      const operator = this.#operator(id);
      const infos = inputs.map((input) => input && {type: typeOf(input), dims: input.dims});
      const untyped = infos.some((info) => info && (info.type as string) === 'undefined');
      if (untyped) return {outputs: []};
      const context = this.#context(node);
      const given = operator.inferShapes
        ? operator.inferShapes(infos, context)
        : Array.from({length: context.outputCount}, () => ({type: infos[0]?.type ?? 'float32', dims: null}));
      const list = (Array.isArray(given) ? given : [given]) as (OperatorValue | null)[];
      return {outputs: list.map(describe)};
    } catch (reason) {
      return {failure: this.#fail(reason)};
    }
  }

  #run(id: number, node: OperatorNode, inputs: (OperandFields | null)[], outputs: (OperandFields | null)[]) {
    try {
      const settled = this.#settled;
      this.#settled = undefined;
      if (settled?.node === node.address) {
        if ('reason' in settled) throw settled.reason;
        this.#give(settled.result as OperatorResult, outputs);
        return null;
      }
      const operator = this.#operator(id);
      const result = operator.run(
        inputs.map((input) => input && this.#view(input)),
        this.#context(node),
      );
      if (typeof (result as Promise<OperatorResult>)?.then === 'function') {
        this.#waiting = {node: node.address, promise: result as Promise<OperatorResult>};
        return {message: 'it is not done yet'};
      }
      this.#give(result as OperatorResult, outputs);
      return null;
    } catch (reason) {
      this.#waiting = undefined;
      return this.#fail(reason);
    }
  }

  #operator(id: number): CustomOperator {
    return this.#installed.get(id) as CustomOperator;
  }

  #context(node: OperatorNode): OperatorContext {
    const known = this.#contexts.get(node.address);
    if (known) return known;
    const attributes: Record<string, OperatorAttribute> = {};
    for (const [name, value] of Object.entries(node.attributes)) {
      const isTensor = typeof value === 'object' && !Array.isArray(value);
      attributes[name] = isTensor ? copyOf(this.#view(value as OperandFields)) : (value as OperatorAttribute);
    }
    const context = {domain: node.domain, name: node.op, node: node.name, attributes, outputCount: node.outputs};
    this.#contexts.set(node.address, context);
    return context;
  }

  #view(operand: OperandFields): Tensor {
    const type = typeOf(operand);
    if (operand.kind !== KIND_TENSOR) {
      throw new WebInferError('Unsupported', 'Custom operators take tensors only', {
        actual: 'a sequence, optional or map',
      });
    }
    const dims = operand.dims as number[];
    const size = dims.reduce((product, dim) => product * dim, 1);
    const data = operand.data as number;
    if (type === 'string') return new Tensor('string', readStringsAt(this.#instance, data, size), dims);
    const kind = arrayConstructor(type);
    if (!kind) throw new WebInferError('Unsupported', `A value has the type ${type}, which has no array`);
    const length = arrayLength(type, size);
    // Constants inside of a file's bytes, and nothing else, may stand where their type cannot be read.
    const aligned = length === 0 || data % kind.BYTES_PER_ELEMENT === 0;
    const array = aligned
      ? new kind(this.#instance.buffer, length === 0 ? 0 : data, length)
      : new kind(this.#instance.bytes.slice(data, data + length * kind.BYTES_PER_ELEMENT).buffer);
    return new Tensor(type, array as never, dims);
  }

  #give(result: OperatorResult, outputs: (OperandFields | null)[]): void {
    const results = Array.isArray(result) ? result : [result];
    outputs.forEach((output, i) => {
      if (output) this.#write(results[i] as Tensor | null | undefined, output, i);
    });
  }

  #write(result: Tensor | null | undefined, output: OperandFields, i: number): void {
    const type = typeOf(output);
    if (!(result instanceof Tensor)) {
      throw new WebInferError('TypeMismatch', `Output ${i} of the operator is no tensor`, {
        expected: 'a Tensor, or an array of them',
        actual: result === undefined ? 'nothing' : String(result),
      });
    }
    if (result.type !== type) {
      throw new WebInferError('TypeMismatch', `Output ${i} of the operator has another type than inferShapes said`, {
        expected: type,
        actual: result.type,
      });
    }
    const dims = output.dims;
    const fits =
      dims === null ||
      (dims.length === result.dims.length && dims.every((dim, k) => dim === null || dim === result.dims[k]));
    if (!fits) {
      throw new WebInferError('ShapeMismatch', `Output ${i} of the operator has another shape than inferShapes said`, {
        expected: `[${dims.map((dim) => dim ?? '?')}]`,
        actual: `[${result.dims}]`,
      });
    }
    const address =
      dims === null ? this.#engine.resizeOutput(i, output.dtype, [...result.dims]) >>> 0 : (output.data as number);
    if (result.size === 0) return;
    if (!address) throw this.#instance.lastError();
    if (type === 'string') this.#writeStrings(result.data as string[], address);
    else {
      const {buffer, byteOffset, byteLength} = result.data as NumericArray;
      this.#instance.bytes.set(new Uint8Array(buffer, byteOffset, byteLength), address);
    }
  }

  #writeStrings(strings: readonly string[], address: number): void {
    strings.forEach((text, i) => {
      const string = this.#engine.addString(String(text));
      if (!string) throw this.#instance.lastError();
      this.#instance.ints[(address >>> 2) + i] = string;
    });
  }
}

function typeOf({dtype}: OperandFields): DataType {
  return (TYPE_NAMES[dtype] ?? 'undefined') as DataType;
}

function describe(value: OperatorValue | null): {dtype: number; dims: (number | null)[] | null} | null {
  if (!value) return null;
  const dtype = TYPE_NUMBERS.get(value.type);
  const dims = value.dims ?? null;
  const valid = dims === null || (Array.isArray(dims) && dims.length <= 8 && dims.every(isSize));
  if (dtype === undefined || !valid) {
    throw new WebInferError('InvalidArgument', 'inferShapes gave no description of a tensor', {
      expected: '{type, dims}, dims at most 8 sizes or null',
      actual: JSON.stringify(value),
    });
  }
  return {dtype, dims: dims && [...dims]};
}

function isSize(dim: unknown): boolean {
  return dim === null || (Number.isSafeInteger(dim) && (dim as number) >= 0);
}

function copyOf(tensor: Tensor): Tensor {
  return new Tensor(tensor.type, (tensor.data as NumericArray).slice() as never, tensor.dims);
}
