// wasm_test.mjs PROGRAM VRAM.WASM DATA: 200 requests answered by the engine in WebAssembly and by `batch`, byte for byte;
// its first part alone, which answers the same or not at all; and GGUF files by their fronts.
// Exit status 77, "skipped", where the engine was not built or is older than the program.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { engine, NeedsRest } from '../bindings/wasm/engine.mjs';
import { gguf } from '../web/tests/gguf.mjs';

const [program, wasm, data] = process.argv.slice(2);
const SKIPPED = 77;
if (!existsSync(wasm) || statSync(wasm).mtimeMs < statSync(program).mtimeMs) {
  console.log(`${wasm} is missing or older than the program: run make wasm`);
  process.exit(SKIPPED);
}

const models = readdirSync(`${data}/models`).map((file) => file.replace('.json', '').replace('__', '/'));
const gpus = ['H100-SXM-80GB', 'RTX-4090', 'L40S', 'B200', 'MI300X', 'T4', 'A100-SXM-40GB'];
const versions = ['0.33.0', '0.19.0', '0.10.2', '0.28.0', 'main', '2026-05-01'];
const args = [
  {}, { max_model_len: 8192 }, { tensor_parallel_size: 2 }, { kv_cache_dtype: 'fp8', gpu_memory_utilization: 0.85 }, { pipeline_parallel_size: 2 },
  { max_num_batched_tokens: 2048, max_num_seqs: 17 }, { enforce_eager: true, max_model_len: '32k' }, { no_such_argument: 1 }, { block_size: 32 },
  { enable_lora: true, max_loras: 2, max_lora_rank: 32 }, { speculative_config: { method: 'ngram', num_speculative_tokens: 4 } },
  { speculative_config: { model: 'Qwen/Qwen3-1.7B', num_speculative_tokens: 3 } }, { speculative_config: { method: 'mtp', num_speculative_tokens: 2 } },
  { limit_mm_per_prompt: { image: 2, video: 0 } }, { kv_offloading_size: 8, enable_prefix_caching: false }, { quantization: 'fp8', data_parallel_size: 2 },
];
const pick = (list, i) => list[i % list.length];

const requests = models.slice(0, 186).map((_, i) => {
  const request = {
    model: { source: pick(models, i * 7) }, engine: { version: pick(versions, i) }, args: pick(args, i),
    gpu: i % 5 ? { name: pick(gpus, i), count: 1 + (i % 2) } : { total_bytes: 17_179_869_184 + i * 1_000_003 },
  };
  if (i % 3 === 0) request.workload = { concurrent_requests: 1 + i, context_tokens: 512 * (1 + (i % 40)) };
  return JSON.stringify(request);
});
const config = JSON.parse(readFileSync(`${data}/models/Qwen__Qwen3-8B.json`, 'utf8'));
const formula = { params_billion: 8.2, quant: 'int4', layers: 36, kv_heads: 8, head_dim: 128, kv_dtype: 'fp8' };
requests.push(
  JSON.stringify({ model: { config, name: 'dropped' }, gpu: '4090' }), JSON.stringify({ model: { formula }, gpu: { total_bytes: 2 ** 34 } }),
  JSON.stringify({ model: { formula }, profile: 'ada_16gb', workload: { concurrent_requests: 3, context_tokens: 12345 } }),
  JSON.stringify({ model: { formula: { ...formula, quant: 'q9', bytes_per_param: 0.123456789, overhead_gib: 1e-7 } } }),
  JSON.stringify({ model: { config: { ...config, architectures: ['NoSuchModel'] } }, gpu: 'L4' }), JSON.stringify({ model: { config: {} }, gpu: 'L4' }),
  '{', '[]', '{}', 'null', '{"model":{"source":"catalog:Qwen/Qwen3-9B"},"gpu":"4090"}', '{"model":{"source":"Qwen/Qwen3-8B"},"gpu":"h1000"}',
  '{"model":{"source":"Qwen/Qwen3-8B"},"gpu":"4090","calibration":{"observations":1}}', '{"model":{"source":"Qwen/Qwen3-8B"},"gpu":{"total_bytes":1e999}}',
);

