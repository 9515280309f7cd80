// A report's rank as the parts of a bar: the same names, colours and order wherever memory is drawn.
import { gib, toGib } from './format';
import type { Interval, Rank, Report, Request } from './types';

export type PartId = 'weights' | 'activation' | 'nontorch' | 'kv' | 'graphs' | 'context' | 'free' | 'others';

export interface Part {
  id: PartId;
  name: string;
  bytes: number;
  /** Measured on real machines; else computed from the model and the arguments. */
  measured: boolean;
  interval: Interval | null;
  /** The name by which the engine explains it; none of what only the driver knows. */
  explained?: string;
}

/** Ranks whose bytes are the same, one bar for all of them. */
export interface Alike {
  rank: Rank;
  numbers: number[];
}

export function alike(report: Report): Alike[] {
  const groups = new Map<string, Alike>();
  for (const rank of report.ranks) {
    const key = JSON.stringify([rank.peak_bytes, rank.model_loading_bytes, rank.available_kv_bytes]);
    const group = groups.get(key);
    if (group) group.numbers.push(rank.rank);
    else groups.set(key, { rank, numbers: [rank.rank] });
  }
  return [...groups.values()].sort((a, b) => a.rank.peak_bytes - b.rank.peak_bytes);
}

export function named({ numbers }: Alike): string {
  const [first, second] = numbers;
  if (numbers.length === 1) return `rank ${first}`;
  if (numbers.length === 2) return `ranks ${first} and ${second}, alike`;
  return `ranks ${first} – ${numbers.at(-1)}, alike`;
}

/** What other processes hold of the card, where the set-up says what is free. */
export function othersOf(request: Request | null, report: Report): number {
  const free = request?.gpu?.free_bytes;
  return free === undefined ? 0 : Math.max(report.gpu.total_bytes - free, 0);
}

/** The fullest rank: the one that the report's intervals and components are of. */
export const fullest = (report: Report): Alike | undefined => alike(report).at(-1);

/** `others` is what other processes hold of the card already. */
export function parts(report: Report, rank: Rank, others = 0): Part[] {
  const spread = rank.intervals;
  const started = report.verdict.fits;
  const kv = started ? rank.kv_cache_bytes : Math.max(rank.available_kv_bytes, 0);
  const list: Part[] = [
    { id: 'weights', name: 'Weights', bytes: rank.model_loading_bytes, measured: false, interval: spread.model_loading, explained: 'weights' },
    { id: 'activation', name: 'Activation peak', bytes: rank.activation_peak_bytes, measured: true, interval: spread.activation_peak, explained: 'activation_peak' },
    { id: 'nontorch', name: 'Outside PyTorch', bytes: rank.non_torch_bytes, measured: true, interval: spread.non_torch, explained: 'non_torch' },
    { id: 'kv', name: 'KV cache', bytes: kv, measured: false, interval: rank.available_kv_bytes > 0 ? spread.available_kv : null, explained: 'kv_cache' },
    { id: 'graphs', name: 'CUDA graphs', bytes: rank.cuda_graph_bytes, measured: true, interval: spread.cuda_graphs, explained: 'cuda_graphs' },
    { id: 'context', name: 'CUDA context', bytes: rank.context_bytes, measured: true, interval: spread.context, explained: 'context' },
  ];
  if (others > 0) list.push({ id: 'others', name: 'Other processes', bytes: others, measured: true, interval: null });
  for (const part of list) if (part.interval && part.interval[0] === part.interval[1]) part.interval = null;
  // Each part is rounded by itself; what is free takes the remainder, so that the column adds up to the card.
  const total = Number(gib(report.gpu.total_bytes));
  const rest = list.reduce((left, part) => left - Number(gib(part.bytes)), total);
  list.push({ id: 'free', name: 'Free', bytes: Math.max(rest, 0) * 2 ** 30, measured: true, interval: null, explained: 'free' });
  return list;
}

/** A part where it lies on the bar. The room that the budget keeps for graphs ends at the budget; what is not `used` of
 * it is free all the same. */
export interface Segment {
  key: string;
  part: Part;
  name: string;
  from: number;
  bytes: number;
  used?: number;
}

export function segments(report: Report, rank: Rank, others = 0): Segment[] {
  const reserved = rank.cuda_graph_reserved_bytes;
  let at = 0;
  const placed = (key: string, part: Part, name: string, bytes: number): Segment => {
    const from = at;
    at += bytes;
    return { key, part, name, from, bytes };
  };
  return parts(report, rank, others).flatMap((part): Segment[] => {
    if (part.id === 'free') return [placed(part.id, part, part.name, Math.max(report.gpu.total_bytes - at, 0))];
    if (part.id !== 'graphs' || reserved <= 0) return [placed(part.id, part, part.name, part.bytes)];
    const within = { ...placed('reserved', part, 'Graphs reserved', reserved), used: Math.min(part.bytes / reserved, 1) };
    return [within, ...(part.bytes > reserved ? [placed(part.id, part, part.name, part.bytes - reserved)] : [])];
  });
}

/** What one request of the full length lacks; 0 when it fits. */
export function missing(report: Report, rank: Rank): number {
  const needed = report.kv_cache?.needed_bytes_for_max_model_len ?? 0;
  return report.verdict.reason === 'max_model_len_too_long' ? Math.max(needed - rank.available_kv_bytes, 0) : 0;
}

/** "Rank 0, 79.19 GiB: weights 23.31, …" */
export function spoken(report: Report, group: Alike, others = 0): string {
  const list = parts(report, group.rank, others).map((part) => `${part.name} ${gib(part.bytes)}`);
  const { cuda_graph_reserved_bytes: reserved } = group.rank;
  if (reserved > 0) list.push(`${gib(reserved)} of the budget is reserved for CUDA graphs`);
  const short = missing(report, group.rank);
  const end = short ? ` One request lacks ${gib(short)}.` : '';
  return `${named(group)}, ${gib(report.gpu.total_bytes)} GiB: ${list.join(', ')}. The budget ends at ${gib(group.rank.requested_bytes)}.${end}`;
}

/** Ticks of a memory axis in GiB: round steps, at most eight. */
export function ticks(totalBytes: number): number[] {
  const total = toGib(totalBytes);
  const step = [0.5, 1, 2, 4, 5, 10, 20, 25, 50, 100].find((each) => total / each <= 8) ?? 200;
  return Array.from({ length: Math.ceil(total / step) }, (_, i) => i * step);
}
