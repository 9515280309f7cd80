import type { ComponentChildren } from 'preact';
import { count, gib, times } from '../format';
import { formulaLead, lead, mood, type Mood } from '../sentences';
import type { State, Store } from '../store';
import type { Suggestion } from '../types';

const SHAPES: Record<Mood, { shape: ComponentChildren; mark: string }> = {
  ok: { shape: <circle cx="11" cy="11" r="10" fill="currentColor" />, mark: 'M6 11.5l3.4 3.4L16 8' },
  no: { shape: <path d="M7 1h8l6 6v8l-6 6H7l-6-6V7z" fill="currentColor" />, mark: 'M6 11h10' },
  maybe: { shape: <path d="M11 1.5l10.4 18.6H.6z" fill="currentColor" />, mark: 'M11 8v6M11 16v2' },
};

export function Glyph({ mood: kind }: { mood: Mood }) {
  return (
    <svg class={`glyph s-${kind}`} viewBox="0 0 22 22" aria-hidden="true">
      {SHAPES[kind].shape}
      <path d={SHAPES[kind].mark} fill="none" stroke="var(--paper)" stroke-width="2.2" />
    </svg>
  );
}

/** As many as stand in one row: the slot keeps its height whatever is in it. */
function fitting(list: Suggestion[]): Suggestion[] {
  const ROW_PX = 690;
  const LETTER_PX = 7.6;
  const AROUND_PX = 75;
  let width = 0;
  return list.filter(({ words }, i) => (width += words.length * LETTER_PX + AROUND_PX) <= ROW_PX || i === 0);
}

function Remedies({ store, state }: { store: Store; state: State }) {
  const list = fitting(store.suggestions().slice(0, 3));
  return (
    <div class="quick">
      {list.length > 0 && <span>{state.answer?.report.verdict.fits ? 'Buys more' : 'Starts with'}</span>}
      {list.map((each) => (
        <button type="button" key={each.words} onClick={() => store.patch(each.change)}>
          <code>{each.words}</code>
          <b>{times(each.max_concurrency)}</b>
        </button>
      ))}
    </div>
  );
}

const Reading = ({ name }: { name: string }) => (
  <p role="status">
    reading {name}, its config and headers <small>(Esc cancels)</small>
  </p>
);

export function Verdict({ store, state }: { store: Store; state: State }) {
  const { answer, formula, failure, reading, request } = state;
  const { gguf } = state;
  if (reading && !answer && !formula && !gguf)
    return (
      <header class="verdict">
        <Glyph mood="maybe" />
        <h1>One moment.</h1>
        <Reading name={reading} />
        <div class="quick" />
      </header>
    );
  const stale = failure !== null && (answer !== null || formula !== null || gguf !== null);
  if (gguf) {
    const { verdict, engine } = gguf.report;
    return (
      <header class={stale ? 'verdict stale' : 'verdict'}>
        <Glyph mood={verdict.fits ? 'ok' : 'no'} />
        <h1>{gguf.sentence}</h1>
        <p>{stale ? `Not updated. ${failure}` : (verdict.message ?? `By the rules of llama.cpp as of ${engine.rules_as_of}. vLLM serves GGUF files by a plugin, which is not modelled.`)}</p>
        <div class="quick" />
      </header>
    );
  }
  if (formula) {
    const total = formula.formula.total_gib.toFixed(2);
    const budget = gib(state.request?.gpu?.total_bytes ?? 0);
    const fits = formula.verdict?.fits ?? true;
    return (
      <header class={stale ? 'verdict stale' : 'verdict'}>
        <Glyph mood={fits ? 'ok' : 'no'} />
        <h1>{fits ? `Takes ${total} GiB of the ${budget} GiB budget.` : `Does not fit: ${total} GiB against ${budget}.`}</h1>
        <p>{formulaLead}</p>
        <div class="quick" />
      </header>
    );
  }
  if (!answer)
    return (
      <header class="verdict">
        <Glyph mood="maybe" />
        <h1>{failure ? 'This cannot be planned.' : 'Name a model.'}</h1>
        <p>{failure}</p>
        <div class="quick" />
      </header>
    );
  const { workload } = answer.report;
  const { fewest } = state.deep;
  const cards = !workload?.fits && fewest && fewest > (request?.gpu?.count ?? 1) ? `; ${fewest} GPUs would do` : '';
  return (
    <header class={stale ? 'verdict stale' : 'verdict'}>
      <Glyph mood={mood(answer)} />
      <h1>{answer.sentence}</h1>
      {reading ? (
        <Reading name={reading} />
      ) : stale ? (
        <p>
          <b class="s-no">Not updated.</b> {failure}
        </p>
      ) : (
        <p>
          {lead(answer, request)}
          {workload && request?.workload && (
            <> {`${count(request.workload.concurrent_requests)} requests of ${count(request.workload.context_tokens)} tokens: ${workload.fits ? 'yes' : 'no'}, ${count(workload.concurrent_requests_possible)} fit${cards}.`}</>
          )}
        </p>
      )}
      <Remedies store={store} state={state} />
    </header>
  );
}
