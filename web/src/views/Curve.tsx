// Requests at once against their length, both in powers of two, with the chosen point as a slider. The chart library
// draws on a canvas; the same data stands in a table for those who cannot see one, and in print.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count, short } from '../format';
import type { Concurrency } from '../types';

export interface Line {
  name: string;
  curve: Concurrency;
  kind: 'now' | 'other' | 'b';
}

interface Props {
  lines: Line[];
  limit: number;
  point: number;
  /** Tokens of a block, by which the arrow keys move the point. */
  block?: number;
  onPoint?: (tokens: number) => void;
}

const HEIGHT = 260;
const LEFT = 42;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 26;

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The number of requests at `tokens`, between the two points of the curve beside it on its own axes. */
function at(curve: Concurrency, tokens: number): number | null {
  const exact = curve.by_context.find(({ context_tokens }) => context_tokens === tokens);
  if (exact) return exact.requests;
  const sorted = [...curve.by_context].sort((a, b) => a.context_tokens - b.context_tokens);
  const next = sorted.findIndex(({ context_tokens }) => context_tokens > tokens);
  const [low, high] = [sorted[next - 1], sorted[next]];
  if (!low || !high || !low.requests || !high.requests) return null;
  const share = Math.log(tokens / low.context_tokens) / Math.log(high.context_tokens / low.context_tokens);
  return low.requests * (high.requests / low.requests) ** share;
}

function options(width: number, lines: Line[], limit: number, top: number, bottom: number): uPlot.Options {
  const stroke = { now: colour('--kv'), other: colour('--ink-3'), b: colour('--graphs') };
  const axis: uPlot.Axis = {
    stroke: colour('--ink-3'), grid: { stroke: colour('--rule'), width: 1 }, ticks: { show: false }, filter: (_plot, splits) => splits, font: '11.5px system-ui, sans-serif',
    values: (_plot, splits) => splits.map((value) => (value === null ? '' : short(value))),
  };
  const powers = (from: number, to: number, every: number) => {
    const list: number[] = [];
    for (let value = from; value <= to; value *= every) list.push(value);
    return list;
  };
  const every = width < 420 ? 4 : 2;
  const tall = Math.log2(top / bottom) > 8 ? 4 : 2;
  return {
    width, height: HEIGHT, legend: { show: false }, cursor: { show: false }, pxAlign: false,
    padding: [TOP, RIGHT, 0, 0],
    scales: { x: { time: false, distr: 3, log: 2, range: [1024, limit] }, y: { distr: 3, log: 2, range: [bottom, top] } },
    axes: [
      { ...axis, splits: () => powers(1024, limit, every), size: BOTTOM },
      { ...axis, splits: () => powers(bottom, top, tall), size: LEFT },
    ],
    bands: lines[0] ? [{ series: [3, 2], fill: `${stroke.now}26` }] : [],
    series: [
      {},
      ...lines.slice(0, 1).flatMap(({ name }): uPlot.Series[] => [
        { label: name, stroke: stroke.now, width: 2.5, points: { show: false } },
        { stroke: 'transparent', width: 0, points: { show: false } },
        { stroke: 'transparent', width: 0, points: { show: false } },
      ]),
      ...lines.slice(1).map(({ name, kind }): uPlot.Series => ({ label: name, stroke: stroke[kind], width: 1.5, dash: [5, 4], points: { show: false } })),
    ],
  };
}

function data(lines: Line[]): uPlot.AlignedData {
  const [first, ...others] = lines;
  if (!first) return [[]];
  const rows = [...first.curve.by_context].sort((a, b) => a.context_tokens - b.context_tokens).filter((row, i, all) => row.context_tokens !== all[i - 1]?.context_tokens);
  const some = (value: number) => (value > 0 ? value : null);
  return [
    rows.map(({ context_tokens }) => context_tokens),
    rows.map(({ requests }) => some(requests)),
    rows.map(({ interval }) => some(interval[0])),
    rows.map(({ interval }) => some(interval[1])),
    ...others.map(({ curve }) => rows.map(({ context_tokens }) => some(at(curve, context_tokens) ?? 0))),
  ] as uPlot.AlignedData;
}

