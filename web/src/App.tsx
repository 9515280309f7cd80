import { useEffect } from 'preact/hooks';
import { count, gib } from './format';
import { mood } from './sentences';
import { fullest } from './parts';
import { useStore, type State, type Store } from './store';
import type { View } from './link';
import { lazyOfWhole } from './lazy';
import { lettersOn } from './letters';
import { Field } from './views/Field';
import { First } from './views/First';
import { Result } from './views/Result';
import { openFiles } from './files';

const Compare = lazyOfWhole(async () => (await import('./views/Compare')).Compare);
const Diagnose = lazyOfWhole(async () => (await import('./views/Diagnose')).Diagnose);
const Dialogs = lazyOfWhole(async () => (await import('./views/Dialogs')).Dialogs);
const Palette = lazyOfWhole(async () => (await import('./views/Palette')).Palette);

const TABS: [View, string][] = [
  ['estimate', 'Estimate'],
  ['compare', 'Compare'],
  ['diagnose', 'Diagnose'],
];

function turnTheme(): void {
  const root = document.documentElement;
  root.dataset['theme'] = root.dataset['theme'] === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem('theme', root.dataset['theme']);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function Top({ store, state }: { store: Store; state: State }) {
  const { releases } = store.about;
  const short = (version: string | undefined) => version?.split('.').slice(0, 2).join('.') ?? '';
  return (
    <header class="shell">
      <div class="top">
        <a class="brand" href="#" onClick={(event) => (event.preventDefault(), store.set({ view: 'estimate', typed: '', request: null, answer: null, formula: null, gguf: null, failure: null, asked: null, tab: 'name' }), void store.leave())}>
          VRAM<span class="l"> Estimator</span>
        </a>
        <nav class="tabs" aria-label="Pages">
          {TABS.map(([view, name]) => (
            <a key={view} href={`#${view[0]}`} data-t={name} aria-current={state.view === view ? 'page' : undefined} onClick={(event) => (event.preventDefault(), store.show(view))}>
              {name}
            </a>
          ))}
        </nav>
        <div class="end">
          <span>
            vLLM {short(releases[0]?.version)} – {short(releases.at(-1)?.version)}
          </span>
          <button type="button" class="linkbutton" onClick={() => store.open('share')}>
            Link
          </button>
          <button type="button" data-theme-button onClick={turnTheme}>
            <span class="todark">Dark</span>
            <span class="tolight">Light</span>
          </button>
        </div>
      </div>
    </header>
  );
}

function Strip({ state }: { state: State }) {
  const { answer } = state;
  if (!answer) return null;
  const rank = fullest(answer.report)?.rank;
  const { verdict, kv_cache } = answer.report;
  const word = { ok: 'Starts', no: 'Refused', maybe: 'Unsure' }[mood(answer)];
  const needed = kv_cache?.needed_bytes_for_max_model_len;
  const longest = kv_cache?.max_context_tokens ?? kv_cache?.estimated_max_model_len;
  return (
    <div class="strip" aria-hidden="true">
      <b class={`s-${mood(answer)}`}>{word}</b>
      <span>
        {rank ? gib(verdict.fits ? rank.kv_cache_bytes : Math.max(rank.available_kv_bytes, 0)) : ''}
        {!verdict.fits && needed ? ` of ${gib(needed)}` : ''} GiB
      </span>
      <span>{verdict.fits && kv_cache ? `${count(kv_cache.tokens)} tokens` : ''}</span>
      <b>{verdict.fits ? kv_cache?.max_concurrency_printed : longest ? `max ${count(longest)}` : ''}</b>
    </div>
  );
}

function Estimate({ store, state }: { store: Store; state: State }) {
  return (
    <>
      <Field store={store} state={state} />
      {!state.request && !state.typed.trim() ? <First store={store} state={state} /> : <Result store={store} state={state} />}
    </>
  );
}

function Foot({ store }: { store: Store }) {
  const { releases } = store.about;
  return (
    <footer class="foot shell">
      <span>
        Rules as of {releases.at(-1)?.as_of}, vLLM {releases[0]?.version} to {releases.at(-1)?.version}
      </span>
      <span class="printonly">Printed {new Date().toISOString().slice(0, 10)}</span>
      <button type="button" class="link" onClick={() => store.open('numbers')}>
        What the numbers mean
      </button>
      <button type="button" class="link" onClick={() => store.open('keys')}>
        Keyboard
      </button>
    </footer>
  );
}

const typing = (target: EventTarget | null) => target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

function useKeys(store: Store): void {
  useEffect(() => {
    const letters: Record<string, () => void> = {
      c: () => store.state.answer && void store.copy(store.state.answer.command),
      l: () => void store.copyLink(),
      j: () => store.state.request && store.open('json'),
      d: turnTheme,
      '?': () => store.open('keys'),
      '/': () => store.open('palette'),
    };
    const pressed = (event: KeyboardEvent) => {
      const command = event.ctrlKey || event.metaKey;
      if (store.state.dialog && event.key !== 'k') return;
      if (event.key === 'Escape' && store.state.reading) return store.stopReading();
      if (command && event.key.toLowerCase() === 'k') store.open('palette');
      else if (command && event.key === 'Enter') store.compareWith();
      else if (command && event.key === 'z' && !typing(event.target)) history.back();
      else if (!command && !event.altKey && !typing(event.target) && letters[event.key] && (lettersOn() || event.key === '/')) letters[event.key]?.();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [store]);
}

export function App({ store }: { store: Store }) {
  const state = useStore(store);
  useKeys(store);
  const heading = state.answer?.sentence;
  useEffect(() => {
    document.title = heading && state.view === 'estimate' ? `${heading} · VRAM Estimator` : 'VRAM Estimator';
    const live = setTimeout(() => {
      const box = document.getElementById('verdict-live');
      if (box) box.textContent = state.view === 'estimate' ? (heading ?? '') : '';
    }, 600);
    return () => clearTimeout(live);
  }, [heading, state.view]);
  return (
    <div
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void openFiles(store, event.dataTransfer?.files);
      }}
    >
      <Top store={store} state={state} />
      <main class="shell">
        {state.remark && (
          <p class="remark">
            {state.remark}{' '}
            <button type="button" class="link" onClick={() => store.set({ remark: '' })}>
              Close
            </button>
          </p>
        )}
        {state.view === 'estimate' && <Estimate store={store} state={state} />}
        {state.view === 'compare' && <Compare store={store} state={state} />}
        {state.view === 'diagnose' && <Diagnose store={store} />}
      </main>
      {state.view === 'estimate' && <Strip state={state} />}
      <Foot store={store} />
      <p class="vh" id="verdict-live" aria-live="polite" />
      <p class={state.said && state.said !== 'Copied' ? 'toast' : 'vh'} role="status">
        {state.said}
      </p>
      {state.dialog === 'palette' ? <Palette store={store} state={state} /> : state.dialog && <Dialogs store={store} state={state} key={state.dialog} />}
    </div>
  );
}
