// Operators written in JavaScript, in sessions of the built package.
import {
  type CustomOperator,
  env,
  InferenceSession,
  type OperatorContext,
  type RegisteredOperator,
  registerOperator,
  Tensor,
  WebInferError,
} from 'webinfer';
import {encodeModel} from '../../../bench/models/onnx-writer.mjs';

env.wasm.numThreads = 1;

const DOMAIN = 'com.example';
const registered: RegisteredOperator[] = [];
afterEach(() => {
  for (const operator of registered.splice(0)) operator.dispose();
});

function register(name: string, operator: Omit<CustomOperator, 'domain' | 'name'>): void {
  registered.push(registerOperator({domain: DOMAIN, name, ...operator}));
}

type Value = {name: string; type: string; dims?: (number | string)[]};

function custom(op: string, inputs: Value[], outputs: Value[], attributes: Record<string, unknown> = {}): Uint8Array {
  const node = {
    op,
    name: 'the node',
    domain: DOMAIN,
    attributes,
    inputs: inputs.map(({name}) => name),
    outputs: outputs.map(({name}) => name),
  };
  return encodeModel({name: 'test', nodes: [node], initializers: [], inputs, outputs}, 21, {[DOMAIN]: 1});
}

const X = {name: 'x', type: 'float32', dims: ['N']};
const Y = {name: 'y', type: 'float32', dims: ['M']};
const x = (...values: number[]) => new Tensor('float32', Float32Array.from(values), [values.length]);
const floats = (tensor: Tensor | null) => tensor?.data as Float32Array;

function create(model: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(model, {worker: false});
}

async function rejection(promise: Promise<unknown>): Promise<WebInferError> {
  return promise.then(
    () => new Error('it was fulfilled') as WebInferError,
    (reason) => reason,
  );
}

const doubled: Omit<CustomOperator, 'domain' | 'name'> = {
  inferShapes: ([a]) => ({type: 'float32', dims: a?.dims ?? null}),
  run: ([a]) =>
    new Tensor(
      'float32',
      floats(a as Tensor).map((v) => 2 * v),
      (a as Tensor).dims,
    ),
};

test('an operator gets its inputs and gives its output', async () => {
  register('Double', doubled);
  const session = await create(custom('Double', [X], [Y]));
  expect((await session.run({x: x(1, 2, 3)})).y.data).toEqual(Float32Array.of(2, 4, 6));
  expect(session.runSync({x: x(5)}).y.data).toEqual(Float32Array.of(10));
  await session.release();
});

test('attributes are plain values', async () => {
  let seen: OperatorContext | undefined;
  register('Look', {
    run: ([a], context) => {
      seen = context;
      return new Tensor('float32', floats(a as Tensor).slice(), [...(a as Tensor).dims]);
    },
  });
  const attributes = {
    i: -3,
    f: {float: 0.5},
    s: 'text',
    is: [1, 2],
    fs: {floats: [0.25, 4]},
    ss: {strings: ['a', 'b']},
    t: {tensor: {type: 'int64', dims: [2], data: BigInt64Array.of(7n, 8n)}},
  };
  const session = await create(custom('Look', [X], [Y], attributes));
  await session.run({x: x(1)});
  expect(seen).toMatchObject({domain: DOMAIN, name: 'Look', node: 'the node', outputCount: 1});
  const {t, ...others} = (seen as OperatorContext).attributes;
  expect(others).toEqual({i: -3, f: 0.5, s: 'text', is: [1, 2], fs: [0.25, 4], ss: ['a', 'b']});
  expect((t as Tensor).data).toEqual(BigInt64Array.of(7n, 8n));
  await session.release();
});

test('outputs may be several, of any type, and of shapes that depend on elements', async () => {
  register('Positive', {
    inferShapes: () => [
      {type: 'float32', dims: [null]},
      {type: 'int64', dims: []},
      {type: 'string', dims: [2]},
      {type: 'bool', dims: null},
    ],
    run: ([a]) => {
      const kept = floats(a as Tensor).filter((v) => v > 0);
      return [
        new Tensor('float32', kept, [kept.length]),
        new Tensor('int64', BigInt64Array.of(BigInt(kept.length)), []),
        new Tensor('string', ['ä', ''], [2]),
        new Tensor('bool', Uint8Array.of(1), [1, 1]),
      ];
    },
  });
  const outputs = [
    Y,
    {name: 'count', type: 'int64', dims: []},
    {name: 'words', type: 'string', dims: [2]},
    {name: 'flag', type: 'bool', dims: ['a', 'b']},
  ];
  const session = await create(custom('Positive', [X], outputs));
  for (const values of [
    [-1, 2, 3],
    [4, -5, -6],
    [-1, -1, -1],
  ]) {
    const {y, count, words, flag} = await session.run({x: x(...values)});
    const kept = values.filter((v) => v > 0);
    expect(y.data).toEqual(Float32Array.from(kept));
    expect(count.data).toEqual(BigInt64Array.of(BigInt(kept.length)));
    expect(words.data).toEqual(['ä', '']);
    expect(flag.dims).toEqual([1, 1]);
  }
  await session.release();
});

