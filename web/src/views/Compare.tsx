// Set-ups beside each other: A solid, B dashed, all bars on one scale, and only the rows that differ.
import { useMemo, useState } from 'preact/hooks';
import { failed, ofVllm } from '../engine';
import { lazy } from '../lazy';
import { lengths, limitOf } from '../lengths';
import { count, flag, gib, shown, signed, times } from '../format';
import { fullest, missing, named, parts } from '../parts';
import type { State, Store } from '../store';
import type { Answer, Concurrency, Request } from '../types';
import { Axis, Bar, Key } from './Bar';
import { Glyph } from './Verdict';
import { mood } from '../sentences';

const Curve = lazy(async () => (await import('./Curve')).Curve);

const LETTERS = ['A', 'B', 'C', 'D'];

interface Row {
  name: string;
  code?: boolean;
  cells: string[];
  values?: number[];
  /** Which way is better; without one, neither. */
  better?: 'more' | 'less';
  ratio?: boolean;
}

function sentence(answers: Answer[]): string {
  const [a, b] = answers;
  if (!a || !b) return 'Name a second set-up to compare with.';
  const starts = answers.map(({ report }) => report.verdict.fits);
  const some = LETTERS.filter((_, i) => starts[i]);
  if (!some.length) return answers.length > 2 ? 'None starts.' : 'Neither starts.';
  if (some.length < answers.length) return `Only ${some.join(' and ')} ${some.length > 1 ? 'start' : 'starts'}.`;
  const [one, other] = [a, b].map(({ report }) => report.kv_cache?.max_concurrency ?? 0);
  if (answers.length > 2 || !one || !other) return 'All start.';
  const cards = b.report.gpu.count / a.report.gpu.count;
  const on = cards === 1 ? '' : cards === 2 ? ' on twice the GPUs' : cards > 1 ? ` on ${cards} times the GPUs` : ' on fewer GPUs';
  const ratio = other / one;
  if (Math.abs(ratio - 1) < 0.005) return `Both start, and serve the same number of requests${on}.`;
  return ratio > 1 ? `Both start. B serves ${ratio.toFixed(2)} times the requests of A${on}.` : `Both start. A serves ${(1 / ratio).toFixed(2)} times the requests of B.`;
}

/** Which part of a rank's memory differs most between the first two. */
function changedMost([a, b]: Answer[]): string {
  const [one, other] = [a, b].map((answer) => answer && fullest(answer.report)?.rank);
  if (!a || !b || !one || !other) return '';
  const before = parts(a.report, one);
  const changes = parts(b.report, other).map(({ id, name, bytes }) => ({ name, by: bytes - (before.find((part) => part.id === id)?.bytes ?? 0) }));
  const most = changes.reduce((largest, each) => (Math.abs(each.by) > Math.abs(largest.by) ? each : largest));
  const by = signed(most.by / 2 ** 30);
  return by === '0.00' ? 'Their memory is the same, part by part. ' : `What changed most: ${most.name} on each rank, ${by} GiB in B. `;
}

function rows(answers: Answer[], requests: Request[]): Row[] {
  const list: Row[] = [{ name: 'Model', cells: answers.map(({ report }) => report.model.name) }, { name: 'vLLM', cells: answers.map(({ report }) => report.engine.version) }];
  list.push({ name: 'Card', cells: answers.map(({ report }) => report.gpu.name) }, { name: 'GPUs', cells: answers.map(({ report }) => String(report.gpu.count)), values: answers.map(({ report }) => report.gpu.count) });
  const keys = new Set(requests.flatMap(({ args }) => Object.keys(args ?? {})));
  for (const key of keys) list.push({ name: flag(key), code: true, cells: answers.map(({ report }) => shown(report.args[key])) });
  const ranks = answers.map(({ report }) => ({ report, rank: fullest(report)?.rank }));
  const names = ranks[0]?.rank ? parts(ranks[0].report, ranks[0].rank) : [];
  names.forEach(({ name, id, measured }, i) => {
    const values = ranks.map(({ report, rank }) => (rank ? (parts(report, rank)[i]?.bytes ?? 0) / 2 ** 30 : 0));
    const about = measured || id === 'kv' ? '≈ ' : '';
    const row: Row = { name: `${name}${id === 'free' ? ' after start' : ' on each rank'}`, cells: values.map((value) => about + value.toFixed(2)), values };
    if (id === 'kv') row.better = 'more';
    list.push(row);
  });
  const tokens = answers.map(({ report }) => report.kv_cache?.tokens ?? 0);
  const concurrency = answers.map(({ report }) => report.kv_cache?.max_concurrency ?? 0);
  list.push({ name: 'GPU KV cache size, tokens', cells: tokens.map(count), values: tokens, better: 'more', ratio: true });
  list.push({ name: 'Full-length requests at once', cells: concurrency.map(times), values: concurrency, better: 'more', ratio: true });
  list.push({ name: 'Tokens for each GPU', cells: tokens.map((each, i) => count(each / (answers[i]?.report.gpu.count ?? 1))), values: tokens.map((each, i) => each / (answers[i]?.report.gpu.count ?? 1)), better: 'more', ratio: true });
  return list;
}

