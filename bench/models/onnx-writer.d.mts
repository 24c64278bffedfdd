/** The bytes of a model: graph {name, nodes, initializers, inputs, outputs} of one opset, and of further {domain: version}. */
export function encodeModel(graph: object, opset: number, domains?: Record<string, number>): Uint8Array;
