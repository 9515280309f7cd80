// Models that the engine does not know by name: through the service, or from the hub itself where the page's policy
// lets it connect there.
import * as service from './service';
import type { Model, Request } from './types';

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
async function read(name: string, signal: AbortSignal): Promise<Model> {
  const by = reach(name);
  if (by === 'service') return service.model(name, signal);
  if (by === 'hub') return direct(name, signal);
  throw new Error('This page cannot reach the hub. Open the config.json instead.');
}

/** A name is asked for once its typing has paused. */
const AFTER_MS = 400;

/** Models that were fetched: the engine is given what stands behind their names. */
export class FetchedModels {
  private readonly models = new Map<string, Model>();
  private running: AbortController | null = null;

  has(name: string): boolean {
    return this.models.has(name);
  }

  /** A question, or a request, with what stands behind a fetched name in the name's place. */
  filled<T>(given: T): T {
    const { model, request } = given as { model?: Model; request?: Request };
    if (request) return { ...given, request: this.filled(request) };
    const behind = model?.source === undefined ? undefined : this.models.get(model.source);
    return behind ? { ...given, model: behind } : given;
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
  }

  /** False where it was stopped. Throws with a sentence. `begun` is called where something is asked, when it is. */
  async fetch(name: string, begun: () => void): Promise<boolean> {
    this.stop();
    const { signal } = (this.running = new AbortController());
    try {
      if (reach(name) !== 'nothing') {
        await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
        if (signal.aborted) return false;
        begun();
      }
      this.models.set(name, await read(name, signal));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return !signal.aborted;
  }
}
