// The sentences under the verdict. Their numbers are the report's; the verdict itself is the engine's.
import { count, gib } from './format';
import { fullest, othersOf, parts } from './parts';
import type { Answer, Report, Request } from './types';

export type Mood = 'ok' | 'no' | 'maybe';

export function mood(answer: Answer): Mood {
  if (answer.unsure || answer.report.verdict.reason === 'unsupported_model') return 'maybe';
  return answer.report.verdict.fits ? 'ok' : 'no';
}

function started(report: Report, others: number): string {
  const rank = fullest(report)?.rank;
  if (!rank) return '';
  const free = parts(report, rank, others).find(({ id }) => id === 'free')?.bytes ?? 0;
  const budget = `vLLM takes ${gib(rank.requested_bytes)} of the card’s ${gib(report.gpu.total_bytes)} GiB`;
  return `${budget} and turns ${gib(rank.kv_cache_bytes)} of it into KV cache. After graph capture ${gib(free)} GiB stays free.`;
}

function unsure(report: Report): string {
  const spread = report.uncertainty?.available_kv_bytes;
  const rank = fullest(report)?.rank;
  const needed = report.kv_cache?.needed_bytes_for_max_model_len;
  if (!spread || !rank || !needed) return '';
  return `One full-length request needs ${gib(needed)} GiB; between ${gib(spread[0])} and ${gib(spread[1])} are there for it.`;
}

export function lead({ unsure: open, report }: Answer, request: Request | null): string {
  if (open) return unsure(report);
  const rank = fullest(report)?.rank;
  const longest = report.kv_cache?.max_context_tokens ?? report.kv_cache?.estimated_max_model_len;
  switch (report.verdict.reason) {
    case 'ok':
      return started(report, othersOf(request, report));
    case 'max_model_len_too_long':
      return longest
        ? `The model loads, then vLLM checks the KV cache and stops. Any length up to ${count(longest)} tokens would start.`
        : 'The model loads, then vLLM checks the KV cache and stops. No length would start.';
    case 'no_kv_memory':
      if (!rank) return '';
      return `Weights, activations and overhead take ${gib(rank.requested_bytes - rank.available_kv_bytes)} GiB, ${gib(-rank.available_kv_bytes)} more than the budget.`;
    case 'free_memory_below_request':
      return `vLLM checks this before it loads anything. Other processes hold ${gib(othersOf(request, report))} GiB of the card.`;
    case 'out_of_memory_loading':
      return rank ? `The weights of rank ${rank.rank} are ${gib(rank.model_loading_bytes)} GiB; the card has ${gib(report.gpu.total_bytes)}.` : '';
    case 'out_of_memory_profiling':
      return rank ? `The largest batch needs ${gib(rank.activation_peak_bytes)} GiB at its peak, beside ${gib(rank.model_loading_bytes)} of weights.` : '';
    case 'out_of_memory_capturing':
      return rank ? `After the KV cache, graphs of about ${gib(rank.cuda_graph_bytes)} GiB do not fit: ask for a smaller share of the card, or for fewer graphs.` : '';
    case 'unsupported_model':
      return 'There is no rule for this model class here.';
    case 'invalid_arguments':
      return 'vLLM stops before it loads anything.';
  }
}

export const formulaLead =
  'By formula, as the earlier tool counts: no vLLM rules, no interval. Name the model to get vLLM’s own numbers.';
