// Why a part is what it is: the engine's own explanation, in words, a few lines that add up, and where it comes from.
import { gib, minus } from '../format';
import type { Part, PartId } from '../parts';
import type { Answer, Explained } from '../types';

interface Props {
  why: Answer['why'];
  version: string;
  parts: Part[];
  on: PartId;
}

function Told({ told, version }: { told: Explained; version: string }) {
  return (
    <>
      <h3>{minus(told.question)}</h3>
      <p>{told.sentence}</p>
      <dl>
        {told.lines.map(([what, number]) => (
          <>
            <dt>{what}</dt>
            <dd>{minus(number)}</dd>
          </>
        ))}
      </dl>
      <p class="src">
        {minus(told.source)}
        {told.link && (
          <>
            {'; '}
            <a href={told.link}>vLLM {version}’s own code</a>
          </>
        )}
      </p>
    </>
  );
}

/** What the engine does not know of: it is asked about an empty card. */
const Others = ({ part }: { part: Part }) => (
  <>
    <h3>Why are {gib(part.bytes)} GiB taken already?</h3>
    <p>The driver reports that other processes hold this much. vLLM checks what is free before it loads anything.</p>
  </>
);

export function Why({ why, version, parts, on }: Props) {
  return (
    <div class="why" role="region" aria-label="Why this number">
      {parts.map((part) => {
        const told = part.explained && why[part.explained];
        return (
          <section key={part.id} class={on === part.id ? 'on' : ''} id={`why-${part.id}`}>
            {told ? <Told told={told} version={version} /> : <Others part={part} />}
          </section>
        );
      })}
    </div>
  );
}
