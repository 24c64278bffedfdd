// Takes operators out of a finished engine binary.
//
// A function stays if an export reaches it: by calls, by function pointers in its body, or by pointers in the data it reads. An
// operator is reached through one entry of the engine's list of operator makers (src/ops/registry.cc); entries of operators
// that are left out become null, and what nothing reaches any more loses its body or its bytes. Pointers are told from other
// numbers by their range, which the link flags of wasm/CMakeLists.txt see to: a number taken for a pointer by mistake only keeps more.
import {
  type Body,
  countImportedFunctions,
  readBodies,
  readData,
  readExportedFunctions,
  readSections,
  readTable,
  type Section,
  visitBody,
} from './wasm-reader.js';

/** Data objects by address, sorted: [address, bytes]. Written by js/build.mjs from the linker's map. */
export type DataObjects = readonly (readonly [address: number, bytes: number])[];

export interface ReduceOptions {
  /** Address of the list of operator makers. */
  makers: number;
  /** Whether each of them stays; those beyond its end do not. */
  keep: readonly boolean[];
  objects: DataObjects;
  /** Addresses of objects that nobody names by address: those of each thread. */
  kept: readonly number[];
}

export interface Reduced {
  binary: Uint8Array<ArrayBuffer>;
  functions: number;
  removedFunctions: number;
}

// An array may be addressed from in front of its first element: `states[letter - 65]` becomes one constant and the letter.
const FOLDED_OFFSET = 1024;

// No locals, unreachable, end.
const STUB = [3, 0, 0x00, 0x0b];

class Program {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sections;
  readonly imported: number;
  readonly bodies;
  readonly table: Map<number, number>;
  readonly objects: DataObjects;
  readonly #dataFrom: number;
  /** Memory from #dataFrom on as it is before anything runs: segments leave out its zeros, also within a word. */
  readonly #image: Uint8Array;
  readonly #segments: {address: number; start: number; end: number}[] = [];
  /** Words of data that may be anywhere. */
  readonly strayWords: number[] = [];

  constructor(bytes: Uint8Array<ArrayBuffer>, objects: DataObjects) {
    this.bytes = bytes;
    this.objects = objects;
    this.sections = readSections(bytes);
    this.imported = countImportedFunctions(bytes, this.sections);
    this.bodies = readBodies(bytes, this.sections);
    this.table = readTable(bytes, this.sections);
    for (const {address, start, end} of placeSegments(bytes, this.sections, this.bodies)) {
      if (address !== undefined) this.#segments.push({address, start, end});
      else for (let at = start; at + 4 <= end; at++) this.strayWords.push(readWord(bytes, at));
    }
    const last = objects.at(-1) ?? [0, 0];
    this.#dataFrom = objects[0]?.[0] ?? 0;
    this.#image = new Uint8Array(last[0] + last[1] - this.#dataFrom + 4);
    for (const {address, start, end} of this.#segments) {
      if (address < this.#dataFrom || address + end - start > this.#dataFrom + this.#image.length) {
        throw new Error('A data segment lies outside of what the linker placed');
      }
      this.#image.set(bytes.subarray(start, end), address - this.#dataFrom);
    }
  }

  isData(value: number): boolean {
    return value >= this.#dataFrom - FOLDED_OFFSET && value < this.#dataFrom + this.#image.length;
  }

  /** Index of the last object that starts at or before `address`, -1 if there is none. */
  objectAt(address: number): number {
    let low = 0;
    let high = this.objects.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.objects[middle]?.[0] as number) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The objects an address may belong to: the one it lies in, and those it may be a folded offset into. */
  *objectsNear(address: number): Iterable<number> {
    const at = this.objectAt(address);
    if (at >= 0) yield at;
    if (this.objects[at]?.[0] === address) return;
    for (let next = at + 1; next < this.objects.length; next++) {
      if ((this.objects[next]?.[0] as number) > address + FOLDED_OFFSET) break;
      yield next;
    }
  }

