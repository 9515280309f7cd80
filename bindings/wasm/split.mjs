// split.mjs LINKED.WASM MODELS.TXT FOLDER: parts the engine in two by what the first use of a page runs. FOLDER/vram.wasm
// holds those functions and all data that they can reach; FOLDER/vram.rest.wasm everything else. A function that the first
// part lacks throws (engine.mjs), so that it answers as the whole does, or not at all.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linked, withData, withoutCustomSections } from './binary.mjs';
import { engine } from './engine.mjs';

const [from, models, folder] = process.argv.slice(2);
const FEATURES = ['sign-ext', 'mutable-globals', 'nontrapping-float-to-int', 'bulk-memory', 'reference-types', 'multivalue'].map((name) => `--enable-${name}`);
const wasmSplit = (...words) => execFileSync('wasm-split', [...words, ...FEATURES], { stdio: 'inherit' });
const work = mkdtempSync(join(tmpdir(), 'vram-split-'));
const at = (name) => join(work, name);

const PLAIN = ['qwen3 8b on 4090', 'qwen3 8b on 4090 util .85', 'qwen3 8b 8K ctx', 'qwen3 4b on 3090 32K ctx', 'qwen3 14b on a100', 'qwen3 32b on 2x4090',
  'qwen3 8b on l40s 8K ctx 16 users', 'llama 3.1 8b on h100, 8K ctx, util .95, vllm 0.33', 'llama 3.3 70b on 4xh100'];

/** What a page does until plain models are planned, on cards that they fit and on others. */
function use({ answer, giveModels }) {
  const ask = (question, given) => {
    const answered = JSON.parse(answer(question, JSON.stringify(given)));
    if (answered.error) throw new Error(answered.error.message);
    return answered;
  };
  giveModels(readFileSync(models, 'utf8'));
  ask('about', {});
  ask('gpus', {});
  for (const search of ['', 'qwen3 8b']) ask('models', { search });
  for (const text of PLAIN)
    ask('page', { gpu: { total_bytes: 2 ** 34 }, ...ask('ask', { text }).request });
}

/** For each function whether it ran. */
async function ran(plain) {
  wasmSplit('--instrument', plain, '-o', at('counted.wasm'));
  const { exports, ...asked } = await engine(readFileSync(at('counted.wasm')));
  use(asked);
  const size = exports.__write_profile(0, 0);
  const address = exports.vram_alloc(size);
  exports.__write_profile(address, size);
  const profile = Buffer.from(new Uint8Array(exports.memory.buffer, address, size));
  writeFileSync(at('profile'), profile);
  // A hash of eight bytes, then the time of each function's first call: none is 0.
  return Array.from({ length: (size - 8) / 4 }, (_, i) => profile.readUInt32LE(8 + 4 * i) !== 0);
}

/** References with offsets in [from, to) of a list that is sorted by them. */
function within(references, { from, to }) {
  let [low, high] = [0, references.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (references[middle].offset < from) low = middle + 1;
    else high = middle;
  }
  const found = [];
  for (; low < references.length && references[low].offset < to; low += 1) found.push(references[low].symbol);
  return found;
}

/** Data symbols that the functions refer to, and those that these refer to. */
function reached(module, runs) {
  const live = new Set(module.functions.filter((_, i) => runs[i]).flatMap((each) => within(module.fromCode, each)));
  // A set hands out what is added while it is walked.
  for (const { segment, offset, size } of live) {
    if (segment === undefined) continue;
    const start = module.segments[segment].from + offset;
    for (const symbol of within(module.fromData, { from: start, to: start + size })) live.add(symbol);
  }
  return live;
}

/** Stretches of a segment that are marked, as addresses and bytes. Shorter gaps than a new one costs are bridged. */
function* stretches({ address, bytes }, marked) {
  const BRIDGED = 8;
  for (let start = marked.indexOf(1), next; start >= 0; start = next) {
    let end = start;
    for (next = start; next >= 0 && next - end <= BRIDGED; next = marked.indexOf(1, end)) for (end = next; marked[end]; ) end += 1;
    yield [address + start, bytes.subarray(start, end)];
  }
}

/** The data of either part: what the first can reach, with zeros between, and the rest. */
function parted(module, live) {
  const first = [];
  const rest = [];
  for (const [index, segment] of module.segments.entries()) {
    const mark = (symbols, value, marks) => {
      for (const { offset, size } of symbols) marks.fill(value, offset, offset + size);
      return marks;
    };
    const here = module.symbols.filter((symbol) => symbol.segment === index);
    const away = mark(here.filter((symbol) => live.has(symbol)), 0, mark(here, 1, new Uint8Array(segment.bytes.length)));
    first.push([segment.address, segment.bytes.map((byte, i) => (away[i] ? 0 : byte))]);
    rest.push(...stretches(segment, away));
  }
  return { first, rest };
}

const bytes = readFileSync(from);
const module = linked(bytes);
writeFileSync(at('plain.wasm'), withoutCustomSections(bytes));
const runs = await ran(at('plain.wasm'));
if (runs.length !== module.functions.length) throw new Error('the profile is of other functions');
wasmSplit(at('plain.wasm'), '--profile', at('profile'), '-o1', at('first.wasm'), '-o2', at('rest.wasm'), '--export-prefix=%');
const data = parted(module, reached(module, runs));
for (const [part, name] of [['first', 'vram.wasm'], ['rest', 'vram.rest.wasm']]) writeFileSync(join(folder, name), withData(withoutCustomSections(readFileSync(at(`${part}.wasm`))), data[part]));
rmSync(work, { recursive: true });
console.log(`${runs.filter(Boolean).length} of ${runs.length} functions in the first part`);
