// What takes more than one plan, off the page's own thread: curves, inverses, suggestions. Only the newest question is
// worked on; between its steps an older one is dropped.
import { failed, ofVllm, wholeEngine, type Engine, type Parts } from './engine';
import { lengths, limitOf } from './lengths';
import type { Answer, Concurrency, Report, Request } from './types';

export interface DeepQuestion {
  id: number;
  request: Request;
  /** "Requests of … tokens", "Tokens for each of … requests", "Within … GiB a card". */
  tokens: number;
  requests: number;
  budgetGib: number;
}

export interface Deep {
  id: number;
  /** The longest length that the model takes, whatever --max-model-len says. */
  limit?: number;
  curve?: Concurrency | undefined;
  /** The one alternative that matters most: an 8-bit cache, where the set-up has none. */
  other?: { words: string; curve: Concurrency } | undefined;
  within?: number | null;
  fewest?: number | null;
  report?: Report;
  /** Arguments that are set and change no byte. */
  idle?: string[];
}

let engine: Promise<Engine> | undefined;
let newest = 0;

const pause = () => new Promise((resolve) => setTimeout(resolve));

function withArguments(request: Request, args: Request['args']): Request {
  return { ...request, args: { ...request.args, ...args } };
}

function plan(ask: Engine, request: Request): Answer | null {
  const answer = ask.ask('page', request);
  return ofVllm(answer) ? answer : null;
}

/** Requests at once with the budget of each card set to so many GiB. */
function within(ask: Engine, question: DeepQuestion): number | null {
  const total = plan(ask, question.request)?.report.gpu.total_bytes;
  if (!total) return null;
  const share = Math.min((question.budgetGib * 2 ** 30) / total, 1);
  if (!(share > 0)) return null;
  const answer = plan(ask, withArguments(question.request, { gpu_memory_utilization: Number(share.toFixed(6)) }));
  const cache = answer?.report.kv_cache;
  return answer?.report.verdict.fits && cache ? Math.floor(cache.max_concurrency) : 0;
}

/** The fewest cards, split by tensor, that start and serve the workload. */
function fewest(ask: Engine, question: DeepQuestion): number | null {
  for (const cards of [1, 2, 4, 8]) {
    const gpu = { ...question.request.gpu, count: cards };
    const request = { ...withArguments(question.request, { tensor_parallel_size: cards }), gpu };
    const workload = { concurrent_requests: question.requests, context_tokens: question.tokens };
    const report = plan(ask, { ...request, workload })?.report;
    if (report?.verdict.fits && report.workload?.fits) return cards;
  }
  return null;
}

/** Those without which memory and verdict are the same. */
function idle(ask: Engine, { request }: DeepQuestion): string[] {
  const told = (of: Request) => {
    const report = plan(ask, of)?.report;
    return report && JSON.stringify([report.verdict, report.ranks, report.kv_cache]);
  };
  const all = told(request);
  return Object.keys(request.args ?? {}).filter((name) => {
    const { [name]: _, ...args } = request.args ?? {};
    return told({ ...request, args }) === all;
  });
}

/** An 8-bit cache, where the set-up has none. */
function alternative(ask: Engine, request: Request, contexts: number[]): Deep['other'] {
  const dtype = request.args?.['kv_cache_dtype'];
  if (dtype !== undefined && dtype !== 'auto') return undefined;
  const curve = ask.ask('concurrency', { request: withArguments(request, { kv_cache_dtype: 'fp8' }), contexts, requests: [] });
  return failed(curve) ? undefined : { words: 'with fp8 KV cache', curve };
}

function* steps(ask: Engine, question: DeepQuestion): Generator<Partial<Deep>> {
  const { request, tokens, requests } = question;
  const limit = limitOf(ask, request);
  const contexts = lengths(limit);
  const curve = ask.ask('concurrency', { request, contexts: [...contexts, tokens], requests: [1, requests], limit });
  yield { limit, curve: failed(curve) ? undefined : curve };
  yield { other: alternative(ask, request, contexts) };
  yield { within: within(ask, question) };
  yield { fewest: fewest(ask, question) };
  const report = ask.ask('estimate', request);
  if (!failed(report) && report.mode === 'vllm') yield { report };
  yield { idle: idle(ask, question) };
}

addEventListener('message', async ({ data }: MessageEvent<Parts | DeepQuestion>) => {
  if ('rest' in data) return void (engine = wholeEngine(data));
  newest = data.id;
  const ask = await engine;
  if (!ask) return;
  for (const step of steps(ask, data)) {
    if (newest !== data.id) return;
    postMessage({ id: data.id, ...step });
    await pause();
  }
});
