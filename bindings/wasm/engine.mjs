// Loads vram.wasm and puts questions to it, in a browser as in Node.

// Nothing is opened or printed; what the C library links for that answers "not supported".
const NOT_SUPPORTED = 52;
const wasi = { fd_write: () => NOT_SUPPORTED, fd_close: () => NOT_SUPPORTED, fd_seek: () => NOT_SUPPORTED };

/**
 * @param {WebAssembly.Module | Response | Promise<Response> | BufferSource} source the module, its bytes, or the response that brings them
 * @returns {Promise<{answer: (question: string, json: string) => string, giveModels: (text: string) => void}>} answer: the
 *   question's name and its JSON in, one line of JSON out; giveModels: models.txt, the configs of the catalogue, which the
 *   module knows by name alone
 */
export async function engine(source) {
  const { memory, _initialize, vram_alloc, vram_free, vram_answer, vram_models } = (await WebAssembly.instantiate(await compiled(source), { wasi_snapshot_preview1: wasi })).exports;
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
  const answer = (question, json) => {
    const text = encoder.encode(question + json);
    const given = copied(text);
    const answered = vram_answer(given, encoder.encode(question).length, text.length);
    vram_free(given);
    const all = new Uint8Array(memory.buffer);  // taken again: the memory may have grown
    const line = decoder.decode(all.subarray(answered, all.indexOf(0, answered)));
    vram_free(answered);
    return line;
  };
  return { answer, giveModels };
}

/**
 * @param {WebAssembly.Module | Response | Promise<Response> | BufferSource} source
 * @returns {Promise<WebAssembly.Module>} to hand to a worker, which then neither fetches nor compiles it again
 */
export async function compiled(source) {
  if (source instanceof WebAssembly.Module) return source;
  const bytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source);
  return bytes ? WebAssembly.compile(source) : WebAssembly.compileStreaming(source);
}
