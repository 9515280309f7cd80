// What split.mjs reads and writes of WebAssembly's binary format, and of what the linker keeps in it (--emit-relocs).
// source  https://webassembly.github.io/spec/core/binary, https://github.com/WebAssembly/tool-conventions, Linking.md

const HEADER = 8;
const CUSTOM = 0, IMPORT = 2, CODE = 10, DATA = 11, DATA_COUNT = 12;
const SYMBOL_TABLE = 8;
const UNDEFINED = 0x10, NAMED = 0x40;
const I32_CONST = 0x41, END = 0x0b;
const TYPE_INDEX = 6;
// Of the relocations of a linked wasm32 module, by number: with an addend, and without.
const WITH_ADDEND = [3, 4, 5, 8, 9, 11];
const BARE = [0, 1, 2, TYPE_INDEX, 7, 10, 12, 13, 20, 26];

export const DATA_SYMBOL = 1;

class Reader {
  constructor(bytes, at) {
    Object.assign(this, { bytes, at });
  }

  byte() {
    return this.bytes[this.at++];
  }

  unsigned() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  signed() {
    const from = this.at;
    const value = this.unsigned();
    const size = 128 ** (this.at - from);
    return value >= size / 2 ? value - size : value;
  }

  text() {
    return String.fromCharCode(...this.take(this.unsigned()));
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  list(item) {
    return Array.from({ length: this.unsigned() }, () => item(this));
  }
}

const unsigned = (value) => (value < 128 ? [value] : [(value % 128) | 128, ...unsigned(Math.floor(value / 128))]);
const signed = (value) => (value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]);

/** Every section: its id, its name if it is a custom one, where it starts, where its content does, and where it ends. */
function sections(bytes) {
  const found = [];
  for (const reader = new Reader(bytes, HEADER); reader.at < bytes.length; ) {
    const start = reader.at;
    const id = reader.byte();
    const length = reader.unsigned();
    const content = reader.at;
    const name = id === CUSTOM ? reader.text() : undefined;
    found.push({ id, name, start, content, body: reader.at, end: content + length });
    reader.at = content + length;
  }
  return found;
}

function rewritten(bytes, keeps, ...added) {
  const kept = sections(bytes).filter(keeps).map(({ start, end }) => bytes.subarray(start, end));
  return Buffer.concat([bytes.subarray(0, HEADER), ...kept, ...added]);
}

export const withoutCustomSections = (bytes) => rewritten(bytes, ({ id }) => id !== CUSTOM);

/** The module with `segments`, each an address and its bytes, for its data. */
export function withData(bytes, segments) {
  const written = segments.flatMap(([address, data]) => [Buffer.from([0, I32_CONST, ...signed(address), END, ...unsigned(data.length)]), data]);
  const body = Buffer.concat([Buffer.from(unsigned(segments.length)), ...written]);
  return rewritten(bytes, ({ id }) => id !== DATA && id !== DATA_COUNT, Buffer.from([DATA, ...unsigned(body.length)]), body);
}

function readSymbol(reader) {
  const kind = reader.byte();
  const flags = reader.unsigned();
  if (kind === DATA_SYMBOL) {
    reader.text();
    return flags & UNDEFINED ? { kind } : { kind, segment: reader.unsigned(), offset: reader.unsigned(), size: reader.unsigned() };
  }
  reader.unsigned();
  const named = kind !== 3 && (!(flags & UNDEFINED) || flags & NAMED);
  if (named) reader.text();
  return { kind };
}

function readSymbols(bytes, { body, end }) {
  const reader = new Reader(bytes, body);
  reader.unsigned();
  while (reader.at < end) {
    const type = reader.byte();
    const next = reader.unsigned() + reader.at;
    if (type === SYMBOL_TABLE) return reader.list(readSymbol);
    reader.at = next;
  }
  throw new Error('the linker kept no symbols: link with --emit-relocs');
}

/** By offset: where in its section a symbol's address stands, and which symbol that is. */
function readReferences(bytes, { body }, symbols) {
  const reader = new Reader(bytes, body);
  reader.unsigned();
  const all = reader.list(() => {
    const type = reader.byte();
    const offset = reader.unsigned();
    const index = reader.unsigned();
    if (WITH_ADDEND.includes(type)) reader.signed();
    else if (!BARE.includes(type)) throw new Error(`relocation of unknown type ${type}`);
    return { offset, symbol: type === TYPE_INDEX ? undefined : symbols[index] };
  });
  return all.filter(({ symbol }) => symbol?.kind === DATA_SYMBOL).sort((a, b) => a.offset - b.offset);
}

/**
 * A module as the linker wrote it.
 *   functions, segments  where each begins and ends in its section, which is how references count; of a segment its address
 *                        and bytes too
 *   symbols              the data symbols with their segment, offset in it, and size
 *   fromCode, fromData   references to data symbols
 */
export function linked(bytes) {
  const all = sections(bytes);
  const section = (id, name) => all.find((each) => each.id === id && each.name === name);
  const code = section(CODE);
  const data = section(DATA);
  const functions = new Reader(bytes, code.content).list((reader) => {
    const length = reader.unsigned();
    const from = reader.at - code.content;
    reader.take(length);
    return { from, to: from + length };
  });
  const segments = new Reader(bytes, data.content).list((reader) => {
    if (reader.byte() !== 0 || reader.byte() !== I32_CONST) throw new Error('a segment without a fixed address');
    const address = reader.signed();
    reader.byte();
    const length = reader.unsigned();
    const from = reader.at - data.content;
    return { address, from, to: from + length, bytes: reader.take(length) };
  });
  const symbols = readSymbols(bytes, section(CUSTOM, 'linking'));
  return {
    functions, segments, symbols: symbols.filter(({ kind, size }) => kind === DATA_SYMBOL && size),
    fromCode: readReferences(bytes, section(CUSTOM, 'reloc.CODE'), symbols), fromData: readReferences(bytes, section(CUSTOM, 'reloc.DATA'), symbols),
  };
}
