// An entry of the registry as a set-up: its model by name where the engine knows it, else its figures by the formula.
import { failed } from './engine';
import type { Store } from './store';
import type { Asked, Entry, Formula, Request } from './types';

function figuresOf({ figures, quant, kv_dtype }: Entry): { formula: Formula; tokens: number } {
  const figure = (of: keyof Entry['figures'], fallback: number) => figures[of]?.value ?? fallback;
  const formula: Formula = {
    params_billion: figure('params_billion', 8), layers: figure('layers', 36), kv_heads: figure('kv_heads', 8), head_dim: figure('head_dim', 128),
    quant, kv_dtype, ...(figures.vision_gib ? { vision_gib: figures.vision_gib.value } : {}),
  };
  return { formula, tokens: figure('context_tokens', 8192) };
}

export function chooseEntry(store: Store, name: string): void {
  const entry = store.state.registry?.entries.find((each) => each.name === name);
  if (!entry) return store.set({ entry: null });
  store.set({ entry, typed: '', asked: null });
  const on = (request: Request) => store.completed({ ...store.kept(), ...request });
  const launch = store.engine.ask('ask', { text: `vllm serve x/y ${entry.extra_args.join(' ')}` }) as Asked;
  for (const source of entry.models) {
    const request = on({ model: { source }, args: launch.request.args ?? {} });
    if (!failed(store.engine.ask('page', request))) return store.plan(request);
  }
  const { formula, tokens } = figuresOf(entry);
  store.plan(on({ model: { formula }, workload: { concurrent_requests: 1, context_tokens: tokens }, profile: 'default' }));
}
