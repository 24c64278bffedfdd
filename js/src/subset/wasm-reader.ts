// Reads a WebAssembly binary of this project: its sections, and in each function's body what it refers to.
//
// Only what Emscripten makes of our code is known: one memory, one table, no exceptions, no garbage collection. Anything else
// throws, so that a subset is never made on a misread body.

export interface Section {
  id: number;
  /** The contents, without id and size. */
  start: number;
  end: number;
}

/** A function's body in the code section, without its size. */
export interface Body {
  start: number;
  end: number;
}

export interface DataSegment {
  /** Where the bytes go; undefined for a passive segment, which code places. */
  address: number | undefined;
  start: number;
  end: number;
}

/** What instructions refer to. */
export interface ReferenceVisitor {
  call(functionIndex: number): void;
  /** A number that may be an address or a function pointer. */
  number(value: number): void;
  /** memory.init of a passive segment at a constant address. */
  init?(segment: number, address: number): void;
}

const decoder = new TextDecoder();

export class Cursor {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new Error('The WebAssembly binary ends too early');
    return value;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** A signed number of up to 32 bits. */
  i32(): number {
    let value = 0;
    for (let shift = 0; ; ) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte >= 0x80) continue;
      return shift < 32 && byte & 0x40 ? value | (-1 << shift) : value;
    }
  }

  /** A number of up to 64 bits, as its low and high halves. */
  i64(): [low: number, high: number] {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte >= 0x80) continue;
      const whole = BigInt.asUintN(64, byte & 0x40 ? value - (1n << shift) : value);
      return [Number(whole & 0xffffffffn), Number(whole >> 32n)];
    }
  }

  skipLeb(): void {
    while (this.byte() >= 0x80);
  }

  name(): string {
    const length = this.u32();
    this.at += length;
    return decoder.decode(this.bytes.subarray(this.at - length, this.at));
  }
}

export function readSections(bytes: Uint8Array): Section[] {
  const cursor = new Cursor(bytes, 8);
  const sections: Section[] = [];
  while (cursor.at < bytes.length) {
    const id = cursor.byte();
    const size = cursor.u32();
    sections.push({id, start: cursor.at, end: cursor.at + size});
    cursor.at += size;
  }
  return sections;
}

export function sectionOf(sections: readonly Section[], id: number): Section {
  const found = sections.find((section) => section.id === id);
  if (!found) throw new Error(`The WebAssembly binary has no section ${id}`);
  return found;
}

/** Number of imported functions: they come first in the index space. */
export function countImportedFunctions(bytes: Uint8Array, sections: readonly Section[]): number {
  const cursor = new Cursor(bytes, sectionOf(sections, 2).start);
  let functions = 0;
  for (let left = cursor.u32(); left > 0; left--) {
    cursor.name();
    cursor.name();
    const kind = cursor.byte();
    if (kind === 0) functions++;
    if (kind === 0) cursor.u32();
    else if (kind === 1 || kind === 2) skipLimits(cursor, kind === 1);
    else if (kind === 3) cursor.at += 2;
    else throw new Error(`An import of the unknown kind ${kind}`);
  }
  return functions;
}

function skipLimits(cursor: Cursor, table: boolean): void {
  if (table) cursor.byte();
  const flags = cursor.byte();
  cursor.u32();
  if (flags & 1) cursor.u32();
}

/** Function indices that the host can reach by name. */
export function readExportedFunctions(bytes: Uint8Array, sections: readonly Section[]): number[] {
  const cursor = new Cursor(bytes, sectionOf(sections, 7).start);
  const functions: number[] = [];
  for (let left = cursor.u32(); left > 0; left--) {
    cursor.name();
    const kind = cursor.byte();
    const index = cursor.u32();
    if (kind === 0) functions.push(index);
  }
  const start = sections.find(({id}) => id === 8);
  if (start) functions.push(new Cursor(bytes, start.start).u32());
  return functions;
}

/** Function pointers: the function behind each of them. */
export function readTable(bytes: Uint8Array, sections: readonly Section[]): Map<number, number> {
  const cursor = new Cursor(bytes, sectionOf(sections, 9).start);
  const table = new Map<number, number>();
  for (let left = cursor.u32(); left > 0; left--) {
    if (cursor.u32() !== 0) throw new Error('An element segment of an unknown kind');
    const first = readConstant(cursor);
    const count = cursor.u32();
    for (let i = 0; i < count; i++) table.set(first + i, cursor.u32());
  }
  return table;
}

function readConstant(cursor: Cursor): number {
  if (cursor.byte() !== 0x41) throw new Error('A segment is placed by something else than a constant');
  const value = cursor.i32();
  if (cursor.byte() !== 0x0b) throw new Error('A segment is placed by more than a constant');
  return value;
}

export function readBodies(bytes: Uint8Array, sections: readonly Section[]): Body[] {
  const cursor = new Cursor(bytes, sectionOf(sections, 10).start);
  const bodies: Body[] = [];
  for (let left = cursor.u32(); left > 0; left--) {
    const size = cursor.u32();
    bodies.push({start: cursor.at, end: cursor.at + size});
    cursor.at += size;
  }
  return bodies;
}

