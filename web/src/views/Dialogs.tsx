// Dialogs are the browser's own: Esc closes them and focus goes back where it was.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { failed } from '../engine';
import { download } from '../files';
import { placeOf } from '../link';
import { lettersOn, setLetters } from '../letters';
import { apply, registry as readRegistry, restore, type Settings } from '../service';
import type { State, Store } from '../store';

function Modal({ store, name, title, children, footer, wide }: { store: Store; name: string; title: string; children: ComponentChildren; footer: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} id={name} class={wide ? 'broad' : ''} aria-labelledby={`${name}-title`} onClose={() => store.open(null)}>
      <header>
        <h2 id={`${name}-title`}>{title}</h2>
      </header>
      <div class="body">{children}</div>
      <footer>
        <button type="button" class="btn" onClick={() => dialog.current?.close()}>
          Close
        </button>
        {footer}
      </footer>
    </dialog>
  );
}

/** Formula mode keeps the keys that the earlier tool printed. */
function reportText(store: Store, state: State): string {
  const line = store.engine.line('estimate', state.request);
  const report = JSON.parse(line);
  return JSON.stringify(report.mode === 'formula' ? { ...report.formula, ...(state.formulaContext ? { max_context: state.formulaContext } : {}) } : report, null, 2);
}

function JsonDialog({ store, state }: { store: Store; state: State }) {
  const text = useMemo(() => reportText(store, state), [state.request]);
  const name = (state.answer?.report.model.name ?? state.gguf?.report.model.name ?? 'formula').replace(/.*\//, '');
  return (
    <Modal
      store={store} name="json" title="Report"
      footer={
        <>
          <button type="button" class="btn" onClick={() => download(`${text}\n`, `${name}.report.json`, 'application/json')}>
            Download
          </button>
          <button type="button" class="btn" onClick={() => store.copy(text)}>
            {state.said === 'Copied' ? 'Copied' : 'Copy JSON'}
          </button>
        </>
      }
    >
      <pre class="json" tabIndex={0} role="region" aria-label="JSON">
        {text}
      </pre>
    </Modal>
  );
}

function LogDialog({ store, state }: { store: Store; state: State }) {
  const report = state.answer?.report;
  const text = report?.log.join('\n') ?? '';
  return (
    <Modal
      store={store} name="log" title={`What vLLM ${report?.engine.version ?? ''} will print`}
      footer={
        <button type="button" class="btn" onClick={() => store.copy(text)}>
          Copy
        </button>
      }
    >
      <pre class="json wrap" tabIndex={0} role="region" aria-label="Lines">
        {text}
      </pre>
    </Modal>
  );
}

const KEYS: [string, string][] = [
  ['/  or  Ctrl K', 'palette: set-ups, arguments, commands'],
  ['↑ ↓', 'rows of the ledger'],
  ['Ctrl Enter', 'compare with the present set-up'],
  ['Ctrl Z', 'back to the set-up before, outside a text box'],
  ['c', 'copy the launch command'],
  ['l', 'copy the link'],
  ['j', 'JSON'],
  ['d', 'light or dark'],
  ['?', 'this list'],
];

function KeysDialog({ store }: { store: Store }) {
  const [on, setOn] = useState(lettersOn());
  return (
    <Modal store={store} name="keys" title="Keyboard" footer={null}>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox" checked={on}
          onChange={(event) => {
            setOn(event.currentTarget.checked);
            setLetters(event.currentTarget.checked);
          }}
        />
        Single letters work outside text boxes
      </label>
    </Modal>
  );
}

function ShareDialog({ store, state }: { store: Store; state: State }) {
  const [link, setLink] = useState('');
  const [lacks, setLacks] = useState('');
  useEffect(() => {
    void store.link().then(async (hash) => {
      setLink(new URL(hash, location.href).href);
      setLacks((await placeOf(hash)).remark ?? '');
    });
  }, []);
  return (
    <Modal
      store={store} name="share" title="Share"
      footer={
        <button type="button" class="btn" onClick={() => store.copy(link)}>
          {state.said === 'Copied' ? 'Copied' : 'Copy link'}
        </button>
      }
    >
      <pre class="json wrap" tabIndex={0} role="region" aria-label="Link">
        {link}
      </pre>
      <p class="note">
        {state.view === 'diagnose' ? 'The link opens this view; the log is not in it.' : 'The whole set-up is behind the #, which no browser sends to a server.'}
        {lacks && ' config.json needed: it is too large for a link, and whoever opens it is asked for it.'}
      </p>
    </Modal>
  );
}

function MeaningDialog({ store, state }: { store: Store; state: State }) {
  return (
    <Modal store={store} name="meaning" title="What the numbers mean" footer={null}>
      <p>GiB is 2^30 bytes. Computed numbers follow from the model and the arguments alone and are exact; measured ones, with ≈, were fitted on real start-ups, and nine of ten lie within the interval beside them.</p>
      <ul class="meaning">
        <li>Weights: every parameter and buffer as vLLM creates it on one rank.</li>
        <li>Activation peak: one forward pass of the largest batch, and sampling.</li>
        <li>Outside PyTorch: NCCL, kernels and libraries.</li>
        <li>KV cache: what the budget leaves, in whole blocks.</li>
        <li>CUDA graphs and context: captured after the cache, and held before vLLM measures.</li>
      </ul>
      {state.answer?.report.assumptions.map(({ about, value, why }) => (
        <p class="note" key={about}>
          {about.replaceAll('_', ' ')}: {value}; {why}.
        </p>
      ))}
    </Modal>
  );
}

function settingsOf(state: State): Settings {
  const { answer, request, formula } = state;
  if (formula) return { context: request?.workload?.context_tokens ?? 8192, max_num_seqs: request?.workload?.concurrent_requests ?? 1 };
  const report = answer?.report;
  const length = report?.args['max_model_len'] ?? report?.model.max_model_len;
  // As many as were asked for, else as many as have room.
  const atOnce = Number(request?.args?.['max_num_seqs'] ?? request?.workload?.concurrent_requests ?? report?.kv_cache?.max_concurrency ?? 0);
  const share = request?.args?.['gpu_memory_utilization'];
  const dtype = request?.args?.['kv_cache_dtype'];
  return {
    ...(length ? { context: Number(length) } : {}),
    ...(atOnce >= 1 ? { max_num_seqs: Math.floor(atOnce) } : {}),
    ...(share ? { gpu_memory_utilization: String(share) } : {}),
    ...(typeof dtype === 'string' ? { kv_cache_dtype: dtype } : {}),
  };
}

function Diff({ text }: { text: string }) {
  const kind = (line: string) => (line.startsWith('+++') || line.startsWith('---') || line.startsWith('@@') ? 'h' : line.startsWith('+') ? 'a' : line.startsWith('-') ? 'r' : '');
  return (
    <div class="diff" tabIndex={0} role="region" aria-label="Difference">
      {text.split('\n').filter(Boolean).map((line, i) => (
        <div key={i} class={kind(line)}>
          {line}
        </div>
      ))}
    </div>
  );
}

const UNDO_FOR_MS = 10_000;

/** What takes the last write back, for ten seconds after it. */
function useUndo() {
  const [undo, setUndo] = useState<{ run: () => Promise<void> | void } | null>(null);
  useLayoutEffect(() => {
    const end = undo && setTimeout(() => setUndo(null), UNDO_FOR_MS);
    return () => clearTimeout(end ?? undefined);
  }, [undo]);
  return { undo, setUndo };
}

function ApplyDialog({ store, state }: { store: Store; state: State }) {
  const { registry, entry, service } = state;
  const [name, setName] = useState(entry?.name ?? registry?.entries[0]?.name ?? '');
  const [told, setTold] = useState('');
  const { undo, setUndo } = useUndo();
  const changed = registry && store.engine.ask('apply', { text: registry.text, place: registry.place, name, settings: settingsOf(state) });
  if (!registry || !changed) return null;
  const wrong = failed(changed) ? changed.error.message : null;
  const lines = failed(changed) ? 0 : changed.diff.split('\n').filter((line) => /^[+-](?![+-]{2})/.test(line)).length;
  const handOut = (text: string, words: string) => {
    download(text, registry.place.replace(/.*\//, ''), 'application/json');
    store.openRegistry({ place: registry.place, text }, false);
    setTold(words);
  };
  const saying = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      setUndo(null);
      setTold(error instanceof Error ? error.message : 'It was not written.');
    }
    await store.readRegistry();
  };
  const write = async () => {
    if (failed(changed)) return;
    if (!registry.served || !service) {
      const before = registry.text;
      handOut(changed.text, 'The changed file is in the downloads; put it in the place of the old one.');
      return setUndo({ run: () => handOut(before, 'The former file is in the downloads too.') });
    }
    const now = await readRegistry();
    if (now && now.text !== registry.text) {
      store.openRegistry(now, true);
      return setTold('The file changed since it was read: these are the lines that would change now.');
    }
    await saying(async () => {
      const applied = await apply(service, name, settingsOf(state));
      setTold('Written.');
      if (applied.backup) setUndo({ run: () => saying(async () => (await restore(service, applied), setTold('Undone: the file is as it was.'))) });
    });
  };
  return (
    <Modal
      store={store} name="apply" title={`Apply to ${name} in ${registry.place}`} wide
      footer={
        <button type="button" class="btn main" disabled={lines === 0} onClick={write}>
          {registry.served && service ? `Write ${lines} lines` : `Download with ${lines} lines changed`}
        </button>
      }
    >
      <div class="arg wide">
        <label for="apply-entry">Entry</label>
        <select id="apply-entry" value={name} onChange={(event) => setName(event.currentTarget.value)}>
          {registry.entries.map((each) => (
            <option key={each.name} value={each.name}>
              {each.display_name || each.name}
            </option>
          ))}
        </select>
      </div>
      {wrong ? <p class="wrong">{wrong}</p> : lines ? <Diff text={failed(changed) ? '' : changed.diff} /> : <p class="note">The entry says all of this already.</p>}
      <p class="note" role="status">
        {told || 'Only these lines of one entry change. Everything else stays as it is, byte for byte.'}{' '}
        {undo && (
          <button type="button" class="link" onClick={() => (setUndo(null), void undo.run())}>
            Undo
          </button>
        )}
      </p>
    </Modal>
  );
}

export function Dialogs({ store, state }: { store: Store; state: State }) {
  switch (state.dialog) {
    case 'json':
      return <JsonDialog store={store} state={state} />;
    case 'log':
      return <LogDialog store={store} state={state} />;
    case 'keys':
      return <KeysDialog store={store} />;
    case 'numbers':
      return <MeaningDialog store={store} state={state} />;
    case 'share':
      return <ShareDialog store={store} state={state} />;
    case 'apply':
      return <ApplyDialog store={store} state={state} />;
    default:
      return null;
  }
}
