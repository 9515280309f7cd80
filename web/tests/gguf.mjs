// A small GGUF file of a plain model, as llama.cpp's converter writes one; its tensors are zeros.
const STRING = 8;
const UINT32 = 4;
const FLOAT32 = 6;
const ARRAY = 9;
const F32 = 0;
const F16 = 1;
const ALIGNMENT = 32;

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
};
const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const f32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};

function field([key, value]) {
  if (Array.isArray(value)) return Buffer.concat([text(key), u32(ARRAY), u32(STRING), u64(value.length), ...value.map(text)]);
  if (typeof value === 'string') return Buffer.concat([text(key), u32(STRING), text(value)]);
  return Buffer.concat([text(key), Number.isInteger(value) ? Buffer.concat([u32(UINT32), u32(value)]) : Buffer.concat([u32(FLOAT32), f32(value)])]);
}

const padded = (size) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/** A llama of `layers` layers; `tokens` long names of a vocabulary push the table of tensors past the first MiB. */
export function gguf({ layers = 4, width = 256, heads = 4, kvHeads = 2, feed = 512, vocabulary = 320, tokens = [] } = {}) {
  const head = width / heads;
  const shapes = [['token_embd.weight', [width, vocabulary]], ['output_norm.weight', [width]], ['output.weight', [width, vocabulary]]];
  for (let i = 0; i < layers; i += 1)
    shapes.push(
      ...Object.entries({
        attn_norm: [width], attn_q: [width, heads * head], attn_k: [width, kvHeads * head], attn_v: [width, kvHeads * head], attn_output: [heads * head, width], ffn_norm: [width],
        ffn_gate: [width, feed], ffn_up: [width, feed], ffn_down: [feed, width],
      }).map(([name, shape]) => [`blk.${i}.${name}.weight`, shape]),
    );
  const fields = Object.entries({
    'general.architecture': 'llama', 'llama.block_count': layers, 'llama.context_length': 8192, 'llama.embedding_length': width, 'llama.feed_forward_length': feed,
    'llama.attention.head_count': heads, 'llama.attention.head_count_kv': kvHeads, 'llama.rope.dimension_count': head, 'llama.attention.layer_norm_rms_epsilon': 1.5e-5,
    'tokenizer.ggml.model': 'llama', ...(tokens.length ? { 'tokenizer.ggml.tokens': tokens } : {}),
  });
  let at = 0;
  const table = shapes.map(([name, shape]) => {
    const type = shape.length > 1 ? F16 : F32;
    const size = shape.reduce((all, each) => all * each, 1) * (type === F16 ? 2 : 4);
    const entry = Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(at)]);
    at += padded(size);
    return entry;
  });
  const front = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(table.length), u64(fields.length), ...fields.map(field), ...table]);
  return Buffer.concat([front, Buffer.alloc(padded(front.length) - front.length + at)]);
}
