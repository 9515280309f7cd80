// The earlier tool's figures, by hand: its fields, its defaults, both of its answers from one set of numbers.
import { DEFAULT_FORMULA, type State, type Store } from '../store';
import { count, fromGib, gib } from '../format';
import { detectProfile } from '../profiles';
import type { Formula } from '../types';
import { Actions } from './Command';
import { Cards, From } from './Rail';
import { StackBar, StackTable } from './Stack';

const QUANTS = ['fp16', 'bf16', 'fp8', 'mxfp8', 'int8', 'int4', 'fp4', 'mxfp4'];
const KV_DTYPES = ['fp16', 'bf16', 'fp8'];

function Row({ id, name, value, placeholder, onValue }: { id: string; name: string; value: number | undefined; placeholder?: string; onValue: (value: number | undefined) => void }) {
  return (
    <div class={value === undefined ? 'arg plain' : 'arg plain set'}>
      <label for={id}>{name}</label>
      <input
        id={id} inputMode="decimal" autocomplete="off" value={value ?? ''} placeholder={placeholder ?? ''}
        onInput={(event) => {
          const text = event.currentTarget.value.trim();
          if (text === '') onValue(undefined);
          else if (Number.isFinite(Number(text))) onValue(Number(text));
        }}
      />
    </div>
  );
}

