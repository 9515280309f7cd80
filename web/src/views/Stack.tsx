// Sizes that add up, as a bar and as a table of it: where there are no intervals.
export interface StackRow {
  name: string;
  /** The part whose colour it has. */
  css: string;
  /** GiB. */
  size: number;
  /** Estimated: hatched, and "about". */
  measured?: boolean;
}

/** A part that is wider than this share of the bar bears its name. */
const LABELLED = 0.095;

const Label = ({ name, size }: { name: string; size: number }) => (
  <>
    {name}
    <b class="num">{size.toFixed(2)}</b>
  </>
);

interface BarProps {
  rows: StackRow[];
  left: StackRow;
  scale: number;
  /** GiB that were asked for where the rows end: drawn over what is left, and past it. */
  asked?: number;
}

export function StackBar({ rows, left, scale, asked = 0 }: BarProps) {
  let at = 0;
  const placed = rows.map((row) => {
    const from = at;
    at += row.size;
    return { ...row, from };
  });
  const share = (size: number) => Math.max(size, 0) / scale;
  return (
    <div class="barwrap">
      <div class="bar" role="img" aria-label={`${rows.map(({ name, size }) => `${name} ${size.toFixed(2)}`).join(', ')}, of ${(at + left.size).toFixed(2)}${asked ? `; ${asked.toFixed(2)} were asked for, ${left.size.toFixed(2)} were free` : ''}`}>
        {placed.map(({ name, css, size, from, measured }) => (
          <div key={css} class={`seg ${css}${measured ? ' est' : ''}${share(size) > LABELLED ? ' t' : ''}`} style={{ left: `${share(from) * 100}%`, width: `${Math.min(share(size), 1 - share(from)) * 100}%` }}>
            {share(size) > LABELLED && <Label name={name} size={size} />}
          </div>
        ))}
        {share(left.size) > LABELLED && (
          <div class="seg free t" style={{ left: `${share(at) * 100}%`, width: `${share(left.size) * 100}%` }}>
            <Label {...left} />
          </div>
        )}
        {asked > 0 && (
          <>
            <div class="need" style={{ left: `${share(at) * 100}%`, width: `${share(asked) * 100}%` }} />
            <span class="lacks" style={{ right: '0' }}>
              {asked.toFixed(2)} asked
            </span>
          </>
        )}
      </div>
    </div>
  );
}

export function StackTable({ caption, head, rows, total }: { caption: string; head: string; rows: StackRow[]; total: StackRow }) {
  return (
    <table>
      <caption class="vh">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <th scope="col" class="n">
            GiB
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, css, size, measured }) => (
          <tr key={css}>
            <th scope="row">
              <span class="tick">
                <i class={`sw ${css}${measured ? ' est' : ''}`} aria-hidden="true" />
                {name}
              </span>
            </th>
            <td class="n">
              {measured && (
                <>
                  <span aria-hidden="true">≈ </span>
                  <span class="vh">about </span>
                </>
              )}
              {size.toFixed(2)}
            </td>
          </tr>
        ))}
        <tr class="sum">
          <th scope="row">{total.name}</th>
          <td class="n">{total.size.toFixed(2)}</td>
        </tr>
      </tbody>
    </table>
  );
}
