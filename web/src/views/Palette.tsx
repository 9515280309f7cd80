// The field's language as a list: set-ups that are planned already, arguments, commands.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { failed, ofVllm } from '../engine';
import { flag, shown } from '../format';
import { reach } from '../hub';
import { readings } from './Field';
import type { State, Store } from '../store';
import type { Request } from '../types';

interface Choice {
  group: 'Set-ups' | 'Arguments' | 'Commands';
  text: string;
  note: string;
  code?: boolean;
  run: () => void;
  request?: Request;
}

const MOST_SETUPS = 4;
const MOST_ARGUMENTS = 5;

function verdict(store: Store, request: Request): string {
  const answer = store.engine.ask('page', request);
  if (failed(answer)) return request.model.source && reach(request.model.source) ? 'from the hub' : '';
  if (!ofVllm(answer)) return '';
  const { verdict: found, kv_cache } = answer.report;
  return found.fits ? `starts, ${kv_cache?.max_concurrency_printed ?? ''}` : 'refused';
}

function setups(store: Store, state: State, text: string): Choice[] {
  const asked = store.engine.ask('ask', { text });
  if (failed(asked)) return [];
  const gpu = asked.request.gpu ?? state.request?.gpu ?? { total_bytes: 16 * 2 ** 30 };
  const plain = asked.request.model ? [{ ...asked.request, model: asked.request.model, gpu } as Request] : [];
  const words = text.toLowerCase().split(/[\s,]+/).filter((word) => word.length > 2 && /[a-z]/.test(word));
  const [first = ''] = words;
  const found = first ? store.modelNames(first) : [];
  const said = words.filter((word) => found.some((name) => name.toLowerCase().includes(word)));
  const matches = (name: string) => said.filter((word) => name.toLowerCase().includes(word)).length;
  const others = found
    .filter((name) => name !== plain[0]?.model.source && matches(name) >= Math.max(said.length - 1, 1))
    .sort((a, b) => matches(b) - matches(a) || a.length - b.length)
    .slice(0, MOST_SETUPS - plain.length)
    .map((source): Request => ({ ...asked.request, model: { source }, gpu }));
  return [...plain, ...others].map((request) => ({
    group: 'Set-ups', request, note: verdict(store, request), text: readings(store, request).slice(0, 2).map(({ text: words }) => words).join(' on '),
    run: () => {
      store.set({ view: 'estimate', typed: request === plain[0] ? text : '', asked: request === plain[0] ? asked : null, tab: 'name' });
      store.plan(request);
      void store.leave();
    },
  }));
}

function argumentsOf(store: Store, state: State, text: string): Choice[] {
  const [name = '', value] = text.trim().replace(/^--/, '').split(/[\s=]+/);
  const wanted = name.toLowerCase().replaceAll('_', '-');
  if (wanted.length < 2) return [];
  return store.about.arguments
    .filter((argument) => argument.name.includes(wanted))
    .slice(0, MOST_ARGUMENTS)
    .map(({ name: found, kind }): Choice => {
      const key = found.replaceAll('-', '_');
      const typed = value ?? (kind === 'flag' ? 'true' : '');
      return {
        group: 'Arguments', code: true, text: `${flag(key)} ${typed}`.trim(), note: `default ${shown(state.answer?.report.args[key])}`,
        run: () => (typed ? store.patch({ args: { [key]: /^-?[\d.]+$/.test(typed) ? Number(typed) : typed === 'true' ? true : typed } }) : document.getElementById(`arg-${found}`)?.focus()),
      };
    });
}

/** What the sentence says of arguments, for the present set-up alone. */
function said(store: Store, text: string): Choice[] {
  const asked = store.engine.ask('ask', { text });
  if (failed(asked) || !asked.request.model) return [];
  const { args = {}, ...request } = asked.request as Request;
  const usual = store.engine.ask('page', { ...request, gpu: request.gpu ?? store.state.request?.gpu ?? { name: 'H100' } });
  const defaults = ofVllm(usual) ? usual.report.args : {};
  return Object.entries(args).map(([key, value]) => ({
    group: 'Arguments', code: true, text: `${flag(key)} ${value === true ? '' : shown(value)}`.trim(), note: `default ${shown(defaults[key])}`, run: () => store.patch({ args: { [key]: value } }),
  }));
}