export function readData(bytes: Uint8Array, sections: readonly Section[]): DataSegment[] {
  const cursor = new Cursor(bytes, sectionOf(sections, 11).start);
  const segments: DataSegment[] = [];
  for (let left = cursor.u32(); left > 0; left--) {
    const kind = cursor.u32();
    if (kind > 1) throw new Error('A data segment of an unknown kind');
    const address = kind === 0 ? readConstant(cursor) : undefined;
    const size = cursor.u32();
    segments.push({address, start: cursor.at, end: cursor.at + size});
    cursor.at += size;
  }
  return segments;
}

/** Walks over the instructions of a body. */
export function visitBody(bytes: Uint8Array, {start, end}: Body, visitor: ReferenceVisitor): void {
  const cursor = new Cursor(bytes, start);
  for (let left = cursor.u32(); left > 0; left--) {
    cursor.u32();
    cursor.byte();
  }
  // Constants that stand one after the other: the operands of memory.init are (address, 0, size).
  const constants: number[] = [];
  while (cursor.at < end) visitInstruction(cursor, visitor, constants);
  if (cursor.at !== end) throw new Error(`A body at ${start} was misread`);
}

function visitInstruction(cursor: Cursor, visitor: ReferenceVisitor, constants: number[]): void {
  const opcode = cursor.byte();
  if (opcode === 0x41) {
    const value = cursor.i32();
    constants.push(value);
    visitor.number(value);
    return;
  }
  if (opcode === 0x42) {
    for (const half of cursor.i64()) visitor.number(half);
  } else if (opcode === 0x10 || opcode === 0x12) {
    visitor.call(cursor.u32());
  } else if (opcode === 0xd2) {
    visitor.call(cursor.u32());
  } else if (opcode >= 0x28 && opcode <= 0x3e) {
    visitMemoryArgument(cursor, visitor);
  } else if (opcode === 0xfc) {
    visitBulk(cursor, visitor, constants);
  } else if (opcode === 0xfd) {
    visitSimd(cursor, visitor);
  } else if (opcode === 0xfe) {
    visitAtomic(cursor, visitor);
  } else {
    skipImmediates(cursor, opcode);
  }
  constants.length = 0;
}

function visitMemoryArgument(cursor: Cursor, visitor: ReferenceVisitor): void {
  cursor.u32();
  visitor.number(cursor.u32());
}

function skipImmediates(cursor: Cursor, opcode: number): void {
  if (opcode <= 0x01 || opcode === 0x05 || opcode === 0x0b || opcode === 0x0f || opcode === 0x1a || opcode === 0x1b)
    return;
  if (opcode >= 0x45 && opcode <= 0xc4) return;
  if (opcode === 0x02 || opcode === 0x03 || opcode === 0x04) cursor.skipLeb();
  else if (opcode === 0x0c || opcode === 0x0d || (opcode >= 0x20 && opcode <= 0x26)) cursor.skipLeb();
  else if (opcode === 0x0e) for (let left = cursor.u32() + 1; left > 0; left--) cursor.skipLeb();
  else if (opcode === 0x11 || opcode === 0x13) {
    cursor.skipLeb();
    cursor.skipLeb();
  } else if (opcode === 0x1c) for (let left = cursor.u32(); left > 0; left--) cursor.byte();
  else if (opcode === 0x3f || opcode === 0x40) cursor.byte();
  else if (opcode === 0x43) cursor.at += 4;
  else if (opcode === 0x44) cursor.at += 8;
  else throw new Error(`The instruction 0x${opcode.toString(16)} is not known`);
}

function visitBulk(cursor: Cursor, visitor: ReferenceVisitor, constants: readonly number[]): void {
  const operation = cursor.u32();
  if (operation <= 7) return;
  if (operation === 8) {
    const segment = cursor.u32();
    cursor.u32();
    // A thread's own data goes wherever the thread is.
    const address = constants.at(-3);
    if (address !== undefined) visitor.init?.(segment, address);
  } else if (operation === 9 || operation === 11) cursor.u32();
  else if (operation === 10) {
    cursor.u32();
    cursor.u32();
  } else throw new Error(`The instruction 0xfc ${operation} is not known`);
}

function visitSimd(cursor: Cursor, visitor: ReferenceVisitor): void {
  const operation = cursor.u32();
  if (operation <= 11 || operation === 92 || operation === 93) visitMemoryArgument(cursor, visitor);
  else if (operation === 12) {
    const view = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at, 16);
    for (let i = 0; i < 16; i += 4) visitor.number(view.getUint32(i, true));
    cursor.at += 16;
  } else if (operation === 13) cursor.at += 16;
  else if (operation >= 21 && operation <= 34) cursor.at += 1;
  else if (operation >= 84 && operation <= 91) {
    visitMemoryArgument(cursor, visitor);
    cursor.at += 1;
  } else if (operation > 0x113) throw new Error(`The instruction 0xfd ${operation} is not known`);
}

function visitAtomic(cursor: Cursor, visitor: ReferenceVisitor): void {
  const operation = cursor.u32();
  if (operation === 3) cursor.byte();
  else if (operation <= 2 || (operation >= 0x10 && operation <= 0x4e)) visitMemoryArgument(cursor, visitor);
  else throw new Error(`The instruction 0xfe ${operation} is not known`);
}
