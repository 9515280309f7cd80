// The memory of the fullest rank, part by part: rows to point at, press and walk with the arrow keys, and why each is
// what it is.
import { useState } from 'preact/hooks';
import { gib, range } from '../format';
import { alike, named, parts, type Part, type PartId } from '../parts';
import type { Answer } from '../types';
import { Axis, Bar, Key } from './Bar';
import { Why } from './Why';

interface RowProps {
  part: Part;
  on: boolean;
  pinned: boolean;
  onHot: (id: PartId | null) => void;
  onPin: (id: PartId) => void;
  onStep: (by: number) => void;
}

function Row({ part, on, pinned, onHot, onPin, onStep }: RowProps) {
  const about = part.measured || part.interval !== null;
  return (
    <tr class={on ? 'on' : ''} onMouseEnter={() => onHot(part.id)} onMouseLeave={() => onHot(null)}>
      <th scope="row">
        <button
          type="button" aria-pressed={pinned} aria-describedby={`why-${part.id}`} data-row={part.id}
          onClick={() => onPin(part.id)} onFocus={() => onHot(part.id)} onBlur={() => onHot(null)}
          onKeyDown={(event) => {
            const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
            if (!by) return;
            event.preventDefault();
            onStep(by);
          }}
        >
          <i class={`sw ${part.id}${part.measured && part.id !== 'free' ? ' est' : ''}`} aria-hidden="true" />
          {part.name}
        </button>
      </th>
      <td class="n">
        {about && (
          <>
            <span aria-hidden="true">≈ </span>
            <span class="vh">about </span>
          </>
        )}
        {gib(part.bytes)}
      </td>
      <td class="n">
        <span class={part.interval ? 'iv-t' : 'exact'}>
          {part.interval ? range(gib(part.interval[0]), gib(part.interval[1])) : part.measured ? '' : 'exact'}
        </span>
      </td>
    </tr>
  );
}

export function Memory({ answer, others }: { answer: Answer; others: number }) {
  const { report, why } = answer;
  const [pinned, setPinned] = useState<PartId>('kv');
  const [hot, setHot] = useState<PartId | null>(null);
  const groups = alike(report);
  const last = groups.at(-1);
  if (!last) return <section class="block memory" aria-hidden="true" />;
  const shown = groups.length > 4 ? [groups[0], groups.at(-1)].filter((each) => each !== undefined) : groups;
  const list = parts(report, last.rank, others);
  const on = hot ?? pinned;
  const step = (from: number, by: number) => {
    const next = list[(from + by + list.length) % list.length];
    document.querySelector<HTMLElement>(`[data-row=${next?.id}]`)?.focus();
  };
  return (
    <section class="block memory" aria-labelledby="memory">
      <div class="headrow">
        <h2 id="memory">Memory of {groups.length > 1 ? 'each rank' : named(last)}, GiB</h2>
        <Key />
      </div>
      {shown.map((group) => (
        <div key={group.numbers.join()}>
          {groups.length > 1 && <p class="ranks">{named(group)}</p>}
          <Bar report={report} group={group} scale={report.gpu.total_bytes} hot={hot} onHot={setHot} onPin={setPinned} others={others} plain={group !== last} />
        </div>
      ))}
      <Axis scale={report.gpu.total_bytes} />
      <div class="ledger">
        <table>
          <caption class="vh">Memory of {named(last)} by part, GiB</caption>
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col" class="n">
                GiB
              </th>
              <th scope="col" class="n">
                90 % interval
              </th>
            </tr>
          </thead>
          <tbody>
            {list.map((part, i) => (
              <Row key={part.id} part={part} on={on === part.id} pinned={pinned === part.id} onHot={setHot} onPin={setPinned} onStep={(by) => step(i, by)} />
            ))}
            <tr class="sum">
              <th scope="row">Card total</th>
              <td class="n">{gib(report.gpu.total_bytes)}</td>
              <td />
            </tr>
          </tbody>
        </table>
        <Why why={why} version={report.engine.version} parts={list} on={on} />
      </div>
    </section>
  );
}
