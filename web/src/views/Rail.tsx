// Every control by hand: the model, the card, the engine, vLLM's arguments with their defaults as placeholders.
import { useState } from 'preact/hooks';
import { flag, shown } from '../format';
import { openFiles } from '../files';
import { chooseEntry } from '../entries';
import { GROUPS, OTHERS } from '../groups';
import { lazy } from '../lazy';
import { detectCalibration } from '../profiles';
import type { State, Store, Tab } from '../store';
import type { Argument, Json } from '../types';

const Numbers = lazy(async () => (await import('./Numbers')).Numbers);
const GgufSettings = lazy(async () => (await import('./Gguf')).GgufSettings);

/** The arguments that most set-ups touch, in the groups of `vllm serve --help`. */
const USUAL: [string, string[]][] = [
  ['ModelConfig', ['max-model-len', 'dtype', 'quantization']],
  ['CacheConfig', ['gpu-memory-utilization', 'kv-cache-dtype', 'kv-cache-memory-bytes']],
  ['ParallelConfig', ['tensor-parallel-size', 'pipeline-parallel-size']],
  ['SchedulerConfig', ['max-num-seqs', 'max-num-batched-tokens']],
];

const CHOICES: Record<string, string[]> = {
  dtype: ['auto', 'bfloat16', 'float16', 'float32'],
  'kv-cache-dtype': ['auto', 'fp8', 'fp8_e4m3', 'fp8_e5m2', 'bfloat16'],
};

const TABS: [Tab, string][] = [
  ['name', 'Name'],
  ['file', 'File'],
  ['registry', 'Registry'],
  ['numbers', 'Numbers'],
];

/** What was typed, as the type that the argument takes; the engine checks the rest. */
function typed(argument: Argument, text: string): Json {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (argument.kind === 'flag') return trimmed === 'true';
  if (argument.kind === 'text' || argument.kind === 'count') return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
  try {
    return JSON.parse(trimmed);
  } catch {
    return /^-?\.\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
  }
}

