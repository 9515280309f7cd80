// One rank's memory as a bar: the picture of the ledger. Every part has its true width; what cannot be labelled is not.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { gib, toGib } from '../format';
import { missing, parts, spoken, ticks, type Alike, type PartId } from '../parts';
import type { Report } from '../types';

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

export function Bar({ report, group, scale, hot = null, onHot, onPin, others = 0, plain = false }: Props) {
  const { box, width } = useWidth();
  const { rank } = group;
  const pixels = (bytes: number) => (bytes / scale) * width;
  let at = 0;
  const placed = parts(report, rank, others).map((part) => {
    const from = at;
    at += part.bytes;
    return { ...part, from };
  });
  const kv = placed.find(({ id }) => id === 'kv');
  const free = placed.find(({ id }) => id === 'free');
  const spread = report.uncertainty?.available_kv_bytes;
  const contextSpread = report.uncertainty?.context_bytes;
  const short = missing(report, rank);
  const budget = rank.requested_bytes;
  const brackets = [
    kv && spread && kv.interval ? { at: kv.from, below: spread[1] - rank.available_kv_bytes, above: rank.available_kv_bytes - spread[0] } : null,
    free && contextSpread ? { at: free.from, below: rank.context_bytes - contextSpread[0], above: contextSpread[1] - rank.context_bytes } : null,
  ].filter((each) => each !== null && pixels(each.below + each.above) >= BRACKET_PX);
  const share = report.args['gpu_memory_utilization'];
  return (
    <div class={plain ? 'barwrap pairwrap' : 'barwrap'} ref={box}>
      <div class="bar" role="img" aria-label={spoken(report, group, others)}>
        {placed.map((part) => (
          <div
            key={part.id} data-part={part.id}
            class={`seg ${part.id}${part.measured && part.id !== 'free' ? ' est' : ''}${pixels(part.bytes) > LABEL_PX ? ' t' : ''}${hot === part.id ? ' hot' : ''}`}
            style={{ left: percent(part.from, scale), width: percent(part.bytes, scale) }}
            onMouseEnter={() => onHot?.(part.id)} onMouseLeave={() => onHot?.(null)} onClick={() => onPin?.(part.id)}
          >
            {pixels(part.bytes) > LABEL_PX && part.id !== 'free' ? (
              <>
                {part.name}
                <b class="num">{gib(part.bytes)}</b>
              </>
            ) : null}
          </div>
        ))}
        {short > 0 && (
          <div class={`need${budget + short > scale * 0.9 ? ' endr' : ''}`} style={{ left: percent(budget, scale), width: percent(Math.min(short, scale - budget), scale) }}>
            <span>{gib(short)} short</span>
          </div>
        )}
        {brackets.map((each) => each && <i key={each.at} class="whisk" style={{ left: percent(each.at - each.below, scale), width: percent(each.below + each.above, scale) }} />)}
        {report.mode === 'vllm' && budget > 0 && (
          <div class={`budget${budget / scale < 0.5 ? ' rt' : ''}`} style={{ left: percent(budget, scale) }}>
            {!plain && (
              <span>
                --gpu-memory-utilization {String(share)}
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