function commands(store: Store, state: State, text: string): Choice[] {
  const all: [string, string, () => void][] = [
    ['Compare with the present set-up', 'Ctrl Enter', () => store.compareWith()],
    ['Share', '', () => store.open('share')],
    ['Copy link', 'l', () => void store.copyLink()],
    ['Copy the launch command', 'c', () => void store.copy(state.answer?.command ?? '')],
    ['JSON', 'j', () => store.open('json')],
    ['Light or dark', 'd', () => document.querySelector<HTMLElement>('[data-theme-button]')?.click()],
    ['Print', '', () => print()],
    ['Diagnose a log', '', () => store.show('diagnose')],
    ['Numbers by hand', '', () => store.openNumbers()],
    ['Keyboard', '?', () => store.open('keys')],
  ];
  const word = text.trim().toLowerCase();
  return all
    .filter(([name]) => (state.answer || !/Compare|JSON|link|launch/.test(name)) && (!word || name.toLowerCase().includes(word) || name.startsWith('Compare')))
    .map(([name, note, run]) => ({ group: 'Commands', text: name, note, run }));
}

/** Set-ups, arguments, commands; a command that is called by its name comes first. */
function choices(store: Store, state: State, text: string): Choice[] {
  const word = text.trim().toLowerCase();
  const called = (choice: Choice) => word.length > 2 && choice.text.toLowerCase().startsWith(word);
  const offered = commands(store, state, text);
  const others = [...(word ? setups(store, state, text) : []), ...argumentsOf(store, state, text), ...said(store, text)];
  return offered.some(called) ? [...offered.filter(called), ...offered.filter((choice) => !called(choice)), ...others] : [...others, ...offered];
}

export function Palette({ store, state }: { store: Store; state: State }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const list = useMemo(() => choices(store, state, text), [text]);
  const close = () => dialog.current?.close();
  const choose = (choice: Choice | undefined) => {
    if (!choice) return;
    close();
    store.open(null);
    choice.run();
  };
  const chosen = list[Math.min(at, list.length - 1)];
  const keys = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by) setAt((at + by + list.length) % Math.max(list.length, 1));
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      close();
      if (chosen?.request) store.compareWith(chosen.request);
      else store.compareWith();
    } else if (event.key === 'Enter') choose(chosen);
    else if (event.key === 'Tab' && !event.shiftKey && chosen && chosen.group !== 'Commands') setText(chosen.request?.model.source ? `${chosen.request.model.source} ` : chosen.text);
    else return;
    event.preventDefault();
  };
  useEffect(() => document.getElementById(`choice-${at}`)?.scrollIntoView({ block: 'nearest' }), [at]);
  return (
    <dialog ref={dialog} class="pal" id="palette" aria-label="Describe a set-up or run a command" onClose={() => store.state.dialog === 'palette' && store.open(null)}>
      <label class="vh" for="palette-text">
        Describe a set-up or type a command
      </label>
      <input
        id="palette-text" type="text" role="combobox" aria-expanded="true" aria-controls="choices" aria-activedescendant={chosen ? `choice-${list.indexOf(chosen)}` : undefined}
        autocomplete="off" spellcheck={false} placeholder="qwen3 32b fp8 on 2x4090 32K ctx" value={text}
        onInput={(event) => (setText(event.currentTarget.value), setAt(0))} onKeyDown={keys}
      />
      {list[0]?.request && (
        <div class="read">
          {readings(store, list[0].request).map(({ label, text: words }) => (
            <div key={`${label}${words}`}>
              {label && <span>{label}</span>}
              {words}
            </div>
          ))}
        </div>
      )}
      <div role="listbox" id="choices" aria-label="Results">
        {[...new Set(list.map(({ group }) => group))].map((group) => {
          const of = list.filter((choice) => choice.group === group);
          return (
            <div role="group" aria-labelledby={`group-${group}`} key={group}>
              <div class="grp" id={`group-${group}`}>
                {group}
              </div>
              {of.map((choice) => {
                const i = list.indexOf(choice);
                return (
                  <div role="option" key={i} id={`choice-${i}`} aria-selected={choice === chosen} onClick={() => choose(choice)}>
                    <span>{choice.code ? <code>{choice.text}</code> : choice.text}</span>
                    <small>{choice.note}</small>
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
      <div class="hint">
        <span>
          <kbd>↑ ↓</kbd> choose
        </span>
        <span>
          <kbd>Enter</kbd> apply
        </span>
        <span>
          <kbd>Tab</kbd> complete
        </span>
        <span>
          <kbd>Esc</kbd> back
        </span>
      </div>
    </dialog>
  );
}
