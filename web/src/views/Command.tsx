import { useState } from 'preact/hooks';
import { deployed, type Shape } from '../deploy';
import type { State, Store } from '../store';

const SHAPES: [Shape, string][] = [
  ['command', 'vllm serve'],
  ['compose', 'Compose file'],
  ['kubernetes', 'Kubernetes'],
  ['ray', 'Ray Serve'],
];

export function Actions({ store, state }: { store: Store; state: State }) {
  return (
    <div class="acts">
      <button type="button" class="link" onClick={() => store.copyLink()}>
        Copy link
      </button>
      <button type="button" class="link" onClick={() => store.open('json')}>
        JSON
      </button>
      {state.registry && (
        <button type="button" class="link" onClick={() => store.open('apply')}>
          Apply to registry…
        </button>
      )}
      {!state.formula && (
        <button type="button" class="link" onClick={() => store.compareWith()}>
          Compare with…
        </button>
      )}
      <button type="button" class="link" onClick={() => print()}>
        Print
      </button>
    </div>
  );
}

export function Command({ store, state }: { store: Store; state: State }) {
  const [shape, setShape] = useState<Shape>('command');
  const { answer, request } = state;
  if (!answer) return null;
  const { report } = answer;
  const text = deployed(shape, answer.command, report.engine.version, report.gpu.count, request?.args ?? {});
  return (
    <section class="block" aria-labelledby="command">
      <div class="headrow">
        <h2 id="command">Launch command{report.verdict.fits ? '' : ', would be refused'}</h2>
        <div class="seg-ctl small" role="group" aria-label="Shape of the command">
          {SHAPES.map(([id, name]) => (
            <button type="button" key={id} aria-pressed={shape === id} onClick={() => setShape(id)}>
              {name}
            </button>
          ))}
        </div>
      </div>
      <div class="cmd">
        <pre tabIndex={0} role="region" aria-label="The text to copy">
          {text}
        </pre>
        <button type="button" class="btn" onClick={() => store.copy(text)}>
          {state.said === 'Copied' ? 'Copied' : 'Copy'}
        </button>
      </div>
      <Actions store={store} state={state} />
    </section>
  );
}