function Choice({ id, name, value, of, onValue }: { id: string; name: string; value: string; of: string[]; onValue: (value: string) => void }) {
  return (
    <div class="arg plain set">
      <label for={id}>{name}</label>
      <select id={id} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {!of.includes(value) && <option>{value}</option>}
        {of.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </div>
  );
}

export function Numbers({ store, state }: { store: Store; state: State }) {
  const { request, profileReason } = state;
  const formula = request?.model.formula ?? DEFAULT_FORMULA;
  const profile = store.about.profiles[request?.profile ?? 'default'];
  const set = (name: keyof Formula, value: number | string | undefined) => {
    const { [name]: _, ...rest } = formula;
    store.change((old) => ({ ...old, model: { formula: (value === undefined ? rest : { ...rest, [name]: value }) as Formula } }));
  };
  const load = request?.workload ?? { concurrent_requests: 1, context_tokens: 8192 };
  const figure = (name: keyof Formula, label: string, placeholder?: string) => (
    <Row id={`n-${name}`} name={label} value={formula[name] as number | undefined} {...(placeholder ? { placeholder } : {})} onValue={(value) => (value === undefined && !placeholder ? undefined : set(name, value))} />
  );
  const changed = formula.overhead_gib !== undefined || formula.vision_gib !== undefined || formula.frag_factor !== undefined;
  return (
    <>
      {figure('params_billion', 'Parameters, billion')}
      <Choice id="n-quant" name="Quantisation" value={formula.quant} of={QUANTS} onValue={(value) => set('quant', value)} />
      {figure('bytes_per_param', 'Bytes per parameter', 'by name')}
      {figure('layers', 'Layers')}
      {figure('kv_heads', 'KV heads')}
      {figure('head_dim', 'Head dim')}
      <Choice id="n-kv" name="KV dtype" value={formula.kv_dtype} of={KV_DTYPES} onValue={(value) => set('kv_dtype', value)} />
      {figure('kv_bytes', 'Bytes per KV element', 'by name')}
      <From state={state} />
      <h2>Load</h2>
      <Row id="n-context" name="Context, k tokens" value={load.context_tokens / 1024} onValue={(k) => k && store.change((old) => ({ ...old, workload: { ...load, context_tokens: Math.round(k * 1024) } }))} />
      <Row id="n-batch" name="Batch" value={load.concurrent_requests} onValue={(batch) => batch && store.change((old) => ({ ...old, workload: { ...load, concurrent_requests: batch } }))} />
      <Row id="n-budget" name="Budget, GiB" value={Number(gib(request?.gpu?.total_bytes ?? 0))} onValue={(size) => size && store.change((old) => ({ ...old, gpu: { total_bytes: fromGib(size) } }))} />
      <Row id="n-search" name="Search up to, k" value={state.searchUpToK} onValue={(k) => k && store.searchUpTo(k)} />
      <div class="arg wide">
        <label for="n-card">Card</label>
        <Cards store={store} state={state} id="n-card" />
      </div>
      <h2>
        Profile
        <button type="button" class="link" onClick={() => detectProfile(store)}>
          Detect
        </button>
      </h2>
      <Choice id="n-profile" name="Profile" value={request?.profile ?? 'default'} of={Object.keys(store.about.profiles)} onValue={(name) => (store.set({ profileReason: '' }), store.patch({ profile: name, model: { formula: { overhead_gib: null, vision_gib: null, frag_factor: null } } }))} />
      {figure('overhead_gib', 'Overhead, GiB', profile?.overhead_gib.toFixed(2))}
      {figure('vision_gib', 'Vision, GiB', profile?.vision_gib.toFixed(2))}
      {figure('frag_factor', 'Fragmentation', profile?.frag_factor.toFixed(2))}
      <p class="note" role="status">
        {changed ? 'The profile is changed. ' : ''}
        {profileReason}
      </p>
    </>
  );
}

const PARTS: ['weights_gib' | 'kv_gib' | 'overhead_gib' | 'vision_gib', string, string][] = [
  ['weights_gib', 'Weights', 'weights'],
  ['kv_gib', 'KV Cache', 'kv'],
  ['overhead_gib', 'Overhead', 'nontorch'],
  ['vision_gib', 'Vision Tower', 'graphs'],
];

export function FormulaResult({ store, state }: { store: Store; state: State }) {
  const { formula: report, formulaContext: inverse, request } = state;
  if (!report) return null;
  const { formula } = report;
  const budget = Number(gib(request?.gpu?.total_bytes ?? 0));
  const sizes = PARTS.map(([key, name, css]) => ({ name, css, size: formula[key] }));
  const margin = formula.total_gib - sizes.reduce((sum, { size }) => sum + size, 0);
  const all = [...sizes, { name: `Fragmentation Factor × ${formula.frag_factor.toFixed(2)}`, css: 'context', size: margin }];
  const scale = Math.max(budget, formula.total_gib);
  const load = request?.workload;
  return (
    <>
      <section class="block memory" aria-labelledby="memory">
        <h2 id="memory">Memory, GiB</h2>
        <StackBar rows={all} left={{ name: 'Left', css: 'free', size: budget - formula.total_gib }} scale={scale} />
        <div class="ledger">
          <StackTable caption="VRAM Estimate by part" head="VRAM Estimate" rows={all} total={{ name: 'Total', css: '', size: formula.total_gib }} />
          <div class="why">
            <section class="on">
              <h3>
                ({sizes.map(({ size }) => size.toFixed(2)).join(' + ')}) × {formula.frag_factor.toFixed(2)}
              </h3>
              <p>
                {load ? `${count(load.context_tokens)} tokens × ${count(load.concurrent_requests)} ${load.concurrent_requests === 1 ? 'request' : 'requests'}. ` : ''}
                {state.profileReason}
              </p>
              {report.assumptions.map(({ about, why }) => (
                <p class="src" key={about}>
                  {about}: {why}
                </p>
              ))}
            </section>
          </div>
        </div>
      </section>
      <section class="block" aria-labelledby="inverse">
        <h2 id="inverse">The other way round</h2>
        <dl class="said">
          <div>
            <dt>Context (k tokens)</dt>
            <dd class="big">{inverse ? inverse.context_k.toFixed(2) : 'none'}</dd>
            <dd class="sub">{inverse ? `${count(inverse.context_tokens)} tokens` : ''}</dd>
          </div>
          <div>
            <dt>Estimated Total (GiB)</dt>
            <dd class="big">{inverse?.total_gib.toFixed(2)}</dd>
            <dd class="sub">{inverse ? `KV Cache ${inverse.kv_gib.toFixed(2)}, searched up to ${state.searchUpToK}k` : ''}</dd>
          </div>
        </dl>
      </section>
      <section class="block" aria-label="Keep and share">
        <Actions store={store} state={state} />
      </section>
    </>
  );
}