function against(row: Row, i: number): string {
  const [first] = row.values ?? [];
  const value = row.values?.[i];
  if (first === undefined || value === undefined) return '';
  if (row.ratio) return first ? `× ${(value / first).toFixed(2)}` : '';
  return signed(value - first, Number.isInteger(first) && Number.isInteger(value) ? 0 : 2);
}

function Cell({ row, i }: { row: Row; i: number }) {
  const values = row.values ?? [];
  const value = values[i];
  const best = row.better && value !== undefined && value === Math.max(...values) && new Set(values).size > 1;
  return <td class="n">{best ? <b>{row.cells[i]}</b> : row.cells[i]}</td>;
}

function Differences({ answers, requests }: { answers: Answer[]; requests: Request[] }) {
  const [all, setAll] = useState(false);
  const list = rows(answers, requests);
  const differing = list.filter(({ cells }) => new Set(cells).size > 1);
  const hidden = list.length - differing.length;
  return (
    <div>
      <h2>{all ? 'Everything' : 'Only what differs'}</h2>
      <table class="delta">
        <caption class="vh">The set-ups beside each other</caption>
        <thead>
          <tr>
            <td />
            {answers.map((_, i) => (
              <th scope="col" class="n" key={LETTERS[i]}>
                {LETTERS[i]}
              </th>
            ))}
            {answers.slice(1).map((_, i) => (
              <th scope="col" class="n" key={LETTERS[i + 1]}>
                {LETTERS[i + 1]} against A
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(all ? list : differing).map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.code ? <code>{row.name}</code> : row.name}</th>
              {answers.map((_, i) => (
                <Cell key={LETTERS[i]} row={row} i={i} />
              ))}
              {answers.slice(1).map((_, i) => (
                <td class="n d" key={LETTERS[i + 1]}>
                  {against(row, i + 1)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">
        {hidden} further {hidden === 1 ? 'row is' : 'rows are'} equal.{' '}
        <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Only what differs' : 'Show all'}
        </button>
      </p>
    </div>
  );
}

function SetUp({ store, state, i, answer }: { store: Store; state: State; i: number; answer: Answer | null }) {
  const request = state.compared[i];
  if (!request) return null;
  const without = () => store.setCompared(state.compared.filter((_, at) => at !== i));
  const edit = () => {
    store.set({ view: 'estimate', asked: null, typed: '', compared: state.compared.filter((_, at) => at !== i) });
    store.plan(request);
  };
  return (
    <div class={['a', 'b', 'c', 'e'][i]}>
      <h2>{LETTERS[i]}</h2>
      <p>{answer?.command.replaceAll(/ \\\n */g, ' ') ?? 'cannot be planned'}</p>
      <div class="acts">
        <button type="button" class="link" onClick={edit}>
          Edit
        </button>
        {answer && (
          <button type="button" class="link" onClick={() => store.copy(answer.command)}>
            Copy command
          </button>
        )}
        {i === 1 && (
          <button type="button" class="link" onClick={() => store.setCompared([...state.compared].reverse())}>
            Swap A and B
          </button>
        )}
        <button type="button" class="link" aria-label={`Remove ${LETTERS[i]}`} onClick={without}>
          Remove
        </button>
      </div>
    </div>
  );
}

function AddField({ store }: { store: Store }) {
  const [text, setText] = useState('');
  const add = () => {
    const asked = store.engine.ask('ask', { text });
    if (failed(asked) || !asked.request.model) return store.say('Name a model in it.');
    const { gpu } = store.state.compared[0] ?? {};
    const request = asked.request as Request;
    store.setCompared([...store.state.compared, request.gpu || !gpu ? request : { ...request, gpu }]);
    setText('');
  };
  return (
    <div class="add">
      <label for="another">Another set-up</label>
      <input
        id="another" type="text" autocomplete="off" spellcheck={false} placeholder="qwen3 8b fp8 on l40s" value={text}
        onInput={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => event.key === 'Enter' && add()}
      />
      <button type="button" class="btn" onClick={add}>
        Add
      </button>
    </div>
  );
}

export function Compare({ store, state }: { store: Store; state: State }) {
  const { compared } = state;
  const planned = useMemo(() => {
    return compared.map((request) => {
      const answer = store.engine.ask('page', request);
      return ofVllm(answer) ? answer : null;
    });
  }, [compared]);
  const answers = planned.filter((each) => each !== null);
  const { limit, curves } = useMemo(() => {
    const most = Math.max(...compared.map((request) => limitOf(store.engine, request)), 2048);
    const asked = compared.map((request) => store.engine.ask('concurrency', { request, contexts: lengths(most), requests: [1] }));
    return { limit: most, curves: asked.map((each) => (failed(each) ? null : each)) };
  }, [compared]);
  const scale = Math.max(1, ...answers.map(({ report }) => report.gpu.total_bytes));
  const [first] = answers;
  const lines = curves.map((curve, i) => ({ name: LETTERS[i] ?? '', curve, kind: i ? ('b' as const) : ('now' as const) })).filter((line): line is { name: string; curve: Concurrency; kind: 'now' | 'b' } => line.curve !== null);
  return (
    <>
      <header class="verdict wide">
        {first && <Glyph mood={answers.every(({ report }) => report.verdict.fits) ? 'ok' : mood(answers.find(({ report }) => !report.verdict.fits) ?? first)} />}
        <h1>{sentence(answers)}</h1>
        <p>{answers.length > 1 ? changedMost(answers) + answers.map((answer, i) => `${LETTERS[i]}: ${answer.sentence}`).join(' ') : 'A set-up comes here from its page, with Compare with…, or by its words below.'}</p>
      </header>
      <div class="ab">
        {compared.map((_, i) => (
          <SetUp key={LETTERS[i]} store={store} state={state} i={i} answer={planned[i] ?? null} />
        ))}
      </div>
      {compared.length < 4 && <AddField store={store} />}
      {answers.length > 0 && (
        <section class="block pair" aria-labelledby="pair">
          <div class="headrow">
            <h2 id="pair">Memory of each rank on one scale, GiB</h2>
            <Key />
          </div>
          {answers.map(({ report }, i) => {
            const group = fullest(report);
            return (
              group && (
                <div key={LETTERS[i]}>
                  <p class="lab">
                    <span>
                      {LETTERS[i]}, {named(group)}
                    </span>
                    <span>
                      {gib(report.verdict.fits ? group.rank.kv_cache_bytes : Math.max(group.rank.available_kv_bytes, 0))} GiB of KV cache
                      {missing(report, group.rank) > 0 && <b class="s-no">, {gib(missing(report, group.rank))} short</b>}
                    </span>
                  </p>
                  <Bar report={report} group={group} scale={scale} plain />
                </div>
              )
            );
          })}
          <Axis scale={scale} />
        </section>
      )}
      {answers.length > 1 && (
        <div class="block two">
          <Differences answers={answers} requests={compared} />
          <section aria-labelledby="curves">
            <h2 id="curves">Context against concurrency</h2>
            <Curve lines={lines} limit={limit} point={Number(first?.report.args['max_model_len'] ?? 8192)} />
          </section>
        </div>
      )}
      <section class="block" aria-labelledby="share">
        <h2 id="share">Share this comparison</h2>
        <div class="acts">
          <button type="button" class="link" onClick={() => store.copyLink()}>
            Copy link
          </button>
          <button type="button" class="link" onClick={() => store.copy(JSON.stringify(compared.map((request) => store.engine.ask('estimate', request)), null, 2))}>
            JSON of {compared.length === 2 ? 'both' : 'all'}
          </button>
          <button type="button" class="link" onClick={() => print()}>
            Print
          </button>
        </div>
      </section>
    </>
  );
}
