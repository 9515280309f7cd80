// The address holds the whole set-up: #e/1/<deflated JSON>, #c/1/A~B for a comparison, #d for the log page. Nothing of
// it is sent to a server.
import type { Request } from './types';

export type View = 'estimate' | 'compare' | 'diagnose';

/** A config.json larger than this, deflated, is not put into a link. */
const MOST_CONFIG = 6144;
const VERSION = '1';

export interface Place {
  view: View;
  requests: Request[];
  /** Something in the link that this page could not use; a sentence. */
  remark?: string;
}

async function through(bytes: BlobPart, stream: ReadableWritablePair<Uint8Array, BufferSource>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream as never)).arrayBuffer());
}

const base64url = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const fromBase64url = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));

async function packed(request: Request): Promise<string> {
  const deflated = await through(JSON.stringify(request), new CompressionStream('deflate-raw') as never);
  if (deflated.length <= MOST_CONFIG || !request.model.config) return base64url(deflated);
  const { config: _, weights_index: __, ...model } = request.model;
  return packed({ ...request, model });
}

async function unpacked(text: string): Promise<Request> {
  const bytes = await through(fromBase64url(text) as never, new DecompressionStream('deflate-raw') as never);
  return JSON.parse(new TextDecoder().decode(bytes));
}

export async function linkOf({ view, requests }: Place): Promise<string> {
  if (view === 'diagnose') return '#d';
  const [first] = requests;
  if (!first) return view === 'compare' ? '#c' : '#';
  const texts = await Promise.all(requests.map(packed));
  return view === 'compare' ? `#c/${VERSION}/${texts.join('~')}` : `#e/${VERSION}/${texts[0]}`;
}

export async function placeOf(hash: string): Promise<Place> {
  const [kind, version, rest] = hash.replace(/^#/, '').split('/');
  if (kind === 'd') return { view: 'diagnose', requests: [] };
  const view = kind === 'c' ? 'compare' : 'estimate';
  if (!rest) return { view, requests: [] };
  try {
    const requests = await Promise.all(rest.split('~').map(unpacked));
    const place: Place = { view, requests };
    if (version !== VERSION) place.remark = 'The link is from a newer version of this page; what it does not know is left out.';
    else if (requests.some(({ model }) => !model.source && !model.config && !model.formula))
      place.remark = 'The link needs the config.json that was opened: open it again.';
    return place;
  } catch {
    return { view, requests: [], remark: 'The link cannot be read: a part of it is missing.' };
  }
}

const MEMBERS = new Set(['model', 'engine', 'gpu', 'args', 'workload', 'profile', 'calibration', 'overheads', 'also', 'environment']);

function parted<T extends object>(all: T, known: Set<string>): { kept: T; left: string[] } {
  const entries = Object.entries(all);
  return { kept: Object.fromEntries(entries.filter(([name]) => known.has(name))) as T, left: entries.map(([name]) => name).filter((name) => !known.has(name)) };
}

/** A request without the members and the arguments that this page does not know, and their names. */
export function knownOf(request: Request, argumentNames: Set<string>): { request: Request; left: string[] } {
  const { kept, left } = parted(request, MEMBERS);
  if (!kept.args) return { request: kept, left };
  const args = parted(kept.args, argumentNames);
  return { request: { ...kept, args: args.kept }, left: [...left, ...args.left] };
}