test('strings and inputs that are left out', async () => {
  register('Join', {
    inferShapes: () => ({type: 'string', dims: [1]}),
    run: ([words, none, last]) => {
      expect(none).toBeNull();
      return new Tensor(
        'string',
        [((words as Tensor).data as string[]).concat((last as Tensor).data as string[]).join('-')],
        [1],
      );
    },
  });
  const node = {op: 'Join', name: 'j', domain: DOMAIN, inputs: ['a', '', 'b'], outputs: ['y']};
  const strings = (name: string) => ({name, type: 'string', dims: ['N']});
  const graph = {
    name: 't',
    nodes: [node],
    initializers: [],
    inputs: [strings('a'), strings('b')],
    outputs: [strings('y')],
  };
  const session = await create(encodeModel(graph, 21, {[DOMAIN]: 1}));
  const feeds = {a: new Tensor('string', ['über', 'x'], [2]), b: new Tensor('string', ['end'], [1])};
  expect((await session.run(feeds)).y.data).toEqual(['über-x-end']);
  await session.release();
});

test.each([
  'float16',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
] as const)('%s goes through', async (type) => {
  register('Same', {run: ([a]) => a as Tensor});
  const session = await create(custom('Same', [{...X, type}], [{...Y, type}]));
  const values = type.endsWith('64') && type !== 'float64' ? [0n, 1n, 1n] : [0, 1, 1];
  // Node 20 has no Float16Array, and float16 is given in bits there.
  const fed = new Tensor(type, type === 'float16' ? Uint16Array.of(0, 0x3c00, 0x3c00) : (values as number[]), [3]);
  expect((await session.run({x: fed})).y.data).toEqual(fed.data);
  await session.release();
});

test('what an operator throws names the node and is the cause', async () => {
  const thrown = new RangeError('too much');
  register('Throw', {
    ...doubled,
    run: () => {
      throw thrown;
    },
  });
  const session = await create(custom('Throw', [X], [Y]));
  for (let i = 0; i < 2; i++) {
    const error = await rejection(session.run({x: x(1)}));
    expect(error).toBeInstanceOf(WebInferError);
    expect(error).toMatchObject({code: 'OperatorFailed', op: `${DOMAIN}.Throw`, node: 'the node', cause: thrown});
    expect(error.message).toContain('too much');
  }
  await session.release();
});

test('results must be what inferShapes said', async () => {
  let result: unknown;
  register('Wrong', {inferShapes: () => ({type: 'float32', dims: [2]}), run: () => result as Tensor});
  const session = await create(custom('Wrong', [X], [Y]));
  for (const [given, expected] of [
    [x(1, 2, 3), {code: 'ShapeMismatch', expected: '[2]', actual: '[3]', node: 'the node'}],
    [new Tensor('int32', Int32Array.of(1, 2), [2]), {code: 'TypeMismatch', expected: 'float32', actual: 'int32'}],
    [undefined, {code: 'TypeMismatch', actual: 'nothing'}],
    [[], {code: 'TypeMismatch', actual: 'nothing'}],
  ] as const) {
    result = given;
    expect(await rejection(session.run({x: x(1)}))).toMatchObject(expected);
  }
  result = x(8, 9);
  expect((await session.run({x: x(1)})).y.data).toEqual(Float32Array.of(8, 9));
  await session.release();
});

test('a shape rule that throws or says nonsense ends the create', async () => {
  const rules: unknown[] = [
    () => {
      throw new Error('no idea');
    },
    () => ({type: 'float33', dims: [1]}),
    () => ({type: 'float32', dims: [-1]}),
  ];
  for (const inferShapes of rules) {
    register('Rule', {...doubled, inferShapes: inferShapes as CustomOperator['inferShapes']});
    expect(await rejection(create(custom('Rule', [X], [Y])))).toMatchObject({node: 'the node'});
    registered.pop()?.unregister();
  }
});

