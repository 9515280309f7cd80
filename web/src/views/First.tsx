// Before anything is named: four sentences to press, the cards of this machine, and the other ways in.
import { openFiles } from '../files';
import { gib } from '../format';
import type { State, Store } from '../store';

const EXAMPLES = ['qwen3 32b fp8 on 2x4090 32K ctx', 'llama 3.3 70b fp8 on 4 h100, 64 requests of 8K', 'gpt-oss-120b on h100 vllm 0.33', 'gemma 3 12b, longest context in 24 GB'];

function Found({ store, state }: { store: Store; state: State }) {
  const gpus = state.service?.gpus;
  if (!gpus) return null;
  const first = store.found();
  const held = first?.free_bytes == null ? 0 : first.driver_total_bytes - first.free_bytes;
  return (
    <section aria-labelledby="found">
      <h2 id="found">GPUs in this machine</h2>
      {gpus.length === 0 ? (
        <>
          <p>No NVIDIA GPU was found here. Name any card in the field above, or give its size.</p>
          <div class="arg wide">
            <label for="budget">Budget in GiB</label>
            <input
              id="budget" inputMode="decimal" value={state.budgetGib.toFixed(2)}
              onChange={(event) => {
                const size = Number(event.currentTarget.value);
                if (size > 0) store.set({ budgetGib: size });
              }}
            />
          </div>
        </>
      ) : (
        <table>
          <caption class="vh">GPUs in this machine</caption>
          <thead>
            <tr>
              {['Index', 'Name', 'Total, GiB', 'Free, GiB', 'vLLM sees, GiB'].map((name, i) => (
                <th scope="col" class={i > 1 ? 'n' : ''} key={name}>
                  {name}
                </th>
              ))}
              <td />
            </tr>
          </thead>
          <tbody>
            {gpus.map((card, i) => (
              <tr key={card.index ?? i}>
                <td>{card.index ?? i}</td>
                <th scope="row">{card.driver_name}</th>
                <td class="n">{gib(card.driver_total_bytes)}</td>
                <td class="n">{card.free_bytes == null ? '' : gib(card.free_bytes)}</td>
                <td class="n">{gib(card.total_bytes)}</td>
                <td class="n">
                  <button type="button" class="link" aria-label={`${card === first ? 'Used' : 'Use'} GPU ${card.index ?? i}`} aria-pressed={card === first} onClick={() => store.useCard(i)}>
                    {card === first ? 'Used' : 'Use'}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="note">
        {first ? `Budget: ${gib(first.total_bytes * 0.9)} GiB, which is 0.9 × GPU ${first.index ?? 0}’s total. ${held > 2 ** 28 ? `Other processes hold ${gib(held)} GiB of it. ` : ''}` : '16.00 GiB because no card is known; with one it is 0.9 × its total. '}
        <button type="button" class="link" onClick={() => store.meetService()}>
          Look again
        </button>
      </p>
    </section>
  );
}

export function First({ store, state }: { store: Store; state: State }) {
  return (
    <>
      <header class="hero">
        <h1>Will it start, and what will fit?</h1>
        <p>vLLM’s own arithmetic, to the byte where it computes and with an interval where it measures. Nothing leaves this page.</p>
        <ul class="egs">
          {EXAMPLES.map((example) => (
            <li key={example}>
              <button type="button" onClick={() => (store.type(example), store.leave())}>
                {example}
              </button>
            </li>
          ))}
        </ul>
      </header>
      <div class={state.service ? 'first' : 'first alone'}>
        <Found store={store} state={state} />
        <section aria-labelledby="ways">
          <h2 id="ways">Other ways in</h2>
          <ul class="doors">
            <li>
              <label class="link">
                Open a file
                <input type="file" class="vh" multiple accept=".json,.gguf,.safetensors,application/json" onChange={(event) => openFiles(store, event.currentTarget.files)} />
              </label>
              <span>config.json or a GGUF, or drop it anywhere</span>
            </li>
            <li>
              <button type="button" class="link" onClick={() => store.set({ tab: 'registry', request: { model: {} } })}>
                From the registry
              </button>
              <span>{state.registry ? `${state.registry.entries.length} entries in ${state.registry.place}` : 'open model_registry.json'}</span>
            </li>
            <li>
              <button type="button" class="link" onClick={() => store.openNumbers()}>
                Numbers by hand
              </button>
              <span>parameters, layers, heads; the formula of the earlier tool</span>
            </li>
            <li>
              <button type="button" class="link" onClick={() => store.show('diagnose')}>
                Read a log
              </button>
              <span>paste what vLLM printed</span>
            </li>
            <li>
              <button type="button" class="link" onClick={() => store.open('palette')}>
                Search the catalogue
              </button>
              <span>
                {store.models.length} models, {store.cards.length} cards
              </span>
            </li>
          </ul>
        </section>
      </div>
    </>
  );
}
