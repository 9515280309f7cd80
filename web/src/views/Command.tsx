import { useMemo, useState } from 'preact/hooks';
import { failed } from '../engine';
import type { State, Store } from '../store';

/** What the engine writes a launch as, by the names of the command's --format. */
const SHAPES: [string, string][] = [
  ['launch', 'vllm serve'],
  ['docker', 'docker run'],
  ['compose', 'Compose'],
  ['kubernetes', 'Kubernetes'],
  ['ray-serve', 'Ray Serve'],
  ['vllm-yaml', '--config'],
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
      {state.registry && !state.gguf && (
        <button type="button" class="link" onClick={() => store.open('apply')}>
          Apply to registry…
        </button>
      )}
      {!state.formula && !state.gguf && (
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
  const [shape, setShape] = useState('launch');
  const { answer, request } = state;
  const text = useMemo(() => {
    if (!answer || !request) return '';
    if (shape === 'launch') return answer.command;
    const written = store.engine.ask('format', { request, format: shape });
    return failed(written) ? written.error.message : written.text;
  }, [answer, shape]);
  if (!answer) return null;
  return (
    <section class="block" aria-labelledby="command">
      <div class="headrow">
        <h2 id="command">Launch command{answer.report.verdict.fits ? '' : ', would be refused'}</h2>
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
