// A start-up log, read: what happened, which lines prove it, what was to be expected, what would have worked.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { failed, ofVllm } from '../engine';
import { download } from '../files';
import { count, signed } from '../format';
import { fullest } from '../parts';
import { log as readLog } from '../service';
import type { Store } from '../store';
import type { Calibration, Diagnosis, Request } from '../types';
import { Axis, Bar, Key } from './Bar';
import { StackBar, StackTable, type StackRow } from './Stack';
import { Glyph } from './Verdict';

const MOST_LOG = 16 << 20;
const MOST_LINES = 2000;

// Of the quantities that a log and a plan both have: src/logs/facts.cpp.
const NAMES: Record<string, string> = {
  model_loading_gib: 'Model loading', activation_peak_gib: 'Activation peak', non_torch_gib: 'Outside PyTorch', cudagraph_estimated_gib: 'CUDA graphs, estimated',
  available_kv_gib: 'Available KV cache memory', kv_reserved_gib: 'Memory for the KV cache', cudagraph_gib: 'CUDA graphs', kv_tokens: 'KV cache, tokens', needed_kv_gib: 'One full-length request',
};
const PATTERNS: [RegExp, string][] = [
  [/loading.*took|model weights/i, 'weights'],
  [/peak|activation/i, 'activation'],
  [/graph/i, 'graphs'],
  [/kv cache|gpu blocks|concurrency/i, 'kv'],
  [/non-?torch/i, 'nontorch'],
];

interface LogLine {
  number: number;
  text: string;
  part: string | null;
  fatal: boolean;
  understood: boolean;
}

type Row = LogLine | { folded: number; number: number };

const TRACE = /^\s*(\S*\s+){0,6}(File "|Traceback|\^{3,}|  {3,}\S)/;

/** A line without what tells repeats of it apart: its time, its process, its counters. */
const bare = (text: string) => text.replace(/\d+/g, '0');

/** Runs of traceback lines, and of one line again and again, fold into one where nothing was read from them. */
function folded(log: string, found: Diagnosis | null): Row[] {
  const known = new Map(found?.evidence.map(({ line, text }) => [line, text]));
  const fatal = new Set([found?.cause?.line, found?.later_failure?.line]);
  const rows: Row[] = [];
  let before = '';
  log.trimEnd().split('\n').forEach((text, i) => {
    const number = i + 1;
    const understood = known.has(number);
    const last = rows.at(-1);
    const spare = !understood && !fatal.has(number) && (TRACE.test(text) || (text.trim() !== '' && bare(text) === before));
    before = bare(text);
    if (spare && last && 'folded' in last) last.folded += 1;
    else if (spare) rows.push({ folded: 1, number });
    else rows.push({ number, text, part: understood ? (PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? 'context') : null, fatal: fatal.has(number), understood });
  });
  return rows.slice(0, MOST_LINES);
}

function Lines({ log, found }: { log: string; found: Diagnosis | null }) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => folded(log, found), [log, found]);
  useEffect(() => {
    const fatal = box.current?.querySelector<HTMLElement>('.fatal');
    if (fatal && box.current) box.current.scrollTop = fatal.offsetTop - box.current.offsetTop - 60;
  }, [rows]);
  return (
    <div class="log" tabIndex={0} role="region" aria-label="The log" ref={box}>
      <ol>
        {rows.map((row) =>
          'folded' in row ? (
            <li class="dim" key={row.number} value={row.number} data-n={row.number}>
              … {row.folded} {row.folded === 1 ? 'line' : 'lines'} folded
            </li>
          ) : (
            <li key={row.number} data-n={row.number} class={`${row.fatal ? 'fatal' : row.part ? `hit p-${row.part}` : ''}${row.understood || row.fatal ? '' : ' dim'}`}>
              {row.text}
            </li>
          ),
        )}
      </ol>
    </div>
  );
}

/** The set-up of the log, as short as it can be: of its arguments those that are not what they would be anyway. */
function requestOf(store: Store, { report }: Diagnosis): Request | null {
  if (!report) return null;
  const bare: Request = { model: { source: report.model.name }, engine: { version: report.engine.version }, gpu: { name: report.gpu.name, count: report.gpu.count } };
  const usual = store.engine.ask('page', bare);
  const known = new Set(store.about.arguments.map(({ name }) => name.replaceAll('-', '_')));
  const defaults = ofVllm(usual) ? usual.report.args : {};
  const args = Object.entries(report.args).filter(([name, value]) => known.has(name) && JSON.stringify(value) !== JSON.stringify(defaults[name]));
  return { ...bare, args: Object.fromEntries(args) };
}