const expected = execFileSync(program, ['batch'], { env: { ...process.env, HF_HUB_OFFLINE: '1' }, input: requests.join('\n') + '\n', maxBuffer: 1 << 28 }).toString().split('\n');
let failures = 0;
const fail = (words) => {
  failures += 1;
  console.log(words);
};
const load = async (...parts) => {
  const { answer, giveModels, openFile } = await engine(...parts);
  giveModels(readFileSync(join(dirname(wasm), 'models.txt'), 'utf8'));
  return Object.assign(answer, { openFile });
};
const first = await WebAssembly.compile(readFileSync(wasm));
const ask = await load(first, readFileSync(wasm.replace('.wasm', '.rest.wasm')));
for (const [i, request] of requests.entries()) {
  const answer = ask('estimate', request);
  if (answer !== expected[i]) fail(`differs: ${request.slice(0, 300)}\n  program ${expected[i].slice(0, 400)}\n  wasm    ${answer.slice(0, 400)}`);
}
// GGUF files, of which a page reads the front: answered as the program answers about the file.
const folder = mkdtempSync(join(tmpdir(), 'vram-gguf-'));
const names = Array.from({ length: 320 }, (_, i) => `t${i}`.repeat(2000));
const ggufs = { 'small.gguf': gguf(), 'long.gguf': gguf({ tokens: names, layers: 6, kvHeads: 4 }) };
for (const [name, bytes] of Object.entries(ggufs)) {
  writeFileSync(join(folder, name), bytes);
  let size = 1 << 20;
  while (JSON.parse(ask.openFile(name, bytes.subarray(0, size), bytes.length)).more) size *= 4;
  if (size > 1 << 20 !== (name === 'long.gguf')) fail(`${name}: read as far as ${size}`);
  for (const given of [{}, { ctx_size: 1 << 17, cache_type_k: 'q8_0' }, { n_gpu_layers: 2, parallel: 2 }, { max_model_len: 1 }]) {
    const request = JSON.stringify({ model: { source: name }, gpu: { name: 'RTX-4090', count: 2 }, args: given });
    const said = execFileSync(program, ['batch'], { cwd: folder, input: `${request}\n` }).toString().trim();
    if (ask('estimate', request) !== said) fail(`differs: ${request}\n  program ${said.slice(0, 400)}\n  wasm    ${ask('estimate', request).slice(0, 400)}`);
    const { report, error } = JSON.parse(ask('page', request));
    if (JSON.stringify(report ?? { error }) !== JSON.stringify(JSON.parse(said))) fail(`the page's report differs: ${request}`);
  }
}
for (const [bytes, words] of [[Buffer.from('GGUF'), 'ends inside its header'], [Buffer.from('no model'), 'GGUF']])
  if (!ask.openFile('broken.gguf', bytes, bytes.length).includes(words)) fail(`broken.gguf: ${ask.openFile('broken.gguf', bytes, bytes.length)}`);
rmSync(folder, { recursive: true });

// A page has no machine around it and no hub.
for (const [json, words] of [['{"model":{"source":"Qwen/Qwen3-8B"}}', 'no GPU was found in this machine'], ['{"model":{"source":"Qwen/Qwen3-9B"},"gpu":"4090"}', 'did you mean Qwen/Qwen3-4B']])
  if (!ask('estimate', json).includes(words)) fail(`${json}: ${ask('estimate', json).slice(0, 300)}`);
const others = [['ask', '{"text":"qwen3 8b on 4090"}'], ['models', '{"search":"qwen3"}'], ['gpus', '{}'], ['about', '{}'], ['inspect', requests[0]],
  ['format', `{"request":${requests[0]},"format":"kubernetes"}`], ['max-context', requests[1]], ['concurrency', `{"request":${requests[2]},"contexts":[1024],"requests":[4]}`]];
for (const [question, json] of others) if (ask(question, json).startsWith('{"error"')) fail(`${question}: ${ask(question, json).slice(0, 300)}`);

// The first part answers as the whole does, or not at all.
let answered = 0;
const pages = requests.map((request) => ['page', request]);
const sentences = models.map((name) => ['ask', JSON.stringify({ text: `${name} on ${pick(gpus, name.length)} ${pick(['8k ctx', 'fp8', 'util .9', 'tp 2', '16 users', 'vllm 0.19'], name.length)}` })]);
let alone = await load(first);
for (const [question, json] of [...others, ...pages, ...sentences]) {
  try {
    if (alone(question, json) !== ask(question, json)) fail(`differs without the rest: ${question} ${json.slice(0, 300)}`);
    answered += 1;
  } catch (error) {
    if (!(error instanceof NeedsRest)) fail(`${error} without the rest: ${question} ${json.slice(0, 300)}`);
    alone = await load(first);
  }
}
console.log(`${requests.length} requests, ${others.length + pages.length + sentences.length} questions of which the first part answers ${answered} alone; ${failures} differ`);
process.exit(failures ? 1 : 0);
