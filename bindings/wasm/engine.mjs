// Loads the engine and puts questions to it, in a browser as in Node: vram.wasm, and vram.rest.wasm with what the first use
// of a page does without.

// Nothing is opened or printed; what the C library links for that answers "not supported".
const NOT_SUPPORTED = 52;
const wasi = { fd_write: () => NOT_SUPPORTED, fd_close: () => NOT_SUPPORTED, fd_seek: () => NOT_SUPPORTED };

/** Thrown by a question that vram.wasm alone cannot answer. The engine that threw it answers nothing more. */
export class NeedsRest extends Error {}

// The functions of the rest, by numbers; the rest puts its own in their places.
const placeholder = new Proxy({}, {
  get: () => () => {
    throw new NeedsRest('this question needs vram.rest.wasm');
  },
});

/**
 * @typedef {WebAssembly.Module | Response | Promise<Response> | BufferSource} Source a module, its bytes, or the response that brings them
 * @param {Source} first vram.wasm
 * @param {Source} [rest] vram.rest.wasm; without it some questions throw NeedsRest
 * @returns answer: the question's name and its JSON in, one line of JSON out; giveModels: models.txt, the catalogue, once and
 *   first; openFile: a GGUF file's name, its first bytes and its size in, one line of JSON out, {"more": true} where they are
 *   too few; exports: what the module itself offers
 */
export async function engine(first, rest) {
  const { exports } = await WebAssembly.instantiate(await compiled(first), { wasi_snapshot_preview1: wasi, placeholder });
  if (rest) await WebAssembly.instantiate(await compiled(rest), { primary: exports });
  const { memory, _initialize, vram_alloc, vram_free, vram_answer, vram_models, vram_open } = exports;
  _initialize();
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const copied = (bytes) => {
    const at = vram_alloc(bytes.length);
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
    return at;
  };
  const giveModels = (text) => {
    const bytes = encoder.encode(text);
    vram_models(copied(bytes), bytes.length);
  };
  const lineOf = (given, answered) => {
    vram_free(given);
    const all = new Uint8Array(memory.buffer);  // taken again: the memory may have grown
    const line = decoder.decode(all.subarray(answered, all.indexOf(0, answered)));
    vram_free(answered);
    return line;
  };
  const answer = (question, json) => {
    const text = encoder.encode(question + json);
    const given = copied(text);
    return lineOf(given, vram_answer(given, encoder.encode(question).length, text.length));
  };
  const openFile = (name, front, size) => {
    const named = encoder.encode(name);
    const text = new Uint8Array(named.length + front.length);
    text.set(named);
    text.set(front, named.length);
    const given = copied(text);
    return lineOf(given, vram_open(given, named.length, text.length, size));
  };
  return { answer, giveModels, openFile, exports };
}

/**
 * @param {Source} source
 * @returns {Promise<WebAssembly.Module>} to hand to a worker, which then neither fetches nor compiles it again
 */
export async function compiled(source) {
  if (source instanceof WebAssembly.Module) return source;
  const bytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source);
  return bytes ? WebAssembly.compile(source) : WebAssembly.compileStreaming(source);
}
