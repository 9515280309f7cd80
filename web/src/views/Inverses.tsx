// The questions turned round. Each is a sentence with at most one input; the answer is the engine's.
import { count, fromGib } from '../format';
import type { State, Store } from '../store';
import type { Request } from '../types';

const whole = (text: string) => Number(text.replaceAll(',', ''));

function Ask({ value, label, short, onValue }: { value: string; label: string; short?: boolean; onValue: (value: number) => void }) {
  return (
    <input
      class={short ? 'short' : ''} inputMode="decimal" aria-label={label} value={value}
      onInput={(event) => {
        const number = whole(event.currentTarget.value);
        if (Number.isFinite(number) && number > 0) onValue(number);
      }}
    />
  );
}

/** Writes an answer into the set-up: the inputs here are only questions. */
function Use({ what, onUse }: { what: string; onUse: () => void }) {
  return (
    <button type="button" class="link" aria-label={`Use ${what}`} onClick={onUse}>
      Use
    </button>
  );
}

export function Inverses({ store, state }: { store: Store; state: State }) {
  const { inverse, deep, request, answer } = state;
  const at = deep.curve?.by_context.find(({ context_tokens }) => context_tokens === inverse.tokens);
  const each = deep.curve?.by_requests.find(({ requests }) => requests === inverse.requests);
  const alone = deep.curve?.by_requests.find(({ requests }) => requests === 1);
  const card = store.cards.find(({ id }) => id === request?.gpu?.name)?.name ?? 'cards';
  const most = store.budgetGib();
  const use = (args: Request['args'], gpu?: Request['gpu']) => store.patch({ args, ...(gpu ? { gpu } : {}) });
  const share = answer ? Number((fromGib(most) / answer.report.gpu.total_bytes).toFixed(4)) : 0;
  return (
    <div>
      <h2>Solve for one, given the other</h2>
      <ul class="inv">
        <li>
          <label>
            Requests of <Ask value={count(inverse.tokens)} label="Tokens in each request" onValue={(tokens) => store.invert({ tokens: Math.floor(tokens) })} /> tokens
          </label>
          <output class={at && at.requests < 1 ? 's-no' : ''}>{at ? count(at.requests) : '…'}</output>
        </li>
        <li>
          <label>
            Tokens for each of <Ask value={count(inverse.requests)} label="Requests at once" short onValue={(requests) => store.invert({ requests: Math.floor(requests) })} /> requests
          </label>
          {each && each.context_tokens > 0 && <Use what="this length" onUse={() => use({ max_model_len: each.context_tokens, max_num_seqs: inverse.requests })} />}
          <output>{each ? count(each.context_tokens) : '…'}</output>
        </li>
        <li>
          <span class="q">
            Longest single request
          </span>
          {alone && alone.context_tokens > 0 && <Use what="the longest length" onUse={() => use({ max_model_len: alone.context_tokens })} />}
          <output>{alone ? count(alone.context_tokens) : '…'}</output>
        </li>
        <li>
          <span class="q">
            Fewest {card} for {count(inverse.requests)} × {count(inverse.tokens)}
          </span>
          {deep.fewest && <Use what="as many cards" onUse={() => use({ tensor_parallel_size: deep.fewest ?? 1 }, { count: deep.fewest ?? 1 })} />}
          <output>{deep.fewest === undefined ? '…' : (deep.fewest ?? '> 8')}</output>
        </li>
        <li>
          <label>
            Within <Ask value={most.toFixed(2)} label="GiB a card" onValue={(budgetGib) => store.invert({ budgetGib })} /> GiB a card
          </label>
          {share > 0 && share <= 1 && deep.within ? <Use what="this budget" onUse={() => use({ gpu_memory_utilization: share })} /> : null}
          <output>{deep.within === undefined ? '…' : (deep.within ?? 'none')}</output>
        </li>
      </ul>
      <p class="note">
        {request?.gpu?.name || (request?.gpu?.total_bytes ?? 0) !== fromGib(16)
          ? `The budget starts at 0.9 × the card’s total${store.state.service?.gpus.length ? ', as the driver reports it' : ''}.`
          : '16.00 GiB because no card is known; with one it is 0.9 × its total.'}
      </p>
    </div>
  );
}
