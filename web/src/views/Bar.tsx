// One rank's memory as a bar: the picture of the ledger. Every part has its true width; what cannot be labelled is not.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { gib, toGib } from '../format';
import { missing, segments, spoken, ticks, type Alike, type PartId, type Segment } from '../parts';
import type { Interval, Rank, Report } from '../types';

interface Props {
  report: Report;
  group: Alike;
  /** Bytes of the widest card on this scale. */
  scale: number;
  hot?: PartId | null;
  onHot?: (part: PartId | null) => void;
  onPin?: (part: PartId) => void;
  /** Bytes that other processes hold. */
  others?: number;
  /** In a comparison the budget is a line without words. */
  plain?: boolean;
}

const LABEL_PX = 74;
const BRACKET_PX = 3;
const GAP_PX = 8;
const LETTER_PX = 7.5;

const percent = (bytes: number, scale: number) => `${Math.max((bytes / scale) * 100, 0).toFixed(3)}%`;

function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return { box, width };
}

/** Where the left edges of the KV cache and of what is free lie in nine of ten start-ups, within the card. */
function bracketed(placed: Segment[], rank: Rank): [number, number][] {
  const edge = (id: PartId, bytes: number, [low, high]: Interval, by: 1 | -1): [number, number][] => {
    const from = placed.find(({ part }) => part.id === id)?.from;
    if (from === undefined || low === high) return [];
    const [first, last] = by > 0 ? [low - bytes, high - bytes] : [bytes - high, bytes - low];
    const end = placed.reduce((most, { from: at, bytes: wide }) => Math.max(most, at + wide), 0);
    return [[Math.max(from + first, 0), Math.min(from + last, end)]];
  };
  return [...edge('kv', rank.available_kv_bytes, rank.intervals.available_kv, -1), ...edge('free', rank.context_bytes, rank.intervals.context, 1)];
}

export function Bar({ report, group, scale, hot = null, onHot, onPin, others = 0, plain = false }: Props) {
  const { box, width } = useWidth();
  const { rank } = group;
  const pixels = (bytes: number) => (bytes / scale) * width;
  const placed = segments(report, rank, others);
  const short = missing(report, rank);
  const budget = rank.requested_bytes;
  const brackets = bracketed(placed, rank).filter(([from, to]) => pixels(to - from) >= BRACKET_PX);
  /** Pixels by which a label makes room for a bracket over it, where both have room. */
  const aside = (from: number, bytes: number) => {
    const over = brackets.find(([first, last]) => first < from + bytes && last > from);
    const by = over ? pixels(over[1] - from) + GAP_PX : 0;
    return by > GAP_PX && by + LABEL_PX < pixels(bytes) ? by : 0;
  };
  const lacks = `${gib(short)} short`;
  // The words at the right end and those of the budget do not meet.
  const crowded = short > 0 ? Math.max(lacks.length * LETTER_PX - pixels(scale - budget), 0) : 0;
  const share = report.args['gpu_memory_utilization'];
  return (
    <div class={plain ? 'barwrap pairwrap' : 'barwrap'} ref={box}>
      <div class="bar" role="img" aria-label={spoken(report, group, others)}>
        {placed.map(({ key, part, name, from, bytes, used }) => (
          <div
            key={key} data-part={part.id}
            class={`seg ${part.id}${part.measured && part.id !== 'free' ? ' est' : ''}${pixels(bytes) > LABEL_PX ? ' t' : ''}${hot === part.id ? ' hot' : ''}`}
            style={{ left: percent(from, scale), width: percent(Math.min(bytes, Math.max(scale - from, 0)), scale), ...(aside(from, bytes) ? { paddingLeft: `${aside(from, bytes)}px` } : {}) }}
            onMouseEnter={() => onHot?.(part.id)} onMouseLeave={() => onHot?.(null)} onClick={() => onPin?.(part.id)}
          >
            {used !== undefined && <i class="spare" style={{ left: `${(used * 100).toFixed(2)}%` }} />}
            {pixels(bytes) > (used === undefined ? LABEL_PX : LABEL_PX * 2) && part.id !== 'free' ? (
              <>
                {name}
                <b class="num">{gib(bytes)}</b>
              </>
            ) : null}
          </div>
        ))}
        {short > 0 && (
          <>
            <div class="need" style={{ left: percent(budget, scale), width: percent(Math.min(short, scale - budget), scale) }} />
            {!plain && (
              <span class="lacks" style={crowded ? { right: '0' } : { left: percent(budget, scale) }}>
                {lacks}
              </span>
            )}
          </>
        )}
        {brackets.map(([from, to]) => (
          <i key={from} class="whisk" style={{ left: percent(from, scale), width: percent(to - from, scale) }} />
        ))}
        {report.mode === 'vllm' && budget > 0 && (
          <div class={`budget${budget / scale < 0.5 ? ' rt' : ''}`} style={{ left: percent(budget, scale) }}>
            {!plain && (
              <span style={crowded ? { right: `${crowded + 6}px` } : {}}>
                <span class="u">--gpu-memory-</span>utilization {String(share)}
                <span class="u"> of {gib(report.gpu.total_bytes)}</span> = {gib(budget)}
              </span>
            )}
          </div>
        )}
      </div>
    </div>
  );
}

export function Axis({ scale }: { scale: number }) {
  const total = toGib(scale);
  return (
    <div class="axis" aria-hidden="true">
      {ticks(scale).map((tick) => (
        <>
          <i style={{ left: `${(tick / total) * 100}%` }} />
          <span class={tick / total > 0.88 ? 'near' : ''} style={{ left: `${(tick / total) * 100}%` }}>
            {tick}
          </span>
        </>
      ))}
      <i style={{ left: 'calc(100% - 1px)' }} />
      <span class="last" style={{ left: '100%' }}>
        {gib(scale)} GiB
      </span>
    </div>
  );
}

export function Key() {
  return (
    <div class="key">
      <span>
        <i />
        computed
      </span>
      <span>
        <i class="est" />
        measured
      </span>
      <span>
        <i class="iv" />
        90 % interval
      </span>
    </div>
  );
}
