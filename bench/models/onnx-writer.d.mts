/** The bytes of a model: graph {name, nodes, initializers, inputs, outputs} of one opset. */
export function encodeModel(graph: object, opset: number): Uint8Array;