function ArgumentRow({ argument, store, state }: { argument: Argument; store: Store; state: State }) {
  const key = argument.name.replaceAll('-', '_');
  const set = state.request?.args?.[key];
  const idle = set !== undefined && (state.deep.idle?.includes(key) ?? false);
  const usual = state.answer?.report.args[key];
  const id = `arg-${argument.name}`;
  const wrong = state.failure?.includes(key) || state.failure?.includes(argument.name) ? state.failure : null;
  const choices = argument.kind === 'flag' ? ['true', 'false'] : CHOICES[argument.name];
  const change = (text: string) => store.argument(key, typed(argument, text));
  const common = { id, 'aria-invalid': wrong ? true : undefined, 'aria-describedby': wrong ? `${id}-wrong` : undefined };
  return (
    <div class={set === undefined ? 'arg' : 'arg set'}>
      <label for={id}>--{argument.name}</label>
      {choices ? (
        <select
          {...common} value={set === undefined ? '' : String(set)} onChange={(event) => (change(event.currentTarget.value), store.leave())}
          onKeyDown={(event) => event.key === 'Delete' && (change(''), store.leave())}
        >
          <option value="">{usual === undefined || usual === null ? 'not set' : shown(usual)}</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          {...common} autocomplete="off" spellcheck={false} placeholder={usual === undefined ? 'not set' : shown(usual)} value={set === undefined ? '' : shown(set)}
          onInput={(event) => change(event.currentTarget.value)} onChange={() => store.leave()}
        />
      )}
      {set !== undefined && (
        <button type="button" class="clear" aria-label={`Clear ${flag(key)}`} onClick={() => (store.argument(key, null), store.leave())}>
          ×
        </button>
      )}
      {idle && <p class="note">no effect on memory</p>}
      {wrong && set !== undefined && (
        <p class="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}

function AllArguments({ store, state, known }: { store: Store; state: State; known: Argument[] }) {
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase().replace(/^--/, '').replaceAll('_', '-');
  const left = new Map(known.filter(({ name }) => name.includes(wanted) && !USUAL.some(([, names]) => names.includes(name))).map((argument) => [argument.name, argument]));
  const grouped = GROUPS.map(([group, names]): [string, Argument[]] => {
    const of = names.map((name) => left.get(name)).filter((each) => each !== undefined);
    for (const { name } of of) left.delete(name);
    return [group, of];
  });
  return (
    <>
      <div class="arg plain">
        <label for="filter">Filter</label>
        <input id="filter" type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      </div>
      {[...grouped, [OTHERS, [...left.values()]] as const].map(
        ([group, of]) =>
          of.length > 0 && (
            <div key={group}>
              <h3>{group}</h3>
              {of.map((argument) => (
                <ArgumentRow key={argument.name} argument={argument} store={store} state={state} />
              ))}
            </div>
          ),
      )}
    </>
  );
}

function Arguments({ store, state }: { store: Store; state: State }) {
  const [open, setOpen] = useState(false);
  const known = store.about.arguments;
  const byName = new Map(known.map((argument) => [argument.name, argument]));
  const set = Object.keys(state.request?.args ?? {});
  const extra = set.filter((key) => !USUAL.some(([, names]) => names.includes(key.replaceAll('_', '-'))));
  return (
    <>
      <h2>
        Arguments <span>{set.length} set</span>
      </h2>
      {USUAL.map(([group, names]) => (
        <div key={group}>
          <h3>{group}</h3>
          {names.map((name) => {
            const argument = byName.get(name);
            return argument && <ArgumentRow key={name} argument={argument} store={store} state={state} />;
          })}
        </div>
      ))}
      {!open && extra.length > 0 && (
        <div>
          <h3>Also set</h3>
          {extra.map((key) => {
            const argument = byName.get(key.replaceAll('_', '-'));
            return argument && <ArgumentRow key={key} argument={argument} store={store} state={state} />;
          })}
        </div>
      )}
      <button type="button" class="link more" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Only the usual arguments' : `All ${known.length} arguments`}
      </button>
      {open && <AllArguments store={store} state={state} known={known} />}
    </>
  );
}

function ByName({ store, state }: { store: Store; state: State }) {
  const source = state.request?.model.source ?? '';
  return (
    <div class="arg wide">
      <label for="model">Model</label>
      <input
        id="model" list="models" autocomplete="off" spellcheck={false} value={source} placeholder="Qwen/Qwen3-8B"
        onInput={(event) => store.change((request) => ({ ...request, model: { source: event.currentTarget.value } }))} onChange={() => store.leave()}
      />
      <datalist id="models">
        {store.models.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  );
}

function ByFile({ store, state }: { store: Store; state: State }) {
  const { config, name = 'config.json', weights_index: weights } = state.request?.model ?? {};
  const headers = Array.isArray(weights) ? ` with ${weights.length} ${weights.length === 1 ? 'header' : 'headers'} of its weights` : '';
  const told = state.gguf ? `Read: ${state.gguf.report.model.name}.` : config ? `Read: ${name}${headers}.` : null;
  return (
    <>
      <label class="btn file">
        Open a model’s files
        <input type="file" class="vh" multiple accept=".json,.gguf,.safetensors,application/json" onChange={(event) => openFiles(store, event.currentTarget.files)} />
      </label>
      <p class="note">{told ?? 'config.json, with the .safetensors beside it where their headers should count, or a GGUF file. Or drop them anywhere on the page. They are not sent anywhere.'}</p>
    </>
  );
}

/** From which key of the registry's entry each figure came. */
export function From({ state }: { state: State }) {
  const { entry } = state;
  if (!entry) return null;
  return (
    <ul class="from">
      {Object.entries(entry.figures).map(
        ([name, figure]) =>
          figure && (
            <li key={name}>
              {name.replaceAll('_', ' ')} {figure.value} <small>from {figure.from}</small>
            </li>
          ),
      )}
    </ul>
  );
}

function ByEntry({ store, state }: { store: Store; state: State }) {
  const { registry, entry } = state;
  return (
    <>
      {registry ? (
        <div class="arg wide">
          <label for="entry">Entry</label>
          <select id="entry" value={entry?.name ?? ''} onChange={(event) => chooseEntry(store, event.currentTarget.value)}>
            <option value="">{registry.entries.length} entries</option>
            {registry.entries.map(({ name, display_name }) => (
              <option key={name} value={name}>
                {display_name || name}
              </option>
            ))}
          </select>
        </div>
      ) : (
        <p class="note">No registry was given. Start the service with --registry FILE, or open the file here.</p>
      )}
      <label class="btn file">
        Open model_registry.json
        <input type="file" class="vh" accept=".json,application/json" onChange={(event) => openFiles(store, event.currentTarget.files)} />
      </label>
      <From state={state} />
    </>
  );
}

const VENDORS: [string, string][] = [
  ['nvidia', 'NVIDIA'],
  ['amd', 'AMD'],
  ['intel', 'Intel'],
];

export function Cards({ store, state, id }: { store: Store; state: State; id: string }) {
  const found = state.service?.gpus ?? [];
  const chosen = state.request?.gpu;
  const choose = (name: string) =>
    {
    const here = found.findIndex((card) => (card.id ?? card.driver_name) === name);
    if (here >= 0) store.useCard(here);
    else store.patch({ gpu: name ? { name, total_bytes: null, free_bytes: null, compute_capability: null } : { name: null, total_bytes: 16 * 2 ** 30, free_bytes: null, compute_capability: null } });
  };
  return (
    <select id={id} value={chosen?.name ?? ''} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{chosen?.total_bytes && !chosen.name ? `a card of ${(chosen.total_bytes / 2 ** 30).toFixed(2)} GiB` : '16.00 GiB, no card known'}</option>
      {found.length > 0 && (
        <optgroup label="In this machine">
          {found.map((card) => (
            <option key={`found${card.index}`} value={card.id ?? card.driver_name}>
              {card.name}, in this machine
            </option>
          ))}
        </optgroup>
      )}
      {VENDORS.map(([vendor, name]) => (
        <optgroup key={vendor} label={name}>
          {store.cards.filter((card) => card.vendor === vendor).map((card) => (
            <option key={card.id} value={card.id ?? ''}>
              {card.name}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

function Gpu({ store, state }: { store: Store; state: State }) {
  return (
    <>
      <h2>GPU</h2>
      <div class="arg wide">
        <label for="card">Card</label>
        <Cards store={store} state={state} id="card" />
      </div>
      <div class="arg wide">
        <label for="count">Count</label>
        <input
          id="count" inputMode="numeric" value={state.request?.gpu?.count ?? 1}
          onInput={(event) => {
            const count = Number(event.currentTarget.value);
            if (!Number.isInteger(count) || count < 1) return;
            const split = state.gguf ? {} : { args: { ...state.request?.args, tensor_parallel_size: count } };
            store.change((request) => ({ ...request, gpu: { ...request.gpu, count }, ...split }));
          }}
          onChange={() => store.leave()}
        />
      </div>
    </>
  );
}

function EngineChoice({ store, state }: { store: Store; state: State }) {
  const { releases, newest } = store.about;
  const chosen = state.request?.engine?.version ?? newest;
  const known = releases.map(({ version }) => version).reverse();
  return (
    <>
      <h2>Engine</h2>
      <div class="arg wide">
        <label for="engine">vLLM</label>
        <select id="engine" value={chosen} onChange={(event) => store.patch({ engine: { version: event.currentTarget.value } })}>
          {!known.includes(chosen) && <option>{chosen}</option>}
          {known.map((version) => (
            <option key={version} value={version}>
              {version}
              {version === newest ? ' (newest)' : ''}
            </option>
          ))}
        </select>
      </div>
      <div class="arg wide">
        <label for="profile">Profile</label>
        <select id="profile" value={state.request?.calibration?.name ?? ''} onChange={(event) => store.calibrate(event.currentTarget.value)}>
          <option value="">built-in estimates</option>
          {state.calibrations.map(({ name, start_ups }) => (
            <option key={name} value={name}>
              {name}, {start_ups.length} {start_ups.length === 1 ? 'start-up' : 'start-ups'}
            </option>
          ))}
        </select>
      </div>
      <p class="note" role="status">
        <button type="button" class="link" onClick={() => detectCalibration(store)}>
          Detect
        </button>{' '}
        {state.profileReason}
      </p>
    </>
  );
}

export function Rail({ store, state }: { store: Store; state: State }) {
  const { tab } = state;
  return (
    <aside class="rail" aria-label="Set-up" tabIndex={0}>
      <form onSubmit={(event) => event.preventDefault()}>
        <h2>Model</h2>
        <div class="seg-ctl" role="group" aria-label="Where the model comes from">
          {TABS.map(([id, name]) => (
            <button type="button" key={id} aria-pressed={tab === id} onClick={() => (id === 'numbers' ? store.openNumbers() : store.set({ tab: id }))}>
              {name}
            </button>
          ))}
        </div>
        {tab === 'numbers' ? (
          <Numbers store={store} state={state} />
        ) : (
          <>
            {tab === 'name' && <ByName store={store} state={state} />}
            {tab === 'file' && <ByFile store={store} state={state} />}
            {tab === 'registry' && <ByEntry store={store} state={state} />}
            <Gpu store={store} state={state} />
            {state.gguf ? (
              <GgufSettings store={store} state={state} />
            ) : (
              <>
                <EngineChoice store={store} state={state} />
                <Arguments store={store} state={state} />
              </>
            )}
          </>
        )}
      </form>
    </aside>
  );
}
