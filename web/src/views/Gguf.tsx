// A GGUF file by llama.cpp's rules: where its layers go, what each byte is for, how the server is started.
import { count, flag, gib, shown, toGib } from '../format';
import type { State, Store } from '../store';
import type { Arguments, GgufReport, Json } from '../types';
import { Actions } from './Command';
import { StackBar, StackTable, type StackRow } from './Stack';

type Gpu = GgufReport['ranks'][number];

const CACHE_TYPES = ['f16', 'bf16', 'f32', 'q8_0', 'q5_1', 'q5_0', 'q4_1', 'q4_0', 'iq4_nl'];
const ON_OFF = ['true', 'false'];

/** llama-server's settings that count for memory, with what they may be. */
const SETTINGS: [string, string[]?][] = [
  ['ctx_size'], ['parallel'], ['n_gpu_layers'], ['cache_type_k', CACHE_TYPES], ['cache_type_v', CACHE_TYPES], ['flash_attn', ON_OFF], ['batch_size'], ['ubatch_size'],
  ['kv_unified', ON_OFF], ['swa_full', ON_OFF], ['kv_offload', ON_OFF], ['mmproj'],
];

function typed(text: string): Json {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (ON_OFF.includes(trimmed)) return trimmed === 'true';
  return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}

export function GgufSettings({ store, state }: { store: Store; state: State }) {
  const args = state.request?.args ?? {};
  return (
    <>
      <h2>
        llama-server <span>{Object.keys(args).length} set</span>
      </h2>
      {SETTINGS.map(([key, choices]) => {
        const set = args[key];
        const usual = state.gguf?.report.args[key];
        const id = `gguf-${key}`;
        const wrong = set !== undefined && state.failure?.includes(key) ? state.failure : null;
        const common = { id, 'aria-invalid': wrong ? true : undefined, 'aria-describedby': wrong ? `${id}-wrong` : undefined, value: set === undefined ? '' : shown(set), onChange: () => void store.leave() };
        return (
          <div key={key} class={set === undefined ? 'arg' : 'arg set'}>
            <label for={id}>{flag(key)}</label>
            {choices ? (
              <select {...common} onInput={(event) => store.argument(key, typed(event.currentTarget.value))}>
                <option value="">{shown(usual)}</option>
                {choices.map((choice) => (
                  <option key={choice}>{choice}</option>
                ))}
              </select>
            ) : (
              <input {...common} autocomplete="off" spellcheck={false} placeholder={shown(usual)} onInput={(event) => store.argument(key, typed(event.currentTarget.value))} />
            )}
            {wrong && (
              <p class="wrong" id={`${id}-wrong`}>
                {wrong}
              </p>
            )}
          </div>
        );
      })}
      <p class="note">A projector is opened beside the model, and named by its file.</p>
    </>
  );
}

/** "llama-server -m x.gguf --ctx-size 8192 --no-kv-offload" */
function launch(name: string, args: Arguments): string {
  const words = Object.entries(args).map(([key, value]) => {
    if (typeof value !== 'boolean') return `${flag(key)} ${shown(value)}`;
    if (key === 'flash_attn') return `${flag(key)} ${value ? 'on' : 'off'}`;
    return value ? flag(key) : `--no-${key.replaceAll('_', '-')}`;
  });
  return ['llama-server', '-m', name, ...words].join(' ');
}

function rowsOf(gpu: Gpu): StackRow[] {
  return [
    { name: 'Weights', css: 'weights', size: toGib(gpu.model_loading_bytes) },
    { name: 'Compute buffer', css: 'activation', size: toGib(gpu.activation_peak_bytes), measured: true },
    { name: 'KV cache', css: 'kv', size: toGib(gpu.kv_cache_bytes) },
    { name: 'CUDA context', css: 'context', size: toGib(gpu.context_bytes), measured: true },
  ];
}

function Card({ report, gpu }: { report: GgufReport; gpu: Gpu }) {
  const rows = rowsOf(gpu);
  const left: StackRow = { name: 'Free', css: 'free', size: toGib(gpu.free_after_bytes) };
  const scale = toGib(Math.max(report.gpu.total_bytes, gpu.peak_bytes));
  return (
    <>
      {report.ranks.length > 1 && <p class="ranks">GPU {gpu.rank}</p>}
      <StackBar rows={rows} left={left} scale={scale} />
      <StackTable caption={`Memory of GPU ${gpu.rank} by part`} head={`GPU ${gpu.rank}`} rows={[...rows, left]} total={{ name: 'Card total', css: '', size: toGib(gpu.peak_bytes + gpu.free_after_bytes) }} />
    </>
  );
}

export function GgufResult({ store, state }: { store: Store; state: State }) {
  const { gguf, request } = state;
  if (!gguf || !request) return null;
  const { report } = gguf;
  const command = launch(report.model.name, request.args ?? {});
  return (
    <>
      <section class="block memory" aria-labelledby="memory">
        <h2 id="memory">Memory of each GPU, GiB</h2>
        {report.ranks.map((gpu) => (
          <Card key={gpu.rank} report={report} gpu={gpu} />
        ))}
        <p class="note">
          With the host: weights {gib(report.host.weights_bytes)}, cache {gib(report.host.kv_cache_bytes)}. {report.assumptions.map(({ about, why }) => `${about.replaceAll('_', ' ')}: ${why}.`).join(' ')}
        </p>
      </section>
      <section class="block" aria-labelledby="printed">
        <h2 id="printed">What llama.cpp will print</h2>
        <dl class="said">
          <div>
            <dt>n_ctx</dt>
            <dd class="big">{count(report.kv_cache.tokens)} tokens</dd>
            <dd class="sub">for {count(report.kv_cache.max_concurrency)} sequences</dd>
          </div>
        </dl>
        <pre class="json wrap" tabIndex={0} role="region" aria-label="Lines">
          {report.log.join('\n')}
        </pre>
      </section>
      <section class="block" aria-labelledby="command">
        <h2 id="command">Launch command{report.verdict.fits ? '' : ', would be refused'}</h2>
        <div class="cmd">
          <pre tabIndex={0} role="region" aria-label="The text to copy">
            {command}
          </pre>
          <button type="button" class="btn" onClick={() => store.copy(command)}>
            {state.said === 'Copied' ? 'Copied' : 'Copy'}
          </button>
        </div>
        <Actions store={store} state={state} />
      </section>
    </>
  );
}
