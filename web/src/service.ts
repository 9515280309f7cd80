// The service beside the page, where there is one: what a page alone cannot know. It says so in the page's head.
import type { Calibration, Card, Model } from './types';

/** detect: GPUs; hub: models of the hub; paths: models and logs of folders; registry: one was found. */
export type Ability = 'detect' | 'registry' | 'hub' | 'paths';

export interface Service {
  can: Set<string>;
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

/** What the service says that it may be asked for; null without one. */
export function abilities(): Set<string> | null {
  const told = document.querySelector<HTMLMetaElement>('meta[name=service]')?.content;
  return told === undefined ? null : new Set(told.split(' '));
}

export async function detect(): Promise<Service | null> {
  const can = abilities();
  if (!can) return null;
  try {
    const answer = await fetch('./v1/detect', { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(PATIENCE_MS) });
    const found: { gpus?: Card[] } = answer.ok ? await answer.json() : {};
    return { can, gpus: found.gpus ?? [], token: await writeToken() };
  } catch {
    return null;
  }
}

/** The answer to a GET, or the service's own sentence as an Error. */
async function asked(path: string, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(path, { signal });
  if (!answer.ok) throw new Error((await answer.json()).error?.message ?? `the service answers ${answer.status}`);
  return answer;
}

/** What stands behind a name of the hub, or a path on the service's disk. */
export const model = async (name: string, signal: AbortSignal): Promise<Model> => (await (await asked(`./v1/model?name=${encodeURIComponent(name)}`, signal)).json()).model;

/** The text of a log on the service's disk. */
export const log = async (path: string): Promise<string> => (await asked(`./v1/log?path=${encodeURIComponent(path)}`, AbortSignal.timeout(PATIENCE_MS))).text();

export interface RegistryFile {
  place: string;
  text: string;
}

async function told<T>(path: string): Promise<T | null> {
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** The registry that the service was started with; null without one. */
export const registry = async (): Promise<RegistryFile | null> => (abilities()?.has('registry') ? told('./v1/registry/file') : null);

/** What the service's user has learnt. */
export async function calibrations(): Promise<Calibration[]> {
  const names = (await told<string[]>('./v1/calibrations')) ?? [];
  const all = await Promise.all(names.map((name) => told<Calibration>(`./v1/calibrations/export?name=${encodeURIComponent(name)}`)));
  return all.filter((each) => each !== null);
}

/** Asks for a write. Throws with the service's sentence. */
async function write<T>(service: Service, path: string, body: object): Promise<T> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (service.token) headers['x-write-token'] = service.token;
  const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error?.message ?? `the service answers ${answer.status}`);
  return told;
}

/** Writes what a log teaches into the profile of that name. Throws with the service's sentence. */
export const learn = (service: Service, log: string, profile: string): Promise<unknown> => write(service, './v1/calibrate', { logs: [log], profile });

export interface Settings {
  context?: number;
  max_num_seqs?: number;
  gpu_memory_utilization?: string;
  kv_cache_dtype?: string;
}

export interface Applied {
  diff: string;
  /** The file as it was before, to be restored from; empty where it said all of it already. */
  backup: string;
  /** Of the file as it was written. */
  fingerprint: string;
}

/** Puts the file back that `apply` kept. Throws with the service's sentence. */
export const restore = (service: Service, { backup, fingerprint }: Applied): Promise<unknown> => write(service, './v1/registry/restore', { backup, fingerprint });

/** Writes settings into an entry, where the service may. Throws with the service's sentence. */
export function apply(service: Service, name: string, settings: Settings): Promise<Applied> {
  const { gpu_memory_utilization: share, ...others } = settings;
  // The engine takes the share as it was typed, the service as a number.
  return write(service, './v1/registry/apply', { name, settings: share === undefined ? others : { ...others, gpu_memory_utilization: Number(share) } });
}
