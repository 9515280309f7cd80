// What a set-up comes to, and every control of it by hand.
import { useMemo } from 'preact/hooks';
import { lazy } from '../lazy';
import { othersOf } from '../parts';
import type { State, Store } from '../store';
import { Changes } from './Changes';
import { Command } from './Command';
import type { Line } from './Curve';
import { Inverses } from './Inverses';
import { Memory } from './Ledger';
import { Printed } from './Printed';
import { Rail } from './Rail';
import { Verdict } from './Verdict';

const FormulaResult = lazy(async () => (await import('./Numbers')).FormulaResult);
const GgufResult = lazy(async () => (await import('./Gguf')).GgufResult);
const Curve = lazy(async () => (await import('./Curve')).Curve);

function Curves({ store, state }: { store: Store; state: State }) {
  const { curve, other } = state.deep;
  const lines = useMemo((): Line[] => {
    if (!curve) return [];
    const all: Line[] = [{ name: 'this set-up', curve, kind: 'now' }];
    if (other) all.push({ name: other.words, curve: other.curve, kind: 'other' });
    return all;
  }, [curve, other]);
  return (
    <section class="block two" aria-labelledby="curve">
      <div>
        <h2 id="curve">Context against concurrency</h2>
        <Curve lines={lines} limit={Math.max(store.limit(), 2048)} point={state.inverse.tokens} block={state.answer?.report.kv_cache?.block_size ?? 16} onPoint={(tokens) => store.invert({ tokens })} />
      </div>
      <Inverses store={store} state={state} />
    </section>
  );
}

export function Result({ store, state }: { store: Store; state: State }) {
  const { answer, formula, gguf } = state;
  return (
    <div class="cols">
      <div class={state.reading ? 'res reading' : 'res'} aria-busy={state.reading !== ''}>
        <Verdict store={store} state={state} />
        {formula && <FormulaResult store={store} state={state} />}
        {gguf && <GgufResult store={store} state={state} />}
        {answer && (
          <>
            <Memory answer={answer} others={othersOf(state.request, answer.report)} />
            <Printed store={store} state={state} />
            {answer.report.kv_cache && <Curves store={store} state={state} />}
            <Changes store={store} state={state} />
            <Command store={store} state={state} />
          </>
        )}
      </div>
      <Rail store={store} state={state} />
    </div>
  );
}
