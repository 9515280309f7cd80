// The service beside the page, where there is one: what a page alone cannot know. Whether GET v1/detect answers decides.
import type { Card } from './types';

export interface Service {
  gpus: Card[];
  /** Put on whatever writes. */
  token: string | null;
}

const PATIENCE_MS = 4000;

async function writeToken(): Promise<string | null> {
  const answer = await fetch('./v1/session', { signal: AbortSignal.timeout(PATIENCE_MS) });
  const session: { write_token?: string } = answer.ok ? await answer.json() : {};
  return session.write_token ?? null;
}

export async function detect(): Promise<Service | null> {
  if (!location.protocol.startsWith('http')) return null;
  try {
    const answer = await fetch('./v1/detect', { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok || !answer.headers.get('content-type')?.includes('json')) return null;
    const found: { gpus?: Card[] } = await answer.json();
    return Array.isArray(found.gpus) ? { gpus: found.gpus, token: await writeToken() } : null;
  } catch {
    return null;
  }
}

export interface RegistryFile {
  place: string;
  text: string;
}

/** The registry that the service was started with; null without one. */
export async function registry(): Promise<RegistryFile | null> {
  try {
    const answer = await fetch('./v1/registry/file', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export interface Applied {
  diff: string;
  backup?: string;
}

/** Writes settings into an entry, where the service may. Throws with the service's sentence. */
export async function apply(service: Service, name: string, settings: object): Promise<Applied> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (service.token) headers['x-write-token'] = service.token;
  const answer = await fetch('./v1/registry/apply', { method: 'POST', headers, body: JSON.stringify({ name, settings }) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error?.message ?? `the service answers ${answer.status}`);
  return told;
}