function Fixes({ store, found }: { store: Store; found: Diagnosis }) {
  const request = useMemo(() => requestOf(store, found), [found]);
  if (!found.suggestions.length) return null;
  return (
    <section aria-labelledby="fixes">
      <h2 id="fixes">What makes it start{found.suggestions.some(({ fits }) => fits) ? ', each planned again' : ''}</h2>
      <ul class="fixes">
        {found.suggestions.map((each) => (
          <li key={each.words}>
            <svg viewBox="0 0 13 13" class={each.fits ? 's-ok' : 's-maybe'} aria-hidden="true">
              {each.fits ? <circle cx="6.5" cy="6.5" r="5.5" fill="currentColor" /> : <path d="M6.5 1L12.5 12H.5z" fill="currentColor" />}
            </svg>
            <div>
              <code>{each.words}</code>
              <p>
                {[each.effect, each.costs, each.fits === null ? 'not verified: outside the model' : each.fits ? '' : 'would be refused'].filter(Boolean).join('; ')}
              </p>
            </div>
            {request && Object.keys(each.change).length > 0 ? (
              <button
                type="button" class="link" aria-label={`Try ${each.words}`}
                onClick={() => {
                  store.set({ view: 'estimate', typed: '', asked: null, request });
                  store.patch(each.change);
                }}
              >
                Try
              </button>
            ) : (
              <button type="button" class="link" aria-label={`Copy ${each.words}`} onClick={() => store.copy(each.words)}>
                Copy
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Against({ found }: { found: Diagnosis }) {
  if (!found.comparison.length) return found.not_predicted ? <p class="note">Not compared: {found.not_predicted}.</p> : null;
  const size = (quantity: string, value: number) => (quantity.endsWith('_gib') || !Number.isInteger(value) ? value.toFixed(2) : count(value));
  return (
    <section class="against" aria-labelledby="against">
      <h2 id="against">Read from the log against our plan</h2>
      <table>
        <caption class="vh">What the log states, what is predicted, and the difference</caption>
        <thead>
          <tr>
            <th scope="col">GiB</th>
            <th scope="col" class="n">
              Log
            </th>
            <th scope="col" class="n">
              Plan
            </th>
            <th scope="col" class="n">
              Difference
            </th>
          </tr>
        </thead>
        <tbody>
          {found.comparison.map(({ quantity, stated, predicted, interval }) => (
            <tr key={quantity}>
              <th scope="row">{NAMES[quantity] ?? quantity}</th>
              <td class="n">{size(quantity, stated)}</td>
              <td class="n">
                {interval[0] === interval[1] ? '' : '≈ '}
                {size(quantity, predicted)}
              </td>
              <td class="n">{signed(predicted - stated, quantity.endsWith('_gib') || !Number.isInteger(predicted) ? 2 : 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function headline(found: Diagnosis): { mood: 'ok' | 'no' | 'maybe'; text: string } {
  const known = found.evidence.length > 0;
  if (!known && !found.cause) return { mood: 'maybe', text: 'No vLLM line found in this text.' };
  return { mood: found.outcome === 'started' ? 'ok' : found.outcome === 'unknown' ? 'maybe' : 'no', text: found.says };
}

/** The card when an allocation failed, as the log states it: what is known of what was held, and what was asked for. */
function AtFailure({ stated }: { stated: Diagnosis['stated'] }) {
  const size = (name: string) => Number(stated[name] ?? 0);
  const [total, free, asked] = [size('oom_total_gib'), size('oom_free_gib'), size('oom_tried_gib')];
  if (!total || !asked) return null;
  const known: StackRow[] = [
    { name: 'Weights', css: 'weights', size: size('model_loading_gib') },
    { name: 'KV cache', css: 'kv', size: size('available_kv_gib') },
  ].filter((row) => row.size > 0);
  const rest = total - free - known.reduce((sum, row) => sum + row.size, 0);
  const rows: StackRow[] = [...known, { name: known.length ? 'All else that was held' : 'Held', css: 'activation', size: Math.max(rest, 0) }];
  const left: StackRow = { name: 'Free', css: 'free', size: free };
  return (
    <section class="block" aria-labelledby="moment">
      <h2 id="moment">The card when it failed, GiB</h2>
      <StackBar rows={rows} left={left} scale={Math.max(total, total - free + asked)} asked={asked} />
      <StackTable caption="The card when it failed, as the log states it" head="At the failure" rows={[...rows, left]} total={{ name: 'Card total', css: '', size: total }} />
    </section>
  );
}

function AsPlanned({ found }: { found: Diagnosis }) {
  const group = found.report ? fullest(found.report) : undefined;
  if (!found.report || !group) return null;
  return (
    <section class="block" aria-labelledby="planned">
      <div class="headrow">
        <h2 id="planned">{found.outcome === 'started' ? 'Memory as planned, GiB' : 'Memory as planned for this start, GiB'}</h2>
        <Key />
      </div>
      <Bar report={found.report} group={group} scale={found.report.gpu.total_bytes} />
      <Axis scale={found.report.gpu.total_bytes} />
    </section>
  );
}

/** What this start teaches about its machine: shown as the profile it would write, then kept. */
function Learn({ store, log, gpu, found }: { store: Store; log: string; gpu: string; found: Diagnosis }) {
  const [learnt, setLearnt] = useState<Calibration | null>(null);
  const [told, setTold] = useState('');
  useEffect(() => (setLearnt(null), setTold('')), [log, gpu]);
  const served = store.state.service !== null;
  const learn = () => {
    const profile = found.report?.gpu.name ?? (gpu || 'default');
    const answer = store.engine.ask('learn', { log, profile, ...(gpu ? { gpu } : {}) });
    if (failed(answer)) setTold(answer.error.message);
    else setLearnt(answer);
  };
  const text = learnt && JSON.stringify(learnt, null, 2);
  return (
    <section aria-labelledby="learn">
      <h2 id="learn">This machine’s constants</h2>
      {text ? (
        <>
          <pre class="json" tabIndex={0} role="region" aria-label="Profile">
            {text}
          </pre>
          <p class="acts inline">
            <button type="button" class="btn" onClick={() => store.learn(log, learnt).then(setTold, (error: Error) => setTold(error.message))}>
              {served ? `Write profile ${learnt.name}` : `Use as profile ${learnt.name}`}
            </button>
            <button type="button" class="btn" onClick={() => download(`${text}\n`, `${learnt.name}.calibration.json`, 'application/json')}>
              Download profile
            </button>
          </p>
        </>
      ) : (
        <p>
          <button type="button" class="link" onClick={learn}>
            Learn this machine’s constants
          </button>
        </p>
      )}
      <p class="note" role="status">
        {told || 'By how much this start differs from the built-in estimates; later set-ups can take it as their profile.'}
      </p>
    </section>
  );
}

/** A log on the service's disk, by its path. */
function OnDisk({ onText }: { onText: (text: string) => void }) {
  const [path, setPath] = useState('');
  const [told, setTold] = useState('');
  const open = () => readLog(path).then(onText, (error: Error) => setTold(error.message));
  return (
    <form
      class="add"
      onSubmit={(event) => {
        event.preventDefault();
        void open();
      }}
    >
      <label for="log-path">Or its path on the server</label>
      <input id="log-path" type="text" autocomplete="off" spellcheck={false} value={path} aria-describedby="log-path-told" onInput={(event) => (setPath(event.currentTarget.value), setTold(''))} />
      <button type="submit" class="btn">
        Open
      </button>
      <p class="wrong" id="log-path-told" role="status">
        {told}
      </p>
    </form>
  );
}

export function Diagnose({ store }: { store: Store }) {
  const [log, setLog] = useState('');
  const [gpu, setGpu] = useState('');
  const found = useMemo(() => {
    if (!log.trim()) return null;
    const answer = store.engine.ask('diagnose', { log, ...(gpu ? { gpu } : {}) });
    return failed(answer) ? answer.error.message : answer;
  }, [log, gpu]);
  const open = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MOST_LOG) return store.set({ remark: `${file.name}: larger than 16 MiB; keep the start-up alone.` });
    setLog(await file.text());
  };
  const diagnosis = typeof found === 'object' ? found : null;
  const head = diagnosis ? headline(diagnosis) : null;
  return (
    <div
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void open(event.dataTransfer?.files[0]);
      }}
    >
      <header class="verdict wide">
        {head && <Glyph mood={head.mood} />}
        <h1>{head ? head.text : 'What went wrong?'}</h1>
        <p>
          {diagnosis
            ? [diagnosis.cause?.text, ...diagnosis.guesses.map(({ about, value, why }) => `${about}: ${value}, ${why}.`)].filter(Boolean).join(' ').slice(0, 400)
            : typeof found === 'string'
              ? found
              : 'Paste what vLLM printed, from its first line.'}
        </p>
      </header>
      <div class="dg">
        <section aria-labelledby="logtext">
          <div class="headrow">
            <h2 id="logtext">{log ? `Log, ${count(log.trimEnd().split('\n').length)} lines, ${diagnosis?.evidence.length ?? 0} understood` : 'Log'}</h2>
            <span class="acts inline">
              {log && (
                <button type="button" class="link" onClick={() => setLog('')}>
                  Paste another
                </button>
              )}
              <label class="link">
                Open a file
                <input type="file" class="vh" onChange={(event) => open(event.currentTarget.files?.[0])} />
              </label>
            </span>
          </div>
          {log ? (
            <Lines log={log} found={diagnosis} />
          ) : (
            <textarea class="paste" aria-label="Log" spellcheck={false} rows={18} placeholder="INFO … vLLM API server version …" onInput={(event) => setLog(event.currentTarget.value.slice(0, MOST_LOG))} />
          )}
          {!log && store.state.service?.can.has('paths') && <OnDisk onText={setLog} />}
          <p class="note">The log stays in this page. Nothing of it is put into the link.</p>
        </section>
        <div>
          <div class="add">
            <label for="log-gpu">GPU, where the log does not say</label>
            <input id="log-gpu" type="text" autocomplete="off" placeholder="H100" value={gpu} onInput={(event) => setGpu(event.currentTarget.value)} />
          </div>
          {diagnosis && <Fixes store={store} found={diagnosis} />}
          {diagnosis && <Against found={diagnosis} />}
          {diagnosis && diagnosis.evidence.length > 0 && <Learn store={store} log={log} gpu={gpu} found={diagnosis} />}
        </div>
      </div>
      {diagnosis && <AtFailure stated={diagnosis.stated} />}
      {diagnosis && <AsPlanned found={diagnosis} />}
    </div>
  );
}
