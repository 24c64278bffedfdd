// How cases of operators outside ONNX's schemas are written: types stand at the inputs, and that is their signature.

/** A description of an operator of com.microsoft; inputs without a type are float32. `outputs` lists the types of the results. */
export function microsoft(
  op,
  inputs,
  attributes = {},
  {outputs = ['float32'], domain = 'com.microsoft', ...more} = {},
) {
  const types = inputs.map((input) => input?.type ?? 'float32');
  return {
    op,
    domain,
    inputs,
    attributes,
    outputs,
    signature: {inputs: types, outputs: outputs.map((type) => type ?? 'float32')},
    ...more,
  };
}

/** Descriptions of one operator, told apart by their names. */
export const variants = (op, cases) =>
  Object.entries(cases).map(([variant, [inputs, attributes, more]]) =>
    microsoft(op, inputs, attributes, {variant, ...more}),
  );

export const of = (type, dims, more = {}) => ({type, dims, ...more});
export const bytes = (dims, more = {}) => of('uint8', dims, {low: 0, high: 255, ...more});
export const signedBytes = (dims, more = {}) => of('int8', dims, {low: -128, high: 127, ...more});
export const floats = (dims, low, high, more = {}) => ({dims, low, high, ...more});
export const listed = (type, dims, values) => ({type, dims, values});
export const number = (type, value) => ({type, dims: [], values: [value]});
export const constant = (input) => ({...input, constant: true});