test('an asynchronous operator is waited for', async () => {
  let calls = 0;
  register('Later', {
    ...doubled,
    run: async ([a]) => {
      const values = floats(a as Tensor).slice();
      const call = ++calls;
      await new Promise((done) => setTimeout(done, 5));
      if (values[0] === 13) throw new Error('unlucky');
      return x(...values.map((v) => v + call));
    },
  });
  const session = await create(custom('Later', [X], [Y]));
  const runs = [session.run({x: x(10)}), session.run({x: x(20)}), session.run({x: x(13)}), session.run({x: x(30)})];
  const values = await Promise.all(
    runs.map((run) =>
      run.then(
        ({y}) => (y.data as Float32Array)[0],
        (e) => e.code,
      ),
    ),
  );
  expect(values).toEqual([11, 22, 'OperatorFailed', 34]);
  const {signal} = new AbortController();
  expect((await session.run({x: x(1)}, {signal})).y.data).toEqual(Float32Array.of(6));
  expect(() => session.runSync({x: x(1)})).toThrow(/asynchronous/);
  await session.release();
});

function looped(op: string): Uint8Array {
  // state = op(state), three times
  const body = {
    name: 'body',
    nodes: [
      {op, name: 'inner', domain: DOMAIN, inputs: ['state'], outputs: ['next']},
      {op: 'Identity', name: 'go', inputs: ['condition'], outputs: ['go_on']},
    ],
    initializers: [],
    inputs: [
      {name: 'i', type: 'int64', dims: []},
      {name: 'condition', type: 'bool', dims: []},
      {name: 'state', type: 'float32', dims: ['N']},
    ],
    outputs: [
      {name: 'go_on', type: 'bool', dims: []},
      {name: 'next', type: 'float32', dims: ['N']},
    ],
  };
  const graph = {
    name: 't',
    nodes: [{op: 'Loop', name: 'loop', inputs: ['trips', '', 'x'], outputs: ['y'], attributes: {body: {graph: body}}}],
    initializers: [{name: 'trips', type: 'int64', dims: [], data: BigInt64Array.of(3n)}],
    inputs: [X],
    outputs: [Y],
  };
  return encodeModel(graph, 21, {[DOMAIN]: 1});
}

test('inside of a body', async () => {
  register('Double', doubled);
  const session = await create(looped('Double'));
  expect((await session.run({x: x(1, 2)})).y.data).toEqual(Float32Array.of(8, 16));
  await session.release();
});

test('an asynchronous operator inside of a body is refused', async () => {
  register('Later', {...doubled, run: async ([a]) => x(...floats(a as Tensor))});
  const session = await create(looped('Later'));
  expect(await rejection(session.run({x: x(1)}))).toMatchObject({code: 'Unsupported'});
  await session.release();
});

test('an operator may run another session, not its own', async () => {
  register('Double', doubled);
  const inner = await create(custom('Double', [X], [Y]));
  let own: InferenceSession | undefined;
  register('Nested', {
    ...doubled,
    run: ([a]) => inner.runSync({x: a as Tensor}).y as Tensor,
  });
  register('Recursive', {
    ...doubled,
    run: ([a]) => (own as InferenceSession).runSync({x: a as Tensor}).y as Tensor,
  });
  const outer = await create(custom('Nested', [X], [Y]));
  expect((await outer.run({x: x(3)})).y.data).toEqual(Float32Array.of(6));
  own = await create(custom('Recursive', [X], [Y]));
  expect(await rejection(own.run({x: x(3)}))).toMatchObject({
    node: 'the node',
    hint: expect.stringContaining('other sessions'),
  });
  for (const session of [inner, outer, own]) await session.release();
});

test('without it the model is refused; sessions that have it keep it', async () => {
  const model = custom('Double', [X], [Y]);
  register('Double', doubled);
  const session = await create(model);
  registered.pop()?.unregister();
  const error = await rejection(create(model));
  expect(error).toMatchObject({
    code: 'Unsupported',
    missing: [{domain: DOMAIN, name: 'Double', opset: 1, nodes: ['the node'], types: ['float32']}],
  });
  expect(error.message).toContain(
    '1 operator is missing: com.example.Double (opset 1, node "the node"; inputs float32)',
  );
  expect((await session.run({x: x(4)})).y.data).toEqual(Float32Array.of(8));
  await session.release();
});

test('registrations are checked', () => {
  const run = doubled.run;
  for (const wrong of [undefined, {name: 'A', run}, {domain: 'd', name: '', run}, {domain: 'd', name: 'A', run: 1}]) {
    expect(() => registerOperator(wrong as unknown as CustomOperator)).toThrow(WebInferError);
  }
  register('Twice', doubled);
  expect(() => register('Twice', doubled)).toThrow(/registered already/);
});
