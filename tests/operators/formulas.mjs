// Formulas that cases share: element by element with broadcasting, and moving elements.
import {sizeOf} from './case.mjs';
import {isComplex, isInteger} from './types.mjs';

/** The elements of one input per number: pairs of complex numbers stay together. */
export const elementsOf = ({type, values}) =>
  isComplex(type) ? Array.from({length: values.length / 2}, (_, i) => [values[2 * i], values[2 * i + 1]]) : [...values];

/** A value of the elements at `places` of the given one. */
export function pick(value, dims, places) {
  const elements = elementsOf(value);
  return {dims, values: places.flatMap((place) => elements[place])};
}

export function broadcastDims(...shapes) {
  const rank = Math.max(...shapes.map((dims) => dims.length));
  return Array.from({length: rank}, (_, i) => {
    const sizes = shapes.map((dims) => dims[dims.length - rank + i] ?? 1);
    return sizes.includes(0) ? 0 : Math.max(...sizes);
  });
}

/** Place in `dims` of the element that is broadcast to place `at` of `to`. */
function placeIn(dims, to, at) {
  let [place, stride, rest] = [0, 1, at];
  for (let i = 1; i <= to.length; i++) {
    const [size, full] = [dims[dims.length - i] ?? 1, to[to.length - i]];
    if (size > 1) place += (rest % full) * stride;
    stride *= size;
    rest = Math.floor(rest / full);
  }
  return place;
}

/** f over broadcast inputs. Arguments are numbers, or bigints if an input is of 64 bits. */
export function elementwise(f) {
  return (inputs, _types, attributes) => {
    const given = inputs.filter(Boolean);
    const dims = broadcastDims(...given.map((input) => input.dims));
    const values = Array.from({length: sizeOf(dims)}, (_, i) =>
      f(...given.map((input) => input.values[placeIn(input.dims, dims, i)]), {attributes, type: given[0].type}),
    );
    return [{dims, values}];
  };
}

/** Arithmetic that is the same text for numbers and bigints; f sees numbers of floats, bigints of integers. */
export function arithmetic(f, integerF = f) {
  return (inputs, types, attributes) => {
    if (!isInteger(inputs[0].type)) return elementwise(f)(inputs, types, attributes);
    const whole = inputs.map((input) => ({...input, values: input.values.map(BigInt)}));
    return elementwise(integerF)(whole, types, attributes);
  };
}
