// Why a part is what it is: the report's components, assumptions and groups, each as a few lines that add up.
import type { ComponentChildren } from 'preact';
import { count, gib } from '../format';
import type { Part, PartId } from '../parts';
import type { Rank, Report } from '../types';

interface Props {
  report: Report;
  rank: Rank;
  parts: Part[];
  on: PartId;
}

type Line = [string, string];

const Sum = ({ lines }: { lines: Line[] }) => (
  <dl>
    {lines.map(([what, value]) => (
      <>
        <dt>{what}</dt>
        <dd>{value}</dd>
      </>
    ))}
  </dl>
);

const WEIGHTS: Record<string, string> = {
  'weights.embedding': 'Token embeddings', 'weights.attention': 'Attention', 'weights.mlp': 'Feed-forward', 'weights.experts': 'Routed experts',
  'weights.recurrent': 'Recurrent layers', 'weights.head': 'Output head', 'weights.vision': 'Vision tower and projector', 'weights.audio': 'Audio tower and projector',
  'weights.rest': 'Norms, tables, rounding',
};

function weights(report: Report): ComponentChildren {
  const lines = report.components.filter(({ name }) => name.startsWith('weights.')).map(({ name, bytes }): Line => [WEIGHTS[name] ?? name, gib(bytes)]);
  return (
    <>
      <p>Every tensor as vLLM creates it on this rank, through torch’s allocator.</p>
      <Sum lines={lines} />
      <p class="src">
        Printed by vLLM as <code>Model loading took</code>
      </p>
    </>
  );
}

function assumed(report: Report, about: string, otherwise: string): ComponentChildren {
  const found = report.assumptions.find((each) => each.about === about);
  if (!found) return <p>{otherwise}</p>;
  return (
    <>
      <p>{found.why}.</p>
      <p class="src">{report.uncertainty?.basis ? `Estimated, ${report.uncertainty.basis}` : 'Estimated'}</p>
    </>
  );
}

function groups(report: Report): Line[] {
  const cache = report.kv_cache;
  if (!cache) return [];
  const kinds = new Map<string, { layers: number; groups: number }>();
  for (const { kind, layers, window } of cache.groups) {
    const what = `${kind.replaceAll('_', ' ')}${window ? ` of ${count(window)}` : ''}`;
    const { layers: before = 0, groups: so_far = 0 } = kinds.get(what) ?? {};
    kinds.set(what, { layers: before + layers, groups: so_far + 1 });
  }
  const lines = [...kinds].slice(0, 4).map(([what, of]): Line => [`${of.layers} layers, ${what}`, `${of.groups} ${of.groups === 1 ? 'group' : 'groups'}`]);
  return [...lines, [`${count(cache.num_blocks)} blocks of ${count(cache.bytes_per_block)} bytes`, gib(cache.num_blocks * cache.bytes_per_block)]];
}

function cache(report: Report, rank: Rank): ComponentChildren {
  const spent = [rank.model_loading_bytes, rank.activation_peak_bytes, rank.non_torch_bytes, rank.cuda_graph_reserved_bytes].filter((bytes) => bytes > 0);
  const needed = report.kv_cache?.needed_bytes_for_max_model_len;
  const lines: Line[] = report.verdict.fits
    ? groups(report)
    : [['There is', gib(rank.available_kv_bytes)], ...(needed ? [['One full-length request needs', gib(needed)] satisfies Line] : [])];
  return (
    <>
      <p>
        What the budget leaves: {gib(rank.requested_bytes)} − {spent.map(gib).join(' − ')}.
      </p>
      <Sum lines={lines} />
      {report.kv_cache && <p class="src">{count(report.kv_cache.bytes_per_token_marginal)} bytes a token at long context</p>}
    </>
  );
}

const TITLES: Record<PartId, (part: Part) => string> = {
  weights: ({ bytes }) => `Why ${gib(bytes)} GiB of weights?`,
  activation: ({ bytes }) => `Why about ${gib(bytes)} GiB of activations?`,
  nontorch: ({ bytes }) => `Why ${gib(bytes)} GiB outside PyTorch?`,
  kv: ({ bytes }) => `Why ${gib(bytes)} GiB of KV cache?`,
  graphs: ({ bytes }) => `Why ${gib(bytes)} GiB of CUDA graphs?`,
  context: ({ bytes }) => `Why ${gib(bytes)} GiB of CUDA context?`,
  free: ({ bytes }) => `Why is ${gib(bytes)} GiB free?`,
  others: ({ bytes }) => `Why are ${gib(bytes)} GiB taken already?`,
};

function body(report: Report, rank: Rank, id: PartId): ComponentChildren {
  switch (id) {
    case 'weights':
      return weights(report);
    case 'kv':
      return cache(report, rank);
    case 'activation':
      return assumed(report, 'activation_peak_bytes', 'One forward pass of the largest batch, and sampling.');
    case 'nontorch':
      return assumed(report, 'non_torch_bytes', 'Libraries and kernels, allocated outside PyTorch.');
    case 'graphs':
      return assumed(report, 'cuda_graph_bytes', 'No graphs are captured here.');
    case 'context':
      return assumed(report, 'context_bytes', 'What the driver holds before vLLM measures.');
    case 'others':
      return <p>The driver reports that other processes hold this much. vLLM checks what is free before it loads anything.</p>;
    default:
      return <p>What the card has beyond all of this. vLLM does not use it; a larger budget would.</p>;
  }
}

export function Why({ report, rank, parts, on }: Props) {
  return (
    <div class="why" role="region" aria-label="Why this number">
      {parts.map((part) => (
        <section key={part.id} class={on === part.id ? 'on' : ''} id={`why-${part.id}`}>
          <h3>{TITLES[part.id](part)}</h3>
          {body(report, rank, part.id)}
        </section>
      ))}
    </div>
  );
}
