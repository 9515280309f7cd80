// The page's state and everything that changes it. One request is behind the field and the rail alike; each change of
// it is planned at once, and what takes longer follows from the worker.
import { useEffect, useState } from 'preact/hooks';
import { Deepening } from './deep';
import type { Deep } from './deep.worker';
import { keepCalibration, keptCalibrations } from './calibrations';
import { failed, isLater, ofVllm, whole, type Engine, type GrowingEngine } from './engine';
import * as hub from './hub';
import { knownOf, linkOf, placeOf, type View } from './link';
import * as service from './service';
import type { About, Answer, Asked, Calibration, Card, Entry, Formula, FormulaContext, FormulaReport, GgufAnswer, Json, Request, Suggestion } from './types';

export type Dialog = 'palette' | 'json' | 'log' | 'keys' | 'numbers' | 'apply' | 'share' | null;
export type Tab = 'name' | 'file' | 'registry' | 'numbers';

export interface Inverse {
  tokens: number;
  requests: number;
  budgetGib: number | null;
}

export interface OpenRegistry {
  place: string;
  text: string;
  entries: Entry[];
  /** Where the service can write it; else the page hands the changed file back. */
  served: boolean;
}

export interface State {
  view: View;
  typed: string;
  asked: Asked | null;
  request: Request | null;
  /** The last set-up that could be planned, in whichever mode. */
  answer: Answer | null;
  formula: FormulaReport | null;
  gguf: GgufAnswer | null;
  formulaContext: FormulaContext | null;
  searchUpToK: number;
  /** The engine's sentence about a set-up that cannot be planned; the reading above is then the last valid one. */
  failure: string | null;
  /** The name of a model that is being fetched; the reading is then the last one. */
  reading: string;
  deep: Omit<Deep, 'id'>;
  inverse: Inverse;
  compared: Request[];
  dialog: Dialog;
  tab: Tab;
  remark: string;
  said: string;
  service: service.Service | null;
  registry: OpenRegistry | null;
  entry: Entry | null;
  profileReason: string;
  calibrations: Calibration[];
  /** Of the cards in this machine, the one that set-ups without a card are for. */
  card: number;
  /** Without any card, GiB that set-ups without one are for. */
  budgetGib: number;
}

const NO_CARD_GIB = 16;
const LINK_AFTER_MS = 300;
const SAY_FOR_MS = 1400;
/** Of a GGUF file, what is read first: metadata and table of most models. */
const FRONT = 1 << 20;

export const DEFAULT_FORMULA: Formula = { params_billion: 8, quant: 'fp8', layers: 36, kv_heads: 8, head_dim: 128, kv_dtype: 'fp8' };

/** The card as a request names it, with what other processes leave of it. */
export function gpuOf(card: Card): NonNullable<Request['gpu']> {
  const free = card.free_bytes ?? undefined;
  return { name: card.id ?? card.driver_name, total_bytes: card.total_bytes, compute_capability: card.compute_capability, ...(free === undefined ? {} : { free_bytes: free }) };
}

const isGguf = (source: string): boolean => /\.gguf$/i.test(source);

/** A share link that was pasted among other words. */
const LINK = /#([ec]\/\d+\/\S+)/;

export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: Record<string, Json> = target && typeof target === 'object' && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

export class Store {
  readonly about: About;
  readonly cards: Card[];
  /** Names of the catalogue. */
  readonly models: string[];
  state: State;
  private listeners = new Set<() => void>();
  private linkTimer = 0;
  private sayTimer = 0;
  private leaving = false;
  /** What to ask of the engine once it is whole. */
  private again: (() => void) | null = null;

  private readonly fetched = new hub.FetchedModels();
  private readonly deepening = new Deepening((found) => this.set({ deep: { ...this.state.deep, ...found } }));
  /** GGUF files that are open, by their names. */
  private opened = new Set<string>();
  readonly engine: Engine;

