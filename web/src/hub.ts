// Models that the engine does not know by name: through the service, or from the hub itself where the page's policy
// lets it connect there.
import * as service from './service';
import type { Model } from './types';

const HUB = 'https://huggingface.co';
const NAME = /^[\w.-]+\/[\w.-]+$/;
const PATH = /^(\/|\.\/|~\/)/;

function policyAllowsHub(): boolean {
  const policy = document.querySelector<HTMLMetaElement>('meta[http-equiv=Content-Security-Policy]')?.content ?? '';
  return /connect-src ([^;]*)/.exec(policy)?.[1]?.includes(HUB) ?? false;
}

/** What may be asked for a name, or why nothing may. Null: it is neither a name of the hub nor a path. */
export function reach(name: string): 'service' | 'hub' | 'nothing' | null {
  const can = service.abilities();
  if (PATH.test(name)) return can?.has('paths') ? 'service' : null;
  if (!NAME.test(name)) return null;
  if (can) return can.has('hub') || can.has('paths') ? 'service' : 'nothing';
  return policyAllowsHub() ? 'hub' : 'nothing';
}

async function direct(name: string, signal: AbortSignal): Promise<Model> {
  const answer = await fetch(`${HUB}/${name}/resolve/main/config.json`, { signal });
  if (!answer.ok) throw new Error(`${name}: not on huggingface.co, which answers ${answer.status}.`);
  return { config: await answer.json(), name };
}

/** Throws with a sentence. */
export async function read(name: string, signal: AbortSignal): Promise<Model> {
  const by = reach(name);
  if (by === 'service') return service.model(name, signal);
  if (by === 'hub') return direct(name, signal);
  throw new Error('This page cannot reach the hub. Open the config.json instead.');
}