  word(address: number): number {
    return readWord(this.#image, address - this.#dataFrom);
  }

  /** Makes `size` bytes at `address` zeros, here and in the file. */
  clear(address: number, size: number): void {
    this.#image.fill(0, address - this.#dataFrom, address - this.#dataFrom + size);
    for (const segment of this.#segments) {
      const from = Math.max(address, segment.address);
      const to = Math.min(address + size, segment.address + segment.end - segment.start);
      if (from < to) this.bytes.fill(0, segment.start + from - segment.address, segment.start + to - segment.address);
    }
  }
}

function readWord(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
}

/** Every data segment with its address; code places those of builds with threads, and one for each thread has none. */
function placeSegments(bytes: Uint8Array, sections: Section[], bodies: Body[]) {
  const segments = readData(bytes, sections);
  const placed = new Map<number, number>();
  if (segments.some(({address}) => address === undefined)) {
    const ignore = () => {};
    const init = (segment: number, address: number) => placed.set(segment, address);
    for (const body of bodies) visitBody(bytes, body, {call: ignore, number: ignore, init});
  }
  return segments.map(({address, start, end}, i) => ({address: address ?? placed.get(i), start, end}));
}

class Reachability {
  readonly functions = new Set<number>();
  readonly objects = new Set<number>();
  readonly #program: Program;
  readonly #pending: (() => void)[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  reachFunction(index: number): void {
    if (this.functions.has(index)) return;
    this.functions.add(index);
    const body = this.#program.bodies[index - this.#program.imported];
    if (!body) return;
    this.#pending.push(() =>
      visitBody(this.#program.bytes, body, {
        call: (callee) => this.reachFunction(callee),
        number: (value) => this.reachNumber(value),
      }),
    );
  }

  reachNumber(value: number): void {
    const pointer = this.#program.table.get(value);
    if (pointer !== undefined) this.reachFunction(pointer);
    else if (this.#program.isData(value))
      for (const object of this.#program.objectsNear(value)) this.#reachObject(object);
  }

  #reachObject(index: number): void {
    if (this.objects.has(index)) return;
    this.objects.add(index);
    const [address, size] = this.#program.objects[index] as [number, number];
    this.#pending.push(() => {
      for (let at = (address + 3) & ~3; at + 4 <= address + size; at += 4) this.reachNumber(this.#program.word(at));
    });
  }

  finish(): void {
    for (let next = this.#pending.pop(); next; next = this.#pending.pop()) next();
  }
}

/** `binary` without the operators that are not to be kept. */
export function reduceBinary(binary: Uint8Array, {makers, keep, objects, kept}: ReduceOptions): Reduced {
  // Not slice(): that of a Buffer is a view.
  const bytes = new Uint8Array(binary);
  const program = new Program(bytes, objects);
  const list = objects.find(([address]) => address === makers);
  if (!list) throw new Error('The list of operators is not among the objects');
  for (let i = 0; 4 * i < list[1]; i++) {
    if (keep[i]) continue;
    if (!program.table.has(program.word(makers + 4 * i))) {
      throw new Error('The list of operators is not where the engine says it is');
    }
    program.clear(makers + 4 * i, 4);
  }
  const reached = new Reachability(program);
  for (const index of readExportedFunctions(bytes, program.sections)) reached.reachFunction(index);
  for (const number of [...program.strayWords, ...kept]) reached.reachNumber(number);
  reached.finish();
  objects.forEach(([address, size], i) => {
    if (!reached.objects.has(i)) program.clear(address, size);
  });
  const stays = program.bodies.map((_, i) => reached.functions.has(program.imported + i));
  const pieces: Uint8Array[] = [bytes.subarray(0, 8)];
  for (const {id, start, end} of program.sections) {
    // Names and the like are left out.
    if (id === 0) continue;
    const content = id === 10 ? writeCode(program, stays) : bytes.subarray(start, end);
    pieces.push(Uint8Array.from([id, ...lebBytes(content.length)]), content);
  }
  return {
    binary: concatenate(pieces),
    functions: stays.length,
    removedFunctions: stays.filter((stay) => !stay).length,
  };
}

function writeCode({bytes, bodies}: Program, stays: readonly boolean[]): Uint8Array {
  const pieces: ArrayLike<number>[] = [lebBytes(bodies.length)];
  bodies.forEach(({start, end}, i) => {
    if (stays[i]) pieces.push(lebBytes(end - start), bytes.subarray(start, end));
    else pieces.push(STUB);
  });
  return concatenate(pieces);
}

function concatenate(pieces: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, {length}) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function lebBytes(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}