  constructor(private readonly growing: GrowingEngine) {
    this.engine = { line: (question, given) => growing.line(question, this.fetched.filled(given)), ask: (question, given) => growing.ask(question, this.fetched.filled(given)) };
    this.about = growing.ask('about', {}) as About;
    this.cards = (growing.ask('gpus', {}) as { gpus: Card[] }).gpus;
    this.models = (growing.ask('models', { search: '' }) as { models: string[] }).models;
    this.state = {
      view: 'estimate', typed: '', asked: null, request: null, answer: null, formula: null, gguf: null, formulaContext: null, searchUpToK: 256, failure: null, reading: '',
      deep: {}, inverse: { tokens: 8192, requests: 64, budgetGib: null }, compared: [], dialog: null, tab: 'name', remark: '', said: '',
      service: null, registry: null, entry: null, profileReason: '', calibrations: keptCalibrations(), card: 0, budgetGib: NO_CARD_GIB,
    };
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  // ---- the request ----

  /** What was typed into the field. Empty: back to the first view. */
  type(text: string): void {
    const link = LINK.exec(text)?.[1];
    if (link) return void (location.hash = link);
    const asked = text.trim() ? this.engine.ask('ask', { text }) : null;
    this.again = asked && failed(asked) ? () => this.type(text) : null;
    if (asked && failed(asked)) return this.set({ typed: text });
    const named = asked?.request.model;
    this.set({ typed: text, asked });
    if (named) this.plan(this.completed(asked.request as Request));
    else if (!text.trim()) this.set({ request: null, answer: null, formula: null, gguf: null, failure: null });
  }

  /** A change in the rail: the typed text no longer says what is planned. */
  change(change: (request: Request) => Request): void {
    const request = change(this.state.request ?? { model: {} });
    this.set({ asked: null });
    this.plan(this.completed(request));
  }

  patch(patch: object): void {
    this.change((request) => mergePatch(request as unknown as Json, patch as Json) as unknown as Request);
    this.leave();
  }

  argument(name: string, value: Json): void {
    this.change((request) => ({ ...request, args: mergePatch(request.args, { [name]: value }) as Record<string, Json> }));
  }

  /** A set-up without a card takes the detected one, else a budget of 16 GiB. */
  completed(request: Request): Request {
    if (request.gpu) return request;
    const found = this.found();
    if (!found) return { ...request, gpu: { total_bytes: Math.round(this.state.budgetGib * 2 ** 30) } };
    if (request.model.formula) return { ...request, gpu: { total_bytes: Math.floor(found.total_bytes * 0.9) } };
    return { ...request, gpu: { ...gpuOf(found), count: 1 } };
  }

  /** The card of this machine that is chosen; undefined where none was found. */
  found(): Card | undefined {
    const gpus = this.state.service?.gpus ?? [];
    return gpus[this.state.card] ?? gpus[0];
  }

  useCard(card: number): void {
    this.set({ card });
    const found = this.found();
    if (found && this.state.request?.model.source) this.patch({ gpu: { ...gpuOf(found), count: 1 } });
  }

  plan(request: Request): void {
    if (!request.model.source && !request.model.config && !request.model.formula) return this.set({ request });
    const answer = this.engine.ask('page', request);
    this.again = () => this.plan(request);
    if (isLater(answer)) return this.set({ request });
    if (failed(answer)) {
      this.set({ request, failure: answer.error.message });
      return void this.read(request);
    }
    this.stopReading();
    if (!ofVllm(answer) && 'sentence' in answer) {
      this.set({ request, gguf: answer, answer: null, formula: null, failure: null, tab: 'file' });
    } else if ('mode' in answer) {
      const context = this.engine.ask('max-context', { request, max_context_k: this.state.searchUpToK });
      this.set({ request, formula: answer, formulaContext: failed(context) ? null : context, answer: null, gguf: null, failure: null, tab: 'numbers' });
    } else {
      const length = answer.report.kv_cache ? Number(answer.report.args['max_model_len'] ?? answer.report.model.max_model_len ?? 8192) : 8192;
      const moved = length !== this.lengthOf(this.state.answer);
      const { workload } = request;
      const asked = workload ? { tokens: workload.context_tokens, requests: workload.concurrent_requests } : moved ? { tokens: length } : {};
      const inverse = { ...this.state.inverse, ...asked };
      this.set({ request, answer, formula: null, gguf: null, failure: null, inverse, deep: this.stillTrue() });
      this.deepen();
    }
    this.relink();
  }

  // ---- models that must be fetched ----

  /** Names of the catalogue that hold `search`; none while the engine is not whole and cannot tell. */
  modelNames(search: string): string[] {
    const found = this.engine.ask('models', { search });
    return failed(found) ? [] : found.models;
  }

  private knows(source: string): boolean {
    return this.fetched.has(source) || this.models.includes(source);
  }

  /** Fetches a model that the engine does not know by name, and plans again when it is there. */
  private async read({ model: { source } }: Request): Promise<void> {
    this.stopReading();
    if (source === undefined || this.opened.has(source) || this.knows(source)) return;
    if (isGguf(source)) return this.set({ tab: 'file', failure: `${source}: open the file in this page.` });
    const way = hub.reach(source);
    if (way === null) return;
    try {
      if (!(await this.fetched.fetch(source, () => this.set({ reading: source })))) return;
      this.set({ reading: '', compared: [...this.state.compared] });
      if (this.state.request?.model.source === source) this.plan(this.state.request);
    } catch (error) {
      const told = error instanceof Error ? error.message : 'It was not read.';
      this.set({ reading: '', failure: way === 'nothing' ? `${this.state.failure}. ${told}` : told });
    }
  }

  private async readCompared(): Promise<void> {
    await whole;
    for (const request of this.state.compared) if (failed(this.engine.ask('page', request))) await this.read(request);
  }

  stopReading(): void {
    this.fetched.stop();
    if (this.state.reading) this.set({ reading: '' });
  }

  /** What the worker found stays in place, as the last reading, until it is replaced; suggestions do not. */
  private stillTrue(): State['deep'] {
    const { report: _report, idle: _idle, ...deep } = this.state.deep;
    return deep;
  }

  private lengthOf(answer: Answer | null): number {
    return Number(answer?.report.args['max_model_len'] ?? answer?.report.model.max_model_len ?? 0);
  }

  limit(): number {
    return this.state.deep.limit ?? 8192;
  }

  budgetGib(): number {
    return this.state.inverse.budgetGib ?? ((this.state.answer?.report.gpu.total_bytes ?? 0) / 2 ** 30) * 0.9;
  }

  private deepen(): void {
    const { request, inverse } = this.state;
    if (!request || this.leaving || !this.growing.parts) return;
    this.deepening.ask(this.growing.parts, { request: this.fetched.filled(request), tokens: inverse.tokens, requests: inverse.requests, budgetGib: this.budgetGib() });
  }

  invert(change: Partial<Inverse>): void {
    this.set({ inverse: { ...this.state.inverse, ...change } });
    this.deepen();
  }

  suggestions(): Suggestion[] {
    return this.state.deep.report?.suggestions ?? [];
  }

  // ---- formula mode ----

  numbers(change: Partial<Formula>): void {
    this.change((request) => ({ ...request, model: { formula: { ...DEFAULT_FORMULA, ...request.model.formula, ...change } } }));
  }

  searchUpTo(k: number): void {
    this.set({ searchUpToK: k });
    if (this.state.request) this.plan(this.state.request);
  }

  openNumbers(): void {
    this.set({ tab: 'numbers', typed: '', asked: null });
    const workload = { concurrent_requests: 1, context_tokens: 8192 };
    this.plan(this.completed({ model: { formula: DEFAULT_FORMULA }, workload, profile: 'default' }));
  }

  /** Makes the engine whole, and asks it what its first part could not answer. */
  async complete(rest: Promise<Response>): Promise<void> {
    try {
      await this.growing.complete(rest);
      this.again?.();
    } catch (error) {
      this.set({ remark: `The rest of the engine did not load: ${error instanceof Error ? error.message : error}. Serve vram.rest.wasm beside this page as application/wasm.` });
    }
  }

  // ---- calibrations ----

  calibrate(name: string): void {
    const calibration = this.state.calibrations.find((each) => each.name === name);
    this.set({ profileReason: '' });
    this.change(({ calibration: _, ...request }) => (calibration ? { ...request, calibration } : request));
    void this.leave();
  }

  /** Keeps what a log taught, in the service where there is one. A sentence says where it is. */
  async learn(log: string, learnt: Calibration): Promise<string> {
    const kept = keepCalibration(learnt);
    this.set({ calibrations: [...this.state.calibrations.filter(({ name }) => name !== learnt.name), learnt] });
    const { service: served } = this.state;
    if (served) await service.learn(served, log, learnt.name);
    return served ? 'Written.' : kept ? 'Kept in this browser.' : 'Kept as long as this page is open.';
  }

  // ---- files ----

  /** A GGUF file, read as far as its tensors begin; llama.cpp's rules plan it. */
  async openGguf(file: File): Promise<void> {
    for (let size = FRONT; ; size *= 4) {
      const front = new Uint8Array(await file.slice(0, size).arrayBuffer());
      const opened = await this.growing.openFile(file.name, front, file.size);
      if (failed(opened)) return this.set({ remark: opened.error.message });
      if (!opened.more) break;
    }
    this.opened.add(file.name);
    this.set({ view: 'estimate', typed: '', asked: null, remark: '' });
    this.plan(this.completed({ model: { source: file.name }, ...this.kept() }));
    void this.leave();
  }

  /** Headers of safetensors files: of the weights that go with the config.json which is open. */
  addWeights(header: Json): void {
    const { config, name, weights_index: before = [] } = this.state.request?.model ?? {};
    if (!config) return this.set({ remark: 'Open the config.json first; these are the weights that go with it.' });
    const headers = Array.isArray(before) ? before : [before];
    this.change((request) => ({ ...request, model: { config, ...(name ? { name } : {}), weights_index: [...headers, header] } }));
  }

  openConfig(text: string, name: string): void {
    try {
      const config: Json = JSON.parse(text);
      if (Array.isArray(config)) return void this.openRegistry({ place: name, text }, false);
      this.change((request) => ({ ...request, model: { config, name: name.replace(/\.json$/, '') } }));
      this.set({ tab: 'file', view: 'estimate', typed: '' });
    } catch {
      this.set({ remark: `${name}: not JSON; open a config.json or a model registry.` });
    }
  }

  async openRegistry(file: service.RegistryFile, served: boolean): Promise<void> {
    await whole;
    const found = this.engine.ask('registry', file);
    if (failed(found)) return this.set({ remark: found.error.message });
    this.set({ registry: { ...file, entries: found.entries, served }, tab: 'registry', view: 'estimate', remark: '' });
  }

  kept(): { gpu?: NonNullable<Request['gpu']> } {
    return this.state.request?.gpu ? { gpu: this.state.request.gpu } : {};
  }

  // ---- comparison ----

  /** Another becomes B; the present set-up is added as the last. */
  compareWith(other?: Request): void {
    const { request, compared } = this.state;
    const all = compared.length ? compared : request ? [request] : [];
    const [first = other, , ...further] = all;
    const beside = request ? [...all, request].slice(0, 4) : all;
    this.set({ view: 'compare', dialog: null, compared: other && first ? [first, other, ...further] : beside });
    void this.readCompared();
    this.leave();
  }

  setCompared(compared: Request[]): void {
    this.set({ compared });
    void this.readCompared();
    this.leave();
  }

  // ---- views, links, words ----

  show(view: View): void {
    this.set({ view, dialog: null });
    this.leave();
    scrollTo(0, 0);
  }

  open(dialog: Dialog): void {
    this.set({ dialog });
  }

  say(words: string): void {
    this.set({ said: words });
    clearTimeout(this.sayTimer);
    this.sayTimer = window.setTimeout(() => this.set({ said: '' }), SAY_FOR_MS);
  }

  async copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.say('Copied');
    } catch {
      this.say('This browser does not let a page copy; select the text instead.');
    }
  }

  async copyLink(): Promise<void> {
    history.replaceState(null, '', await this.link());
    await this.copy(location.href);
  }

  link(): Promise<string> {
    const { view, request, compared } = this.state;
    return linkOf({ view, requests: view === 'compare' ? compared : request ? [request] : [] });
  }

  /** The address follows what is typed; a new step of the history begins when a control is left. */
  private relink(): void {
    clearTimeout(this.linkTimer);
    if (!this.leaving) this.linkTimer = window.setTimeout(async () => history.replaceState(null, '', await this.link()), LINK_AFTER_MS);
  }

  async leave(): Promise<void> {
    clearTimeout(this.linkTimer);
    const link = await this.link();
    if (!this.leaving && location.hash !== link && `${location.hash}` !== link.slice(0, -1)) history.pushState(null, '', link);
  }

  async restore(): Promise<void> {
    clearTimeout(this.linkTimer);
    const place = await placeOf(location.hash);
    this.leaving = true;
    this.set({ view: place.view, remark: place.remark ?? '' });
    const requests = this.known(place.requests);
    const [request] = requests;
    if (place.view === 'compare') this.set({ compared: requests });
    this.leaving = false;
    if (place.view === 'compare') void this.readCompared();
    if (place.view !== 'estimate') return;
    if (request) {
      this.set({ typed: '', asked: null });
      this.plan(this.completed(request));
    } else this.set({ request: null, answer: null, formula: null, gguf: null, failure: null, typed: '' });
  }

  /** Requests of a link without what this page does not know; that is reported. */
  private known(requests: Request[]): Request[] {
    const names = new Set(this.about.arguments.flatMap(({ name, aliases }) => [name, ...aliases.split(/[ ,]+/)]).map((name) => name.replaceAll('-', '_')));
    const read = requests.map((request) => (isGguf(request.model.source ?? '') ? { request, left: [] } : knownOf(request, names)));
    const left = [...new Set(read.flatMap((each) => each.left))];
    if (left.length) this.set({ remark: `The link is from a newer version of this page; ${left.length} ${left.length === 1 ? 'argument was' : 'arguments were'} left out: ${left.join(', ')}.` });
    return read.map(({ request }) => request);
  }

  async meetService(): Promise<void> {
    const found = await service.detect();
    this.set({ service: found });
    if (!found) return;
    const named = await service.calibrations();
    const own = this.state.calibrations.filter(({ name }) => !named.some((each) => each.name === name));
    this.set({ calibrations: [...own, ...named] });
    await this.readRegistry();
  }

  /** The registry as it is on the service's disk now. */
  async readRegistry(): Promise<void> {
    const file = await service.registry();
    if (!file) return;
    await whole;
    const read = this.engine.ask('registry', file);
    if (!failed(read)) this.set({ registry: { ...file, entries: read.entries, served: true } });
  }
}

export function useStore(store: Store): State {
  const [state, setState] = useState(store.state);
  useEffect(() => store.subscribe(() => setState(store.state)), [store]);
  return state;
}