function Table({ lines }: { lines: Line[] }) {
  const lengths = lines[0]?.curve.by_context.map(({ context_tokens }) => context_tokens).filter((_, i) => i % 4 === 0) ?? [];
  return (
    <table class="points">
      <caption class="vh">Requests at once by tokens in each</caption>
      <thead>
        <tr>
          <th scope="col">Tokens in each</th>
          {lines.map(({ name }) => (
            <th scope="col" class="n" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {lengths.map((tokens) => (
          <tr key={tokens}>
            <th scope="row">{count(tokens)}</th>
            {lines.map(({ name, curve }) => (
              <td class="n" key={name}>
                {at(curve, tokens)?.toFixed(2) ?? '0'}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Curve({ lines, limit, point, block = 16, onPoint }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [width, setWidth] = useState(0);
  const [theme, setTheme] = useState('');
  const [table, setTable] = useState(false);
  const most = Math.max(2, ...lines.flatMap(({ curve }) => curve.by_context.map(({ requests }) => requests)));
  const least = Math.min(1, ...lines.slice(0, 1).flatMap(({ curve }) => curve.by_context.map(({ requests }) => requests)));
  const top = 2 ** Math.ceil(Math.log2(most * 1.01));
  const bottom = least < 1 ? 0.5 : 1;
  const shape = JSON.stringify([width, theme, limit, top, bottom, lines.map(({ name, kind }) => [name, kind])]);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    watch.observe(element);
    const themes = new MutationObserver(() => setTheme(document.documentElement.dataset['theme'] ?? ''));
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      watch.disconnect();
      themes.disconnect();
    };
  }, []);

  useEffect(() => {
    const element = box.current;
    if (!element || !width || !lines.length) return;
    const made = new uPlot(options(width, lines, limit, top, bottom), data(lines), element);
    plot.current = made;
    return () => made.destroy();
  }, [shape]);

  useEffect(() => plot.current?.setData(data(lines), true), [lines]);

  const requests = lines[0] ? at(lines[0].curve, point) : null;
  const x = width ? ((Math.log2(Math.min(Math.max(point, 1024), limit) / 1024) / Math.log2(limit / 1024)) * (width - LEFT - RIGHT) + LEFT) : 0;
  const height = (value: number) => TOP + (1 - Math.log2(Math.max(value, bottom) / bottom) / Math.log2(top / bottom)) * (HEIGHT - TOP - BOTTOM);
  const y = height(requests && requests > 0 ? requests : bottom);
  const move = (tokens: number) => onPoint?.(Math.min(Math.max(Math.round(tokens / block) * block, block), limit));
  const drag = (event: PointerEvent) => {
    if (!event.buttons || !box.current) return;
    const share = (event.clientX - box.current.getBoundingClientRect().left - LEFT) / (width - LEFT - RIGHT);
    move(1024 * (limit / 1024) ** Math.min(Math.max(share, 0), 1));
  };
  const keys: Record<string, (by: boolean) => number> = {
    ArrowLeft: (far) => (far ? point / 2 : point - block), ArrowRight: (far) => (far ? point * 2 : point + block),
    ArrowDown: (far) => (far ? point / 2 : point - block), ArrowUp: (far) => (far ? point * 2 : point + block), Home: () => 1024, End: () => limit,
  };
  return (
    <div class="chart">
      <p class="axisname">requests at once</p>
      <div class="plot" ref={box} onPointerDown={drag} onPointerMove={drag}>
        {width > 0 && lines.length > 0 && (
          <>
            <i class="cross" style={{ left: `${x}px`, top: `${y}px`, height: `${Math.max(HEIGHT - BOTTOM - y, 0)}px` }} />
            <i class="cross across" style={{ left: `${LEFT}px`, top: `${y}px`, width: `${Math.max(x - LEFT, 0)}px` }} />
            {bottom < 1 && (
              <span class="whole" style={{ left: `${LEFT}px`, right: `${RIGHT}px`, top: `${height(1)}px` }}>
                one whole request
              </span>
            )}
            <span class="atlimit">model limit</span>
            <div
              class={`point${requests !== null && requests < 1 ? ' bad' : ''}`} role="slider" tabIndex={onPoint ? 0 : -1} aria-label="Tokens in each request"
              aria-valuemin={block} aria-valuemax={limit} aria-valuenow={point} aria-valuetext={`${count(point)} tokens, ${requests?.toFixed(2) ?? 'no'} requests`}
              style={{ left: `${x}px`, top: `${y}px` }}
              onKeyDown={(event) => {
                const next = keys[event.key];
                if (!next) return;
                event.preventDefault();
                move(next(event.shiftKey));
              }}
            />
            <span class={`pointname${x > width * 0.6 ? ' left' : ''}${y > HEIGHT - 70 ? ' above' : ''}${requests !== null && requests < 1 ? ' bad' : ''}`} style={{ left: `${x}px`, top: `${y}px` }}>
              {requests === null ? '' : `${requests.toFixed(2)} at ${count(point)}`}
            </span>
          </>
        )}
      </div>
      <p class="axisname end">tokens in each request</p>
      <p class="names">
        {lines.map(({ name, kind }) => (
          <span key={name} class={`line-${kind}`}>
            {name}
          </span>
        ))}
      </p>
      <button type="button" class="link" aria-expanded={table} onClick={() => setTable(!table)}>
        {table ? 'Hide the table' : 'Show as a table'}
      </button>
      <div class={table ? '' : 'printonly'}>
        <Table lines={lines} />
      </div>
    </div>
  );
}
