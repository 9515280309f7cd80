// The one line that understands a set-up, and what it was read as.
import { flag, gib, shown } from '../format';
import type { State, Store } from '../store';
import type { Request } from '../types';

interface Reading {
  label: string;
  text: string;
}

function cardWords(store: Store, request: Request): string {
  const { name, count = 1, total_bytes } = request.gpu ?? {};
  const card = store.cards.find(({ id }) => id === name);
  if (card) return `${count} × ${card.name}`;
  if (total_bytes === undefined) return name ?? 'none';
  const size = `${gib(total_bytes)} GiB`;
  return store.state.asked && !store.state.asked.request.gpu && !name ? `${size}, because no card is known` : `${count} × ${name ?? 'a card of'} ${size}`;
}

export function readings(store: Store, request: Request): Reading[] {
  if (request.model.formula)
    return [
      { label: 'mode', text: 'formula' },
      { label: 'budget', text: request.gpu?.name ? cardWords(store, request) : `${gib(request.gpu?.total_bytes ?? 0)} GiB` },
      { label: 'profile', text: request.profile ?? 'default' },
    ];
  const list: Reading[] = [
    { label: 'model', text: request.model.source ?? request.model.name ?? 'a config.json' },
    { label: 'GPU', text: cardWords(store, request) },
    store.state.gguf?.report.model.name === request.model.source
      ? { label: 'llama.cpp', text: store.state.gguf?.report.engine.version ?? '' }
      : { label: 'vLLM', text: request.engine?.version ?? store.about.newest },
  ];
  Object.entries(request.args ?? {}).forEach(([name, value], i) => {
    list.push({ label: i ? '' : 'set', text: value === true ? flag(name) : `${flag(name)} ${shown(value)}` });
  });
  if (request.workload) list.push({ label: 'for', text: `${request.workload.concurrent_requests} × ${request.workload.context_tokens}` });
  return list;
}

/** "32k is 32,000 as vLLM reads it; 32K is 32,768", and one press that says the other. */
function Hint({ store, hint }: { store: Store; hint: string }) {
  const small = /^([\d.]+)k is /.exec(hint)?.[1];
  return (
    <div>
      <span>{hint}</span>
      {small && (
        <button type="button" class="link" onClick={() => (store.type(store.state.typed.replace(`${small}k`, `${small}K`)), void store.leave())}>
          {small}K?
        </button>
      )}
    </div>
  );
}

export function Field({ store, state }: { store: Store; state: State }) {
  const { request, asked } = state;
  const usable = request && (request.model.source || request.model.config || request.model.formula);
  return (
    <>
      <div class="ask">
        <label class="vh" for="ask">
          Describe a set-up
        </label>
        <input
          id="ask" type="text" autocomplete="off" spellcheck={false} placeholder="qwen3 32b fp8 on 2x4090 32K ctx" aria-describedby="read"
          value={state.typed} onInput={(event) => store.type(event.currentTarget.value)} onChange={() => store.leave()}
        />
        <button type="button" class="more-words" aria-haspopup="dialog" onClick={() => store.open('palette')}>
          <kbd>Ctrl K</kbd>
          <span>List</span>
          <b class="vh"> of set-ups and commands</b>
        </button>
      </div>
      <div class="read" id="read">
        {usable ? (
          readings(store, request).map(({ label, text }) => (
            <div key={`${label}${text}`}>
              {label && <span>{label}</span>}
              {text}
            </div>
          ))
        ) : (
          <div>
            <span>{state.typed ? 'Name a model: qwen3 8b, gemma 3 12b, gpt-oss-120b.' : 'Type a model, a card and what you want to run.'}</span>
          </div>
        )}
        {asked?.hints.map((hint) => (
          <Hint key={hint} store={store} hint={hint} />
        ))}
        {asked?.not_understood.map((words) => (
          <div class="not" key={words}>
            <span>not understood:</span> {words}
          </div>
        ))}
      </div>
    </>
  );
}
