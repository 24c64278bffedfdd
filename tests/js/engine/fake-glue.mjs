// Stands in for Emscripten's glue in tests of what surrounds it: an engine that does what the test tells it to.
export const fake = {};

export async function createEngine({wasmMemory}) {
  const calls = [];
  return {
    calls,
    memory: wasmMemory,
    _wi_dims: () => 1024,
    limitMemory: (bytes) => calls.push(['limitMemory', bytes]),
    release: (session) => calls.push(['release', session]),
    lastError: () => ({code: 'InvalidModel', message: 'bad', op: 'Add', node: '', expected: '', actual: '', hint: ''}),
    ...fake,
  };
}
